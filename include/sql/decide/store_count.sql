-- purpose: what became of a run's candidates; a run decided again says what became of them then
-- grain:   one row, the campaign of the run
-- params:  run_no bigint, campaign_id text, candidates bigint, enqueued bigint, repeated bigint, held_out bigint,
--          suppressed bigint, capped bigint, outranked bigint, expired bigint, reasons jsonb
-- reads:   nothing
-- writes:  ledger.run_count
-- returns: count
INSERT INTO ledger.run_count (
    run_no, campaign_id, candidates, enqueued, repeated, held_out, suppressed, capped, outranked, expired, reasons
)
VALUES (
    %(run_no)s::bigint, %(campaign_id)s::text, %(candidates)s::bigint, %(enqueued)s::bigint, %(repeated)s::bigint,
    %(held_out)s::bigint, %(suppressed)s::bigint, %(capped)s::bigint, %(outranked)s::bigint, %(expired)s::bigint,
    %(reasons)s::jsonb
)
ON CONFLICT ON CONSTRAINT run_count_pk DO UPDATE
    SET
        candidates = excluded.candidates,
        enqueued = excluded.enqueued,
        repeated = excluded.repeated,
        held_out = excluded.held_out,
        suppressed = excluded.suppressed,
        capped = excluded.capped,
        outranked = excluded.outranked,
        expired = excluded.expired,
        reasons = excluded.reasons
