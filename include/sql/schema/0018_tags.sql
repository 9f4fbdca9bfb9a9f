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
