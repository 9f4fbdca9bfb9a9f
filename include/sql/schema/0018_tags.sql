-- What statements of tags share, and what service agents say of customers: they beat what was inferred.

-- Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, Journal of the American
-- Statistical Association 22, 209-212. Unlike the normal approximation it does not call 3 of 3 certain. z = 1.959964.
CREATE FUNCTION record.wilson_low(p_evidence bigint, p_out_of bigint) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT
    CASE
        WHEN p_out_of > 0 AND p_evidence >= 0 AND p_evidence <= p_out_of
            THEN greatest(
                (
                    p_evidence + 1.9207294103470627::float8
                    - 1.959963984540054::float8 * sqrt(
                        p_evidence::float8 * (p_out_of - p_evidence) / p_out_of + 0.9603647051735313::float8
                    )
                ) / (p_out_of + 3.8414588206941254::float8),
                0
            )
    END
$$;
COMMENT ON FUNCTION record.wilson_low(bigint, bigint) IS
'Lower end of the 95 %% Wilson interval of p_evidence out of p_out_of, 0 to 1: the confidence of a share; NULL where '
'there is none.';

CREATE FUNCTION record.trouble_words(p_bits integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT
    concat_ws(
        ', ',
        CASE WHEN p_bits & 1 > 0 THEN 'refund' END,
        CASE WHEN p_bits & 2 > 0 THEN 'bad review' END,
        CASE WHEN p_bits & 4 > 0 THEN 'late parcel' END,
        CASE WHEN p_bits & 8 > 0 THEN 'complaint' END
    )
$$;
COMMENT ON FUNCTION record.trouble_words(integer) IS
'What the number of leaving_cause = unhappy says, in words.';

-- Whether a column says anything is asked before every refresh: a BRIN keeps a mark of ranges in which it says nothing.
CREATE INDEX orders_told ON facts.orders USING brin (discount_minor, coupon_minor, device, region);
CREATE INDEX order_lines_told ON facts.order_lines USING brin (price_minor, size);
CREATE INDEX visits_told ON facts.visits USING brin (seconds, device);
CREATE INDEX people_told ON contact.people USING brin (birthday, gender);
-- Of what was replaced nothing is read when a column was never told. By shop: in one that tells it others find nothing.
CREATE INDEX orders_history_discount ON facts.orders_history (shop_id) WHERE discount_minor IS NOT NULL;
CREATE INDEX orders_history_coupon ON facts.orders_history (shop_id) WHERE coupon_minor IS NOT NULL;
CREATE INDEX orders_history_device ON facts.orders_history (shop_id) WHERE device IS NOT NULL;
CREATE INDEX orders_history_region ON facts.orders_history (shop_id) WHERE region IS NOT NULL;
CREATE INDEX order_lines_history_price ON facts.order_lines_history (shop_id) WHERE price_minor IS NOT NULL;
CREATE INDEX order_lines_history_size ON facts.order_lines_history (shop_id) WHERE size IS NOT NULL;
CREATE INDEX visits_history_seconds ON facts.visits_history (shop_id) WHERE seconds IS NOT NULL;
CREATE INDEX visits_history_device ON facts.visits_history (shop_id) WHERE device IS NOT NULL;
-- What a member list brought changes life stages and gift buyers.
CREATE INDEX people_of_batch ON contact.people USING brin (batch_id) WITH (pages_per_range = 16);

-- The words are those of settings/needs.py. Each case is asked alone.
CREATE FUNCTION record.is_told(p_shop text, p_need text, p_as_of timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
SELECT
    CASE p_need
        WHEN 'order' THEN EXISTS (SELECT FROM facts.orders_as_of(p_shop, p_as_of))
        WHEN 'order.discount' THEN EXISTS (
            SELECT FROM facts.orders_as_of(p_shop, p_as_of) WHERE discount_minor IS NOT NULL
        )
        WHEN 'order.coupon' THEN EXISTS (
            SELECT FROM facts.orders_as_of(p_shop, p_as_of) WHERE coupon_minor IS NOT NULL
        )
        WHEN 'order.device' THEN EXISTS (SELECT FROM facts.orders_as_of(p_shop, p_as_of) WHERE device IS NOT NULL)
        WHEN 'order.region' THEN EXISTS (SELECT FROM facts.orders_as_of(p_shop, p_as_of) WHERE region IS NOT NULL)
        WHEN 'order_line' THEN EXISTS (SELECT FROM facts.order_lines_as_of(p_shop, p_as_of))
        WHEN 'order_line.price' THEN EXISTS (
            SELECT FROM facts.order_lines_as_of(p_shop, p_as_of) WHERE price_minor IS NOT NULL
        )
        WHEN 'order_line.size' THEN EXISTS (
            SELECT FROM facts.order_lines_as_of(p_shop, p_as_of) WHERE size IS NOT NULL
        )
        WHEN 'refund' THEN EXISTS (SELECT FROM facts.refunds_as_of(p_shop, p_as_of))
        WHEN 'payment' THEN EXISTS (SELECT FROM facts.payments_as_of(p_shop, p_as_of))
        WHEN 'shipment' THEN EXISTS (SELECT FROM facts.shipments_as_of(p_shop, p_as_of))
        WHEN 'review' THEN EXISTS (SELECT FROM facts.reviews_as_of(p_shop, p_as_of))
        WHEN 'inquiry' THEN EXISTS (SELECT FROM facts.inquiries_as_of(p_shop, p_as_of))
        WHEN 'visit' THEN EXISTS (SELECT FROM facts.visits_as_of(p_shop, p_as_of))
        WHEN 'visit.seconds' THEN EXISTS (SELECT FROM facts.visits_as_of(p_shop, p_as_of) WHERE seconds IS NOT NULL)
        WHEN 'visit.device' THEN EXISTS (SELECT FROM facts.visits_as_of(p_shop, p_as_of) WHERE device IS NOT NULL)
        WHEN 'product' THEN EXISTS (SELECT FROM facts.products_as_of(p_shop, p_as_of))
        WHEN 'product.series' THEN EXISTS (SELECT FROM facts.products_as_of(p_shop, p_as_of) WHERE series <> '')
        WHEN 'product.category' THEN EXISTS (SELECT FROM facts.products_as_of(p_shop, p_as_of) WHERE category <> '')
        WHEN 'product.listed_at' THEN EXISTS (
            SELECT FROM facts.products_as_of(p_shop, p_as_of) WHERE listed_at IS NOT NULL
        )
        WHEN 'product.size' THEN EXISTS (SELECT FROM facts.products_as_of(p_shop, p_as_of) WHERE size IS NOT NULL)
        WHEN 'member' THEN EXISTS (SELECT FROM contact.people_as_of(p_shop, p_as_of))
        WHEN 'member.birthday' THEN EXISTS (
            SELECT FROM contact.people_as_of(p_shop, p_as_of) WHERE birthday IS NOT NULL
        )
        WHEN 'member.gender' THEN EXISTS (SELECT FROM contact.people_as_of(p_shop, p_as_of) WHERE gender IS NOT NULL)
    END
$$;
COMMENT ON FUNCTION record.is_told(text, text, timestamptz) IS
'Whether a shop had told anything of a kind of fact, or of a column of one, by an instant; NULL: no such need.';

CREATE TABLE record.manual_tags (
    manual_no bigint GENERATED ALWAYS AS IDENTITY,
    shop_id text NOT NULL,
    customer_no bigint NOT NULL,
    tag text NOT NULL,
    value text,
    author text NOT NULL,
    happened_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    is_withdrawn boolean NOT NULL DEFAULT false,
    recorded_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT manual_tags_pk PRIMARY KEY (manual_no),
    CONSTRAINT manual_tags_once
    UNIQUE NULLS NOT DISTINCT (shop_id, customer_no, tag, happened_at, value, is_withdrawn, author),
    CONSTRAINT manual_tags_customer_exists FOREIGN KEY (customer_no) REFERENCES facts.customers (customer_no),
    CONSTRAINT manual_tags_say_something CHECK (is_withdrawn = (value IS NULL))
);
CREATE INDEX manual_tags_of_tag ON record.manual_tags (shop_id, tag);
COMMENT ON TABLE record.manual_tags IS
'What service agents said of customers, append-only: of each tag the latest that had happened and was known speaks, '
'and beats what was inferred. Untrusted text.';
COMMENT ON COLUMN record.manual_tags.author IS 'Who said it, as the file names them.';
COMMENT ON COLUMN record.manual_tags.happened_at IS 'When they said it.';
COMMENT ON COLUMN record.manual_tags.known_at IS 'as_of of the import.';
COMMENT ON COLUMN record.manual_tags.is_withdrawn IS
'From then on nothing is said by hand: what is inferred speaks again.';
COMMENT ON CONSTRAINT manual_tags_pk ON record.manual_tags IS 'One row per thing said.';
COMMENT ON CONSTRAINT manual_tags_once ON record.manual_tags IS 'The same file again adds nothing.';
COMMENT ON CONSTRAINT manual_tags_customer_exists ON record.manual_tags IS 'Said of a customer of the shop.';
COMMENT ON CONSTRAINT manual_tags_say_something ON record.manual_tags IS 'A value, or that there is none any more.';

CREATE FUNCTION record.keep_manual_tag() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'manual_tags is append-only';
END
$$;
COMMENT ON FUNCTION record.keep_manual_tag() IS 'What was said stays said.';
CREATE TRIGGER manual_tags_append_only BEFORE UPDATE ON record.manual_tags
FOR EACH ROW EXECUTE FUNCTION record.keep_manual_tag();
COMMENT ON TRIGGER manual_tags_append_only ON record.manual_tags IS 'Append-only; forgetting may delete.';

-- Merged customers come with migration 0020: names are looked up when the function is called.
SET LOCAL check_function_bodies = off;
CREATE FUNCTION record.manual_tags_as_of(p_shop text, p_as_of timestamptz)
RETURNS TABLE (customer_no bigint, tag text, value text, author text, happened_at timestamptz)
LANGUAGE sql STABLE AS $$
SELECT
    latest.customer_no,
    latest.tag,
    latest.value,
    latest.author,
    latest.happened_at
FROM (
    SELECT DISTINCT ON (coalesce(merged.survivor_no, said.customer_no), said.tag)
        coalesce(merged.survivor_no, said.customer_no) AS customer_no,
        said.tag,
        said.value,
        said.author,
        said.happened_at,
        said.is_withdrawn
    FROM record.manual_tags AS said
    LEFT JOIN facts.merged_customers AS merged
        ON
            said.customer_no = merged.customer_no
            AND merged.known_from <= (SELECT facts.known_by(p_as_of))
            AND (SELECT facts.known_by(p_as_of)) < merged.known_until
    WHERE
        said.shop_id = p_shop
        AND said.happened_at <= p_as_of
        AND said.known_at <= (SELECT facts.known_by(p_as_of))
    ORDER BY
        coalesce(merged.survivor_no, said.customer_no), said.tag, said.happened_at DESC, said.known_at DESC,
        said.manual_no DESC
) AS latest
WHERE NOT latest.is_withdrawn
$$;
COMMENT ON FUNCTION record.manual_tags_as_of(text, timestamptz) IS
'What agents say of customers as of an instant, by what was known then; of merged customers the survivor has it.';

CREATE FUNCTION record.tags_of(p_shop text, p_at timestamptz)
RETURNS TABLE (
    customer_no bigint, tag text, value text, number double precision, evidence integer, out_of integer,
    confidence real, author text, since timestamptz, is_manual boolean
)
LANGUAGE sql STABLE AS $$
WITH said AS (
    SELECT * FROM record.manual_tags_as_of(p_shop, p_at)
)

SELECT
    said.customer_no, said.tag, said.value, NULL::double precision, NULL::integer, NULL::integer, NULL::real,
    said.author, said.happened_at, true
FROM said
UNION ALL
SELECT
    inferred.customer_no, inferred.tag, inferred.value, inferred.number, inferred.evidence, inferred.out_of,
    inferred.confidence, NULL::text, inferred.valid_from, false
FROM record.tags_at(p_shop, p_at) AS inferred
WHERE NOT EXISTS (
    SELECT FROM said
    WHERE said.customer_no = inferred.customer_no AND said.tag = inferred.tag
)
$$;
COMMENT ON FUNCTION record.tags_of(text, timestamptz) IS
'The tags of customers at an instant: what agents said, else what the record had inferred (record.tags_at).';
SET LOCAL check_function_bodies = on;
