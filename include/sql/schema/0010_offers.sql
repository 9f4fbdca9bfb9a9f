-- Offers are scarce in earnest: a grant is one numbered slot of an offer's quota, taken when a message is claimed. And
-- what a campaign that wakes sleeping customers asks about them: what they were told before, and what may not be
-- stirred up.

ALTER TABLE ledger.message ADD COLUMN offer_id text;
COMMENT ON COLUMN ledger.message.offer_id IS 'The entry of config/offers.yaml it promises: it needs a grant to go.';

CREATE TABLE ledger.offer_grant (
    grant_id bigint GENERATED ALWAYS AS IDENTITY,
    realm text NOT NULL,
    shop_id text NOT NULL,
    offer_id text NOT NULL,
    slot integer NOT NULL,
    message_id bigint NOT NULL,
    granted_at timestamptz NOT NULL,
    released_at timestamptz,
    CONSTRAINT offer_grant_pk PRIMARY KEY (grant_id),
    CONSTRAINT offer_grant_message_exists FOREIGN KEY (message_id) REFERENCES ledger.message (message_id),
    CONSTRAINT offer_grant_slot_counts CHECK (slot >= 1)
);
CREATE UNIQUE INDEX one_grant_per_slot ON ledger.offer_grant (realm, shop_id, offer_id, slot)
WHERE released_at IS NULL;
CREATE UNIQUE INDEX one_grant_per_message ON ledger.offer_grant (message_id) WHERE released_at IS NULL;
COMMENT ON TABLE ledger.offer_grant IS
'Slots of an offer''s quota, each given to one message; given back by a message that ended without having gone.';
COMMENT ON COLUMN ledger.offer_grant.slot IS 'From 1 to the quota as it was when the slot was given.';
COMMENT ON COLUMN ledger.offer_grant.granted_at IS 'Business time of the claim.';
COMMENT ON COLUMN ledger.offer_grant.released_at IS
'When its message was rejected, expired or cancelled. Unknown and abandoned keep it: they may have arrived.';
COMMENT ON CONSTRAINT offer_grant_pk ON ledger.offer_grant IS 'One row per grant.';
COMMENT ON CONSTRAINT offer_grant_message_exists ON ledger.offer_grant IS 'Given to a message.';
COMMENT ON CONSTRAINT offer_grant_slot_counts ON ledger.offer_grant IS 'Slots are counted from 1.';
COMMENT ON INDEX ledger.one_grant_per_slot IS 'No slot is given twice at a time.';
COMMENT ON INDEX ledger.one_grant_per_message IS 'A message holds one slot, however often it is claimed.';

-- A trigger, so that no statement that ends a message can forget it.
CREATE FUNCTION ledger.give_offer_back() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger.offer_grant SET released_at = new.state_at
    WHERE message_id = new.message_id AND released_at IS NULL;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ledger.give_offer_back() IS 'Frees the slot of a message that ended without having gone.';
CREATE TRIGGER message_gives_offer_back AFTER UPDATE OF state ON ledger.message
FOR EACH ROW
WHEN (new.offer_id IS NOT NULL AND new.state IN ('rejected', 'expired', 'cancelled'))
EXECUTE FUNCTION ledger.give_offer_back();
COMMENT ON TRIGGER message_gives_offer_back ON ledger.message IS 'A slot is not lost with its message.';

CREATE FUNCTION ledger.offer_used_as_of(p_realm text, p_shop text, p_offer text, p_as_of timestamptz)
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT count(*)
FROM ledger.offer_grant
WHERE
    realm = p_realm AND shop_id = p_shop AND offer_id = p_offer
    AND granted_at < p_as_of AND (released_at IS NULL OR released_at >= p_as_of)
$$;
COMMENT ON FUNCTION ledger.offer_used_as_of(text, text, text, timestamptz) IS
'Slots of an offer held by grants of before an instant.';
CREATE INDEX offer_grants_released ON ledger.offer_grant (realm, shop_id, offer_id, released_at)
WHERE released_at IS NOT NULL;

-- Not more than the quota leaves, whatever the numbers of those held: it may have been lowered.
CREATE FUNCTION ledger.free_offer_slots(
    p_realm text, p_shop text, p_offer text, p_quota integer, p_wanted bigint
)
RETURNS TABLE (slot integer, turn bigint)
LANGUAGE sql STABLE AS $$
WITH held_slots AS (
    SELECT grants.slot
    FROM ledger.offer_grant AS grants
    WHERE
        grants.realm = p_realm AND grants.shop_id = p_shop AND grants.offer_id = p_offer
        AND grants.released_at IS NULL
)

SELECT
    free_slots.slot,
    row_number() OVER (ORDER BY free_slots.slot)
FROM (
    SELECT numbers.slot
    FROM generate_series(1, p_quota) AS numbers (slot)
    WHERE NOT EXISTS (SELECT FROM held_slots WHERE held_slots.slot = numbers.slot)
    ORDER BY numbers.slot
    LIMIT least(greatest(p_quota - (SELECT count(*) FROM held_slots), 0), p_wanted)
) AS free_slots
$$;
COMMENT ON FUNCTION ledger.free_offer_slots(text, text, text, integer, bigint) IS
'The lowest free slots of an offer, at most so many, numbered by turn. Only under the offer''s lock is it the truth.';

-- Reads touch_of_identity and decision_of_touch. planned_on is the day of the decision: a message planned anew keeps
-- it here, so that the past stays as it was.
CREATE FUNCTION ledger.touches_of_identity_as_of(
    p_realm text, p_shop text, p_campaign text, p_identity uuid, p_as_of timestamptz
)
RETURNS TABLE (step text, occasion text, decision text, planned_on date, has_ended boolean)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    touches.step,
    touches.occasion,
    decisions.decision,
    (decisions.detail ->> 'planned_on')::date,
    EXISTS (
        SELECT FROM ledger.message AS messages
        WHERE
            messages.touch_id = touches.touch_id
            AND messages.state IN ('rejected', 'expired', 'cancelled')
            AND messages.state_at < p_as_of
    )
FROM ledger.touch AS touches
CROSS JOIN LATERAL (
    SELECT made.decision, made.detail
    FROM ledger.decision AS made
    WHERE made.touch_id = touches.touch_id AND made.as_of < p_as_of
    ORDER BY made.decision_id DESC
    LIMIT 1
) AS decisions
WHERE
    touches.realm = p_realm AND touches.identity = p_identity
    AND touches.shop_id = p_shop AND touches.campaign_id = p_campaign
$$;
COMMENT ON FUNCTION ledger.touches_of_identity_as_of(text, text, text, uuid, timestamptz) IS
'What a campaign had decided about a person before an instant; has_ended: its message had ended without having gone. '
'Decisions of the instant itself are left out, so that a run asked again finds the audience it found before.';

CREATE FUNCTION ledger.told_as_of(
    p_realm text, p_shop text, p_campaign text, p_step text, p_occasion text, p_identity uuid,
    p_since timestamptz, p_zone text, p_as_of timestamptz
)
RETURNS TABLE (is_settled boolean, was_suppressed boolean, told_at timestamptz, silent_touches bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    coalesce(bool_or(touches.is_this AND touches.decision IN ('enqueued', 'held_out', 'expired')), false),
    coalesce(bool_or(touches.is_this AND touches.decision = 'suppressed'), false),
    max(touches.told_at),
    count(*) FILTER (WHERE touches.told_at > p_since)
FROM (
    SELECT
        made.decision,
        made.step = p_step AND made.occasion = p_occasion AS is_this,
        CASE
            WHEN made.decision IN ('enqueued', 'held_out') AND NOT made.has_ended
                THEN made.planned_on::timestamp AT TIME ZONE p_zone
        END AS told_at
    FROM ledger.touches_of_identity_as_of(p_realm, p_shop, p_campaign, p_identity, p_as_of) AS made
) AS touches
$$;
COMMENT ON FUNCTION ledger.told_as_of(text, text, text, text, text, uuid, timestamptz, text, timestamptz) IS
'A campaign and a person before an instant: whether this touch is final, whether it was suppressed, the day (its first '
'instant in the zone) they were last told something or held out of it, and how often since another instant.';

CREATE FUNCTION ledger.offer_closed_as_of(
    p_realm text, p_shop text, p_offer text, p_terms jsonb, p_as_of timestamptz
)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    CASE
        WHEN p_offer IS NULL OR p_offer = 'none' THEN NULL
        WHEN p_terms IS NULL THEN 'offer_not_here'
        WHEN (p_terms ->> 'from')::timestamptz > named.at THEN 'offer_not_begun'
        WHEN (p_terms ->> 'until')::timestamptz <= named.at THEN 'offer_over'
        WHEN (p_terms ->> 'quota')::bigint <= ledger.offer_used_as_of(p_realm, p_shop, p_offer, p_as_of)
            THEN 'offer_gone'
    END
FROM (SELECT p_as_of + make_interval(secs => (p_terms ->> 'after')::float8) AS at) AS named
$$;
COMMENT ON FUNCTION ledger.offer_closed_as_of(text, text, text, jsonb, timestamptz) IS
'Why a sequence that begins at an instant could not make its offer (terms: an entry of the parameter offers; after: '
'seconds from its first step to the one that makes it). NULL: it could, or makes none.';

CREATE FUNCTION facts.last_paid_order_as_of(p_shop text, p_customer_no bigint, p_as_of timestamptz)
RETURNS TABLE (order_id text, paid_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT orders.order_id, orders.paid_at
FROM facts.orders_as_of(p_shop, p_as_of) AS orders
WHERE orders.customer_no = p_customer_no AND orders.paid_at IS NOT NULL
ORDER BY orders.paid_at DESC, orders.order_id DESC
LIMIT 1
$$;
COMMENT ON FUNCTION facts.last_paid_order_as_of(text, bigint, timestamptz) IS
'The order a customer paid last, as it was known at an instant.';

CREATE INDEX refunds_history_of_customer ON facts.refunds_history (customer_no, happened_at);
CREATE INDEX shipments_history_of_order ON facts.shipments_history (shop_id, order_id);

CREATE FUNCTION facts.accounts_of(p_shop text, p_identity uuid) RETURNS TABLE (customer_nos bigint[])
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT array_agg(customer_no) FROM facts.customers WHERE identity = p_identity AND shop_id = p_shop
$$;
COMMENT ON FUNCTION facts.accounts_of(text, uuid) IS 'The customer rows of one person in a shop.';

-- One person's look, for audiences that walk a long list and stop early.
CREATE FUNCTION facts.grievance_as_of(
    p_shop text,
    p_customer_nos bigint[],
    p_last_order text,
    p_as_of timestamptz,
    p_zone text,
    p_closes_after interval,
    p_refund_since timestamptz,
    p_bad_score integer,
    p_late_after interval,
    p_has_parcels boolean
)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    CASE
        WHEN EXISTS (
            SELECT FROM facts.orders_as_of(p_shop, p_as_of) AS orders
            WHERE
                orders.customer_no = ANY(p_customer_nos)
                AND orders.created_at > p_as_of - interval '60 days'
                AND orders.closed_at IS NULL
                AND orders.finished_at IS NULL
                AND (
                    orders.paid_at IS NOT NULL
                    OR orders.shipped_at IS NOT NULL
                    OR orders.payment_state <> 'none'
                    OR coalesce(orders.closes_at, orders.created_at + p_closes_after) > p_as_of
                )
        ) THEN 'open_order'
        WHEN EXISTS (
            SELECT FROM facts.refunds_as_of(p_shop, p_as_of) AS refunds
            WHERE
                refunds.customer_no = ANY(p_customer_nos)
                AND (
                    refunds.state = 'asked'
                    OR (refunds.state = 'succeeded' AND refunds.happened_at > p_refund_since)
                )
        ) THEN 'refund'
        WHEN EXISTS (
            SELECT FROM facts.orders AS orders
            INNER JOIN facts.reviews_as_of(p_shop, p_as_of) AS reviews ON orders.order_id = reviews.order_id
            WHERE
                orders.customer_no = ANY(p_customer_nos)
                AND orders.shop_id = p_shop
                AND reviews.score <= p_bad_score
        ) THEN 'bad_review'
        WHEN EXISTS (
            SELECT FROM facts.shipments_as_of(p_shop, p_as_of) AS shipments
            INNER JOIN facts.tracking_events_as_of(p_shop, p_as_of) AS scans
                ON shipments.shipment_id = scans.shipment_id
            WHERE
                shipments.order_id = p_last_order
                AND (
                    scans.state IN ('refused', 'delayed', 'returning', 'returned', 'exception', 'lost')
                    OR (
                        scans.state = 'delivered'
                        AND scans.happened_at >= coalesce(
                            (date_trunc('day', shipments.promised_at AT TIME ZONE p_zone) + interval '1 day')
                            AT TIME ZONE p_zone,
                            shipments.shipped_at + p_late_after
                        )
                    )
                )
        ) THEN 'late_parcel'
        -- Paid and never had: closed, never handed over, or taken by a carrier who never said where it went.
        WHEN EXISTS (
            SELECT FROM facts.orders_as_of(p_shop, p_as_of) AS orders
            WHERE
                orders.order_id = p_last_order
                AND orders.finished_at IS NULL
                AND (
                    orders.closed_at IS NOT NULL
                    OR (
                        p_has_parcels
                        AND orders.kind <> 'price_difference'
                        AND orders.shipped_at IS NULL
                        AND NOT EXISTS (
                            SELECT FROM facts.shipments_as_of(p_shop, p_as_of) AS shipments
                            WHERE shipments.order_id = p_last_order
                        )
                    )
                    OR EXISTS (
                        SELECT FROM facts.shipments_as_of(p_shop, p_as_of) AS shipments
                        CROSS JOIN LATERAL facts.parcel_log(
                            p_shop, shipments.shipment_id, shipments.shipped_at, p_as_of
                        ) AS logs
                        WHERE
                            shipments.order_id = p_last_order
                            AND logs.first_scan_at IS NOT NULL
                            AND logs.end_state IS NULL
                    )
                )
        ) THEN 'late_parcel'
    END
$$;
COMMENT ON FUNCTION facts.grievance_as_of(
    text, bigint[], text, timestamptz, text, interval, timestamptz, integer, interval, boolean
) IS
'Why a person (all their accounts) should not be wooed, the first of: open_order (of the last 60 days, unpaid or '
'unfinished), refund (asked for, or made since an instant), bad_review (ever, of so few stars), late_parcel (of the '
'order named: after the promised day, without one so long after the ship click, with a scan that says trouble, or '
'never, as far as the shop tells of parcels). NULL: nothing.';
CREATE INDEX message_of_offer ON ledger.message (realm, shop_id, offer_id) WHERE offer_id IS NOT NULL;
