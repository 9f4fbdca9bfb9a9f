-- purpose: write the gate row of a run; judged again with nothing left to judge, it keeps what it had found
-- grain:   one row per run
-- params:  run_no bigint, state text, detail jsonb
-- reads:   ledger.gate
-- writes:  ledger.gate
-- returns: count
INSERT INTO ledger.gate AS gates (run_no, state, detail)
VALUES (%(run_no)s::bigint, %(state)s::text, %(detail)s::jsonb)
ON CONFLICT (run_no) DO UPDATE
    SET
        state = excluded.state,
        detail = CASE
            WHEN excluded.detail = '[]' AND gates.state = 'passed' THEN gates.detail
            ELSE excluded.detail
        END,
        judged_real_at = DEFAULT
