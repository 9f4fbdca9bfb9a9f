-- The ledger. Every key begins with realm and shop_id. The unique keys below are the product's promise: they cannot
-- be loosened once something has been sent. Business instants come in as arguments; *_real_at columns are wall-clock
-- stamps.

CREATE TABLE ledger.environment (
    only_row boolean NOT NULL DEFAULT true,
    environment_id uuid NOT NULL,
    system_identifier bigint NOT NULL,
    CONSTRAINT environment_pk PRIMARY KEY (only_row),
    CONSTRAINT environment_one_row CHECK (only_row)
);
COMMENT ON TABLE ledger.environment IS 'Which installation this database belongs to: a copy elsewhere claims nothing.';
COMMENT ON COLUMN ledger.environment.system_identifier IS 'pg_control_system() of the server it was made on.';
COMMENT ON CONSTRAINT environment_pk ON ledger.environment IS 'One row.';
COMMENT ON CONSTRAINT environment_one_row ON ledger.environment IS 'One row.';

CREATE TABLE ledger.business_clock (
    realm text NOT NULL,
    at timestamptz NOT NULL,
    set_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT business_clock_pk PRIMARY KEY (realm)
);
COMMENT ON TABLE ledger.business_clock IS 'A stopped business clock (first cycle, rehearsals). No row: the real clock.';
COMMENT ON CONSTRAINT business_clock_pk ON ledger.business_clock IS 'One clock per realm.';

CREATE TABLE ledger.run (
    run_no bigint GENERATED ALWAYS AS IDENTITY,
    realm text NOT NULL,
    shop_id text NOT NULL,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    cadence text NOT NULL,
    run_type text NOT NULL,
    as_of timestamptz NOT NULL,
    mode text NOT NULL,
    is_at_head boolean NOT NULL,
    begun_real_at timestamptz NOT NULL DEFAULT now(),
    ended_real_at timestamptz,
    stage_seconds jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT run_pk PRIMARY KEY (run_no),
    CONSTRAINT run_once UNIQUE (realm, shop_id, dag_id, run_id),
    CONSTRAINT run_mode_known CHECK (mode IN ('send', 'recompute')),
    CONSTRAINT run_cadence_known CHECK (cadence IN ('intraday', 'daily', 'monthly'))
);
CREATE INDEX run_of_shop ON ledger.run (realm, shop_id, as_of);
COMMENT ON TABLE ledger.run IS 'One row per DAG run (or shell run) of a shop; a cleared run keeps its row.';
COMMENT ON CONSTRAINT run_pk ON ledger.run IS 'One row per run.';
COMMENT ON CONSTRAINT run_once ON ledger.run IS 'A run id names one run of a DAG.';
COMMENT ON CONSTRAINT run_mode_known ON ledger.run IS 'send, or recompute: compared with the ledger, nothing enqueued.';
COMMENT ON CONSTRAINT run_cadence_known ON ledger.run IS 'The three cadences.';

CREATE TABLE ledger.gate (
    run_no bigint NOT NULL,
    state text NOT NULL,
    detail jsonb NOT NULL DEFAULT '[]',
    judged_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT gate_pk PRIMARY KEY (run_no),
    CONSTRAINT gate_run_exists FOREIGN KEY (run_no) REFERENCES ledger.run (run_no),
    CONSTRAINT gate_state_known CHECK (state IN ('passed', 'failed'))
);
COMMENT ON TABLE ledger.gate IS 'Written by the quality gate alone. Absent means not passed.';
COMMENT ON COLUMN ledger.gate.detail IS 'One object per expectation: entity, rule, severity, success, failing rows.';
COMMENT ON CONSTRAINT gate_pk ON ledger.gate IS 'One judgement per run.';
COMMENT ON CONSTRAINT gate_run_exists ON ledger.gate IS 'A judgement belongs to a run.';
COMMENT ON CONSTRAINT gate_state_known ON ledger.gate IS 'passed or failed.';

CREATE TABLE ledger.campaign_version (
    file_hash text NOT NULL,
    campaign_id text NOT NULL,
    body text NOT NULL,
    first_seen_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT campaign_version_pk PRIMARY KEY (file_hash)
);
COMMENT ON TABLE ledger.campaign_version IS 'Every campaign file that ever decided something.';
COMMENT ON CONSTRAINT campaign_version_pk ON ledger.campaign_version IS 'One row per content.';

CREATE TABLE ledger.audience (
    run_no bigint NOT NULL,
    campaign_id text NOT NULL,
    candidate_count bigint NOT NULL,
    audience_hash text NOT NULL,
    campaign_hash text NOT NULL,
    statement_hash text NOT NULL,
    parameter_hash text NOT NULL,
    stored_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT audience_pk PRIMARY KEY (run_no, campaign_id),
    CONSTRAINT audience_run_exists FOREIGN KEY (run_no) REFERENCES ledger.run (run_no)
);
COMMENT ON TABLE ledger.audience IS 'An audience stored for a run: decide takes the campaigns that have one.';
COMMENT ON CONSTRAINT audience_pk ON ledger.audience IS 'One audience per run and campaign.';
COMMENT ON CONSTRAINT audience_run_exists ON ledger.audience IS 'An audience belongs to a run.';

CREATE TABLE ledger.candidate (
    run_no bigint NOT NULL,
    campaign_id text NOT NULL,
    step text NOT NULL,
    occasion text NOT NULL,
    identity uuid NOT NULL,
    customer_id text NOT NULL,
    not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL,
    covers text[] NOT NULL DEFAULT '{}',
    exclude_reason text,
    stage text,
    CONSTRAINT candidate_pk PRIMARY KEY (run_no, campaign_id, step, occasion, identity),
    CONSTRAINT candidate_has_audience FOREIGN KEY (run_no, campaign_id)
    REFERENCES ledger.audience (run_no, campaign_id) ON DELETE CASCADE
);
COMMENT ON TABLE ledger.candidate IS 'What the audience statement returned for a run; kept for 35 days.';
COMMENT ON COLUMN ledger.candidate.covers IS 'Orders or parcels this touch would cover.';
COMMENT ON COLUMN ledger.candidate.exclude_reason IS
'The campaign''s own reason to leave it out: suppressed with this reason.';
COMMENT ON COLUMN ledger.candidate.stage IS 'Lifecycle stage as of the run: chooses the words.';
COMMENT ON CONSTRAINT candidate_pk ON ledger.candidate IS 'One row per candidate of a run.';
COMMENT ON CONSTRAINT candidate_has_audience ON ledger.candidate IS 'A candidate belongs to a stored audience.';

CREATE TABLE ledger.touch (
    touch_id bigint GENERATED ALWAYS AS IDENTITY,
    realm text NOT NULL,
    shop_id text NOT NULL,
    campaign_id text NOT NULL,
    step text NOT NULL,
    occasion text NOT NULL,
    identity uuid NOT NULL,
    customer_id text NOT NULL,
    address_hash text,
    decision text NOT NULL,
    reason text,
    decided_as_of timestamptz NOT NULL,
    decided_dag_id text NOT NULL,
    decided_run_no bigint NOT NULL,
    variant text,
    CONSTRAINT touch_pk PRIMARY KEY (touch_id),
    CONSTRAINT one_touch_per_identity UNIQUE (realm, shop_id, campaign_id, step, occasion, identity),
    CONSTRAINT one_touch_per_address UNIQUE (realm, shop_id, campaign_id, step, occasion, address_hash),
    CONSTRAINT touch_run_exists FOREIGN KEY (decided_run_no) REFERENCES ledger.run (run_no),
    CONSTRAINT touch_decision_known CHECK (
        decision IN ('enqueued', 'held_out', 'suppressed', 'capped', 'outranked', 'expired')
    ),
    CONSTRAINT touch_reason_given CHECK (decision IN ('enqueued', 'held_out') OR reason IS NOT NULL),
    CONSTRAINT touch_address_taken CHECK (decision IN ('enqueued', 'held_out') OR address_hash IS NULL)
);
CREATE INDEX touch_of_identity ON ledger.touch (realm, identity, decided_as_of);
CREATE INDEX touch_decided ON ledger.touch (realm, shop_id, campaign_id, decided_as_of);
COMMENT ON TABLE ledger.touch IS
'One (campaign, step, occasion, identity), whatever became of it; carries the last decision.';
COMMENT ON COLUMN ledger.touch.address_hash IS
'Taken when the touch is enqueued or held out: nobody else at that address gets it.';
COMMENT ON CONSTRAINT touch_pk ON ledger.touch IS 'One row per touch.';
COMMENT ON CONSTRAINT one_touch_per_identity ON ledger.touch IS 'Nobody is touched twice for one occasion.';
COMMENT ON CONSTRAINT one_touch_per_address ON ledger.touch IS 'No address is touched twice for one occasion.';
COMMENT ON CONSTRAINT touch_run_exists ON ledger.touch IS 'The run that decided it last.';
COMMENT ON CONSTRAINT touch_decision_known ON ledger.touch IS 'repeated is no decision: it is counted per run alone.';
COMMENT ON CONSTRAINT touch_reason_given ON ledger.touch IS 'Whoever gets nothing has a reason.';
COMMENT ON CONSTRAINT touch_address_taken ON ledger.touch IS 'Only enqueued and held-out touches take an address.';

CREATE TABLE ledger.touch_cover (
    realm text NOT NULL,
    shop_id text NOT NULL,
    campaign_id text NOT NULL,
    step text NOT NULL,
    covered_id text NOT NULL,
    touch_id bigint NOT NULL,
    covered_as_of timestamptz NOT NULL,
    released_as_of timestamptz,
    release_reason text,
    CONSTRAINT touch_cover_touch_exists FOREIGN KEY (touch_id) REFERENCES ledger.touch (touch_id)
);
CREATE UNIQUE INDEX one_touch_per_order ON ledger.touch_cover (realm, shop_id, campaign_id, step, covered_id)
WHERE released_as_of IS NULL;
CREATE INDEX touch_cover_of_touch ON ledger.touch_cover (touch_id);
COMMENT ON TABLE ledger.touch_cover IS
'Orders or parcels a touch covers; released when its message ended before any attempt.';
COMMENT ON INDEX ledger.one_touch_per_order IS 'No order is in two texts of one step.';
COMMENT ON CONSTRAINT touch_cover_touch_exists ON ledger.touch_cover IS 'Covered by a touch.';

CREATE TABLE ledger.decision (
    decision_id bigint GENERATED ALWAYS AS IDENTITY,
    touch_id bigint NOT NULL,
    run_no bigint NOT NULL,
    as_of timestamptz NOT NULL,
    decision text NOT NULL,
    reason text,
    detail jsonb,
    recorded_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT decision_pk PRIMARY KEY (decision_id),
    CONSTRAINT decision_touch_exists FOREIGN KEY (touch_id) REFERENCES ledger.touch (touch_id),
    CONSTRAINT decision_run_exists FOREIGN KEY (run_no) REFERENCES ledger.run (run_no)
);
CREATE INDEX decision_of_touch ON ledger.decision (touch_id, as_of);
COMMENT ON TABLE ledger.decision IS 'Append-only: a row whenever a touch''s decision changes.';
COMMENT ON CONSTRAINT decision_pk ON ledger.decision IS 'One row per change.';
COMMENT ON CONSTRAINT decision_touch_exists ON ledger.decision IS 'About a touch.';
COMMENT ON CONSTRAINT decision_run_exists ON ledger.decision IS 'Made by a run.';

CREATE TABLE ledger.run_count (
    run_no bigint NOT NULL,
    campaign_id text NOT NULL,
    candidates bigint NOT NULL,
    enqueued bigint NOT NULL,
    repeated bigint NOT NULL,
    held_out bigint NOT NULL,
    suppressed bigint NOT NULL,
    capped bigint NOT NULL,
    outranked bigint NOT NULL,
    expired bigint NOT NULL,
    reasons jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT run_count_pk PRIMARY KEY (run_no, campaign_id),
    CONSTRAINT run_count_run_exists FOREIGN KEY (run_no) REFERENCES ledger.run (run_no),
    CONSTRAINT every_candidate_accounted_for CHECK (
        candidates = enqueued + repeated + held_out + suppressed + capped + outranked + expired
    )
);
COMMENT ON TABLE ledger.run_count IS 'What became of a run''s candidates, per campaign.';
COMMENT ON COLUMN ledger.run_count.reasons IS 'Object: "decision: reason" -> count.';
COMMENT ON CONSTRAINT run_count_pk ON ledger.run_count IS 'One row per run and campaign.';
COMMENT ON CONSTRAINT run_count_run_exists ON ledger.run_count IS 'Counts belong to a run.';
COMMENT ON CONSTRAINT every_candidate_accounted_for ON ledger.run_count IS 'A run that does not add up fails.';

CREATE TABLE ledger.recomputation (
    recomputation_id bigint GENERATED ALWAYS AS IDENTITY,
    run_no bigint NOT NULL,
    campaign_id text NOT NULL,
    compared_run_no bigint,
    candidate_count bigint NOT NULL,
    audience_hash text NOT NULL,
    differs_by text[] NOT NULL DEFAULT '{}',
    decisions jsonb NOT NULL,
    computed_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT recomputation_pk PRIMARY KEY (recomputation_id),
    CONSTRAINT recomputation_run_exists FOREIGN KEY (run_no) REFERENCES ledger.run (run_no),
    CONSTRAINT recomputation_difference_known CHECK (differs_by <@ ARRAY['data', 'config', 'code', 'no_ledger'])
);
COMMENT ON TABLE ledger.recomputation IS
'What a run in mode recompute found, beside what the ledger says of that as_of.';
COMMENT ON CONSTRAINT recomputation_pk ON ledger.recomputation IS 'One row per recomputed campaign.';
COMMENT ON CONSTRAINT recomputation_run_exists ON ledger.recomputation IS 'Belongs to a run.';
COMMENT ON CONSTRAINT recomputation_difference_known ON ledger.recomputation IS 'Each difference is named.';

CREATE TABLE ledger.holdout_salt (
    realm text NOT NULL,
    holdout_scope text NOT NULL,
    campaign_id text NOT NULL,
    salt text NOT NULL,
    CONSTRAINT holdout_salt_pk PRIMARY KEY (realm, holdout_scope, campaign_id)
);
COMMENT ON TABLE ledger.holdout_salt IS 'The salt at the first decision: a campaign file that says another is refused.';
COMMENT ON COLUMN ledger.holdout_salt.holdout_scope IS 'brand:<brand> where shops share one, else shop:<shop>.';
COMMENT ON CONSTRAINT holdout_salt_pk ON ledger.holdout_salt IS 'One salt per campaign and scope.';

CREATE TABLE ledger.holdout (
    realm text NOT NULL,
    holdout_scope text NOT NULL,
    campaign_id text NOT NULL,
    identity uuid NOT NULL,
    is_held_out boolean NOT NULL,
    assigned_as_of timestamptz NOT NULL,
    CONSTRAINT holdout_pk PRIMARY KEY (realm, holdout_scope, campaign_id, identity)
);
COMMENT ON TABLE ledger.holdout IS 'Assignments, stored at the first decision and read from then on.';
COMMENT ON CONSTRAINT holdout_pk ON ledger.holdout IS 'An identity is assigned once.';

CREATE TABLE ledger.message (
    message_id bigint GENERATED ALWAYS AS IDENTITY,
    realm text NOT NULL,
    shop_id text NOT NULL,
    touch_id bigint NOT NULL,
    campaign_id text NOT NULL,
    step text NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    identity uuid NOT NULL,
    customer_id text NOT NULL,
    address_kind text NOT NULL,
    address_hash text NOT NULL,
    template text NOT NULL,
    variant text,
    locale text NOT NULL,
    valid_while text[] NOT NULL DEFAULT '{}',
    max_staleness interval,
    needs_approval boolean NOT NULL DEFAULT false,
    not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL,
    planned_on date NOT NULL,
    enqueued_run_no bigint NOT NULL,
    enqueued_as_of timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    reason text,
    state_at timestamptz NOT NULL,
    resends smallint NOT NULL DEFAULT 0,
    lease_token bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    rendered_at timestamptz,
    rendered_hash text,
    template_version text,
    segments smallint,
    cost_minor bigint,
    CONSTRAINT message_pk PRIMARY KEY (message_id),
    CONSTRAINT one_message_per_touch_and_channel UNIQUE (touch_id, channel),
    CONSTRAINT message_touch_exists FOREIGN KEY (touch_id) REFERENCES ledger.touch (touch_id),
    CONSTRAINT message_run_exists FOREIGN KEY (enqueued_run_no) REFERENCES ledger.run (run_no),
    CONSTRAINT message_state_known CHECK (state IN (
        'waiting', 'claimed', 'sending', 'accepted', 'rejected', 'expired', 'cancelled', 'unknown', 'abandoned'
    )),
    CONSTRAINT message_purpose_known CHECK (purpose IN ('transactional', 'promotional')),
    CONSTRAINT message_channel_known CHECK (channel IN ('sms', 'email')),
    CONSTRAINT message_window_open CHECK (not_before < not_after),
    CONSTRAINT message_lease_while_in_hand CHECK ((state IN ('claimed', 'sending')) = (lease_until IS NOT NULL))
);
CREATE INDEX message_waiting ON ledger.message (realm, shop_id, not_before) WHERE state = 'waiting';
CREATE INDEX message_in_hand ON ledger.message (realm, shop_id, lease_until) WHERE state IN ('claimed', 'sending');
CREATE INDEX message_unknown ON ledger.message (realm, shop_id) WHERE state = 'unknown';
CREATE INDEX message_of_identity ON ledger.message (realm, identity, planned_on);
CREATE INDEX message_of_run ON ledger.message (enqueued_run_no);
COMMENT ON TABLE ledger.message IS
'The outbox: one step of one decision on one channel. waiting -> claimed -> sending -> accepted | rejected | '
'unknown; waiting -> expired | cancelled; unknown -> accepted | waiting (once, transactional) | abandoned.';
COMMENT ON COLUMN ledger.message.planned_on IS 'Shop-local day it is planned for: caps count on it.';
COMMENT ON COLUMN ledger.message.state_at IS 'Business time of the last change of state.';
COMMENT ON COLUMN ledger.message.lease_token IS
'Fencing token: rises with each claim; a settle with an older one changes nothing.';
COMMENT ON COLUMN ledger.message.rendered_at IS
'Business instant of the facts it was rendered from: the text can be rendered again.';
COMMENT ON CONSTRAINT message_pk ON ledger.message IS 'One row per message.';
COMMENT ON CONSTRAINT one_message_per_touch_and_channel ON ledger.message IS 'A touch has one message on a channel.';
COMMENT ON CONSTRAINT message_touch_exists ON ledger.message IS 'Belongs to a touch.';
COMMENT ON CONSTRAINT message_run_exists ON ledger.message IS 'The run whose gate it depends on.';
COMMENT ON CONSTRAINT message_state_known ON ledger.message IS 'The nine states.';
COMMENT ON CONSTRAINT message_purpose_known ON ledger.message IS 'Two purposes.';
COMMENT ON CONSTRAINT message_channel_known ON ledger.message IS 'Two channels so far.';
COMMENT ON CONSTRAINT message_window_open ON ledger.message IS 'A message that can never go is not enqueued.';
COMMENT ON CONSTRAINT message_lease_while_in_hand ON ledger.message IS 'A lease exactly while claimed or sending.';

CREATE TABLE ledger.attempt (
    attempt_id text NOT NULL,
    message_id bigint NOT NULL,
    try_no smallint NOT NULL,
    group_id text NOT NULL,
    lease_token bigint NOT NULL,
    channel text NOT NULL,
    provider text NOT NULL,
    address_hash text NOT NULL,
    state text NOT NULL DEFAULT 'open',
    started_real_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    settled_real_at timestamptz,
    provider_ref text,
    error_code text,
    queries smallint NOT NULL DEFAULT 0,
    CONSTRAINT attempt_pk PRIMARY KEY (attempt_id),
    CONSTRAINT attempt_try_once UNIQUE (message_id, try_no),
    CONSTRAINT attempt_message_exists FOREIGN KEY (message_id) REFERENCES ledger.message (message_id),
    CONSTRAINT attempt_state_known CHECK (state IN ('open', 'accepted', 'rejected', 'retryable', 'unknown', 'absent'))
);
CREATE INDEX attempt_of_group ON ledger.attempt (group_id, address_hash);
CREATE INDEX attempt_unresolved ON ledger.attempt (started_real_at) WHERE state IN ('open', 'unknown');
COMMENT ON TABLE ledger.attempt IS 'One try to hand a message to a provider; committed before the provider is called.';
COMMENT ON COLUMN ledger.attempt.group_id IS 'One provider call: own id sent with it (OutId of a batch).';
COMMENT ON COLUMN ledger.attempt.started_real_at IS 'Real time: the provider''s query goes by it.';
COMMENT ON CONSTRAINT attempt_pk ON ledger.attempt IS 'One row per attempt.';
COMMENT ON CONSTRAINT attempt_try_once ON ledger.attempt IS 'Tries of a message are counted.';
COMMENT ON CONSTRAINT attempt_message_exists ON ledger.attempt IS 'Belongs to a message.';
COMMENT ON CONSTRAINT attempt_state_known ON ledger.attempt IS
'open -> accepted | rejected | retryable (surely not sent) | unknown -> accepted | absent.';

CREATE TABLE ledger.stop (
    stop_id bigint GENERATED ALWAYS AS IDENTITY,
    scope text NOT NULL,
    shop_id text,
    campaign_id text,
    is_stopped boolean NOT NULL,
    who text NOT NULL,
    note text,
    recorded_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stop_pk PRIMARY KEY (stop_id),
    CONSTRAINT stop_scope_named CHECK (
        (scope = 'everything' AND shop_id IS NULL AND campaign_id IS NULL)
        OR (scope = 'shop' AND shop_id IS NOT NULL AND campaign_id IS NULL)
        OR (scope = 'campaign' AND campaign_id IS NOT NULL)
    )
);
COMMENT ON TABLE ledger.stop IS 'The kill switch, append-only; the latest row of a scope speaks, in every realm.';
COMMENT ON CONSTRAINT stop_pk ON ledger.stop IS 'One row per change.';
COMMENT ON CONSTRAINT stop_scope_named ON ledger.stop IS 'Everything, a shop, or a campaign (of one shop or of all).';

CREATE TABLE ledger.failure (
    dag_id text NOT NULL,
    task_id text NOT NULL,
    run_id text NOT NULL,
    failed_real_at timestamptz NOT NULL DEFAULT now(),
    mailed_real_at timestamptz,
    CONSTRAINT failure_pk PRIMARY KEY (dag_id, task_id)
);
COMMENT ON TABLE ledger.failure IS 'Failures that are not over yet: mailed once when new and once when over.';
COMMENT ON CONSTRAINT failure_pk ON ledger.failure IS 'One open failure per task.';
