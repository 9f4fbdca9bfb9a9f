-- Why a run's tasks failed, for its report and for the mail; Airflow keeps that in its logs alone.
CREATE TABLE ledger.task_failure (
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    subject text,
    cause text NOT NULL,
    remedy text NOT NULL,
    failed_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT task_failure_pk PRIMARY KEY (dag_id, run_id, task_id)
);
COMMENT ON TABLE ledger.task_failure IS
'Tasks of a run whose latest try failed, with the cause; a try that succeeds takes the row away.';
COMMENT ON COLUMN ledger.task_failure.task_id IS 'As Airflow names it; a mapped one with its index: extract_1.';
COMMENT ON COLUMN ledger.task_failure.subject IS 'What a mapped task was about: the entity it read, the shard it sent.';
COMMENT ON COLUMN ledger.task_failure.cause IS 'Of an error of ours thing and place, of any other its kind alone.';
COMMENT ON CONSTRAINT task_failure_pk ON ledger.task_failure IS 'The latest try of a task speaks.';

ALTER TABLE ledger.failure ADD COLUMN subject text;
COMMENT ON COLUMN ledger.failure.subject IS 'What a mapped task was about, so that people are told what is well again.';

-- What went out while a run ran, whichever run enqueued it: attempts are written in the order of this instant.
CREATE INDEX attempt_by_instant ON ledger.attempt USING brin (started_real_at);
