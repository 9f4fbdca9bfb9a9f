-- An audience may say itself which words a candidate gets, where they do not go by lifecycle stage: by product series.
ALTER TABLE ledger.candidate ADD COLUMN variant text;
COMMENT ON COLUMN ledger.candidate.variant IS
'Template variant the audience statement chose; NULL: the campaign file chooses by stage.';

-- Whom a promotion leaves alone. Each is read once for a whole audience, by the orders of a window: cheaper than a
-- look at every customer's.
CREATE FUNCTION facts.buyers_with_open_order(p_shop text, p_as_of timestamptz) RETURNS TABLE (customer_no bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT DISTINCT orders.customer_no
FROM facts.orders_as_of(p_shop, p_as_of) AS orders
WHERE
    orders.created_at > p_as_of - interval '30 days'
    AND orders.paid_at IS NULL
    AND orders.closed_at IS NULL
    AND orders.payment_state <> 'paid'
$$;
COMMENT ON FUNCTION facts.buyers_with_open_order(text, timestamptz) IS
'Customers of a shop with an order made in the 30 days before an instant that was neither paid nor closed then.';

CREATE FUNCTION facts.buyers_with_open_refund(p_shop text, p_as_of timestamptz) RETURNS TABLE (customer_no bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT DISTINCT refunds.customer_no
FROM facts.refunds_as_of(p_shop, p_as_of) AS refunds
WHERE refunds.state = 'asked' AND refunds.customer_no IS NOT NULL
$$;
COMMENT ON FUNCTION facts.buyers_with_open_refund(text, timestamptz) IS
'Customers of a shop with a refund asked for and not answered at an instant.';

CREATE FUNCTION facts.buyers_at_full_price(p_shop text, p_since timestamptz, p_as_of timestamptz)
RETURNS TABLE (customer_no bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT DISTINCT orders.customer_no
FROM facts.orders_as_of(p_shop, p_as_of) AS orders
INNER JOIN LATERAL facts.lines_of_order_as_of(orders.shop_id, orders.order_id, p_as_of) AS lines ON true
WHERE
    orders.created_at > p_since - interval '30 days'
    AND orders.paid_at > p_since
    AND lines.kind = 'goods'
    AND lines.net_minor > 0
    AND lines.net_minor = lines.price_minor * lines.quantity
$$;
COMMENT ON FUNCTION facts.buyers_at_full_price(text, timestamptz, timestamptz) IS
'Customers of a shop who, after one instant and up to another, paid an order with a line of goods that nothing was '
'taken off: net = price x quantity, and not a gift. Orders paid more than 30 days after they were made do not count.';


-- What a marketer is asked about: the messages one run put into the outbox for one occasion of a campaign that asks for
-- approval. Written with the messages, by the statement that hashes them; an answer is held against it at every claim.
CREATE TABLE ledger.approval_batch (
    run_no bigint NOT NULL,
    campaign_id text NOT NULL,
    occasion text NOT NULL,
    realm text NOT NULL,
    shop_id text NOT NULL,
    message_count bigint NOT NULL,
    rows_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    last_not_after timestamptz NOT NULL,
    CONSTRAINT approval_batch_pk PRIMARY KEY (run_no, campaign_id, occasion),
    CONSTRAINT approval_batch_run_exists FOREIGN KEY (run_no) REFERENCES ledger.run (run_no)
);
CREATE INDEX approval_batch_of_shop ON ledger.approval_batch (realm, shop_id, last_not_after);
COMMENT ON TABLE ledger.approval_batch IS 'The messages of a run, campaign and occasion that wait for a marketer.';
COMMENT ON COLUMN ledger.approval_batch.rows_hash IS
'SHA-256 of identity, occasion, step, variant, template, channel and locale of every row, in a stable order.';
COMMENT ON COLUMN ledger.approval_batch.expires_at IS
'Earliest not_after of the run''s messages of the campaign: unanswered by then, all that still wait expire.';
COMMENT ON COLUMN ledger.approval_batch.last_not_after IS
'Latest not_after of the rows: later on nobody asks any more.';
COMMENT ON CONSTRAINT approval_batch_pk ON ledger.approval_batch IS 'One row per run, campaign and occasion.';
COMMENT ON CONSTRAINT approval_batch_run_exists ON ledger.approval_batch IS 'The run that enqueued the messages.';

CREATE TABLE ledger.approval_request (
    request_id bigint GENERATED ALWAYS AS IDENTITY,
    question uuid NOT NULL,
    run_no bigint NOT NULL,
    campaign_id text NOT NULL,
    occasion text NOT NULL,
    audience_hash text NOT NULL,
    message_count bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_real_at timestamptz NOT NULL DEFAULT now(),
    figures jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT approval_request_pk PRIMARY KEY (request_id),
    CONSTRAINT approval_request_once UNIQUE (question, run_no, campaign_id, occasion),
    CONSTRAINT approval_request_has_batch FOREIGN KEY (run_no, campaign_id, occasion)
    REFERENCES ledger.approval_batch (run_no, campaign_id, occasion)
);
CREATE INDEX approval_request_of_run ON ledger.approval_request (run_no, campaign_id);
COMMENT ON TABLE ledger.approval_request IS
'What was asked, with the hash it was asked about: an answer covers that and nothing else.';
COMMENT ON COLUMN ledger.approval_request.question IS 'One question; it may be about several occasions of a run.';
COMMENT ON COLUMN ledger.approval_request.asked_at IS 'Business time.';
COMMENT ON COLUMN ledger.approval_request.figures IS 'What it will cost, as the marketer was told: counts and amounts.';
COMMENT ON CONSTRAINT approval_request_pk ON ledger.approval_request IS 'One row per question and occasion.';
COMMENT ON CONSTRAINT approval_request_once ON ledger.approval_request IS 'A question names an occasion once.';
COMMENT ON CONSTRAINT approval_request_has_batch ON ledger.approval_request IS 'Asked about messages.';

CREATE TABLE ledger.approval (
    approval_id bigint GENERATED ALWAYS AS IDENTITY,
    request_id bigint NOT NULL,
    realm text NOT NULL,
    shop_id text NOT NULL,
    campaign_id text NOT NULL,
    occasion text NOT NULL,
    audience_hash text NOT NULL,
    answer text NOT NULL,
    who text NOT NULL,
    answered_at timestamptz NOT NULL,
    note text,
    recorded_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT approval_pk PRIMARY KEY (approval_id),
    CONSTRAINT approval_request_answered_once UNIQUE (request_id),
    CONSTRAINT approval_was_asked FOREIGN KEY (request_id) REFERENCES ledger.approval_request (request_id),
    CONSTRAINT approval_answer_known CHECK (answer IN ('approved', 'rejected')),
    CONSTRAINT approval_names_who CHECK (who <> '')
);
CREATE INDEX approval_of_hash ON ledger.approval (realm, shop_id, campaign_id, occasion, audience_hash, approval_id);
COMMENT ON TABLE ledger.approval IS
'Answers of people, append-only, kept by the task that asked, from Airflow''s own record. The latest of a hash speaks.';
COMMENT ON COLUMN ledger.approval.audience_hash IS
'What the answer covers: rows_hash of the batch, campaign file and templates as they were when it was asked.';
COMMENT ON COLUMN ledger.approval.who IS 'The user''s name in Airflow.';
COMMENT ON COLUMN ledger.approval.answered_at IS 'When Airflow took the answer, by the real clock.';
COMMENT ON CONSTRAINT approval_pk ON ledger.approval IS 'One row per answer.';
COMMENT ON CONSTRAINT approval_request_answered_once ON ledger.approval IS 'A question is answered once.';
COMMENT ON CONSTRAINT approval_was_asked ON ledger.approval IS 'Nothing is approved that nobody was asked about.';
COMMENT ON CONSTRAINT approval_answer_known ON ledger.approval IS 'approved or rejected.';
COMMENT ON CONSTRAINT approval_names_who ON ledger.approval IS 'Somebody answered.';

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only';
END
$$;
CREATE TRIGGER approval_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.approval
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TRIGGER approval_is_append_only ON ledger.approval IS 'An answer stands as it was given.';

-- Batches of a shop that may still have something to send, each with its hash as it would be asked about now and the
-- latest answer to that very hash. versions: campaign id -> hash of campaign file and templates as they are now; a
-- campaign that is not in it has no hash, and what has no hash has no answer.
CREATE FUNCTION ledger.approvals_at(p_realm text, p_shop_id text, p_at timestamptz, p_versions jsonb)
RETURNS TABLE (
    run_no bigint,
    campaign_id text,
    occasion text,
    message_count bigint,
    expires_at timestamptz,
    audience_hash text,
    answer text
)
LANGUAGE sql STABLE AS $$
    SELECT
        batches.run_no,
        batches.campaign_id,
        batches.occasion,
        batches.message_count,
        batches.expires_at,
        hashes.audience_hash,
        (
            SELECT answers.answer
            FROM ledger.approval AS answers
            WHERE
                answers.realm = batches.realm
                AND answers.shop_id = batches.shop_id
                AND answers.campaign_id = batches.campaign_id
                AND answers.occasion = batches.occasion
                AND answers.audience_hash = hashes.audience_hash
            ORDER BY answers.approval_id DESC
            LIMIT 1
        ) AS answer
    FROM ledger.approval_batch AS batches
    CROSS JOIN LATERAL (
        SELECT encode(
            sha256(convert_to(batches.rows_hash || ' ' || (p_versions ->> batches.campaign_id), 'UTF8')), 'hex'
        ) AS audience_hash
    ) AS hashes
    WHERE
        batches.realm = p_realm
        AND batches.shop_id = p_shop_id
        AND batches.last_not_after > p_at
$$;

-- An offer right after a purchase at full price annoys.
CREATE FUNCTION facts.left_alone_by_promotions(p_shop text, p_full_price_since timestamptz, p_as_of timestamptz)
RETURNS TABLE (customer_no bigint, reason text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT found.customer_no, min(found.reason)
FROM (
    SELECT customer_no, 'open_order' FROM facts.buyers_with_open_order(p_shop, p_as_of)
    UNION ALL
    SELECT customer_no, 'refund_open' FROM facts.buyers_with_open_refund(p_shop, p_as_of)
    UNION ALL
    SELECT customer_no, 'parcel_trouble' FROM facts.parcel_trouble(p_shop, p_as_of)
    UNION ALL
    SELECT customer_no, 'full_price_recently' FROM facts.buyers_at_full_price(p_shop, p_full_price_since, p_as_of)
) AS found (customer_no, reason)
GROUP BY found.customer_no
$$;
COMMENT ON FUNCTION facts.left_alone_by_promotions(text, timestamptz, timestamptz) IS
'Customers a promotion should not reach at an instant, each with one reason: open_order, refund_open, parcel_trouble, '
'full_price_recently (since another instant).';

CREATE FUNCTION record.series_variant(
    p_variants jsonb, p_preferred bigint, p_series text, p_spent numeric, p_vip_amounts jsonb, p_currency text
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT coalesce(
    CASE
        WHEN p_preferred > 1 THEN p_variants ->> 'several'
        WHEN
            p_spent >= facts.minor_units(
                coalesce(p_vip_amounts ->> p_series, p_vip_amounts ->> p_currency, p_vip_amounts ->> 'default'), p_currency
            )
            THEN p_variants -> 'series' -> p_series ->> 'vip'
        ELSE p_variants -> 'series' -> p_series ->> 'words'
    END,
    p_variants ->> 'none'
)
$$;
COMMENT ON FUNCTION record.series_variant(jsonb, bigint, text, numeric, jsonb, text) IS
'The template variant for who prefers a product series and has spent so many minor units on it: of several equally '
'preferred, of the series or its VIPs, or of none (also where the variants do not name the series). VIP amounts are '
'decimal strings in major units: of the series, else of the currency, else the default.';

-- Parcels are asked for order by order, by audiences that are to cost what is due and not what was ever shipped: a hash
-- costs the same page or two at any size, a tree one more with every level, and the hash is the smaller of the two.
DROP INDEX facts.shipments_of_order;
CREATE INDEX shipments_of_order ON facts.shipments USING hash (order_id);
