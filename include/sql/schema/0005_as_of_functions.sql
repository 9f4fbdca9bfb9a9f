-- Reading as of T, one function a fact: the version known at T (the current row if it was known by then, else the
-- replaced one), rows born later than T absent, every later event masked. Deadlines (closes_at, promised_at,
-- expires_at) are known ahead and stand. Each is one plain SELECT, STABLE and without settings of its own, so that
-- the planner puts it into the calling statement: a condition on created_at, a key or a customer reaches the indexes
-- of both tables. modified_at is NULL where the version carries an instant later than T (declared history does).

CREATE FUNCTION facts.orders_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.orders
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
    known_at, batch_id
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
    known_at, batch_id
FROM facts.orders_history
WHERE shop_id = p_shop AND created_at <= p_as_of AND known_from <= p_as_of AND p_as_of < known_until
$$;
COMMENT ON FUNCTION facts.orders_as_of(text, timestamptz) IS
'Orders of a shop as they were known at an instant; paid, closed, shipped and finished later than it are masked, '
'and payment_state with paid_at.';

CREATE FUNCTION facts.order_lines_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.order_lines
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.order_lines
WHERE shop_id = p_shop AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.order_lines_history
WHERE shop_id = p_shop AND known_from <= p_as_of AND p_as_of < known_until
$$;
COMMENT ON FUNCTION facts.order_lines_as_of(text, timestamptz) IS
'Order lines of a shop as they were known at an instant.';

-- OFFSET 0 keeps it a lookup by key, order by order, also while the planner knows nothing of tables just filled.
CREATE FUNCTION facts.lines_of_order_as_of(p_shop text, p_order text, p_as_of timestamptz)
RETURNS SETOF facts.order_lines
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency, modified_at,
    known_at, batch_id
FROM facts.order_lines_as_of(p_shop, p_as_of)
WHERE order_id = p_order
OFFSET 0
$$;
COMMENT ON FUNCTION facts.lines_of_order_as_of(text, text, timestamptz) IS
'The lines of one order as they were known at an instant.';

CREATE FUNCTION facts.refunds_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.refunds
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, refund_id, order_id, amount_minor, currency, state, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.refunds
WHERE shop_id = p_shop AND happened_at <= p_as_of AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, refund_id, order_id, amount_minor, currency, state, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.refunds_history
WHERE shop_id = p_shop AND happened_at <= p_as_of AND known_from <= p_as_of AND p_as_of < known_until
$$;
COMMENT ON FUNCTION facts.refunds_as_of(text, timestamptz) IS
'Refunds of a shop as they were known at an instant; absent before they happened.';

CREATE FUNCTION facts.shipments_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.shipments
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, shipment_id, order_id, carrier, tracking_no, region, shipped_at, promised_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.shipments
WHERE shop_id = p_shop AND shipped_at <= p_as_of AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, shipment_id, order_id, carrier, tracking_no, region, shipped_at, promised_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.shipments_history
WHERE shop_id = p_shop AND shipped_at <= p_as_of AND known_from <= p_as_of AND p_as_of < known_until
$$;
COMMENT ON FUNCTION facts.shipments_as_of(text, timestamptz) IS
'Parcels of a shop as they were known at an instant; absent before the ship click.';

CREATE FUNCTION facts.tracking_events_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.tracking_events
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT shop_id, shipment_id, event_key, happened_at, state, place, description, known_at, batch_id
FROM facts.tracking_events
WHERE shop_id = p_shop AND happened_at <= p_as_of AND known_at <= p_as_of
$$;
COMMENT ON FUNCTION facts.tracking_events_as_of(text, timestamptz) IS
'Carrier scans of a shop that had happened and were known at an instant.';

CREATE FUNCTION contact.people_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF contact.people
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, customer_id, display_name, birthday, locale,
    CASE WHEN joined_at <= p_as_of THEN joined_at END,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM contact.people
WHERE shop_id = p_shop AND known_at <= p_as_of
UNION ALL
SELECT
    shop_id, customer_id, display_name, birthday, locale,
    CASE WHEN joined_at <= p_as_of THEN joined_at END,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM contact.people_history
WHERE shop_id = p_shop AND known_from <= p_as_of AND p_as_of < known_until
$$;
COMMENT ON FUNCTION contact.people_as_of(text, timestamptz) IS 'What the member list was known to say at an instant.';

CREATE FUNCTION contact.points_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF contact.contact_points
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT shop_id, customer_id, kind, address_hash, address, order_id, is_synthetic, known_at, expires_at, batch_id
FROM contact.contact_points
WHERE shop_id = p_shop AND known_at <= p_as_of AND (expires_at IS NULL OR expires_at > p_as_of)
$$;
COMMENT ON FUNCTION contact.points_as_of(text, timestamptz) IS
'Contact points known and not expired at an instant; of one kind the one known last is used.';

CREATE FUNCTION ledger.covers_as_of(p_realm text, p_shop text, p_campaign text, p_step text, p_as_of timestamptz)
RETURNS SETOF ledger.touch_cover
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT realm, shop_id, campaign_id, step, covered_id, touch_id, covered_as_of, released_as_of, release_reason
FROM ledger.touch_cover
WHERE
    realm = p_realm AND shop_id = p_shop AND campaign_id = p_campaign AND step = p_step
    AND covered_as_of < p_as_of AND released_as_of IS NULL
UNION ALL
SELECT realm, shop_id, campaign_id, step, covered_id, touch_id, covered_as_of, released_as_of, release_reason
FROM ledger.touch_cover
WHERE
    realm = p_realm AND shop_id = p_shop AND campaign_id = p_campaign AND step = p_step
    AND covered_as_of < p_as_of AND released_as_of > p_as_of
$$;
COMMENT ON FUNCTION ledger.covers_as_of(text, text, text, text, timestamptz) IS
'Orders or parcels that touches of an earlier as_of covered at an instant. Those of the same as_of are left out, '
'so that a run asked again finds the audience it found before.';

CREATE FUNCTION facts.is_same_item(p_one facts.order_lines, p_other facts.order_lines) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT coalesce(
    p_one.product_id = p_other.product_id, p_one.sku_id = p_other.sku_id, p_one.title = p_other.title, false
)
$$;
COMMENT ON FUNCTION facts.is_same_item(facts.order_lines, facts.order_lines) IS
'Whether two lines are the same thing: by product where both name one, else by variety, else by title.';

-- The record takes in the orders of the batches just loaded: BRIN, because batch_id changes with every version of a
-- row and a B-tree would cost each of them its HOT update.
CREATE INDEX orders_of_batch ON facts.orders USING brin (batch_id) WITH (pages_per_range = 16);
-- Orders whose payment time the head has only now passed.
CREATE INDEX paid_orders_by_time ON record.paid_orders (shop_id, paid_at);
-- A released cover still hid its order between covered_as_of and released_as_of.
CREATE INDEX touch_cover_released ON ledger.touch_cover (realm, shop_id, campaign_id, step, covered_id)
WHERE released_as_of IS NOT NULL;
-- A buyer's later orders, in the replaced versions too.
CREATE INDEX orders_history_of_customer ON facts.orders_history (customer_no, created_at);
-- A touch is looked up by its whole key; beside it a second index of the same beginning (realm, shop, campaign)
-- tempts the planner, while it has no statistics, to read all touches of a campaign for each. What is asked beside
-- the key is the run.
DROP INDEX ledger.touch_decided;
CREATE INDEX touch_of_run ON ledger.touch (decided_run_no);
-- The last decision of a touch, read from its end without sorting.
DROP INDEX ledger.decision_of_touch;
CREATE INDEX decision_of_touch ON ledger.decision (touch_id, decision_id);
