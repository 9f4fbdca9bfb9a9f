-- purpose: facts of a declared history that were known before their customer was merged: that customer's until then
-- grain:   one row per fact
-- params:  batch_id bigint, shop_id text, landed relation, fact relation, history relation, keys columns,
--          others columns
-- reads:   the landing table, facts.customers, facts.merged_customers
-- writes:  the fact, its history
-- returns: count
-- The customer is the one of the key's last line in the batch, whose version is the one that was taken.
WITH spans AS MATERIALIZED (
    SELECT
        customers.customer_id,
        times.customer_no,
        times.known_from,
        times.known_until
    FROM (
        SELECT DISTINCT customer_no
        FROM facts.merged_customers
        WHERE shop_id = %(shop_id)s::text
    ) AS merged
    INNER JOIN facts.customers AS customers ON merged.customer_no = customers.customer_no
    CROSS JOIN facts.customer_at(merged.customer_no) AS times
),

last_lines AS (
    SELECT
        __good_lines.keys__,
        (array_agg(good_lines.customer_id ORDER BY good_lines.line_no DESC))[1] AS customer_id
    FROM __landed__ AS good_lines
    WHERE
        good_lines.batch_id = %(batch_id)s::bigint
        AND good_lines.customer_id IN (SELECT spans.customer_id FROM spans)
    GROUP BY __good_lines.keys__
),

loaded_facts AS MATERIALIZED (
    SELECT
        currents.*,
        last_lines.customer_id
    FROM last_lines
    INNER JOIN __fact__ AS currents
        ON (__last_lines.keys__) = (__currents.keys__) AND currents.shop_id = %(shop_id)s::text
    WHERE currents.batch_id = %(batch_id)s::bigint
),

earlier_versions AS (
    INSERT INTO __history__ (customer_no, __others__, known_from, known_until)
    SELECT
        spans.customer_no,
        __loaded_facts.others__,
        greatest(loaded_facts.known_at, spans.known_from) AS known_from,
        spans.known_until
    FROM loaded_facts
    INNER JOIN spans ON loaded_facts.customer_id = spans.customer_id
    WHERE
        spans.known_until <> 'infinity'
        AND spans.known_until > loaded_facts.known_at
)

UPDATE __fact__ AS currents
SET known_at = spans.known_from
FROM loaded_facts
INNER JOIN spans ON loaded_facts.customer_id = spans.customer_id AND spans.known_until = 'infinity'
WHERE
    currents.shop_id = %(shop_id)s::text
    AND (__currents.keys__) = (__loaded_facts.keys__)
    AND currents.known_at < spans.known_from
