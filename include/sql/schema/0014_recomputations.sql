-- What a recompute compares with, and what it found: enough to say per date what is the same, what differs, and why.

CREATE TABLE ledger.parameter_version (
    parameter_hash text NOT NULL,
    body jsonb NOT NULL,
    first_seen_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT parameter_version_pk PRIMARY KEY (parameter_hash)
);
COMMENT ON TABLE ledger.parameter_version IS
'Every set of configured values an audience statement was ever asked with: parameters, thresholds, shop settings.';
COMMENT ON CONSTRAINT parameter_version_pk ON ledger.parameter_version IS 'One row per content.';

ALTER TABLE ledger.recomputation ADD COLUMN detail jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN ledger.recomputation.detail IS
'audience: candidates only then, only now, changed, some occasions. config: keys that differ, then and now. '
'corrections: the same as audience, between what was known a day after the instant and what is known now.';
CREATE INDEX recomputation_of_run ON ledger.recomputation (run_no, campaign_id, recomputation_id);

-- Until when facts had to be known to count: the instant looked from, unless a recompute asks with hindsight. Set by
-- set_config('touchpoint.known_by', ..., true), for one transaction.
CREATE FUNCTION facts.known_by(p_as_of timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT coalesce(nullif(current_setting('touchpoint.known_by', true), '')::timestamptz, p_as_of)
$$;
COMMENT ON FUNCTION facts.known_by(timestamptz) IS
'The instant by which a fact had to be known to be read: what is looked from, or what a recompute set for hindsight.';

-- Reading as of T, as in 0005 and 0008, with the knowledge of that instant or with hindsight. A sub-select, so that the
-- setting is read once a statement and not once a row.
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
WHERE shop_id = p_shop AND created_at <= p_as_of
    AND known_at <= (SELECT facts.known_by(p_as_of))
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
WHERE shop_id = p_shop AND created_at <= p_as_of
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;

CREATE OR REPLACE FUNCTION facts.order_lines_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.order_lines
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, kind
FROM facts.order_lines
WHERE shop_id = p_shop
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, order_id, line_id, product_id, sku_id, title, quantity, price_minor, net_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, kind
FROM facts.order_lines_history
WHERE shop_id = p_shop
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;

CREATE OR REPLACE FUNCTION facts.refunds_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.refunds
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, refund_id, order_id, amount_minor, currency, state, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, customer_no
FROM facts.refunds
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, refund_id, order_id, amount_minor, currency, state, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id, customer_no
FROM facts.refunds_history
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;

CREATE OR REPLACE FUNCTION facts.shipments_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.shipments
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, shipment_id, order_id, carrier, tracking_no, region, shipped_at, promised_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.shipments
WHERE shop_id = p_shop AND shipped_at <= p_as_of
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, shipment_id, order_id, carrier, tracking_no, region, shipped_at, promised_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.shipments_history
WHERE shop_id = p_shop AND shipped_at <= p_as_of
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;

CREATE OR REPLACE FUNCTION facts.tracking_events_as_of(p_shop text, p_as_of timestamptz)
RETURNS SETOF facts.tracking_events
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT shop_id, shipment_id, event_key, happened_at, state, place, description, known_at, batch_id
FROM facts.tracking_events
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_at <= (SELECT facts.known_by(p_as_of))
$$;

CREATE OR REPLACE FUNCTION facts.products_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.products
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, product_id, title, series, category, price_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.products
WHERE shop_id = p_shop
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, product_id, title, series, category, price_minor, currency,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.products_history
WHERE shop_id = p_shop
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;

CREATE OR REPLACE FUNCTION facts.reviews_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF facts.reviews
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, order_id, review_id, score, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.reviews
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_at <= (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT
    shop_id, order_id, review_id, score, happened_at,
    CASE WHEN modified_at <= p_as_of THEN modified_at END,
    known_at, batch_id
FROM facts.reviews_history
WHERE shop_id = p_shop AND happened_at <= p_as_of
    AND known_from <= (SELECT facts.known_by(p_as_of))
    AND (SELECT facts.known_by(p_as_of)) < known_until
$$;

-- As in 0005, but one released at that very instant is covered still: what a run releases after its audience was asked,
-- by a clock that stands (a rehearsal's), must not change the audience asked again.
CREATE OR REPLACE FUNCTION ledger.covers_as_of(
    p_realm text, p_shop text, p_campaign text, p_step text, p_as_of timestamptz
)
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
    AND covered_as_of < p_as_of AND released_as_of >= p_as_of
$$;
