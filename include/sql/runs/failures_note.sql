-- purpose: remember that a task failed; a failure that is open already stays as it was
-- grain:   one row if the failure is new
-- params:  dag_id text, task_id text, run_id text, subject text
-- reads:   ledger.failure
-- writes:  ledger.failure
-- returns: many
INSERT INTO ledger.failure (dag_id, task_id, run_id, subject)
VALUES (%(dag_id)s::text, %(task_id)s::text, %(run_id)s::text, %(subject)s::text)
ON CONFLICT ON CONSTRAINT failure_pk DO NOTHING
RETURNING task_id
