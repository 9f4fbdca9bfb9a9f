-- The whole record of a customer: more features, tags, and segments, each with the time it held. Features, tags and
-- segments are what the last refresh said; what it replaced goes to history, so that who was in a segment on a day, and
-- who moved where in a month, is one query.

ALTER TABLE record.customer_features
ADD COLUMN purchase_days integer NOT NULL DEFAULT 0,
ADD COLUMN first_day integer,
ADD COLUMN last_day integer,
ADD COLUMN item_count bigint,
ADD COLUMN item_orders integer NOT NULL DEFAULT 0,
ADD COLUMN item_paid_minor bigint,
ADD COLUMN discount_count integer,
ADD COLUMN discount_minor bigint,
ADD COLUMN coupon_count integer,
ADD COLUMN coupon_minor bigint;
COMMENT ON COLUMN record.customer_features.purchase_days IS
'Days of the shop with at least one paid order: models count orders of one day once.';
COMMENT ON COLUMN record.customer_features.first_day IS 'First such day, in days since 1970-01-01.';
COMMENT ON COLUMN record.customer_features.last_day IS 'Last such day, in days since 1970-01-01.';
COMMENT ON COLUMN record.customer_features.item_count IS 'Pieces of goods; NULL where no order says.';
COMMENT ON COLUMN record.customer_features.item_orders IS 'Paid orders that say how many pieces.';
COMMENT ON COLUMN record.customer_features.item_paid_minor IS 'What was paid for them, minor units.';
COMMENT ON COLUMN record.customer_features.discount_count IS 'Paid orders with something off; NULL where none says.';
COMMENT ON COLUMN record.customer_features.discount_minor IS 'What was taken off in all, minor units; NULL likewise.';
COMMENT ON COLUMN record.customer_features.coupon_count IS 'Paid orders with a coupon; NULL where none says.';
COMMENT ON COLUMN record.customer_features.coupon_minor IS 'What coupons took off, minor units; NULL likewise.';
-- Customers between where a bound was and where it is.
CREATE INDEX customer_features_orders ON record.customer_features (shop_id, order_count);
CREATE INDEX customer_features_net ON record.customer_features (shop_id, net_minor);

CREATE TABLE record.customer_tags (
    shop_id text NOT NULL,
    tag text NOT NULL,
    customer_no bigint NOT NULL,
    value text,
    number double precision,
    evidence integer,
    out_of integer,
    confidence real,
    valid_from timestamptz NOT NULL,
    CONSTRAINT customer_tags_pk PRIMARY KEY (shop_id, customer_no, tag)
) WITH (fillfactor = 85);
-- Rows lie by customer, with room beside them: who buys again has grown evidence for all their tags, which is written
-- where it stood, without a word to the indexes.
CREATE INDEX customer_tags_of_tag ON record.customer_tags (shop_id, tag);
COMMENT ON TABLE record.customer_tags IS
'Tags and features of one statement each (include/sql/tags), at the head; a customer without enough evidence has none.';
COMMENT ON COLUMN record.customer_tags.number IS 'The value of a feature, in the unit docs/record.md gives.';
COMMENT ON COLUMN record.customer_tags.evidence IS 'How much speaks for it: orders, mostly.';
COMMENT ON COLUMN record.customer_tags.out_of IS 'Of how much.';
COMMENT ON COLUMN record.customer_tags.confidence IS
'Lower end of the 95 %% interval of the share that speaks for it, 0 to 1.';
COMMENT ON COLUMN record.customer_tags.valid_from IS 'as_of of the refresh that inferred this value.';
COMMENT ON CONSTRAINT customer_tags_pk ON record.customer_tags IS 'A customer has a tag once.';

CREATE TABLE record.customer_tags_history (
    LIKE record.customer_tags,
    valid_until timestamptz NOT NULL
);
CREATE INDEX customer_tags_history_of_customer ON record.customer_tags_history (shop_id, customer_no, tag);
CREATE INDEX customer_tags_history_by_time ON record.customer_tags_history (shop_id, valid_until);
COMMENT ON TABLE record.customer_tags_history IS 'What a tag said in [valid_from, valid_until).';

CREATE TABLE record.customer_segments (
    shop_id text NOT NULL,
    customer_no bigint NOT NULL,
    r_score smallint NOT NULL,
    f_score smallint NOT NULL,
    m_score smallint NOT NULL,
    rfm_group text NOT NULL,
    value_tier text NOT NULL,
    stage text NOT NULL,
    dormancy text NOT NULL,
    cause text,
    dormant_from timestamptz NOT NULL,
    next_change_at timestamptz,
    valid_from timestamptz NOT NULL,
    CONSTRAINT customer_segments_pk PRIMARY KEY (shop_id, customer_no),
    CONSTRAINT customer_segments_dormancy_known CHECK (dormancy IN ('awake', 'dormant'))
);
CREATE INDEX customer_segments_clock ON record.customer_segments (shop_id, next_change_at);
COMMENT ON TABLE record.customer_segments IS 'The segments of each customer with a paid order, at the head.';
COMMENT ON COLUMN record.customer_segments.dormancy IS 'Whether silence has become dormancy by the shop''s own rule.';
COMMENT ON COLUMN record.customer_segments.cause IS 'Why they left, of those who are dormant (tag leaving_cause).';
COMMENT ON COLUMN record.customer_segments.dormant_from IS 'When silence becomes dormancy; infinity: never.';
COMMENT ON COLUMN record.customer_segments.next_change_at IS
'When the clock alone changes a segment next: the refresh that passes it looks at this customer again.';
COMMENT ON COLUMN record.customer_segments.valid_from IS 'as_of of the refresh that first found all of this so.';
COMMENT ON CONSTRAINT customer_segments_pk ON record.customer_segments IS 'One row per customer with a paid order.';
COMMENT ON CONSTRAINT customer_segments_dormancy_known ON record.customer_segments IS 'Two words for one question.';

CREATE TABLE record.customer_segments_history (
    LIKE record.customer_segments,
    valid_until timestamptz NOT NULL
);
CREATE INDEX customer_segments_history_of_customer ON record.customer_segments_history (shop_id, customer_no);
CREATE INDEX customer_segments_history_by_time ON record.customer_segments_history (shop_id, valid_until, valid_from);
COMMENT ON TABLE record.customer_segments_history IS 'The segments of a customer in [valid_from, valid_until).';

CREATE TABLE record.segment_bounds (
    shop_id text NOT NULL,
    bounds jsonb NOT NULL,
    made_from text NOT NULL,
    begins timestamptz NOT NULL,
    CONSTRAINT segment_bounds_pk PRIMARY KEY (shop_id)
);
COMMENT ON TABLE record.segment_bounds IS
'Where scores and tiers begin, of the stored segments: who lies between two of these is looked at again.';
COMMENT ON COLUMN record.segment_bounds.made_from IS
'Hash of the rules and statements segments were made by; another one makes all of them anew.';
COMMENT ON COLUMN record.segment_bounds.begins IS 'as_of of the first refresh: from here on the record keeps segments.';
COMMENT ON CONSTRAINT segment_bounds_pk ON record.segment_bounds IS 'One set of bounds per shop.';

CREATE FUNCTION record.has_paid(p_shop text, p_customer_no bigint, p_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT EXISTS (
    SELECT FROM record.paid_orders
    WHERE
        shop_id = p_shop AND customer_no = p_customer_no AND paid_at <= p_at
        AND known_from <= facts.known_by(p_at) AND facts.known_by(p_at) < known_until
)
$$;
COMMENT ON FUNCTION record.has_paid(text, bigint, timestamptz) IS
'Whether a customer had a paid order by an instant, as was known then, however long ago.';

CREATE FUNCTION record.members_at(p_shop text, p_at timestamptz) RETURNS SETOF record.customer_segments
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    shop_id, customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, dormant_from,
    next_change_at, valid_from
FROM record.customer_segments
WHERE shop_id = p_shop AND valid_from <= p_at
UNION ALL
SELECT
    shop_id, customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, dormant_from,
    next_change_at, valid_from
FROM record.customer_segments_history
WHERE shop_id = p_shop AND valid_until > p_at AND valid_from <= p_at
$$;
COMMENT ON FUNCTION record.members_at(text, timestamptz) IS
'The segments of each customer as the record said at an instant: that of the last refresh not after it.';

CREATE FUNCTION record.tags_at(p_shop text, p_at timestamptz) RETURNS SETOF record.customer_tags
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT shop_id, tag, customer_no, value, number, evidence, out_of, confidence, valid_from
FROM record.customer_tags
WHERE shop_id = p_shop AND valid_from <= p_at AND value IS NOT NULL
UNION ALL
SELECT shop_id, tag, customer_no, value, number, evidence, out_of, confidence, valid_from
FROM record.customer_tags_history
WHERE shop_id = p_shop AND valid_until > p_at AND valid_from <= p_at
$$;
COMMENT ON FUNCTION record.tags_at(text, timestamptz) IS
'Inferred tags as the record said at an instant, that of the last refresh not after it. Evidence and confidence are '
'those of today; touchpoint segments explain infers them anew as of any instant.';

ALTER TABLE record.heads ADD COLUMN record_made_from text;
COMMENT ON COLUMN record.heads.record_made_from IS
'Hash of the rules and statements features and tags were made by; another one makes all of them anew.';
