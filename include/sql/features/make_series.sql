-- purpose: what the customers of a scope bought of each product series as of an instant
-- grain:   one row per customer and series
-- params:  made relation, lines statement, shop_id text, as_of timestamptz, since timestamptz
-- reads:   record.words, and what the statement put in reads
-- writes:  the made table, of the shape of record.customer_series
-- returns: nothing
CREATE UNLOGGED TABLE IF NOT EXISTS __made__ AS
WITH bought AS (
    SELECT
        lines.customer_no,
        lines.series_no,
        count(DISTINCT lines.order_key)::integer AS order_count,
        record.sum_minor(lines.net_minor) AS net_minor,
        max(lines.paid_at) AS last_paid_at
    FROM __lines__ AS lines
    WHERE lines.series_no IS NOT NULL
    GROUP BY lines.customer_no, lines.series_no
)

SELECT
    %(shop_id)s::text AS shop_id,
    bought.customer_no,
    words.word AS series,
    bought.order_count,
    bought.net_minor,
    bought.last_paid_at
FROM bought
INNER JOIN record.words AS words ON bought.series_no = words.word_no
