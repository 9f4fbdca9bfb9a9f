-- When silence becomes dormancy: after a fixed time, by a customer's own rhythm, or by their chance to be a customer
-- still (BG/NBD: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24:2, 2005). All are
-- plain SELECTs of one expression, so that the planner puts them into the calling statement and works what depends on
-- the rules alone out once. Powers are exp(ln()) within bounds: those of heavy buyers would overflow. Time in a model
-- is in days since the first purchase; purchases of one day are one. docs/lifetime.md has the formulas.

CREATE FUNCTION record.expected_gap(p_span integer, p_gaps integer, p_rules jsonb) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT ((p_rules ->> 'prior_weight')::float8 * (p_rules ->> 'population_gap')::float8 + 86400::float8 * p_span)
    / ((p_rules ->> 'prior_weight')::float8 + p_gaps)
$$;
COMMENT ON FUNCTION record.expected_gap(integer, integer, jsonb) IS
'Seconds expected between two purchase days of a customer: the mean of their own gaps (p_span days over p_gaps) and of '
'prior_weight gaps of the population.';

CREATE FUNCTION record.silence_of_one(p_rules jsonb) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT exp(ln(1 - (p_rules ->> 'alive_below')::float8 * (
    1 - exp((p_rules ->> 'r')::float8 * ln((p_rules ->> 'alpha')::float8
        / ((p_rules ->> 'alpha')::float8 + (p_rules ->> 'horizon')::float8 / 86400)))
)) / (p_rules ->> 'r')::float8)
$$;
COMMENT ON FUNCTION record.silence_of_one(jsonb) IS
'Of one-time buyers at the edge of dormancy: (alpha + T) / (alpha + T + horizon), where the chance of a purchase '
'within the horizon is alive_below of what it was on the day they bought.';

CREATE FUNCTION record.lifetime_silence(p_span integer, p_repeats integer, p_rules jsonb) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT 86400::float8 * CASE WHEN p_repeats > 0
    THEN ((p_rules ->> 'alpha')::float8 + p_span) * (exp(least(20::float8, greatest(
        -20::float8,
        (ln((1 / (p_rules ->> 'alive_below')::float8 - 1) / (p_rules ->> 'a')::float8)
            + ln((p_rules ->> 'b')::float8 + greatest(p_repeats, 1) - 1)) / ((p_rules ->> 'r')::float8 + p_repeats)
    ))) - 1)
    ELSE record.silence_of_one(p_rules) * (p_rules ->> 'horizon')::float8 / 86400
        / (1 - record.silence_of_one(p_rules)) - (p_rules ->> 'alpha')::float8
END
$$;
COMMENT ON FUNCTION record.lifetime_silence(integer, integer, jsonb) IS
'Seconds of silence at which P(alive) of a customer with repeat purchases falls to alive_below, solved for T; of a '
'one-time buyer, whom the model calls alive for ever, at which the chance of a purchase within the horizon has fallen '
'to alive_below of what it was on the day they bought. Negative where it was below from the last purchase on.';

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
'prior_weight, alive_below, and r, alpha, a, b of BG/NBD (days). p_purchase_days counts distinct days with a paid '
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
