-- purpose: succeeded refunds of the orders of parcels that may have been late
-- grain:   one row per version
-- params:  shop_id text
-- reads:   pg_temp.parcel_facts, facts.refunds, facts.refunds_history
-- writes:  pg_temp.parcel_refunds
-- returns: nothing
CREATE TEMPORARY TABLE parcel_refunds ON COMMIT DROP AS
WITH named AS (
    SELECT DISTINCT order_id
    FROM pg_temp.parcel_facts
)

SELECT
    refunds.order_id,
    refunds.happened_at,
    refunds.known_at AS known_from,
    'infinity'::timestamptz AS known_until
FROM named
INNER JOIN facts.refunds AS refunds ON named.order_id = refunds.order_id
WHERE
    refunds.shop_id = %(shop_id)s::text
    AND refunds.state = 'succeeded'
UNION ALL
SELECT
    refunds.order_id,
    refunds.happened_at,
    refunds.known_from,
    refunds.known_until
FROM named
INNER JOIN facts.refunds_history AS refunds ON named.order_id = refunds.order_id
WHERE
    refunds.shop_id = %(shop_id)s::text
    AND refunds.state = 'succeeded'
