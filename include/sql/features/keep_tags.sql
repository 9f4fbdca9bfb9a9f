-- purpose: keep what tags of customers looked at said until now, where they say something else; grown evidence for
--          the same is no change, and the number of a feature is asked of the facts as of any instant
-- grain:   one row per tag of a customer
-- params:  made relation, shop_id text, as_of timestamptz
-- reads:   record.customer_tags, pg_temp.changed_customers, the made table
-- writes:  record.customer_tags_history
-- returns: count
INSERT INTO record.customer_tags_history (
    shop_id, tag, customer_no, value, number, evidence, out_of, confidence, valid_from, valid_until
)
SELECT
    stored.shop_id,
    stored.tag,
    stored.customer_no,
    stored.value,
    stored.number,
    stored.evidence,
    stored.out_of,
    stored.confidence,
    stored.valid_from,
    %(as_of)s::timestamptz AS valid_until
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN record.customer_tags AS stored ON changed_customers.customer_no = stored.customer_no
LEFT JOIN __made__ AS made ON stored.customer_no = made.customer_no AND stored.tag = made.tag
WHERE
    stored.shop_id = %(shop_id)s::text
    -- Inferred at this very instant, it was never so for any time.
    AND stored.valid_from < %(as_of)s::timestamptz
    AND stored.value IS DISTINCT FROM made.value
