-- What shops with a catalogue, with reviews, with guests and with cancelling documents need: products and reviews as
-- facts with history, lines that are no goods, customers who are guests, refunds that name no order.

CREATE TABLE landing.product (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    product_id text,
    title text,
    series text,
    category text,
    price text,
    currency text,
    modified_at text
);
CREATE INDEX product_batch ON landing.product USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.product IS 'The shop''s catalogue as it arrived; one row per product version.';

CREATE TABLE landing.review (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    order_id text,
    review_id text,
    score text,
    happened_at text,
    modified_at text
);
CREATE INDEX review_batch ON landing.review USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.review IS 'Reviews as they arrived, without their words; one row per review version.';

ALTER TABLE landing."order" ADD COLUMN status text;
ALTER TABLE landing.order_line ADD COLUMN kind text;
ALTER TABLE landing.order_line ADD COLUMN line_digest text;
ALTER TABLE landing.order_line ADD COLUMN priced text;
ALTER TABLE landing.refund ADD COLUMN customer_id text;
ALTER TABLE landing.refund ADD COLUMN line_digest text;
ALTER TABLE landing.refund ADD COLUMN priced text;
COMMENT ON COLUMN landing."order".status IS 'The source''s own word for where the order stands; nothing decides by it.';
COMMENT ON COLUMN landing.order_line.line_digest IS
'Digest of the whole line, where the export promises that none stands in it twice; empty: nothing is promised.';
COMMENT ON COLUMN landing.order_line.priced IS
'true where the export promises a price above 0 on every line; a gift may cost nothing, so empty is usual.';
COMMENT ON COLUMN landing.refund.customer_id IS 'Who is refunded, for a document that names no order.';
COMMENT ON COLUMN landing.refund.line_digest IS 'As on landing.order_line.';
COMMENT ON COLUMN landing.refund.priced IS 'As on landing.order_line.';

CREATE TABLE facts.products (
    shop_id text NOT NULL,
    product_id text NOT NULL,
    title text,
    series text,
    category text,
    price_minor bigint,
    currency char(3) NOT NULL,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT products_pk PRIMARY KEY (shop_id, product_id)
);
COMMENT ON TABLE facts.products IS 'Current version of each product of the catalogue.';
COMMENT ON COLUMN facts.products.series IS 'The shop''s product line: promotions and series VIP go by it.';
COMMENT ON CONSTRAINT products_pk ON facts.products IS 'One current version per product.';

CREATE TABLE facts.products_history (
    LIKE facts.products,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX products_history_key ON facts.products_history (shop_id, product_id, known_from);
COMMENT ON TABLE facts.products_history IS 'Replaced product versions, known in [known_from, known_until).';

CREATE TABLE facts.reviews (
    shop_id text NOT NULL,
    order_id text NOT NULL,
    review_id text NOT NULL,
    score smallint NOT NULL,
    happened_at timestamptz NOT NULL,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT reviews_pk PRIMARY KEY (shop_id, order_id, review_id),
    CONSTRAINT reviews_score_known CHECK (score BETWEEN 1 AND 5)
);
COMMENT ON TABLE facts.reviews IS
'Current version of each review: the score alone. One order may have several, one review may speak of several orders.';
COMMENT ON COLUMN facts.reviews.happened_at IS 'When the buyer gave it, not when they were asked.';
COMMENT ON CONSTRAINT reviews_pk ON facts.reviews IS 'One current version per review of an order.';
COMMENT ON CONSTRAINT reviews_score_known ON facts.reviews IS '1 is bad, 5 is good.';

CREATE TABLE facts.reviews_history (
    LIKE facts.reviews,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX reviews_history_key ON facts.reviews_history (shop_id, order_id, review_id, known_from);
COMMENT ON TABLE facts.reviews_history IS 'Replaced review versions, known in [known_from, known_until).';

ALTER TABLE facts.orders ADD COLUMN status text;
ALTER TABLE facts.orders_history ADD COLUMN status text;
COMMENT ON COLUMN facts.orders.status IS
'The source''s own word for where the order stands: to recount an export by. Nothing decides by it.';

ALTER TABLE facts.order_lines ADD COLUMN kind text NOT NULL DEFAULT 'goods';
ALTER TABLE facts.order_lines ADD CONSTRAINT order_lines_kind_known CHECK (kind IN ('goods', 'service'));
ALTER TABLE facts.order_lines_history ADD COLUMN kind text NOT NULL DEFAULT 'goods';
COMMENT ON COLUMN facts.order_lines.kind IS
'service: postage, fees, manual entries; counts neither as an item nor for series.';
COMMENT ON CONSTRAINT order_lines_kind_known ON facts.order_lines IS 'Goods, or a service beside them.';

ALTER TABLE facts.customers ADD COLUMN is_guest boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN facts.customers.is_guest IS
'Made for one order that names no customer; nothing more can be known of them, and no group counts them.';
UPDATE facts.customers AS guests
SET is_guest = true
FROM facts.orders
WHERE
    guests.customer_id LIKE 'order:%%'
    AND orders.shop_id = guests.shop_id
    AND orders.order_id = substr(guests.customer_id, 7)
    AND orders.customer_no = guests.customer_no;

ALTER TABLE facts.refunds ALTER COLUMN order_id DROP NOT NULL, ADD COLUMN customer_no bigint;
ALTER TABLE facts.refunds_history ALTER COLUMN order_id DROP NOT NULL, ADD COLUMN customer_no bigint;
CREATE INDEX refunds_of_customer ON facts.refunds (customer_no, happened_at);
COMMENT ON COLUMN facts.refunds.order_id IS 'Empty for a cancelling document that does not say which order.';
COMMENT ON COLUMN facts.refunds.customer_no IS 'Who is refunded, where the refund or its order says so.';
UPDATE facts.refunds SET customer_no = orders.customer_no
FROM facts.orders
WHERE orders.shop_id = refunds.shop_id AND orders.order_id = refunds.order_id;
UPDATE facts.refunds_history SET customer_no = orders.customer_no
FROM facts.orders
WHERE orders.shop_id = refunds_history.shop_id AND orders.order_id = refunds_history.order_id;

-- Reading as of T, as in 0005; columns in the order of the table.
CREATE OR REPLACE FUNCTION facts.orders_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.orders
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, customer_no, source, kind,
    CASE WHEN paid_at > p_as_of THEN 'none' ELSE payment_state END,
    payment_kind, created_at,
    CASE WHEN paid_at <= p_as_of THEN paid_at END,
    closes_at,
    CASE WHEN closed_at <= p_as_of THEN closed_at END,
    CASE WHEN shipped_at <= p_as_of THEN shipped_at END,
    CASE WHEN finished_at <= p_as_of THEN finished_at END,
    total_minor,
    CASE WHEN paid_at > p_as_of THEN NULL ELSE paid_minor END,
    currency, item_count, region, city,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id,
    CASE WHEN modified_at <= p_as_of THEN status END
FROM facts.orders
WHERE shop_id = p_shop AND created_at <= p_as_of AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, order_id, customer_no, source, kind,
    CASE WHEN paid_at > p_as_of THEN 'none' ELSE payment_state END,
    payment_kind, created_at,
    CASE WHEN paid_at <= p_as_of THEN paid_at END,
    closes_at,
    CASE WHEN closed_at <= p_as_of THEN closed_at END,
    CASE WHEN shipped_at <= p_as_of THEN shipped_at END,
    CASE WHEN finished_at <= p_as_of THEN finished_at END,
    total_minor,
    CASE WHEN paid_at > p_as_of THEN NULL ELSE paid_minor END,
    currency, item_count, region, city,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id,
    CASE WHEN modified_at <= p_as_of THEN status END
FROM facts.orders_history
WHERE shop_id = p_shop AND created_at <= p_as_of AND known_from <= p_as_of AND p_as_of < known_until
$$;

CREATE OR REPLACE FUNCTION facts.order_lines_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.order_lines
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, kind
FROM facts.order_lines
WHERE shop_id = p_shop AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, kind
FROM facts.order_lines_history
WHERE shop_id = p_shop AND known_from <= p_as_of AND p_as_of < known_until
$$;

CREATE OR REPLACE FUNCTION facts.lines_of_order_as_of(p_shop text, p_order text, p_as_of timestamptz)
RETURNS SETOF facts.order_lines
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency, modified_at,
    known_at, batch_id, kind
FROM facts.order_lines_as_of(p_shop, p_as_of)
WHERE order_id = p_order
OFFSET 0
$$;

CREATE OR REPLACE FUNCTION facts.refunds_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.refunds
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, refund_id, order_id, amount_minor, currency, state, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, customer_no
FROM facts.refunds
WHERE shop_id = p_shop AND happened_at <= p_as_of AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, refund_id, order_id, amount_minor, currency, state, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, customer_no
FROM facts.refunds_history
WHERE shop_id = p_shop AND happened_at <= p_as_of AND known_from <= p_as_of AND p_as_of < known_until
$$;

CREATE FUNCTION facts.products_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.products
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, product_id, title, series, category, price_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.products
WHERE shop_id = p_shop AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, product_id, title, series, category, price_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.products_history
WHERE shop_id = p_shop AND known_from <= p_as_of AND p_as_of < known_until
$$;
COMMENT ON FUNCTION facts.products_as_of(text, timestamptz) IS 'The catalogue of a shop as it was known at an instant.';

CREATE FUNCTION facts.reviews_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.reviews
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, review_id, score, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.reviews
WHERE shop_id = p_shop AND happened_at <= p_as_of AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, order_id, review_id, score, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.reviews_history
WHERE shop_id = p_shop AND happened_at <= p_as_of AND known_from <= p_as_of AND p_as_of < known_until
$$;
COMMENT ON FUNCTION facts.reviews_as_of(text, timestamptz) IS
'Reviews of a shop as they were known at an instant; absent before they were given.';

-- An index made once over a million rows costs a fifth of one kept while they come. Only for a table that holds nothing
-- yet, since nobody can read it meanwhile; and for one load at a time, since two that wait for each other's lock on it
-- would stop each other.
CREATE FUNCTION facts.lay_indexes_aside(p_table regclass) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    is_filled boolean;
    found record;
BEGIN
    IF
        NOT (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = p_table)
        OR NOT pg_try_advisory_xact_lock(hashtext('facts.lay_indexes_aside'), p_table::oid::integer)
    THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %%s)', p_table) INTO is_filled;
    IF is_filled THEN
        RETURN;
    END IF;
    FOR found IN
        SELECT indexes.indexrelid::regclass::text AS name, pg_get_indexdef(indexes.indexrelid) AS definition
        FROM pg_index AS indexes
        WHERE indexes.indrelid = p_table AND NOT indexes.indisunique
    LOOP
        EXECUTE format('DROP INDEX %%s', found.name);
        RETURN NEXT found.definition;
    END LOOP;
END
$$;
COMMENT ON FUNCTION facts.lay_indexes_aside(regclass) IS
'Drops the indexes of an empty table that keep nothing unique, and returns how to make them again; nothing if it holds '
'a row, if it belongs to another role, or if another transaction is at it.';

CREATE FUNCTION facts.put_index_back(p_definition text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE p_definition;
END
$$;
COMMENT ON FUNCTION facts.put_index_back(text) IS 'Makes an index from a definition of facts.lay_indexes_aside.';
