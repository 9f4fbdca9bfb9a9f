-- purpose: pending batches of a shop and the critical rules each failed when it was last judged
-- grain:   one row per pending batch
-- params:  shop_id text
-- reads:   landing.batch, ledger.gate, ledger.run
-- writes:  nothing
-- returns: many
SELECT
    batches.batch_id,
    batches.entity,
    batches.as_of,
    batches.landed,
    batches.verdict,
    batches.verdict_note AS note,
    batches.judged_by,
    last_judgements.failed_rules
FROM landing.batch AS batches
LEFT JOIN LATERAL (
    SELECT string_agg(DISTINCT judged.rule, ', ' ORDER BY judged.rule) AS failed_rules
    FROM (
        SELECT gates.detail
        FROM ledger.gate AS gates
        INNER JOIN ledger.run AS runs ON gates.run_no = runs.run_no
        WHERE
            runs.shop_id = batches.shop_id
            AND gates.detail @> jsonb_build_array(jsonb_build_object('batch_id', batches.batch_id))
        ORDER BY gates.run_no DESC
        LIMIT 1
    ) AS latest
    CROSS JOIN
        LATERAL jsonb_to_recordset(latest.detail)
            AS judged (batch_id bigint, rule text, severity text, success boolean)
    WHERE judged.batch_id = batches.batch_id AND judged.severity = 'critical' AND NOT judged.success
) AS last_judgements ON true
WHERE batches.shop_id = %(shop_id)s::text AND batches.state = 'pending'
ORDER BY batches.batch_id
