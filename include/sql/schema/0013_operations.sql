-- What people do beside the machine: tasks on worklists, with the outcome they record.

CREATE TABLE ledger.worklist (
    task_id bigint GENERATED ALWAYS AS IDENTITY,
    realm text NOT NULL,
    shop_id text NOT NULL,
    kind text NOT NULL,
    subject_id text NOT NULL,
    customer_id text,
    reason text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    due_at timestamptz NOT NULL,
    opened_as_of timestamptz NOT NULL,
    opened_run_no bigint NOT NULL,
    state text NOT NULL DEFAULT 'open',
    outcome text,
    note text,
    who text,
    closed_at timestamptz,
    told_real_at timestamptz,
    CONSTRAINT worklist_pk PRIMARY KEY (task_id),
    CONSTRAINT one_task_per_subject_and_reason UNIQUE (realm, shop_id, kind, subject_id, reason),
    CONSTRAINT worklist_run_exists FOREIGN KEY (opened_run_no) REFERENCES ledger.run (run_no),
    CONSTRAINT worklist_state_known CHECK (state IN ('open', 'done', 'withdrawn')),
    CONSTRAINT worklist_outcome_known CHECK (outcome IN ('handled', 'not_needed', 'not_reached', 'passed_on')),
    CONSTRAINT worklist_done_by_somebody CHECK (
        (state = 'done') = (outcome IS NOT NULL) AND (state = 'done') = (who IS NOT NULL)
    ),
    CONSTRAINT worklist_closed_at_an_instant CHECK ((state = 'open') = (closed_at IS NULL))
);
CREATE INDEX worklist_by_state ON ledger.worklist (realm, shop_id, state, due_at, task_id);
COMMENT ON TABLE ledger.worklist IS
'Tasks for people: open -> done (by a person) | withdrawn (its statement returns it no longer) -> open (again). '
'Ids and amounts, no address, no name.';
COMMENT ON COLUMN ledger.worklist.kind IS 'The statement below include/sql/worklists/ that returns it.';
COMMENT ON COLUMN ledger.worklist.subject_id IS 'What it is about: an order, a parcel.';
COMMENT ON COLUMN ledger.worklist.due_at IS 'When it became a task: the oldest is worked first.';
COMMENT ON COLUMN ledger.worklist.opened_as_of IS 'as_of of the run that opened it, or opened it again.';
COMMENT ON COLUMN ledger.worklist.closed_at IS 'Business time it was done or withdrawn.';
COMMENT ON COLUMN ledger.worklist.told_real_at IS
'When the shop was told of it by mail, in real time; written before the mail goes, so that nobody hears of it twice.';
COMMENT ON CONSTRAINT worklist_pk ON ledger.worklist IS 'One row per task.';
COMMENT ON CONSTRAINT one_task_per_subject_and_reason ON ledger.worklist IS 'A subject is one task for a reason.';
COMMENT ON CONSTRAINT worklist_run_exists ON ledger.worklist IS 'The run that opened it.';
COMMENT ON CONSTRAINT worklist_state_known ON ledger.worklist IS 'The three states.';
COMMENT ON CONSTRAINT worklist_outcome_known ON ledger.worklist IS 'What came of it.';
COMMENT ON CONSTRAINT worklist_done_by_somebody ON ledger.worklist IS 'Done says what came of it, and by whom.';
COMMENT ON CONSTRAINT worklist_closed_at_an_instant ON ledger.worklist IS
'A task that is not open any more says since when.';

CREATE TABLE ledger.worklist_head (
    realm text NOT NULL,
    shop_id text NOT NULL,
    as_of timestamptz NOT NULL,
    CONSTRAINT worklist_head_pk PRIMARY KEY (realm, shop_id)
);
COMMENT ON TABLE ledger.worklist_head IS
'The latest as_of a shop''s worklists were brought to: an earlier run neither opens nor withdraws.';
COMMENT ON CONSTRAINT worklist_head_pk ON ledger.worklist_head IS 'One head per realm and shop.';
