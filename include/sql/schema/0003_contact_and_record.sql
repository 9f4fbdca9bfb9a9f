-- Addresses live here and nowhere else. Consent and suppression are append-only: the newest row that had happened and
-- was known speaks. The record is derived and may be rebuilt.

CREATE TABLE contact.people (
    shop_id text NOT NULL,
    customer_id text NOT NULL,
    display_name text,
    birthday date,
    locale text,
    joined_at timestamptz,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint,
    CONSTRAINT people_pk PRIMARY KEY (shop_id, customer_id)
);
COMMENT ON TABLE contact.people IS 'What the member list says of a customer beside the addresses. Untrusted text.';
COMMENT ON CONSTRAINT people_pk ON contact.people IS 'One row per member.';

CREATE TABLE contact.people_history (
    LIKE contact.people,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX people_history_key ON contact.people_history (shop_id, customer_id, known_from);
COMMENT ON TABLE contact.people_history IS 'Replaced member versions, known in [known_from, known_until).';

CREATE TABLE contact.contact_points (
    shop_id text NOT NULL,
    customer_id text NOT NULL,
    kind text NOT NULL,
    address_hash text NOT NULL,
    address text NOT NULL,
    order_id text,
    is_synthetic boolean NOT NULL DEFAULT false,
    known_at timestamptz NOT NULL,
    expires_at timestamptz,
    batch_id bigint,
    CONSTRAINT contact_points_pk PRIMARY KEY (shop_id, customer_id, kind, address_hash),
    CONSTRAINT contact_points_kind_known CHECK (kind IN ('phone', 'email', 'oaid', 'ouid'))
);
CREATE INDEX contact_points_by_hash ON contact.contact_points (address_hash);
COMMENT ON TABLE contact.contact_points IS 'Typed addresses of a customer; of one kind the one known last is used.';
COMMENT ON COLUMN contact.contact_points.address_hash IS
'HMAC-SHA-256 of kind and normalised address, hex; outside contact only this appears.';
COMMENT ON COLUMN contact.contact_points.order_id IS 'For an oaid: the order it is bound to.';
COMMENT ON CONSTRAINT contact_points_pk ON contact.contact_points IS 'An address of a customer is kept once.';
COMMENT ON CONSTRAINT contact_points_kind_known ON contact.contact_points IS 'The four kinds of address.';

CREATE TABLE contact.consents (
    consent_id bigint GENERATED ALWAYS AS IDENTITY,
    shop_id text NOT NULL,
    address_hash text NOT NULL,
    channel text NOT NULL,
    purpose text NOT NULL,
    is_granted boolean NOT NULL,
    happened_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    method text NOT NULL,
    batch_id bigint,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT consents_pk PRIMARY KEY (consent_id),
    CONSTRAINT consents_once UNIQUE (shop_id, address_hash, channel, purpose, happened_at, is_granted),
    CONSTRAINT consents_channel_known CHECK (channel IN ('sms', 'email')),
    CONSTRAINT consents_purpose_known CHECK (purpose IN ('transactional', 'promotional'))
);
COMMENT ON TABLE contact.consents IS
'Append-only proof of consent and its withdrawal; the latest one that happened speaks.';
COMMENT ON CONSTRAINT consents_pk ON contact.consents IS 'One row per statement of consent.';
COMMENT ON CONSTRAINT consents_once ON contact.consents IS 'The same statement read again adds nothing.';
COMMENT ON CONSTRAINT consents_channel_known ON contact.consents IS 'Consent is per channel.';
COMMENT ON CONSTRAINT consents_purpose_known ON contact.consents IS 'Consent is per purpose.';

CREATE TABLE contact.suppressions (
    suppression_id bigint GENERATED ALWAYS AS IDENTITY,
    shop_id text,
    address_hash text NOT NULL,
    channel text,
    is_suppressed boolean NOT NULL,
    reason text NOT NULL,
    happened_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT suppressions_pk PRIMARY KEY (suppression_id),
    CONSTRAINT suppressions_channel_known CHECK (channel IN ('sms', 'email'))
);
CREATE INDEX suppressions_by_hash ON contact.suppressions (address_hash, happened_at);
COMMENT ON TABLE contact.suppressions IS
'Append-only; no shop means every shop, no channel every channel. Holds hashes alone, so it outlives forgetting.';
COMMENT ON CONSTRAINT suppressions_pk ON contact.suppressions IS 'One row per change.';
COMMENT ON CONSTRAINT suppressions_channel_known ON contact.suppressions IS 'Suppression is per channel or for all.';

CREATE TABLE record.heads (
    shop_id text NOT NULL,
    refreshed_as_of timestamptz,
    loaded_as_of timestamptz,
    CONSTRAINT heads_pk PRIMARY KEY (shop_id)
);
COMMENT ON TABLE record.heads IS 'The head of a shop: facts, watermark and record are written by runs not before it.';
COMMENT ON CONSTRAINT heads_pk ON record.heads IS 'One head per shop.';

CREATE TABLE record.paid_orders (
    customer_no bigint NOT NULL,
    paid_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    net_minor integer NOT NULL,
    shop_id text NOT NULL,
    order_id text NOT NULL,
    CONSTRAINT paid_orders_pk PRIMARY KEY (shop_id, order_id)
);
CREATE INDEX paid_orders_of_customer ON record.paid_orders (customer_no, paid_at) INCLUDE (net_minor, known_at);
ALTER TABLE record.paid_orders ALTER COLUMN customer_no SET (n_distinct = -0.1);
COMMENT ON TABLE record.paid_orders IS
'Narrow copy of paid orders for one index-only pass per customer (see docs/decisions).';
COMMENT ON COLUMN record.paid_orders.net_minor IS
'int on purpose: sum(bigint) is numeric and several times slower. The gate refuses more.';
COMMENT ON CONSTRAINT paid_orders_pk ON record.paid_orders IS 'One row per paid order.';

CREATE TABLE record.customer_features (
    shop_id text NOT NULL,
    customer_no bigint NOT NULL,
    first_paid_at timestamptz,
    last_paid_at timestamptz,
    order_count integer NOT NULL,
    paid_minor bigint NOT NULL,
    computed_as_of timestamptz NOT NULL,
    CONSTRAINT customer_features_pk PRIMARY KEY (shop_id, customer_no)
);
CREATE INDEX customer_features_last_paid ON record.customer_features (shop_id, last_paid_at);
COMMENT ON TABLE record.customer_features IS
'Features at the head. Labels that time alone changes (recency, stage) are derived when read.';
COMMENT ON COLUMN record.customer_features.order_count IS 'Paid orders.';
COMMENT ON CONSTRAINT customer_features_pk ON record.customer_features IS 'One row per customer with a paid order.';
