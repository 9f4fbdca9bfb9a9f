-- Facts: what is true of the shop. Natural keys begin with shop_id; money is bigint minor units beside its currency;
-- what can be an instant is an instant, so that a reader as of T masks what lies after T. Each <fact>_history holds
-- replaced versions with [known_from, known_until); write it in the merge alone.

CREATE TABLE facts.customers (
    customer_no bigint GENERATED ALWAYS AS IDENTITY,
    shop_id text NOT NULL,
    customer_id text NOT NULL,
    identity uuid NOT NULL,
    identity_from text NOT NULL,
    known_at timestamptz NOT NULL,
    CONSTRAINT customers_pk PRIMARY KEY (shop_id, customer_id),
    CONSTRAINT customers_number_unique UNIQUE (customer_no),
    CONSTRAINT customers_identity_source_known CHECK (identity_from IN ('phone', 'email', 'buyer', 'customer'))
);
CREATE INDEX customers_of_identity ON facts.customers (identity, shop_id);
COMMENT ON TABLE facts.customers IS
'A person as the shop knows them, with the identity made once and never recomputed.';
COMMENT ON COLUMN facts.customers.customer_no IS 'Short key for the narrow facts below record.';
COMMENT ON COLUMN facts.customers.identity IS 'First 16 bytes of HMAC-SHA-256 over brand, kind and value.';
COMMENT ON CONSTRAINT customers_pk ON facts.customers IS 'One row per customer of a shop.';
COMMENT ON CONSTRAINT customers_number_unique ON facts.customers IS 'customer_no names one customer in all shops.';
COMMENT ON CONSTRAINT customers_identity_source_known ON facts.customers IS
'What the identity was made from; never an OAID.';

CREATE TABLE facts.orders (
    shop_id text NOT NULL,
    order_id text NOT NULL,
    customer_no bigint NOT NULL,
    source text NOT NULL DEFAULT 'default',
    kind text NOT NULL DEFAULT 'normal',
    payment_state text NOT NULL DEFAULT 'none',
    payment_kind text,
    created_at timestamptz NOT NULL,
    paid_at timestamptz,
    closes_at timestamptz,
    closed_at timestamptz,
    shipped_at timestamptz,
    finished_at timestamptz,
    total_minor bigint NOT NULL,
    paid_minor bigint,
    currency char(3) NOT NULL,
    item_count integer,
    region text,
    city text,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT orders_pk PRIMARY KEY (shop_id, order_id),
    CONSTRAINT orders_kind_known CHECK (kind IN ('normal', 'cash_on_delivery', 'price_difference', 'presale')),
    CONSTRAINT orders_payment_state_known CHECK (payment_state IN ('none', 'under_way', 'deposit_paid', 'paid'))
);
CREATE INDEX orders_open ON facts.orders (shop_id, created_at) WHERE paid_at IS NULL AND closed_at IS NULL;
CREATE INDEX orders_created ON facts.orders (shop_id, created_at);
CREATE INDEX orders_of_customer ON facts.orders (customer_no, created_at);
COMMENT ON TABLE facts.orders IS
'Current version of each order. Paid means paid_at is set: an amount of 0 is not unpaid.';
COMMENT ON COLUMN facts.orders.source IS
'Where the buyer ordered (app, web, flash_sale ...): reminder delays go by it.';
COMMENT ON COLUMN facts.orders.payment_state IS 'State as last seen, without an instant of its own.';
COMMENT ON COLUMN facts.orders.closes_at IS 'When the platform will close it unpaid.';
COMMENT ON COLUMN facts.orders.modified_at IS 'The source''s version: an older one never replaces a newer one.';
COMMENT ON COLUMN facts.orders.known_at IS 'When we learned this version (business time).';
COMMENT ON CONSTRAINT orders_pk ON facts.orders IS 'One current version per order.';
COMMENT ON CONSTRAINT orders_kind_known ON facts.orders IS 'Kinds that campaigns treat apart.';
COMMENT ON CONSTRAINT orders_payment_state_known ON facts.orders IS 'Payment as last seen.';

CREATE TABLE facts.orders_history (
    LIKE facts.orders,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX orders_history_key ON facts.orders_history (shop_id, order_id, known_from);
CREATE INDEX orders_history_created ON facts.orders_history (shop_id, created_at);
COMMENT ON TABLE facts.orders_history IS 'Replaced order versions, known in [known_from, known_until).';

CREATE TABLE facts.order_lines (
    shop_id text NOT NULL,
    order_id text NOT NULL,
    line_id text NOT NULL,
    product_id text,
    sku_id text,
    title text,
    quantity integer NOT NULL,
    price_minor bigint,
    net_minor bigint NOT NULL,
    currency char(3) NOT NULL,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT order_lines_pk PRIMARY KEY (shop_id, order_id, line_id)
);
COMMENT ON TABLE facts.order_lines IS 'Current version of each order line.';
COMMENT ON COLUMN facts.order_lines.net_minor IS 'What the line costs the buyer, discounts taken off, minor units.';
COMMENT ON CONSTRAINT order_lines_pk ON facts.order_lines IS 'One current version per line.';

CREATE TABLE facts.order_lines_history (
    LIKE facts.order_lines,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX order_lines_history_key ON facts.order_lines_history (shop_id, order_id, line_id, known_from);
COMMENT ON TABLE facts.order_lines_history IS 'Replaced line versions, known in [known_from, known_until).';

CREATE TABLE facts.refunds (
    shop_id text NOT NULL,
    refund_id text NOT NULL,
    order_id text NOT NULL,
    amount_minor bigint NOT NULL,
    currency char(3) NOT NULL,
    state text NOT NULL DEFAULT 'succeeded',
    happened_at timestamptz NOT NULL,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT refunds_pk PRIMARY KEY (shop_id, refund_id),
    CONSTRAINT refunds_state_known CHECK (state IN ('asked', 'succeeded', 'refused'))
);
CREATE INDEX refunds_of_order ON facts.refunds (shop_id, order_id);
COMMENT ON TABLE facts.refunds IS 'Current version of each refund.';
COMMENT ON CONSTRAINT refunds_pk ON facts.refunds IS 'One current version per refund.';
COMMENT ON CONSTRAINT refunds_state_known ON facts.refunds IS 'asked -> succeeded | refused.';

CREATE TABLE facts.refunds_history (
    LIKE facts.refunds,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX refunds_history_key ON facts.refunds_history (shop_id, refund_id, known_from);
COMMENT ON TABLE facts.refunds_history IS 'Replaced refund versions, known in [known_from, known_until).';

CREATE TABLE facts.shipments (
    shop_id text NOT NULL,
    shipment_id text NOT NULL,
    order_id text NOT NULL,
    carrier text,
    tracking_no text,
    region text,
    shipped_at timestamptz NOT NULL,
    promised_at timestamptz,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT shipments_pk PRIMARY KEY (shop_id, shipment_id)
);
CREATE INDEX shipments_of_order ON facts.shipments (shop_id, order_id);
COMMENT ON TABLE facts.shipments IS 'Current version of each parcel; where it is follows from its tracking events.';
COMMENT ON COLUMN facts.shipments.shipped_at IS 'The ship click, not the carrier''s first scan.';
COMMENT ON CONSTRAINT shipments_pk ON facts.shipments IS 'One current version per parcel.';

CREATE TABLE facts.shipments_history (
    LIKE facts.shipments,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX shipments_history_key ON facts.shipments_history (shop_id, shipment_id, known_from);
COMMENT ON TABLE facts.shipments_history IS 'Replaced parcel versions, known in [known_from, known_until).';

CREATE TABLE facts.tracking_events (
    shop_id text NOT NULL,
    shipment_id text NOT NULL,
    event_key text NOT NULL,
    happened_at timestamptz NOT NULL,
    state text NOT NULL,
    place text,
    description text,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT tracking_events_pk PRIMARY KEY (shop_id, shipment_id, event_key),
    CONSTRAINT tracking_events_state_known CHECK (state IN (
        'label_created', 'picked_up', 'in_transit', 'arrived_city', 'customs', 'out_for_delivery', 'ready_for_pickup',
        'delivered', 'attempt_failed', 'refused', 'delayed', 'returning', 'returned', 'exception', 'lost', 'cancelled',
        'other'
    ))
);
COMMENT ON TABLE facts.tracking_events IS 'Carrier scans: a log, never changed; the same scan again is unchanged.';
COMMENT ON COLUMN facts.tracking_events.event_key IS 'md5 of instant, state, place and description.';
COMMENT ON CONSTRAINT tracking_events_pk ON facts.tracking_events IS 'A scan is kept once.';
COMMENT ON CONSTRAINT tracking_events_state_known ON facts.tracking_events IS 'The one vocabulary of parcel states.';
