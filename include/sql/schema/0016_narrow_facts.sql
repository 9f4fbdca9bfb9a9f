-- Narrow facts: what the record is computed from, in rows of numbers under one covering index each. They hold every
-- version that was ever known, [known_from, known_until) with infinity for the one known now, so that any past instant
-- is read from them exactly as from facts.*_as_of. Guests are in none. record.narrow fills them from the facts of the
-- orders that came in; who reads them says until when things happened and by when they had to be known
-- (include/sql/scope).
--
-- order_key is a hash of the order's id: the same in every database and order of arrival. Two orders under one key are
-- told apart by order_id wherever rows are replaced.

-- Not infinity: a version known now is known until infinity, and must be found with all hindsight too.
CREATE OR REPLACE FUNCTION facts.known_by(p_as_of timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT least(
    coalesce(nullif(current_setting('touchpoint.known_by', true), '')::timestamptz, p_as_of),
    timestamptz '294276-01-01 00:00:00+00'
)
$$;

CREATE FUNCTION record.order_key(p_order_id text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT hashtextextended(p_order_id, 0)
$$;
COMMENT ON FUNCTION record.order_key(text) IS 'The number an order has in the narrow facts.';

CREATE TABLE record.words (
    word_no integer GENERATED ALWAYS AS IDENTITY,
    word text NOT NULL,
    CONSTRAINT words_pk PRIMARY KEY (word_no),
    CONSTRAINT words_once UNIQUE (word)
);
COMMENT ON TABLE record.words IS
'Regions, devices, series, categories and sizes by number, for narrow facts of all shops.';
COMMENT ON CONSTRAINT words_pk ON record.words IS 'A number means one word, and always did.';
COMMENT ON CONSTRAINT words_once ON record.words IS 'A word has one number, whatever it stands for.';

DROP TABLE record.paid_orders, record.refunds, record.product_series;
-- These read them as if each row were true for ever.
DROP FUNCTION record.features_of_shop(text, timestamptz, bigint[]);
DROP FUNCTION record.features_between(text, timestamptz, bigint, bigint);

CREATE TABLE record.paid_orders (
    customer_no bigint NOT NULL,
    paid_at timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL,
    order_key bigint NOT NULL,
    day integer NOT NULL,
    net_minor integer NOT NULL,
    items integer,
    discount_minor integer,
    coupon_minor integer,
    region_no integer,
    device_no integer,
    hour smallint NOT NULL,
    month_day smallint NOT NULL,
    shop_id text NOT NULL,
    order_id text NOT NULL
);
-- paid_at is no key: behind day the planner would skip through every day there is, and rather read the whole table for
-- three customers.
CREATE INDEX paid_orders_of_customer ON record.paid_orders (shop_id, customer_no, day) INCLUDE (
    paid_at, known_from, known_until, order_key, net_minor, items, discount_minor, coupon_minor, region_no, device_no,
    hour, month_day
);
CREATE INDEX paid_orders_of_order ON record.paid_orders (order_key);
-- Orders whose payment the head has only now passed, or that leave a window.
CREATE INDEX paid_orders_by_time ON record.paid_orders (shop_id, paid_at) INCLUDE (customer_no);
COMMENT ON TABLE record.paid_orders IS
'Narrow copy of paid orders, every version known once, for one index-only pass per customer. One paid later than the '
'head is here all the same: who reads masks.';
COMMENT ON COLUMN record.paid_orders.day IS 'Day of paid_at in the shop''s zone, in days since 1970-01-01.';
COMMENT ON COLUMN record.paid_orders.net_minor IS
'What was paid, else the total. int on purpose: sum(bigint) is numeric and several times slower.';
COMMENT ON COLUMN record.paid_orders.items IS
'Pieces of goods: what the order says, else the sum of its goods lines; NULL where neither is known.';
COMMENT ON COLUMN record.paid_orders.discount_minor IS 'All that was taken off, coupons too; NULL = nobody says.';
COMMENT ON COLUMN record.paid_orders.coupon_minor IS 'The coupons'' part of discount_minor; NULL = nobody says.';
COMMENT ON COLUMN record.paid_orders.region_no IS 'Where it was sent: a number of record.words.';
COMMENT ON COLUMN record.paid_orders.device_no IS 'What it was ordered with: a number of record.words.';
COMMENT ON COLUMN record.paid_orders.hour IS 'Hour of paid_at in the shop''s zone.';
COMMENT ON COLUMN record.paid_orders.month_day IS 'Day of the month of paid_at in the shop''s zone.';

CREATE TABLE record.paid_lines (
    customer_no bigint NOT NULL,
    paid_at timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL,
    order_key bigint NOT NULL,
    day integer NOT NULL,
    series_no integer,
    category_no integer,
    size_no integer,
    quantity integer NOT NULL,
    net_minor integer NOT NULL,
    series_orders smallint NOT NULL,
    category_orders smallint NOT NULL,
    is_discounted boolean,
    is_new boolean,
    shop_id text NOT NULL,
    order_id text NOT NULL
);
CREATE INDEX paid_lines_of_customer ON record.paid_lines (shop_id, customer_no, series_no, category_no) INCLUDE (
    paid_at, known_from, known_until, day, size_no, quantity, net_minor, series_orders, category_orders,
    is_discounted, is_new
);
CREATE INDEX paid_lines_of_order ON record.paid_lines (order_key);
COMMENT ON TABLE record.paid_lines IS
'Goods lines of paid orders, every version known once: one row per order, series, category, size, is_discounted, '
'is_new.';
COMMENT ON COLUMN record.paid_lines.size_no IS 'The line''s size, else the product''s: a number of record.words.';
COMMENT ON COLUMN record.paid_lines.series_orders IS
'1 on one row per order and series, 0 on its others: the sum counts orders.';
COMMENT ON COLUMN record.paid_lines.category_orders IS '1 on one row per order and category, likewise.';
COMMENT ON COLUMN record.paid_lines.is_discounted IS 'Paid below price x quantity; NULL where no price is known.';
COMMENT ON COLUMN record.paid_lines.is_new IS
'Bought within 30 days of the product''s listing; NULL where that is not known, or later than the purchase.';

CREATE TABLE record.refunds (
    customer_no bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL,
    amount_minor bigint NOT NULL,
    shop_id text NOT NULL,
    refund_id text NOT NULL
);
CREATE INDEX refunds_of_customer ON record.refunds (shop_id, customer_no, happened_at) INCLUDE (
    known_from, known_until, amount_minor
);
CREATE INDEX refunds_of_refund ON record.refunds (shop_id, refund_id);
-- Refunds whose time the head has only now passed.
CREATE INDEX refunds_by_time ON record.refunds (shop_id, happened_at) INCLUDE (customer_no);
COMMENT ON TABLE record.refunds IS
'Narrow copy of succeeded refunds, every version known once, with their customer: that of the order, else the one the '
'refund names.';

CREATE TABLE record.events (
    customer_no bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL,
    settled_at timestamptz,
    amount integer,
    kind text NOT NULL,
    shop_id text NOT NULL,
    event_id text NOT NULL,
    CONSTRAINT events_kind_known CHECK (kind IN ('review', 'late_parcel', 'inquiry', 'complaint', 'visit'))
);
CREATE INDEX events_of_customer ON record.events (shop_id, customer_no, kind, happened_at) INCLUDE (
    known_from, known_until, settled_at, amount
);
CREATE INDEX events_of_event ON record.events (shop_id, event_id);
-- Events whose time, or whose end, the head has only now passed.
CREATE INDEX events_by_time ON record.events (shop_id, happened_at) INCLUDE (customer_no);
CREATE INDEX events_by_end ON record.events (shop_id, settled_at) INCLUDE (customer_no) WHERE settled_at IS NOT NULL;
COMMENT ON TABLE record.events IS
'Reviews, late parcels, inquiries, complaints and visits of customers, every version known once.';
COMMENT ON COLUMN record.events.happened_at IS
'When it happened; of a late parcel the instant from which it was late.';
COMMENT ON COLUMN record.events.amount IS
'review: score 1 to 5. late_parcel: days late, of the buyer''s calendar. visit: seconds. Else empty.';
COMMENT ON COLUMN record.events.settled_at IS
'late_parcel: when it arrived after all. Before that instant there is no amount.';
COMMENT ON COLUMN record.events.event_id IS 'The fact it is of: r:order:review, p:parcel, i:inquiry or v:visit.';
COMMENT ON CONSTRAINT events_kind_known ON record.events IS 'The kinds statements may ask for.';

CREATE TABLE record.goods (
    shop_id text NOT NULL,
    product_id text NOT NULL,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL,
    listed_at timestamptz,
    series_no integer,
    category_no integer,
    size_no integer,
    CONSTRAINT goods_pk PRIMARY KEY (shop_id, product_id, known_from)
);
COMMENT ON TABLE record.goods IS
'What paid lines say of their products, every version known once, without a gap: before a product was known there is '
'an empty one. What differs from it touches the lines.';
COMMENT ON CONSTRAINT goods_pk ON record.goods IS 'One version from an instant on.';

-- A pass per customer must not be taken for one of few customers: the planner's own guess is ten times too low, and a
-- hash of them all would spill.
ALTER TABLE record.paid_orders ALTER COLUMN customer_no SET (n_distinct = -0.1);
ALTER TABLE record.paid_lines ALTER COLUMN customer_no SET (n_distinct = -0.07);
ALTER TABLE record.refunds ALTER COLUMN customer_no SET (n_distinct = -0.5);
ALTER TABLE record.events ALTER COLUMN customer_no SET (n_distinct = -0.1);
-- What came in must be marked visible soon, or a pass over an index looks into the table for it.
ALTER TABLE record.paid_orders SET (
    autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02
);
ALTER TABLE record.paid_lines SET (
    autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02
);
ALTER TABLE record.refunds SET (
    autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02
);
ALTER TABLE record.events SET (
    autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02
);

-- Days and hours are the shop's, and its zone stands in its file: the next refresh fills what is empty here.
ALTER TABLE record.heads
ADD COLUMN narrow_zone text,
ADD COLUMN narrow_made_from text,
ADD COLUMN narrow_norms text;
COMMENT ON COLUMN record.heads.narrow_zone IS
'Zone the narrow facts were made in; where it is not the shop''s, the next refresh makes them all anew.';

COMMENT ON COLUMN record.heads.narrow_made_from IS
'Hash of the statements the narrow facts were made by; others make them all anew.';
COMMENT ON COLUMN record.heads.narrow_norms IS
'Digest of the first norms ever kept: those of parcels of before. Where it differs, late parcels are looked at anew.';

CREATE TABLE record.coming (
    shop_id text NOT NULL,
    at timestamptz NOT NULL,
    customer_no bigint NOT NULL,
    CONSTRAINT coming_pk PRIMARY KEY (shop_id, at, customer_no)
);
COMMENT ON TABLE record.coming IS
'Whose versions in the narrow facts begin or end later than the refresh that wrote them: of history loaded ahead of '
'the head. The refresh that passes the instant looks at them again, and takes them out.';
COMMENT ON CONSTRAINT coming_pk ON record.coming IS 'A customer is looked at once an instant.';

-- From when a parcel is late by the norms in force when it was shipped, and the zone its days are of. OFFSET 0: the
-- norms are looked up, and the day is worked out, once a parcel and not once a mention.
CREATE FUNCTION record.parcel_late_from(
    p_shop text, p_carrier text, p_region text, p_shipped_at timestamptz, p_promised_at timestamptz,
    p_first_scan_at timestamptz
) RETURNS TABLE (late_from timestamptz, zone text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT standings.late_from, standings.zone
FROM (SELECT record.logistics_as_of(p_shop, p_shipped_at) AS rules OFFSET 0) AS norms
CROSS JOIN LATERAL facts.parcel_standing(
    ROW(
        p_shop, '', '', 0, '', NULL, p_carrier, p_region, p_shipped_at, p_promised_at, p_first_scan_at, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, false, true, NULL
    )::record.parcels,
    norms.rules, p_shipped_at
) AS standings
OFFSET 0
$$;
COMMENT ON FUNCTION record.parcel_late_from(text, text, text, timestamptz, timestamptz, timestamptz) IS
'What facts.parcel_standing says of a parcel by its promise, else by its first scan and the norms of its ship click.';

-- What a refresh takes in of orders, products and batches.
CREATE INDEX inquiries_of_order ON facts.inquiries (shop_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX order_lines_history_of_product ON facts.order_lines_history (shop_id, product_id);
