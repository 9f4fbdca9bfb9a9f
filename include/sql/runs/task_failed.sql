-- purpose: remember why the latest try of a task failed
-- grain:   one row, the task
-- params:  dag_id text, run_id text, task_id text, subject text, cause text, remedy text, failed_real_at timestamptz
-- reads:   nothing
-- writes:  ledger.task_failure
-- returns: count
INSERT INTO ledger.task_failure (dag_id, run_id, task_id, subject, cause, remedy, failed_real_at)
VALUES (
    %(dag_id)s::text,
    %(run_id)s::text,
    %(task_id)s::text,
    %(subject)s::text,
    %(cause)s::text,
    %(remedy)s::text,
    %(failed_real_at)s::timestamptz
)
ON CONFLICT ON CONSTRAINT task_failure_pk DO UPDATE
    SET
        subject = excluded.subject,
        cause = excluded.cause,
        remedy = excluded.remedy,
        failed_real_at = excluded.failed_real_at
