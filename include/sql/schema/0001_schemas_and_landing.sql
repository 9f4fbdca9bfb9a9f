-- Five schemas, one a stage of the flow. An operator who reads a database top to bottom finds: what arrived
-- (landing), what is true of the shop (facts), whom we may reach and how (contact), what we derive (record), what we
-- did (ledger).

CREATE SCHEMA landing;
CREATE SCHEMA facts;
CREATE SCHEMA contact;
CREATE SCHEMA record;
CREATE SCHEMA ledger;
COMMENT ON SCHEMA landing IS 'Rows as they arrived, all text, with batch and line; quarantine; watermarks.';
COMMENT ON SCHEMA facts IS 'The shop''s facts: current versions, and replaced versions in <fact>_history.';
COMMENT ON SCHEMA contact IS 'The only home of addresses: contact points, consent, suppression.';
COMMENT ON SCHEMA record IS 'Customer features derived from facts; can be rebuilt at any time.';
COMMENT ON SCHEMA ledger IS 'Runs, decisions, messages, attempts. Never rebuilt, never deleted by a pipeline.';

CREATE TABLE landing.batch (
    batch_id bigint GENERATED ALWAYS AS IDENTITY,
    shop_id text NOT NULL,
    entity text NOT NULL,
    source text NOT NULL,
    origin text NOT NULL DEFAULT 'extract',
    window_from timestamptz,
    window_until timestamptz,
    snapshot_at timestamptz NOT NULL,
    is_history boolean NOT NULL DEFAULT false,
    run_no bigint,
    as_of timestamptz NOT NULL,
    landed_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'pending',
    verdict text,
    verdict_note text,
    judged_by text,
    known_at timestamptz,
    landed bigint NOT NULL DEFAULT 0,
    loaded bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    superseded bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    CONSTRAINT batch_pk PRIMARY KEY (batch_id),
    CONSTRAINT batch_state_known CHECK (state IN ('pending', 'loaded', 'rejected')),
    CONSTRAINT batch_verdict_known CHECK (verdict IN ('passed', 'failed', 'released', 'rejected')),
    CONSTRAINT batch_origin_known CHECK (origin IN ('extract', 'retry')),
    CONSTRAINT batch_rows_accounted_for CHECK (
        state = 'pending' OR landed = loaded + unchanged + superseded + quarantined
    )
);
CREATE INDEX batch_pending ON landing.batch (shop_id, entity, batch_id) WHERE state = 'pending';
CREATE INDEX batch_of_shop ON landing.batch (shop_id, as_of);
COMMENT ON TABLE landing.batch IS
'One row per shop, entity and extraction; its counts add up once it is judged and loaded.';
COMMENT ON COLUMN landing.batch.origin IS 'extract: from a source. retry: quarantined rows driven again.';
COMMENT ON COLUMN landing.batch.snapshot_at IS 'The instant a fact without a time of its own is given.';
COMMENT ON COLUMN landing.batch.is_history IS 'Declared history: known_at of each fact is the time it happened.';
COMMENT ON COLUMN landing.batch.known_at IS 'as_of of the run that loaded it: the landing instant in business time.';
COMMENT ON COLUMN landing.batch.judged_by IS 'gate, or the person who released or rejected it.';
COMMENT ON CONSTRAINT batch_pk ON landing.batch IS 'One row per batch.';
COMMENT ON CONSTRAINT batch_state_known ON landing.batch IS 'pending -> loaded | rejected (quarantined whole).';
COMMENT ON CONSTRAINT batch_verdict_known ON landing.batch IS 'What the gate, or a person, said.';
COMMENT ON CONSTRAINT batch_origin_known ON landing.batch IS 'Where its rows came from.';
COMMENT ON CONSTRAINT batch_rows_accounted_for ON landing.batch IS
'No input is lost: landed = loaded + unchanged + superseded + quarantined (+ pending).';

CREATE TABLE landing.watermark (
    shop_id text NOT NULL,
    entity text NOT NULL,
    extracted_until timestamptz NOT NULL,
    succeeded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT watermark_pk PRIMARY KEY (shop_id, entity)
);
COMMENT ON TABLE landing.watermark IS 'How far a source was read; moves in the transaction that lands the rows.';
COMMENT ON COLUMN landing.watermark.extracted_until IS 'Business time: the exclusive end of the last window read.';
COMMENT ON COLUMN landing.watermark.succeeded_at IS
'Real time of the last successful call, rows or none: freshness is judged on it.';
COMMENT ON CONSTRAINT watermark_pk ON landing.watermark IS 'One watermark per shop and entity.';

-- Landing tables carry text alone, so that whatever arrives can land and be looked at; typing happens on the way to
-- facts.
CREATE TABLE landing.member (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    customer_id text,
    display_name text,
    phone text,
    email text,
    birthday text,
    locale text,
    joined_at text,
    sms_promotional text,
    sms_promotional_at text,
    sms_promotional_method text,
    email_promotional text,
    email_promotional_at text,
    email_promotional_method text,
    modified_at text
);
CREATE INDEX member_batch ON landing.member USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.member IS 'The shop''s own member list as it arrived; one row per customer.';

CREATE TABLE landing."order" (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    order_id text,
    customer_id text,
    oaid text,
    source text,
    kind text,
    payment_state text,
    payment_kind text,
    created_at text,
    paid_at text,
    closes_at text,
    closed_at text,
    shipped_at text,
    finished_at text,
    total text,
    paid text,
    currency text,
    item_count text,
    region text,
    city text,
    modified_at text
);
CREATE INDEX order_batch ON landing."order" USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing."order" IS 'Orders as they arrived; one row per order version.';

CREATE TABLE landing.order_line (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    order_id text,
    line_id text,
    product_id text,
    sku_id text,
    title text,
    quantity text,
    price text,
    net text,
    currency text,
    modified_at text
);
CREATE INDEX order_line_batch ON landing.order_line USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.order_line IS 'Order lines as they arrived; one row per line version.';

CREATE TABLE landing.refund (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    refund_id text,
    order_id text,
    amount text,
    currency text,
    state text,
    happened_at text,
    modified_at text
);
CREATE INDEX refund_batch ON landing.refund USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.refund IS 'Refunds as they arrived; one row per refund version.';

CREATE TABLE landing.shipment (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    shipment_id text,
    order_id text,
    carrier text,
    tracking_no text,
    region text,
    shipped_at text,
    promised_at text,
    modified_at text
);
CREATE INDEX shipment_batch ON landing.shipment USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.shipment IS 'Parcels as they arrived; one row per parcel version.';

CREATE TABLE landing.tracking_event (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    shipment_id text,
    happened_at text,
    state text,
    place text,
    description text
);
CREATE INDEX tracking_event_batch ON landing.tracking_event USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.tracking_event IS 'Carrier scans as they arrived; one row per scan.';

CREATE TABLE landing.quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY,
    shop_id text NOT NULL,
    entity text NOT NULL,
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    reasons text[] NOT NULL,
    payload jsonb NOT NULL,
    as_of timestamptz NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'open',
    retried_batch_id bigint,
    CONSTRAINT quarantine_pk PRIMARY KEY (quarantine_id),
    CONSTRAINT quarantine_once_per_line UNIQUE (batch_id, line_no),
    CONSTRAINT quarantine_batch_exists FOREIGN KEY (batch_id) REFERENCES landing.batch (batch_id),
    CONSTRAINT quarantine_retry_exists FOREIGN KEY (retried_batch_id) REFERENCES landing.batch (batch_id),
    CONSTRAINT quarantine_state_known CHECK (state IN ('open', 'retried')),
    CONSTRAINT quarantine_gives_a_reason CHECK (cardinality(reasons) > 0)
);
CREATE INDEX quarantine_open ON landing.quarantine (shop_id, entity, quarantine_id) WHERE state = 'open';
COMMENT ON TABLE landing.quarantine IS 'Rows that broke a rule, with payload, reasons and batch; can be driven again.';
COMMENT ON CONSTRAINT quarantine_pk ON landing.quarantine IS 'One row per quarantined line.';
COMMENT ON CONSTRAINT quarantine_once_per_line ON landing.quarantine IS
'A line is quarantined once, with all its reasons.';
COMMENT ON CONSTRAINT quarantine_batch_exists ON landing.quarantine IS 'A quarantined line came in a batch.';
COMMENT ON CONSTRAINT quarantine_retry_exists ON landing.quarantine IS 'The batch it was driven again in.';
COMMENT ON CONSTRAINT quarantine_state_known ON landing.quarantine IS 'open -> retried.';
COMMENT ON CONSTRAINT quarantine_gives_a_reason ON landing.quarantine IS 'No row is refused without a reason.';

CREATE TABLE landing.file (
    shop_id text NOT NULL,
    entity text NOT NULL,
    path text NOT NULL,
    digest text NOT NULL,
    read_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT file_pk PRIMARY KEY (shop_id, entity, path)
);
COMMENT ON TABLE landing.file IS 'Exports the files source has read: one with the same content is not read again.';
COMMENT ON COLUMN landing.file.path IS 'Path below the folder of the mapping.';
COMMENT ON CONSTRAINT file_pk ON landing.file IS 'One row per export of an entity.';
