-- purpose: keep the versions that are about to be replaced, known until the new ones are
-- grain:   one row per replaced version
-- params:  staged relation, fact relation, history relation, keys columns, fact_columns columns
-- reads:   the staged lines, the fact
-- writes:  the history
-- returns: count
INSERT INTO __history__ (__fact_columns__, known_from, known_until)
SELECT
    __currents.fact_columns__,
    currents.known_at AS known_from,
    winners.known_at AS known_until
FROM __staged__ AS winners
INNER JOIN __fact__ AS currents ON (__winners.keys__) = (__currents.keys__)
WHERE
    winners.is_known
    -- Two versions learned at one instant: the first was never known for any time.
    AND currents.known_at < winners.known_at
