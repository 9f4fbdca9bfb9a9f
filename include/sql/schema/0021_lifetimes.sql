-- When silence becomes dormancy: after a fixed time, by a customer's own rhythm, or when their chance to buy again is
-- low (BG/NBD: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24:2, 2005). All but
-- one are plain SELECTs of one expression, so that the planner puts them into the calling statement and works what
-- depends on the rules alone out once. Powers are exp(ln()) within bounds: those of heavy buyers would overflow. Time
-- in a model is in days since the first purchase; purchases of one day are one. docs/lifetime.md has the formulas.

CREATE FUNCTION record.expected_gap(p_span integer, p_gaps integer, p_rules jsonb) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT ((p_rules ->> 'prior_weight')::float8 * (p_rules ->> 'population_gap')::float8 + 86400::float8 * p_span)
    / ((p_rules ->> 'prior_weight')::float8 + p_gaps)
$$;
COMMENT ON FUNCTION record.expected_gap(integer, integer, jsonb) IS
'Seconds expected between two purchase days of a customer: the mean of their own gaps (p_span days over p_gaps) and of '
'prior_weight gaps of the population.';

CREATE FUNCTION record.silence_of_one(
    p_r float8, p_alpha float8, p_horizon float8, p_below float8
) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT p_horizon / (exp(least(300, -ln(1 - p_below) / p_r)) - 1) - p_alpha
$$;
COMMENT ON FUNCTION record.silence_of_one(float8, float8, float8, float8) IS
'Days of silence at which the chance of a one-time buyer to buy within p_horizon days is p_below: '
'1 - ((alpha + T) / (alpha + T + horizon))^r, solved for T. Negative where it is lower from the first day on.';

-- Of customers with repeat purchases both factors of the chance fall with T, and no formula gives the T at which their
-- product is p_below. Each factor alone gives a T that is too late; from the earlier of the two Newton steps on the
-- logarithms, which bend one way alone, come down to it: three or four of them mostly.
CREATE FUNCTION record.silence_of_many(
    p_repeats integer, p_span integer, p_r float8, p_alpha float8, p_a float8, p_b float8, p_horizon float8,
    p_below float8
) RETURNS float8
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    v_power CONSTANT float8 := p_r + p_repeats;
    v_start CONSTANT float8 := ln(p_alpha + p_span);
    v_odds CONSTANT float8 := ln(p_a) - ln(p_b + p_repeats - 1);
    v_time float8;  -- ln(alpha + T)
    v_step float8;
    v_gone float8;  -- odds that they have left
    v_later float8;  -- the chance that who has not left does not buy within the horizon
BEGIN
    v_time := least(
        v_start + (ln(1 / p_below - 1) - v_odds) / v_power,
        ln(p_horizon) - ln(exp(least(300, -ln(1 - p_below) / v_power)) - 1)
    );
    FOR i IN 1..30 LOOP
        EXIT WHEN v_time <= v_start;
        v_gone := exp(greatest(-300, v_odds + v_power * (v_time - v_start)));
        v_later := exp(greatest(-300, -v_power * ln(1 + p_horizon * exp(-v_time))));
        v_step := (ln((1 - v_later) / (1 + v_gone)) - ln(p_below)) / (
            v_power * (v_gone / (1 + v_gone) + v_later / (1 - v_later) * p_horizon / (exp(v_time) + p_horizon))
        );
        v_time := v_time + v_step;
        EXIT WHEN abs(v_step) < 1e-9;
    END LOOP;
    RETURN exp(greatest(v_time, v_start)) - p_alpha - p_span;
END
$$;
COMMENT ON FUNCTION record.silence_of_many(integer, integer, float8, float8, float8, float8, float8, float8) IS
'Days of silence at which record.buys_within of a customer with repeat purchases is p_below; 0 where it is lower from '
'the last purchase on.';

CREATE FUNCTION record.lifetime_silence(p_span integer, p_repeats integer, p_rules jsonb) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT 86400::float8 * CASE WHEN p_repeats > 0
    THEN record.silence_of_many(
        p_repeats, p_span, (p_rules ->> 'r')::float8, (p_rules ->> 'alpha')::float8, (p_rules ->> 'a')::float8,
        (p_rules ->> 'b')::float8, (p_rules ->> 'horizon')::float8 / 86400, (p_rules ->> 'buys_below')::float8
    )
    ELSE record.silence_of_one(
        (p_rules ->> 'r')::float8, (p_rules ->> 'alpha')::float8, (p_rules ->> 'horizon')::float8 / 86400,
        (p_rules ->> 'buys_below')::float8
    )
END
$$;
COMMENT ON FUNCTION record.lifetime_silence(integer, integer, jsonb) IS
'Seconds of silence at which the chance of a customer to buy within the horizon falls to buys_below.';

CREATE FUNCTION record.dormant_from(
    p_first_day integer, p_last_day integer, p_last_paid_at timestamptz, p_purchase_days integer, p_rules jsonb
) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT p_last_paid_at + make_interval(secs => CASE p_rules ->> 'rule'
    WHEN 'rhythm' THEN greatest((p_rules ->> 'least')::float8, least(
        (p_rules ->> 'most')::float8,
        (p_rules ->> 'factor')::float8
        * record.expected_gap(p_last_day - p_first_day, p_purchase_days - 1, p_rules)
    ))
    WHEN 'lifetime' THEN greatest((p_rules ->> 'least')::float8, least(
        (p_rules ->> 'most')::float8, record.lifetime_silence(p_last_day - p_first_day, p_purchase_days - 1, p_rules)
    ))
    ELSE (p_rules ->> 'fixed_after')::float8
END)
$$;
COMMENT ON FUNCTION record.dormant_from(integer, integer, timestamptz, integer, jsonb) IS
'The instant at which the silence of a customer becomes dormancy: their last payment and the silence the rule allows. '
'p_rules: rule (fixed, rhythm, lifetime), fixed_after, least, most, population_gap, horizon (seconds), factor, '
'prior_weight, buys_below, and r, alpha, a, b of BG/NBD (days). p_purchase_days counts distinct days with a paid '
'order, p_first_day and p_last_day are the first and last of them. NULL before the first payment.';

CREATE FUNCTION record.alive(p_repeats integer, p_span float8, p_age float8, p_lifetime jsonb) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN p_repeats > 0 THEN 1 / (1 + exp(least(300::float8, greatest(
    -300::float8,
    ln((p_lifetime ->> 'a')::float8) - ln((p_lifetime ->> 'b')::float8 + greatest(p_repeats, 1) - 1)
    + ((p_lifetime ->> 'r')::float8 + p_repeats)
    * ln(((p_lifetime ->> 'alpha')::float8 + p_age) / ((p_lifetime ->> 'alpha')::float8 + p_span))
)))) ELSE 1 END
$$;
COMMENT ON FUNCTION record.alive(integer, float8, float8, jsonb) IS
'BG/NBD: the chance that a customer with p_repeats purchase days after the first, the last of them p_span days after '
'it, is a customer still p_age days after it. 1 for one-time buyers, by the model: they can leave only after a repeat '
'purchase.';

CREATE FUNCTION record.buys_within(p_repeats integer, p_span float8, p_age float8, p_days float8, p_lifetime jsonb)
RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT record.alive(p_repeats, p_span, p_age, p_lifetime) * (1 - exp(greatest(
    -300::float8,
    ((p_lifetime ->> 'r')::float8 + p_repeats)
    * ln(((p_lifetime ->> 'alpha')::float8 + p_age) / ((p_lifetime ->> 'alpha')::float8 + p_age + p_days))
)))
$$;
COMMENT ON FUNCTION record.buys_within(integer, float8, float8, float8, jsonb) IS
'BG/NBD: the chance of at least one purchase in the p_days days after p_age; arguments as of record.alive.';
