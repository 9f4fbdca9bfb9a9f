-- purpose: what the gate found in a run, without any value of the rows it looked at
-- grain:   one row per expectation that failed
-- params:  run_no bigint
-- reads:   ledger.gate
-- writes:  nothing
-- returns: many
SELECT
    findings.entity,
    findings.rule,
    findings.severity,
    count(*) AS batches,
    coalesce(sum(findings.failing), 0)::bigint AS failing_rows
FROM ledger.gate AS gates
CROSS JOIN
    LATERAL jsonb_to_recordset(gates.detail)
        AS findings (entity text, rule text, severity text, success boolean, failing bigint)
WHERE
    gates.run_no = %(run_no)s::bigint
    AND NOT findings.success
GROUP BY findings.entity, findings.rule, findings.severity
ORDER BY
    CASE findings.severity WHEN 'critical' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END,
    findings.entity,
    findings.rule
