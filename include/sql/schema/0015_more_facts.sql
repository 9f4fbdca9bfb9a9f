-- What the rest of the shop's systems know: payments, inquiries and visits as facts with history; what was taken off an
-- order and the device it came from; when a product was listed, sizes, and the gender a member gave.

CREATE TABLE landing.payment (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    payment_id text,
    order_id text,
    kind text,
    amount text,
    currency text,
    state text,
    happened_at text,
    modified_at text
);
CREATE INDEX payment_batch ON landing.payment USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.payment IS 'Payments as they arrived; one row per payment version.';

CREATE TABLE landing.inquiry (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    inquiry_id text,
    customer_id text,
    order_id text,
    kind text,
    scenario text,
    happened_at text,
    modified_at text
);
CREATE INDEX inquiry_batch ON landing.inquiry USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.inquiry IS
'Questions and complaints to customer service as they arrived, without their words; one row per version.';

CREATE TABLE landing.visit (
    batch_id bigint NOT NULL,
    line_no bigint NOT NULL,
    visit_id text,
    customer_id text,
    happened_at text,
    seconds text,
    pages text,
    device text,
    modified_at text
);
CREATE INDEX visit_batch ON landing.visit USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE landing.visit IS 'Visits of known customers as they arrived; one row per visit version.';

ALTER TABLE landing."order" ADD COLUMN discount text;
ALTER TABLE landing."order" ADD COLUMN coupon text;
ALTER TABLE landing."order" ADD COLUMN device text;
ALTER TABLE landing.order_line ADD COLUMN size text;
ALTER TABLE landing.product ADD COLUMN listed_at text;
ALTER TABLE landing.product ADD COLUMN size text;
ALTER TABLE landing.member ADD COLUMN gender text;

CREATE TABLE facts.payments (
    shop_id text NOT NULL,
    payment_id text NOT NULL,
    order_id text NOT NULL,
    kind text,
    amount_minor bigint NOT NULL,
    currency char(3) NOT NULL,
    state text NOT NULL DEFAULT 'succeeded',
    happened_at timestamptz NOT NULL,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT payments_pk PRIMARY KEY (shop_id, payment_id),
    CONSTRAINT payments_state_known CHECK (state IN ('started', 'succeeded', 'failed', 'cancelled'))
);
CREATE INDEX payments_of_order ON facts.payments (shop_id, order_id);
CREATE INDEX payments_of_batch ON facts.payments USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE facts.payments IS
'Current version of each payment; one order may have several, tried again or paid in parts.';
COMMENT ON COLUMN facts.payments.kind IS 'The way it was paid, in the source''s own word (card, voucher, transfer).';
COMMENT ON COLUMN facts.payments.happened_at IS 'When it came to its state, as far as the source says.';
COMMENT ON CONSTRAINT payments_pk ON facts.payments IS 'One current version per payment.';
COMMENT ON CONSTRAINT payments_state_known ON facts.payments IS 'started -> succeeded | failed | cancelled.';

CREATE TABLE facts.payments_history (
    LIKE facts.payments,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX payments_history_key ON facts.payments_history (shop_id, payment_id, known_from);
CREATE INDEX payments_history_of_order ON facts.payments_history (shop_id, order_id);
COMMENT ON TABLE facts.payments_history IS 'Replaced payment versions, known in [known_from, known_until).';

CREATE TABLE facts.inquiries (
    shop_id text NOT NULL,
    inquiry_id text NOT NULL,
    customer_no bigint,
    order_id text,
    kind text NOT NULL DEFAULT 'inquiry',
    scenario text,
    happened_at timestamptz NOT NULL,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT inquiries_pk PRIMARY KEY (shop_id, inquiry_id),
    CONSTRAINT inquiries_kind_known CHECK (kind IN ('inquiry', 'complaint'))
);
CREATE INDEX inquiries_of_customer ON facts.inquiries (customer_no, happened_at);
CREATE INDEX inquiries_of_batch ON facts.inquiries USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE facts.inquiries IS
'Current version of each question or complaint to customer service, without its words.';
COMMENT ON COLUMN facts.inquiries.customer_no IS
'Who asked, where the inquiry or its order says so; empty if it names only an order that never came.';
COMMENT ON COLUMN facts.inquiries.order_id IS 'The order it is about; empty before a sale.';
COMMENT ON COLUMN facts.inquiries.scenario IS 'What it is about, in the shop''s own word (size, stock, delivery).';
COMMENT ON CONSTRAINT inquiries_pk ON facts.inquiries IS 'One current version per inquiry.';
COMMENT ON CONSTRAINT inquiries_kind_known ON facts.inquiries IS 'A complaint is told apart from a question.';

CREATE TABLE facts.inquiries_history (
    LIKE facts.inquiries,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX inquiries_history_key ON facts.inquiries_history (shop_id, inquiry_id, known_from);
CREATE INDEX inquiries_history_of_customer ON facts.inquiries_history (customer_no, happened_at);
COMMENT ON TABLE facts.inquiries_history IS 'Replaced inquiry versions, known in [known_from, known_until).';

CREATE TABLE facts.visits (
    shop_id text NOT NULL,
    visit_id text NOT NULL,
    customer_no bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    seconds integer,
    pages integer,
    device text,
    modified_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    CONSTRAINT visits_pk PRIMARY KEY (shop_id, visit_id)
);
CREATE INDEX visits_of_customer ON facts.visits (customer_no, happened_at);
CREATE INDEX visits_of_batch ON facts.visits USING brin (batch_id) WITH (pages_per_range = 16);
COMMENT ON TABLE facts.visits IS
'Current version of each visit of a known customer to the storefront; nobody''s visits are not kept.';
COMMENT ON COLUMN facts.visits.happened_at IS 'When it began.';
COMMENT ON COLUMN facts.visits.seconds IS 'How long it lasted; empty where the source does not say.';
COMMENT ON COLUMN facts.visits.pages IS 'How many pages were seen; empty where the source does not say.';
COMMENT ON CONSTRAINT visits_pk ON facts.visits IS 'One current version per visit.';

CREATE TABLE facts.visits_history (
    LIKE facts.visits,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL
);
CREATE INDEX visits_history_key ON facts.visits_history (shop_id, visit_id, known_from);
CREATE INDEX visits_history_of_customer ON facts.visits_history (customer_no, happened_at);
COMMENT ON TABLE facts.visits_history IS 'Replaced visit versions, known in [known_from, known_until).';

ALTER TABLE facts.orders
ADD COLUMN discount_minor bigint,
ADD COLUMN coupon_minor bigint,
ADD COLUMN device text,
ADD COLUMN takes_paid_at boolean NOT NULL DEFAULT false,
ADD COLUMN takes_payment_kind boolean NOT NULL DEFAULT false;
ALTER TABLE facts.orders_history
ADD COLUMN discount_minor bigint,
ADD COLUMN coupon_minor bigint,
ADD COLUMN device text,
ADD COLUMN takes_paid_at boolean NOT NULL DEFAULT false,
ADD COLUMN takes_payment_kind boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN facts.orders.discount_minor IS
'All that was taken off (discounts and coupons), minor units; 0 = nothing, empty = the source does not say.';
COMMENT ON COLUMN facts.orders.coupon_minor IS 'The coupons'' part of discount_minor; empty = the source does not say.';
COMMENT ON COLUMN facts.orders.device IS
'What the buyer ordered with, in the source''s own word (phone, tablet, computer).';
COMMENT ON COLUMN facts.orders.takes_paid_at IS
'The orders'' source gives no paid_at: it is the instant from which succeeded payments cover the total. payment_state '
'stays the source''s word, and orders_as_of reads it as paid.';
COMMENT ON COLUMN facts.orders.takes_payment_kind IS
'The orders'' source gives no payment_kind: it is that of the first succeeded payment of a paid order.';

ALTER TABLE facts.order_lines ADD COLUMN size text;
ALTER TABLE facts.order_lines_history ADD COLUMN size text;
COMMENT ON COLUMN facts.order_lines.size IS 'The size bought, in the shop''s own word.';

ALTER TABLE facts.products ADD COLUMN listed_at timestamptz, ADD COLUMN size text;
ALTER TABLE facts.products_history ADD COLUMN listed_at timestamptz, ADD COLUMN size text;
COMMENT ON COLUMN facts.products.listed_at IS 'When it was first offered.';
COMMENT ON COLUMN facts.products.size IS 'Its size, where each size is a product of its own.';

ALTER TABLE contact.people ADD COLUMN gender text;
ALTER TABLE contact.people ADD CONSTRAINT people_gender_known CHECK (gender IN ('female', 'male', 'other'));
ALTER TABLE contact.people_history ADD COLUMN gender text;
COMMENT ON COLUMN contact.people.gender IS 'As the member gave it; empty = not given. Never guessed.';
COMMENT ON CONSTRAINT people_gender_known ON contact.people IS 'The words the member list may use.';

-- The record takes in reviews and a corrected catalogue by what a batch brought, as it does orders.
CREATE INDEX reviews_of_batch ON facts.reviews USING brin (batch_id) WITH (pages_per_range = 16);
CREATE INDEX products_of_batch ON facts.products USING brin (batch_id) WITH (pages_per_range = 16);

-- How an order was paid: as its own source says, else as its payments do. They have to cover the total: a deposit, or
-- the first of two cards, pays nothing yet. Of a shop without payments there is no row: OFFSET 0 makes that a question
-- asked once a statement, and not once an order.
CREATE FUNCTION facts.payment_of_order(
    p_shop text, p_order text, p_total_minor bigint, p_created_at timestamptz,
    p_own_paid_at timestamptz, p_own_kind text
)
RETURNS TABLE (paid_at timestamptz, payment_kind text, takes_paid_at boolean, takes_payment_kind boolean)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    coalesce(p_own_paid_at, covered.paid_at),
    coalesce(p_own_kind, CASE WHEN coalesce(p_own_paid_at, covered.paid_at) IS NOT NULL THEN covered.kind END),
    p_own_paid_at IS NULL AND covered.paid_at IS NOT NULL,
    p_own_kind IS NULL AND covered.kind IS NOT NULL AND coalesce(p_own_paid_at, covered.paid_at) IS NOT NULL
FROM (
    SELECT
        CASE
            WHEN max(so_far) >= p_total_minor
                -- A payment of which only the day is known seems to lie before the order of that day.
                THEN greatest(min(happened_at) FILTER (WHERE so_far >= p_total_minor), p_created_at)
        END AS paid_at,
        (array_agg(kind ORDER BY happened_at, payment_id) FILTER (WHERE kind IS NOT NULL))[1] AS kind
    FROM (
        SELECT payment_id, kind, happened_at, sum(amount_minor) OVER (ORDER BY happened_at, payment_id) AS so_far
        FROM facts.payments
        WHERE shop_id = p_shop AND order_id = p_order AND state = 'succeeded'
    ) AS succeeded
) AS covered
WHERE EXISTS (SELECT FROM facts.payments AS any_payments WHERE any_payments.shop_id = p_shop)
OFFSET 0
$$;
COMMENT ON FUNCTION facts.payment_of_order(text, text, bigint, timestamptz, timestamptz, text) IS
'Instant and kind of payment of an order, its own where it has them, else by the payments now known; one '
'row, none of a shop without payments.';

-- Reading as of T, as in 0014; columns in the order of the table.
CREATE OR REPLACE FUNCTION facts.orders_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.orders
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, customer_no, source, kind,
    CASE WHEN paid_at > p_as_of THEN 'none' WHEN takes_paid_at THEN 'paid' ELSE payment_state END,
    CASE WHEN takes_payment_kind AND paid_at > p_as_of THEN NULL ELSE payment_kind END,
    created_at,
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
    CASE WHEN modified_at <= p_as_of THEN status END,
    discount_minor, coupon_minor, device, takes_paid_at, takes_payment_kind
FROM facts.orders
WHERE shop_id = p_shop AND created_at <= p_as_of
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, order_id, customer_no, source, kind,
    CASE WHEN paid_at > p_as_of THEN 'none' WHEN takes_paid_at THEN 'paid' ELSE payment_state END,
    CASE WHEN takes_payment_kind AND paid_at > p_as_of THEN NULL ELSE payment_kind END,
    created_at,
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
    CASE WHEN modified_at <= p_as_of THEN status END,
    discount_minor, coupon_minor, device, takes_paid_at, takes_payment_kind
FROM facts.orders_history
WHERE shop_id = p_shop AND created_at <= p_as_of
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;

CREATE OR REPLACE FUNCTION facts.order_lines_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.order_lines
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, kind, size
FROM facts.order_lines
WHERE shop_id = p_shop
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, kind, size
FROM facts.order_lines_history
WHERE shop_id = p_shop
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;

CREATE OR REPLACE FUNCTION facts.lines_of_order_as_of(p_shop text, p_order text, p_as_of timestamptz)
RETURNS SETOF facts.order_lines
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency, modified_at,
    known_at, batch_id, kind, size
FROM facts.order_lines_as_of(p_shop, p_as_of)
WHERE order_id = p_order
OFFSET 0
$$;

CREATE OR REPLACE FUNCTION facts.products_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.products
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, product_id, title, series, category, price_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id,
    CASE WHEN listed_at <= p_as_of THEN listed_at END,
    size
FROM facts.products
WHERE shop_id = p_shop
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, product_id, title, series, category, price_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id,
    CASE WHEN listed_at <= p_as_of THEN listed_at END,
    size
FROM facts.products_history
WHERE shop_id = p_shop
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;

CREATE OR REPLACE FUNCTION contact.people_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF contact.people
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, customer_id, display_name, birthday, locale,
    CASE WHEN joined_at <= p_as_of THEN joined_at END,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, gender
FROM contact.people
WHERE shop_id = p_shop AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, customer_id, display_name, birthday, locale,
    CASE WHEN joined_at <= p_as_of THEN joined_at END,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, gender
FROM contact.people_history
WHERE shop_id = p_shop AND known_from <= p_as_of AND p_as_of < known_until
$$;

CREATE FUNCTION facts.payments_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.payments
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, payment_id, order_id, kind, amount_minor, currency, state, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.payments
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, payment_id, order_id, kind, amount_minor, currency, state, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.payments_history
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;
COMMENT ON FUNCTION facts.payments_as_of(text, timestamptz) IS
'Payments of a shop as they were known at an instant; absent before they happened.';

CREATE FUNCTION facts.inquiries_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.inquiries
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, inquiry_id, customer_no, order_id, kind, scenario, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.inquiries
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, inquiry_id, customer_no, order_id, kind, scenario, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.inquiries_history
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;
COMMENT ON FUNCTION facts.inquiries_as_of(text, timestamptz) IS
'Questions and complaints of a shop as they were known at an instant; absent before they were made.';

CREATE FUNCTION facts.visits_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.visits
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, visit_id, customer_no, happened_at, seconds, pages, device,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.visits
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, visit_id, customer_no, happened_at, seconds, pages, device,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.visits_history
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;
COMMENT ON FUNCTION facts.visits_as_of(text, timestamptz) IS
'Visits of a shop''s customers as they were known at an instant; absent before they began.';
