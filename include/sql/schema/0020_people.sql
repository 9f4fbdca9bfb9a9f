-- Two customers may turn out to be one person. A merge is said by somebody, kept for ever, and known from an instant
-- on: as of any instant before it there are two people, as of any later one there is one. Facts change their customer
-- there like by any other correction, with the replaced version in their history; the ledger keeps the identities it
-- was written with and is read through facts.identities_of. See docs/decisions/0009-merging-customers.md.

CREATE TABLE facts."merges" (
    merge_no bigint GENERATED ALWAYS AS IDENTITY,
    shop_id text NOT NULL,
    from_customer_no bigint NOT NULL,
    into_customer_no bigint NOT NULL,
    from_identity uuid NOT NULL,
    into_identity uuid NOT NULL,
    who text NOT NULL,
    note text,
    happened_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    recorded_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT merges_pk PRIMARY KEY (merge_no),
    CONSTRAINT merges_from_customer_exists FOREIGN KEY (from_customer_no) REFERENCES facts.customers (customer_no),
    CONSTRAINT merges_into_customer_exists FOREIGN KEY (into_customer_no) REFERENCES facts.customers (customer_no),
    CONSTRAINT merges_customer_once UNIQUE (from_customer_no),
    CONSTRAINT merges_two_customers CHECK (from_customer_no <> into_customer_no),
    CONSTRAINT merges_said_by_somebody CHECK (who <> '')
);
COMMENT ON TABLE facts."merges" IS
'Which customer somebody said is the same as which, append-only but for the note, which forgetting empties. Ids and '
'identities, no address, no name.';
COMMENT ON COLUMN facts."merges".from_identity IS 'The person of the merged customer, as they were known until then.';
COMMENT ON COLUMN facts."merges".into_identity IS 'The person who survives; the same one where there was one already.';
COMMENT ON COLUMN facts."merges".happened_at IS 'Business time it was said.';
COMMENT ON COLUMN facts."merges".known_at IS 'From when on they are one; later than the head and every run before it.';
COMMENT ON COLUMN facts."merges".batch_id IS 'The batch its facts came in with, so that the next refresh takes them.';
COMMENT ON CONSTRAINT merges_pk ON facts."merges" IS 'One row per merge.';
COMMENT ON CONSTRAINT merges_from_customer_exists ON facts."merges" IS 'A customer of the shop.';
COMMENT ON CONSTRAINT merges_into_customer_exists ON facts."merges" IS 'A customer of the shop.';
COMMENT ON CONSTRAINT merges_customer_once ON facts."merges" IS 'A customer is merged away once: there is no circle.';
COMMENT ON CONSTRAINT merges_two_customers ON facts."merges" IS 'Nobody is merged into themselves.';
COMMENT ON CONSTRAINT merges_said_by_somebody ON facts."merges" IS 'Somebody says it.';

CREATE TABLE facts.merged_customers (
    customer_no bigint NOT NULL,
    shop_id text NOT NULL,
    survivor_no bigint NOT NULL,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL DEFAULT 'infinity',
    CONSTRAINT merged_customers_pk PRIMARY KEY (customer_no, known_from)
);
CREATE UNIQUE INDEX merged_customers_now ON facts.merged_customers (customer_no) WHERE known_until = 'infinity';
CREATE INDEX merged_customers_of_survivor ON facts.merged_customers (survivor_no);
CREATE INDEX merged_customers_of_shop ON facts.merged_customers (shop_id);
COMMENT ON TABLE facts.merged_customers IS
'Whom each merged customer stands for, in [known_from, known_until): facts.merges with its chains followed.';
COMMENT ON COLUMN facts.merged_customers.survivor_no IS 'Never one who is merged away in that time.';
COMMENT ON CONSTRAINT merged_customers_pk ON facts.merged_customers IS 'One survivor from an instant on.';
COMMENT ON INDEX facts.merged_customers_now IS 'One survivor at a time.';

CREATE TABLE facts.merged_identities (
    identity uuid NOT NULL,
    survivor uuid NOT NULL,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL DEFAULT 'infinity',
    CONSTRAINT merged_identities_pk PRIMARY KEY (identity, known_from)
);
CREATE UNIQUE INDEX merged_identities_now ON facts.merged_identities (identity) WHERE known_until = 'infinity';
CREATE INDEX merged_identities_of_survivor ON facts.merged_identities (survivor);
COMMENT ON TABLE facts.merged_identities IS
'The surviving identity of each merged one, in all shops of its brand, in [known_from, known_until): chains followed.';
COMMENT ON COLUMN facts.merged_identities.survivor IS 'Never one that is merged away in that time.';
COMMENT ON CONSTRAINT merged_identities_pk ON facts.merged_identities IS 'One survivor from an instant on.';
COMMENT ON INDEX facts.merged_identities_now IS 'One survivor at a time.';

CREATE FUNCTION facts.keep_merge() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF new.note IS NOT NULL OR to_jsonb(new) - 'note' IS DISTINCT FROM to_jsonb(old) - 'note' THEN
        RAISE EXCEPTION 'merges is append-only';
    END IF;
    RETURN new;
END
$$;
CREATE TRIGGER merge_keeps_what_was_said BEFORE UPDATE ON facts."merges"
FOR EACH ROW EXECUTE FUNCTION facts.keep_merge();
CREATE TRIGGER merges_are_append_only BEFORE DELETE OR TRUNCATE ON facts."merges"
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TRIGGER merge_keeps_what_was_said ON facts."merges" IS 'A note may be emptied; nothing else changes.';
COMMENT ON TRIGGER merges_are_append_only ON facts."merges" IS 'A merge stands as it was said.';

-- All plain SELECTs, so that the planner puts them into the calling statement. The tables behind them hold what people
-- said by hand: a few rows, or none.
CREATE FUNCTION facts.identity_of(p_identity uuid, p_as_of timestamptz) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT coalesce(
    (
        SELECT survivor
        FROM facts.merged_identities
        WHERE identity = p_identity
            AND known_from <= (SELECT facts.known_by(p_as_of))
            AND known_until > (SELECT facts.known_by(p_as_of))
    ),
    p_identity
)
$$;
COMMENT ON FUNCTION facts.identity_of(uuid, timestamptz) IS
'Who somebody is as of an instant: the surviving identity, or the same where nothing was merged.';

CREATE FUNCTION facts.names_of(p_identities uuid[], p_as_of timestamptz) RETURNS TABLE (person uuid, identity uuid)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT asked.identity, asked.identity FROM unnest(p_identities) AS asked (identity)
UNION ALL
SELECT merged.survivor, merged.identity
FROM facts.merged_identities AS merged
WHERE
    merged.survivor = ANY(p_identities)
    AND merged.known_from <= (SELECT facts.known_by(p_as_of))
    AND merged.known_until > (SELECT facts.known_by(p_as_of))
$$;
COMMENT ON FUNCTION facts.names_of(uuid[], timestamptz) IS
'Of surviving identities, each once: every identity the ledger may know them by as of an instant, themselves among '
'them.';

CREATE FUNCTION facts.identities_of(p_identity uuid, p_as_of timestamptz) RETURNS TABLE (identity uuid)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT p_identity
UNION ALL
SELECT merged.identity
FROM facts.merged_identities AS merged
WHERE
    merged.survivor = p_identity
    AND merged.known_from <= (SELECT facts.known_by(p_as_of))
    AND merged.known_until > (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT own.survivor
FROM facts.merged_identities AS own
WHERE
    own.identity = p_identity
    AND own.known_from <= (SELECT facts.known_by(p_as_of))
    AND own.known_until > (SELECT facts.known_by(p_as_of))
UNION ALL
SELECT others.identity
FROM facts.merged_identities AS own
INNER JOIN facts.merged_identities AS others ON own.survivor = others.survivor AND own.identity <> others.identity
WHERE
    own.identity = p_identity
    AND own.known_from <= (SELECT facts.known_by(p_as_of))
    AND own.known_until > (SELECT facts.known_by(p_as_of))
    AND others.known_from <= (SELECT facts.known_by(p_as_of))
    AND others.known_until > (SELECT facts.known_by(p_as_of))
$$;
COMMENT ON FUNCTION facts.identities_of(uuid, timestamptz) IS
'Every identity of the person that somebody is as of an instant, whichever of them is asked by.';

CREATE FUNCTION facts.customers_as_of(p_shop text, p_as_of timestamptz)
RETURNS TABLE (customer_no bigint, customer_id text, identity uuid, is_guest boolean, survivor_no bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    customers.customer_no,
    customers.customer_id,
    coalesce(people.survivor, customers.identity),
    customers.is_guest,
    coalesce(merged.survivor_no, customers.customer_no)
FROM facts.customers
LEFT JOIN facts.merged_identities AS people
    ON
        customers.identity = people.identity
        AND people.known_from <= (SELECT facts.known_by(p_as_of))
        AND people.known_until > (SELECT facts.known_by(p_as_of))
LEFT JOIN facts.merged_customers AS merged
    ON
        customers.customer_no = merged.customer_no
        AND merged.known_from <= (SELECT facts.known_by(p_as_of))
        AND merged.known_until > (SELECT facts.known_by(p_as_of))
WHERE customers.shop_id = p_shop
$$;
COMMENT ON FUNCTION facts.customers_as_of(text, timestamptz) IS
'Customers of a shop with the person each is, and the customer each stands for, as of an instant. One met later than '
'it is there all the same: nothing of theirs was known.';

CREATE VIEW facts.buyers AS
SELECT
    customers.shop_id,
    customers.customer_id,
    coalesce(merged.survivor_no, customers.customer_no) AS customer_no
FROM facts.customers
LEFT JOIN facts.merged_customers AS merged
    ON customers.customer_no = merged.customer_no AND merged.known_until = 'infinity';
COMMENT ON VIEW facts.buyers IS
'Whose facts are those of a platform''s customer id today: the customer, or the one they were merged into.';

CREATE FUNCTION facts.accounts_of(p_shop text, p_identity uuid, p_as_of timestamptz)
RETURNS TABLE (customer_nos bigint[])
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT array_agg(customers.customer_no)
FROM facts.identities_of(p_identity, p_as_of) AS names
INNER JOIN facts.customers ON names.identity = customers.identity
WHERE customers.shop_id = p_shop
$$;
COMMENT ON FUNCTION facts.accounts_of(text, uuid, timestamptz) IS
'The customer rows of one person in a shop as of an instant, those merged into others among them.';
DROP FUNCTION facts.accounts_of(text, uuid);

CREATE FUNCTION facts.merged_accounts_as_of(p_shop text, p_as_of timestamptz)
RETURNS TABLE (customer_id text, account_id text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
WITH accounts AS MATERIALIZED (
    SELECT merged.survivor_no, customers.customer_id
    FROM facts.merged_customers AS merged
    INNER JOIN facts.customers ON customers.customer_no IN (merged.customer_no, merged.survivor_no)
    WHERE
        merged.shop_id = p_shop
        AND merged.known_from <= (SELECT facts.known_by(p_as_of))
        AND merged.known_until > (SELECT facts.known_by(p_as_of))
    GROUP BY merged.survivor_no, customers.customer_id
)

SELECT own.customer_id, others.customer_id
FROM accounts AS own
INNER JOIN accounts AS others ON own.survivor_no = others.survivor_no AND own.customer_id <> others.customer_id
$$;
COMMENT ON FUNCTION facts.merged_accounts_as_of(text, timestamptz) IS
'Customer ids of a shop that are one customer as of an instant: every ordered pair of two.';

CREATE FUNCTION facts.customer_at(p_customer_no bigint)
RETURNS TABLE (customer_no bigint, known_from timestamptz, known_until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    p_customer_no,
    timestamptz '-infinity',
    coalesce((SELECT min(known_from) FROM facts.merged_customers WHERE customer_no = p_customer_no), 'infinity')
UNION ALL
SELECT survivor_no, known_from, known_until FROM facts.merged_customers WHERE customer_no = p_customer_no
$$;
COMMENT ON FUNCTION facts.customer_at(bigint) IS
'Whose facts a customer''s were, in spans [known_from, known_until) without a gap.';

-- What a campaign had told a person counts whoever they were then.
CREATE OR REPLACE FUNCTION ledger.touches_of_identity_as_of(
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
FROM facts.identities_of(p_identity, p_as_of) AS names
INNER JOIN ledger.touch AS touches ON names.identity = touches.identity
CROSS JOIN LATERAL (
    SELECT made.decision, made.detail
    FROM ledger.decision AS made
    WHERE made.touch_id = touches.touch_id AND made.as_of < p_as_of
    ORDER BY made.decision_id DESC
    LIMIT 1
) AS decisions
WHERE
    touches.realm = p_realm
    AND touches.shop_id = p_shop AND touches.campaign_id = p_campaign
$$;

-- As in 0010, but whose order a review is of goes by the instant too: an order may have changed its customer since.
CREATE OR REPLACE FUNCTION facts.grievance_as_of(
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
            SELECT FROM facts.orders_as_of(p_shop, p_as_of) AS orders
            INNER JOIN facts.reviews_as_of(p_shop, p_as_of) AS reviews ON orders.order_id = reviews.order_id
            WHERE
                orders.customer_no = ANY(p_customer_nos)
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

-- The promise of one_touch_per_identity, for a person of several identities: the policy reads the ledger through them
-- and decides such a touch `repeated`; should it ever not, the database refuses it as it refuses a second row.
CREATE FUNCTION ledger.refuse_second_touch() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF
        EXISTS (SELECT FROM facts.merged_identities)
        AND EXISTS (
            SELECT FROM new_touches
            CROSS JOIN LATERAL facts.identities_of(new_touches.identity, 'infinity') AS names
            INNER JOIN ledger.touch AS others
                ON
                    new_touches.realm = others.realm
                    AND new_touches.shop_id = others.shop_id
                    AND new_touches.campaign_id = others.campaign_id
                    AND new_touches.step = others.step
                    AND new_touches.occasion = others.occasion
                    AND names.identity = others.identity
            WHERE
                new_touches.decision IN ('enqueued', 'held_out')
                AND others.decision IN ('enqueued', 'held_out', 'expired')
                AND others.identity <> new_touches.identity
        )
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'unique_violation', MESSAGE = 'a merged identity of this person has this touch';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ledger.refuse_second_touch() IS
'Refuses a touch that a merged identity of the same person has for the same occasion.';
CREATE TRIGGER touch_is_the_persons_first AFTER INSERT ON ledger.touch
REFERENCING NEW TABLE AS new_touches FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_second_touch();
CREATE TRIGGER touch_decided_anew_is_the_first AFTER UPDATE ON ledger.touch
REFERENCING NEW TABLE AS new_touches FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_second_touch();
COMMENT ON TRIGGER touch_is_the_persons_first ON ledger.touch IS 'Nobody is touched twice under two identities.';
COMMENT ON TRIGGER touch_decided_anew_is_the_first ON ledger.touch IS 'Nor by a touch decided afresh.';

CREATE FUNCTION ledger.refuse_second_draw() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF
        EXISTS (SELECT FROM facts.merged_identities)
        AND EXISTS (
            SELECT FROM new_draws
            CROSS JOIN LATERAL facts.identities_of(new_draws.identity, 'infinity') AS names
            INNER JOIN ledger.holdout AS others
                ON
                    new_draws.realm = others.realm
                    AND new_draws.holdout_scope = others.holdout_scope
                    AND new_draws.campaign_id = others.campaign_id
                    AND names.identity = others.identity
            WHERE others.identity <> new_draws.identity
        )
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'unique_violation', MESSAGE = 'a merged identity of this person was assigned before';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ledger.refuse_second_draw() IS
'Refuses an assignment to holdout of a person who has one under a merged identity.';
CREATE TRIGGER holdout_is_drawn_once AFTER INSERT ON ledger.holdout
REFERENCING NEW TABLE AS new_draws FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_second_draw();
COMMENT ON TRIGGER holdout_is_drawn_once ON ledger.holdout IS 'A person is assigned once, whatever they were called.';

ALTER TABLE landing.batch DROP CONSTRAINT batch_origin_known;
ALTER TABLE landing.batch ADD CONSTRAINT batch_origin_known CHECK (origin IN ('extract', 'retry', 'merge'));
COMMENT ON COLUMN landing.batch.origin IS
'extract: from a source. retry: quarantined rows driven again. merge: facts that changed their customer, none landed.';
COMMENT ON CONSTRAINT batch_origin_known ON landing.batch IS 'Where its rows came from.';
