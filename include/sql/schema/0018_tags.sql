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
