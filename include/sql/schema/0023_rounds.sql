-- Rounds: a touch whose messages all ended before any attempt is freed, and decided afresh in the next round. And the
-- control group stands in the outbox: what a held-out touch would have got is planned, judged and ended by the
-- statements that plan, judge and end messages (docs/decisions/0011-rounds.md).

ALTER TABLE ledger.touch ADD COLUMN round smallint NOT NULL DEFAULT 1;
ALTER TABLE ledger.touch ADD CONSTRAINT touch_round_counts CHECK (round >= 1);
COMMENT ON COLUMN ledger.touch.round IS
'Of the last decision: 1, and one more each time it was freed and decided afresh.';
COMMENT ON CONSTRAINT touch_round_counts ON ledger.touch IS 'Rounds are counted from 1.';
COMMENT ON COLUMN ledger.touch.address_hash IS
'Taken when the touch is enqueued or held out: nobody else at that address gets it. Given up when it is freed.';
COMMENT ON TABLE ledger.touch_cover IS
'Orders or parcels a touch covers; released when they are struck, and all of them when the touch is freed.';

ALTER TABLE ledger.decision ADD COLUMN round smallint NOT NULL DEFAULT 1;
COMMENT ON COLUMN ledger.decision.round IS 'Of the touch when it was decided.';
COMMENT ON COLUMN ledger.decision.detail IS
'Of enqueued and held_out: planned_on, purpose, channel, not_before, not_after, draw and holdout_percent as they were.';

CREATE TABLE ledger.freed_round (
    touch_id bigint NOT NULL,
    round smallint NOT NULL,
    freed_at timestamptz NOT NULL,
    reason text NOT NULL,
    address_hash text,
    CONSTRAINT freed_round_pk PRIMARY KEY (touch_id, round),
    CONSTRAINT freed_round_touch_exists FOREIGN KEY (touch_id) REFERENCES ledger.touch (touch_id)
);
COMMENT ON TABLE ledger.freed_round IS
'Append-only: rounds of touches that ended before any attempt. Runs of a later as_of decide the touch afresh.';
COMMENT ON COLUMN ledger.freed_round.freed_at IS 'Business time.';
COMMENT ON COLUMN ledger.freed_round.reason IS 'Of the message that ended it: why it was cancelled or expired.';
COMMENT ON COLUMN ledger.freed_round.address_hash IS 'The address the touch had taken until then.';
COMMENT ON CONSTRAINT freed_round_pk ON ledger.freed_round IS 'A round is freed once.';
COMMENT ON CONSTRAINT freed_round_touch_exists ON ledger.freed_round IS 'Of a touch.';

CREATE FUNCTION ledger.is_final(
    p_touch_id bigint, p_round smallint, p_decision text, p_as_of timestamptz
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    p_decision = 'expired'
    OR (
        p_decision IN ('enqueued', 'held_out')
        AND NOT EXISTS (
            SELECT FROM ledger.freed_round AS freed
            WHERE freed.touch_id = p_touch_id AND freed.round = p_round AND freed.freed_at < p_as_of
        )
    )
$$;
COMMENT ON FUNCTION ledger.is_final(bigint, smallint, text, timestamptz) IS
'Whether a touch with this decision of this round is never decided afresh by a run of an instant: expired, or enqueued '
'or held out and not freed before it. What is freed at or after the instant the run itself, or a later one, may have '
'freed: cleared or doubled, it has to find what it found.';

CREATE FUNCTION ledger.is_settled_as_of(
    p_realm text, p_shop text, p_campaign text, p_step text, p_occasion text, p_as_of timestamptz
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT coalesce(bool_or(ledger.is_final(touches.touch_id, decisions.round, decisions.decision, p_as_of)), false)
FROM ledger.touch AS touches
CROSS JOIN LATERAL (
    SELECT made.decision, made.round
    FROM ledger.decision AS made
    WHERE made.touch_id = touches.touch_id AND made.as_of < p_as_of
    ORDER BY made.decision_id DESC
    LIMIT 1
) AS decisions
WHERE
    touches.realm = p_realm AND touches.shop_id = p_shop AND touches.campaign_id = p_campaign
    AND touches.step = p_step AND touches.occasion = p_occasion
$$;
COMMENT ON FUNCTION ledger.is_settled_as_of(text, text, text, text, text, timestamptz) IS
'Whether a touch about an occasion, whosever, was final before an instant: the occasion cannot be used again. '
'Decisions of the instant itself are left out, so that a run asked again finds the audience it found before.';

-- The outbox: messages, and what held-out touches would have got. One parent, so that the statements that plan, judge
-- and end messages are the same for both; what sends and what counts messages reads ledger.message alone.
ALTER TABLE ledger.message ADD COLUMN round smallint NOT NULL DEFAULT 1;
ALTER TABLE ledger.message ADD COLUMN is_held_out boolean NOT NULL DEFAULT false;
ALTER TABLE ledger.message ADD COLUMN holdout_percent double precision NOT NULL DEFAULT 0;
ALTER TABLE ledger.message ADD CONSTRAINT message_goes CHECK (NOT is_held_out);
ALTER TABLE ledger.message DROP CONSTRAINT one_message_per_touch_and_channel;
ALTER TABLE ledger.message ADD CONSTRAINT one_message_per_touch_channel_and_round UNIQUE (touch_id, channel, round);
COMMENT ON COLUMN ledger.message.round IS 'Of its touch.';
COMMENT ON COLUMN ledger.message.is_held_out IS 'False: rows of people held out stand in ledger.withheld_message.';
COMMENT ON COLUMN ledger.message.holdout_percent IS 'The share held out of its campaign when it was decided.';
COMMENT ON CONSTRAINT message_goes ON ledger.message IS 'Nobody held out has a message.';
COMMENT ON CONSTRAINT one_message_per_touch_channel_and_round ON ledger.message IS
'A touch has one message on a channel in a round.';

CREATE TABLE ledger.outbox (LIKE ledger.message, CONSTRAINT outbox_is_its_parts CHECK (false) NO INHERIT);
COMMENT ON TABLE ledger.outbox IS
'Both arms of every campaign: ledger.message and ledger.withheld_message, whose columns it names. Holds no row itself.';
COMMENT ON CONSTRAINT outbox_is_its_parts ON ledger.outbox IS 'A row stands in one of the two.';
ALTER TABLE ledger.message INHERIT ledger.outbox;

CREATE TABLE ledger.withheld_message (
    CONSTRAINT withheld_message_pk PRIMARY KEY (message_id),
    CONSTRAINT one_withheld_per_touch_channel_and_round UNIQUE (touch_id, channel, round),
    CONSTRAINT withheld_touch_exists FOREIGN KEY (touch_id) REFERENCES ledger.touch (touch_id),
    CONSTRAINT withheld_run_exists FOREIGN KEY (enqueued_run_no) REFERENCES ledger.run (run_no),
    CONSTRAINT withheld_is_held_out CHECK (is_held_out),
    CONSTRAINT withheld_state_known CHECK (state IN ('waiting', 'claimed', 'withheld', 'expired', 'cancelled')),
    CONSTRAINT withheld_window_open CHECK (not_before < not_after),
    CONSTRAINT withheld_lease_while_in_hand CHECK ((state = 'claimed') = (lease_until IS NOT NULL))
) INHERITS (ledger.outbox);
ALTER TABLE ledger.withheld_message
ALTER COLUMN message_id SET DEFAULT nextval(pg_get_serial_sequence('ledger.message', 'message_id')),
ALTER COLUMN is_held_out SET DEFAULT true,
ALTER COLUMN round SET DEFAULT 1,
ALTER COLUMN holdout_percent SET DEFAULT 0,
ALTER COLUMN valid_while SET DEFAULT '{}',
ALTER COLUMN needs_approval SET DEFAULT false,
ALTER COLUMN state SET DEFAULT 'waiting',
ALTER COLUMN resends SET DEFAULT 0,
ALTER COLUMN lease_token SET DEFAULT 0;
CREATE INDEX withheld_waiting ON ledger.withheld_message (realm, shop_id, not_before) WHERE state = 'waiting';
CREATE INDEX withheld_in_hand ON ledger.withheld_message (realm, shop_id, lease_until) WHERE state = 'claimed';
CREATE INDEX withheld_of_identity ON ledger.withheld_message (realm, identity, planned_on);
CREATE INDEX withheld_of_run ON ledger.withheld_message (enqueued_run_no);
COMMENT ON TABLE ledger.withheld_message IS
'What a held-out touch would have got: planned, judged, expired and cancelled as a message is. waiting -> claimed -> '
'withheld, where a message would be sent: from then on nothing frees the touch; waiting -> expired | cancelled. '
'Numbers of rows are shared with ledger.message.';
COMMENT ON CONSTRAINT withheld_message_pk ON ledger.withheld_message IS 'One row per message withheld.';
COMMENT ON CONSTRAINT one_withheld_per_touch_channel_and_round ON ledger.withheld_message IS
'A touch is held out of one message on a channel in a round.';
COMMENT ON CONSTRAINT withheld_touch_exists ON ledger.withheld_message IS 'Belongs to a touch.';
COMMENT ON CONSTRAINT withheld_run_exists ON ledger.withheld_message IS 'The run whose gate it depends on.';
COMMENT ON CONSTRAINT withheld_is_held_out ON ledger.withheld_message IS 'Whoever gets a message is in ledger.message.';
COMMENT ON CONSTRAINT withheld_state_known ON ledger.withheld_message IS 'The five states: nothing here is ever sent.';
COMMENT ON CONSTRAINT withheld_window_open ON ledger.withheld_message IS 'As for messages.';
COMMENT ON CONSTRAINT withheld_lease_while_in_hand ON ledger.withheld_message IS 'A lease exactly while claimed.';

-- Held out before there was a row for it: it goes on counting on its planned day.
INSERT INTO ledger.withheld_message (
    realm, shop_id, touch_id, campaign_id, step, purpose, channel, identity, customer_id, address_kind, address_hash,
    template, locale, not_before, not_after, planned_on, enqueued_run_no, enqueued_as_of, state, state_at
)
SELECT
    touches.realm,
    touches.shop_id,
    touches.touch_id,
    touches.campaign_id,
    touches.step,
    decisions.detail ->> 'purpose' AS purpose,
    decisions.detail ->> 'channel' AS channel,
    touches.identity,
    touches.customer_id,
    CASE decisions.detail ->> 'channel' WHEN 'sms' THEN 'phone' ELSE 'email' END AS address_kind,
    coalesce(touches.address_hash, '') AS address_hash,
    touches.step AS template,
    '' AS locale,
    (decisions.detail ->> 'planned_on')::date::timestamp AT TIME ZONE 'UTC' AS not_before,
    ((decisions.detail ->> 'planned_on')::date + 1)::timestamp AT TIME ZONE 'UTC' AS not_after,
    (decisions.detail ->> 'planned_on')::date AS planned_on,
    decisions.run_no,
    decisions.as_of AS enqueued_as_of,
    'withheld' AS state,
    decisions.as_of AS state_at
FROM ledger.touch AS touches
INNER JOIN ledger.decision AS decisions
    ON touches.touch_id = decisions.touch_id AND decisions.decision = 'held_out'
WHERE touches.decision = 'held_out' AND decisions.detail ? 'planned_on'
ON CONFLICT DO NOTHING;

-- The draw, not the answer: a changed percent moves nobody it need not move.
ALTER TABLE ledger.holdout ADD COLUMN draw double precision;
UPDATE ledger.holdout AS holdouts
SET draw = ('x' || left(md5(salts.salt || ':' || holdouts.identity::text), 8))::bit(32)::bigint / 4294967296.0
FROM ledger.holdout_salt AS salts
WHERE
    salts.realm = holdouts.realm
    AND salts.holdout_scope = holdouts.holdout_scope
    AND salts.campaign_id = holdouts.campaign_id;
-- Without a salt nothing but the answer is known of it.
UPDATE ledger.holdout
SET draw = CASE WHEN is_held_out THEN 0 ELSE 0.999999 END
WHERE draw IS NULL;
ALTER TABLE ledger.holdout ALTER COLUMN draw SET NOT NULL;
ALTER TABLE ledger.holdout DROP COLUMN is_held_out;
ALTER TABLE ledger.holdout RENAME COLUMN assigned_as_of TO drawn_as_of;
ALTER TABLE ledger.holdout ADD CONSTRAINT holdout_draw_is_a_share CHECK (draw >= 0 AND draw < 1);
COMMENT ON TABLE ledger.holdout IS
'Draws of chance, stored at the first decision and read from then on: held out is whose draw lies below the share the '
'campaign''s file names at a decision. Of a merged person the smaller draw speaks.';
COMMENT ON COLUMN ledger.holdout.draw IS 'u in [0, 1): the first 32 bits of md5(salt:identity).';
COMMENT ON CONSTRAINT holdout_pk ON ledger.holdout IS 'An identity draws once.';
COMMENT ON CONSTRAINT holdout_draw_is_a_share ON ledger.holdout IS 'A share of all.';

-- As in 0020, but a touch that is freed stands in nobody's way.
CREATE OR REPLACE FUNCTION ledger.refuse_second_touch() RETURNS trigger
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
                AND ledger.is_final(new_touches.touch_id, new_touches.round, new_touches.decision, 'infinity')
                AND ledger.is_final(others.touch_id, others.round, others.decision, 'infinity')
                AND others.identity <> new_touches.identity
        )
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'unique_violation', MESSAGE = 'a merged identity of this person has this touch';
    END IF;
    RETURN NULL;
END
$$;

-- As in 0020, but of the round of the decision, and of people held out too.
DROP FUNCTION ledger.touches_of_identity_as_of(text, text, text, uuid, timestamptz);
CREATE FUNCTION ledger.touches_of_identity_as_of(
    p_realm text, p_shop text, p_campaign text, p_identity uuid, p_as_of timestamptz
)
RETURNS TABLE (
    step text, occasion text, decision text, is_final boolean, planned_on date, has_ended boolean
)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    touches.step,
    touches.occasion,
    decisions.decision,
    ledger.is_final(touches.touch_id, decisions.round, decisions.decision, p_as_of),
    (decisions.detail ->> 'planned_on')::date,
    EXISTS (
        SELECT FROM ledger.outbox AS messages
        WHERE
            messages.touch_id = touches.touch_id
            AND messages.round = decisions.round
            AND messages.state IN ('rejected', 'expired', 'cancelled')
            AND messages.state_at < p_as_of
    )
FROM facts.identities_of(p_identity, p_as_of) AS names
INNER JOIN ledger.touch AS touches ON names.identity = touches.identity
CROSS JOIN LATERAL (
    SELECT made.decision, made.detail, made.round
    FROM ledger.decision AS made
    WHERE made.touch_id = touches.touch_id AND made.as_of < p_as_of
    ORDER BY made.decision_id DESC
    LIMIT 1
) AS decisions
WHERE
    touches.realm = p_realm
    AND touches.shop_id = p_shop AND touches.campaign_id = p_campaign
$$;
COMMENT ON FUNCTION ledger.touches_of_identity_as_of(text, text, text, uuid, timestamptz) IS
'What a campaign had decided about a person before an instant; has_ended: its message, or the one it was held out of, '
'had ended without having gone. Decisions of the instant itself are left out, so that a run asked again finds the '
'audience it found before.';

CREATE OR REPLACE FUNCTION ledger.told_as_of(
    p_realm text, p_shop text, p_campaign text, p_step text, p_occasion text, p_identity uuid,
    p_since timestamptz, p_zone text, p_as_of timestamptz
)
RETURNS TABLE (is_settled boolean, was_suppressed boolean, told_at timestamptz, silent_touches bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    coalesce(bool_or(touches.is_this AND touches.is_final), false),
    coalesce(bool_or(touches.is_this AND touches.decision = 'suppressed'), false),
    max(touches.told_at),
    count(*) FILTER (WHERE touches.told_at > p_since)
FROM (
    SELECT
        made.decision,
        made.is_final,
        made.step = p_step AND made.occasion = p_occasion AS is_this,
        CASE
            WHEN made.decision IN ('enqueued', 'held_out') AND NOT made.has_ended
                THEN made.planned_on::timestamp AT TIME ZONE p_zone
        END AS told_at
    FROM ledger.touches_of_identity_as_of(p_realm, p_shop, p_campaign, p_identity, p_as_of) AS made
) AS touches
$$;

CREATE FUNCTION ledger.is_offer_gone(p_realm text, p_shop text, p_offer text, p_quota integer) RETURNS boolean
LANGUAGE sql STABLE AS $$
SELECT NOT EXISTS (SELECT FROM ledger.free_offer_slots(p_realm, p_shop, p_offer, p_quota, 1))
$$;
COMMENT ON FUNCTION ledger.is_offer_gone(text, text, text, integer) IS 'Whether no slot of an offer is free.';
