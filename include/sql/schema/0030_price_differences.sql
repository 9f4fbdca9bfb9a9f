-- A price-difference link is paid to make up the price of something bought, or to buy: it adds to what was spent and is
-- no purchase (docs/decisions). One rule says which orders are purchases; the record reads the payments of the others
-- from a narrow fact of their own.

CREATE FUNCTION facts.is_purchase(p_kind text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT p_kind <> 'price_difference'
$$;
COMMENT ON FUNCTION facts.is_purchase(text) IS
'Whether an order of this kind buys something. A price-difference link adds to what was spent alone.';

CREATE TABLE record.price_differences (
    customer_no bigint NOT NULL,
    paid_at timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL,
    order_key bigint NOT NULL,
    net_minor integer NOT NULL,
    shop_id text NOT NULL,
    order_id text NOT NULL
);
CREATE INDEX price_differences_of_customer ON record.price_differences (shop_id, customer_no, paid_at) INCLUDE (
    known_from, known_until, net_minor
);
CREATE INDEX price_differences_of_order ON record.price_differences (order_key);
-- Those whose payment the head has only now passed, or that leave a window.
CREATE INDEX price_differences_by_time ON record.price_differences (shop_id, paid_at) INCLUDE (customer_no);
COMMENT ON TABLE record.price_differences IS
'Narrow copy of paid price-difference links, every version known once: amounts without a purchase.';
COMMENT ON COLUMN record.price_differences.net_minor IS 'What was paid, else the total.';
COMMENT ON TABLE record.paid_orders IS
'Narrow copy of paid orders that are purchases, every version known once, for one index-only pass per customer. One '
'paid later than the head is here all the same: who reads masks.';

CREATE OR REPLACE FUNCTION facts.last_paid_order_as_of(p_shop text, p_customer_no bigint, p_as_of timestamptz)
RETURNS TABLE (order_id text, paid_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT orders.order_id, orders.paid_at
FROM facts.orders_as_of(p_shop, p_as_of) AS orders
WHERE orders.customer_no = p_customer_no AND orders.paid_at IS NOT NULL AND facts.is_purchase(orders.kind)
ORDER BY orders.paid_at DESC, orders.order_id DESC
LIMIT 1
$$;
COMMENT ON FUNCTION facts.last_paid_order_as_of(text, bigint, timestamptz) IS
'The purchase a customer paid last, as it was known at an instant.';

CREATE OR REPLACE FUNCTION facts.buyers_at_full_price(p_shop text, p_since timestamptz, p_as_of timestamptz)
RETURNS TABLE (customer_no bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT DISTINCT orders.customer_no
FROM facts.orders_as_of(p_shop, p_as_of) AS orders
INNER JOIN LATERAL facts.lines_of_order_as_of(orders.shop_id, orders.order_id, p_as_of) AS lines ON true
WHERE
    orders.created_at > p_since - interval '30 days'
    AND orders.paid_at > p_since
    AND facts.is_purchase(orders.kind)
    AND lines.kind = 'goods'
    AND lines.net_minor > 0
    AND lines.net_minor = lines.price_minor * lines.quantity
$$;
