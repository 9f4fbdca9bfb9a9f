-- purpose: write the tags that changed; the same again writes nothing, and stays inferred when it was
-- grain:   one row per tag of a customer
-- params:  made relation
-- reads:   the made table
-- writes:  record.customer_tags
-- returns: count
INSERT INTO record.customer_tags AS stored (
    shop_id, tag, customer_no, value, number, evidence, out_of, confidence, valid_from
)
SELECT
    shop_id,
    tag,
    customer_no,
    value,
    number,
    evidence,
    out_of,
    confidence,
    valid_from
FROM __made__
-- The tags of a customer beside each other: who is looked at again is looked at whole.
ORDER BY customer_no, tag
ON CONFLICT ON CONSTRAINT customer_tags_pk DO UPDATE
    SET
        value = excluded.value,
        number = excluded.number,
        evidence = excluded.evidence,
        out_of = excluded.out_of,
        confidence = excluded.confidence,
        valid_from = CASE
            WHEN stored.value IS DISTINCT FROM excluded.value THEN excluded.valid_from
            ELSE stored.valid_from
        END
    WHERE (stored.value, stored.number, stored.evidence, stored.out_of, stored.confidence)
    IS DISTINCT FROM (excluded.value, excluded.number, excluded.evidence, excluded.out_of, excluded.confidence)
