-- The record learns what was given back, which series a customer buys, and what scores, group, tier and stage follow.
-- Guests stand outside the record: one order is all that can be known of them.

CREATE TABLE record.refunds (
    customer_no bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    amount_minor bigint NOT NULL,
    shop_id text NOT NULL,
    refund_id text NOT NULL,
    CONSTRAINT refunds_pk PRIMARY KEY (shop_id, refund_id)
);
CREATE INDEX refunds_of_customer ON record.refunds (shop_id, customer_no, happened_at) INCLUDE (amount_minor);
-- Refunds whose time the head has only now passed.
CREATE INDEX refunds_by_time ON record.refunds (shop_id, happened_at);
ALTER TABLE record.refunds ALTER COLUMN customer_no SET (n_distinct = -0.5);
COMMENT ON TABLE record.refunds IS
'Narrow copy of succeeded refunds with their customer: that of the order, else the one the refund names.';
COMMENT ON CONSTRAINT refunds_pk ON record.refunds IS 'One row per succeeded refund.';

CREATE TABLE record.product_series (
    shop_id text NOT NULL,
    product_id text NOT NULL,
    series text NOT NULL,
    CONSTRAINT product_series_pk PRIMARY KEY (shop_id, product_id)
);
COMMENT ON TABLE record.product_series IS
'The series each product had at the last refresh: what differs from the catalogue since changes its buyers.';
COMMENT ON CONSTRAINT product_series_pk ON record.product_series IS 'One row per product with a series.';

CREATE TABLE record.customer_series (
    shop_id text NOT NULL,
    customer_no bigint NOT NULL,
    series text NOT NULL,
    order_count integer NOT NULL,
    net_minor bigint NOT NULL,
    last_paid_at timestamptz NOT NULL,
    CONSTRAINT customer_series_pk PRIMARY KEY (shop_id, customer_no, series)
);
COMMENT ON TABLE record.customer_series IS
'What each customer bought of each product series, at the head; goods lines of paid orders, refunds not taken off.';
COMMENT ON COLUMN record.customer_series.order_count IS 'Paid orders with at least one line of the series.';
COMMENT ON COLUMN record.customer_series.net_minor IS 'Sum of the lines, their discounts taken off, minor units.';
COMMENT ON CONSTRAINT customer_series_pk ON record.customer_series IS 'One row per customer and series bought.';

ALTER TABLE record.customer_features
ADD COLUMN refund_count integer NOT NULL DEFAULT 0,
ADD COLUMN refund_minor bigint NOT NULL DEFAULT 0,
ADD COLUMN net_minor bigint NOT NULL GENERATED ALWAYS AS (paid_minor - refund_minor) STORED;
COMMENT ON COLUMN record.customer_features.paid_minor IS 'Sum of what was paid, before refunds, minor units.';
COMMENT ON COLUMN record.customer_features.refund_count IS 'Succeeded refunds.';
COMMENT ON COLUMN record.customer_features.refund_minor IS 'Sum of succeeded refunds, minor units.';
COMMENT ON COLUMN record.customer_features.net_minor IS 'Monetary value: paid less refunded; may be negative.';
COMMENT ON CONSTRAINT customer_features_pk ON record.customer_features IS
'One row per customer with a paid order, guests left out.';

-- One pass over a shop reads its own part of the index alone.
DROP INDEX record.paid_orders_of_customer;
CREATE INDEX paid_orders_of_customer ON record.paid_orders (shop_id, customer_no, paid_at)
INCLUDE (net_minor, known_at);

-- What a refresh takes in by batch, and the buyers of a product whose series changed.
CREATE INDEX refunds_of_batch ON facts.refunds USING brin (batch_id) WITH (pages_per_range = 16);
CREATE INDEX order_lines_of_batch ON facts.order_lines USING brin (batch_id) WITH (pages_per_range = 16);
CREATE INDEX order_lines_of_product ON facts.order_lines (shop_id, product_id);

-- A record that stands already: guests leave it, refunds come in. No catalogue was there before.
DELETE FROM record.paid_orders USING facts.customers
WHERE paid_orders.customer_no = customers.customer_no AND customers.is_guest;
DELETE FROM record.customer_features USING facts.customers
WHERE customer_features.customer_no = customers.customer_no AND customers.is_guest;
INSERT INTO record.refunds (customer_no, happened_at, amount_minor, shop_id, refund_id)
SELECT
    customers.customer_no,
    refunds.happened_at,
    refunds.amount_minor,
    refunds.shop_id,
    refunds.refund_id
FROM facts.refunds
LEFT JOIN facts.orders ON refunds.shop_id = orders.shop_id AND refunds.order_id = orders.order_id
INNER JOIN facts.customers ON customers.customer_no = coalesce(orders.customer_no, refunds.customer_no)
WHERE refunds.state = 'succeeded' AND NOT customers.is_guest;
UPDATE record.customer_features SET refund_count = given_back.refund_count, refund_minor = given_back.refund_minor
FROM (
    SELECT
        refunds.shop_id,
        refunds.customer_no,
        count(*) AS refund_count,
        sum(refunds.amount_minor) AS refund_minor
    FROM record.refunds
    INNER JOIN record.heads ON refunds.shop_id = heads.shop_id AND refunds.happened_at <= heads.refreshed_as_of
    GROUP BY refunds.shop_id, refunds.customer_no
) AS given_back
WHERE customer_features.shop_id = given_back.shop_id AND customer_features.customer_no = given_back.customer_no;

-- Features of the customers numbered [p_from, p_until): one pass over two covering indexes, no table touched. A plain
-- SELECT, so that of several ranges each core of the server takes the next.
CREATE FUNCTION record.features_between(p_shop text, p_as_of timestamptz, p_from bigint, p_until bigint)
RETURNS TABLE (
    customer_no bigint, first_paid_at timestamptz, last_paid_at timestamptz, order_count integer, paid_minor bigint,
    refund_count integer, refund_minor bigint, net_minor bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    paid.customer_no,
    paid.first_paid_at,
    paid.last_paid_at,
    paid.order_count,
    paid.paid_minor,
    coalesce(refunded.refund_count, 0),
    coalesce(refunded.refund_minor, 0),
    paid.paid_minor - coalesce(refunded.refund_minor, 0)
FROM (
    SELECT
        paid_orders.customer_no,
        min(paid_orders.paid_at) AS first_paid_at,
        max(paid_orders.paid_at) AS last_paid_at,
        count(*)::integer AS order_count,
        sum(paid_orders.net_minor) AS paid_minor
    FROM record.paid_orders
    WHERE
        paid_orders.shop_id = p_shop
        AND paid_orders.customer_no >= p_from
        AND paid_orders.customer_no < p_until
        AND paid_orders.paid_at <= p_as_of
    GROUP BY paid_orders.customer_no
) AS paid
LEFT JOIN (
    SELECT
        refunds.customer_no,
        count(*)::integer AS refund_count,
        sum(refunds.amount_minor)::bigint AS refund_minor
    FROM record.refunds
    WHERE
        refunds.shop_id = p_shop
        AND refunds.customer_no >= p_from
        AND refunds.customer_no < p_until
        AND refunds.happened_at <= p_as_of
    GROUP BY refunds.customer_no
) AS refunded ON paid.customer_no = refunded.customer_no
$$;
COMMENT ON FUNCTION record.features_between(text, timestamptz, bigint, bigint) IS
'Features of some customers of a shop as of an instant at or after its head, from the narrow facts.';

CREATE FUNCTION record.features_of_shop(p_shop text, p_as_of timestamptz, p_cuts bigint[])
RETURNS TABLE (
    customer_no bigint, first_paid_at timestamptz, last_paid_at timestamptz, order_count integer, paid_minor bigint,
    refund_count integer, refund_minor bigint, net_minor bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT * FROM record.features_between(p_shop, p_as_of, p_cuts[1], p_cuts[2])
UNION ALL
SELECT * FROM record.features_between(p_shop, p_as_of, p_cuts[2], p_cuts[3])
UNION ALL
SELECT * FROM record.features_between(p_shop, p_as_of, p_cuts[3], p_cuts[4])
UNION ALL
SELECT * FROM record.features_between(p_shop, p_as_of, p_cuts[4], p_cuts[5])
$$;
COMMENT ON FUNCTION record.features_of_shop(text, timestamptz, bigint[]) IS
'Features of all customers of a shop as of an instant at or after its head, in four ranges cut as p_cuts says.';

-- Labels of one customer. Bounds are where a score, tier or stage begins: a score is 1 and one more for each bound
-- reached, so that equal values always get equal scores. All are plain SELECTs, so that the planner puts them into the
-- calling statement, works the configuration out once, and leaves out what is not asked for.
CREATE FUNCTION record.group_of(p_rfm jsonb, p_r integer, p_f integer, p_m integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT p_rfm -> 'groups' ->> (25 * p_r + 5 * p_f + p_m - 31)
$$;
COMMENT ON FUNCTION record.group_of(jsonb, integer, integer, integer) IS
'The RFM group of a combination of scores, from the parameter rfm.';

CREATE FUNCTION record.labels(
    p_last_paid_at timestamptz, p_order_count bigint, p_net_minor bigint, p_as_of timestamptz, p_rfm jsonb,
    p_segments jsonb
) RETURNS TABLE (
    r_score integer, f_score integer, m_score integer, rfm_group text, value_tier text, stage text, tier integer
) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT
    scores.r,
    scores.f,
    scores.m,
    record.group_of(p_rfm, scores.r, scores.f, scores.m),
    p_rfm -> 'tiers' ->> scores.tier,
    CASE
        WHEN p_last_paid_at IS NULL OR coalesce(p_order_count, 0) = 0 THEN 'prospect'
        WHEN p_as_of - p_last_paid_at >= make_interval(secs => (p_segments ->> 'lost_after')::float8) THEN 'lost'
        WHEN p_as_of - p_last_paid_at >= make_interval(secs => (p_segments ->> 'dormant_after')::float8) THEN 'dormant'
        WHEN p_as_of - p_last_paid_at >= make_interval(secs => (p_segments ->> 'drifting_after')::float8)
            THEN 'drifting'
        WHEN p_order_count >= (p_segments ->> 'loyal_orders')::bigint THEN 'loyal'
        WHEN p_order_count >= (p_segments ->> 'second_time_orders')::bigint THEN 'second_time'
        ELSE 'new'
    END,
    scores.tier
FROM (
    SELECT
        1 + width_bucket(p_last_paid_at, ARRAY[
            to_timestamp((p_rfm #>> '{recency,0}')::float8), to_timestamp((p_rfm #>> '{recency,1}')::float8),
            to_timestamp((p_rfm #>> '{recency,2}')::float8), to_timestamp((p_rfm #>> '{recency,3}')::float8)
        ]) AS r,
        1 + width_bucket(p_order_count, ARRAY[
            (p_rfm #>> '{frequency,0}')::bigint, (p_rfm #>> '{frequency,1}')::bigint,
            (p_rfm #>> '{frequency,2}')::bigint, (p_rfm #>> '{frequency,3}')::bigint
        ]) AS f,
        1 + width_bucket(p_net_minor, ARRAY[
            (p_rfm #>> '{monetary,0}')::bigint, (p_rfm #>> '{monetary,1}')::bigint,
            (p_rfm #>> '{monetary,2}')::bigint, (p_rfm #>> '{monetary,3}')::bigint
        ]) AS m,
        width_bucket(p_net_minor, ARRAY[
            (p_rfm #>> '{tier_from,0}')::bigint, (p_rfm #>> '{tier_from,1}')::bigint,
            (p_rfm #>> '{tier_from,2}')::bigint
        ]) AS tier
) AS scores
$$;
COMMENT ON FUNCTION record.labels(timestamptz, bigint, bigint, timestamptz, jsonb, jsonb) IS
'Scores, RFM group, value tier (by name, and by number from 0) and lifecycle stage of a customer, from features and '
'the parameters rfm and segments. Without a paid order: prospect, and nothing else. Monetary value is net_minor.';
