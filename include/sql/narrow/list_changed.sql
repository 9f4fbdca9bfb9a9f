-- purpose: customers whose record may change: versions of theirs were written or removed; the head passes what
--          happens to them; or it leaves a window behind it
-- grain:   one row per customer_no
-- params:  shop_id text, as_of timestamptz, windows interval[]
-- reads:   pg_temp.changed_numbers, record.heads, record.paid_orders, record.price_differences,
--          record.refunds, record.events
-- writes:  pg_temp.changed_customers
-- returns: nothing
CREATE TEMPORARY TABLE changed_customers ON COMMIT DROP AS
WITH windows AS (
    SELECT
        heads.refreshed_as_of - lengths.length AS after_at,
        %(as_of)s::timestamptz - lengths.length AS until_at
    FROM record.heads AS heads
    CROSS JOIN unnest(%(windows)s::interval[] || interval '0') AS lengths (length)
    WHERE
        heads.shop_id = %(shop_id)s::text
        AND heads.refreshed_as_of < %(as_of)s::timestamptz
)

SELECT customer_no
FROM pg_temp.changed_numbers
UNION
SELECT paid_orders.customer_no
FROM windows
INNER JOIN record.paid_orders AS paid_orders
    ON
        windows.after_at < paid_orders.paid_at
        AND windows.until_at >= paid_orders.paid_at
WHERE paid_orders.shop_id = %(shop_id)s::text
UNION
SELECT price_differences.customer_no
FROM windows
INNER JOIN record.price_differences AS price_differences
    ON
        windows.after_at < price_differences.paid_at
        AND windows.until_at >= price_differences.paid_at
WHERE price_differences.shop_id = %(shop_id)s::text
UNION
SELECT refunds.customer_no
FROM windows
INNER JOIN record.refunds AS refunds
    ON
        windows.after_at < refunds.happened_at
        AND windows.until_at >= refunds.happened_at
WHERE refunds.shop_id = %(shop_id)s::text
UNION
SELECT events.customer_no
FROM windows
INNER JOIN record.events AS events
    ON
        windows.after_at < events.happened_at
        AND windows.until_at >= events.happened_at
WHERE events.shop_id = %(shop_id)s::text
UNION
SELECT events.customer_no
FROM windows
INNER JOIN record.events AS events
    ON
        windows.after_at < events.settled_at
        AND windows.until_at >= events.settled_at
WHERE
    events.shop_id = %(shop_id)s::text
    AND events.settled_at IS NOT NULL
