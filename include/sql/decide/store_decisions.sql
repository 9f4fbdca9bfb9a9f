-- purpose: add a decision to each touch just written
-- grain:   one row per decision
-- params:  run_no bigint, as_of timestamptz, rows jsonb
-- reads:   nothing
-- writes:  ledger.decision
-- returns: count
INSERT INTO ledger.decision (touch_id, run_no, as_of, round, decision, reason, detail)
SELECT
    verdicts.touch_id,
    %(run_no)s::bigint,
    %(as_of)s::timestamptz,
    verdicts.round,
    verdicts.decision,
    verdicts.reason,
    verdicts.detail
FROM
    jsonb_to_recordset(%(rows)s::jsonb)
        AS verdicts (touch_id bigint, round smallint, decision text, reason text, detail jsonb)
