-- purpose: whether any word of a list has no number yet
-- grain:   one row
-- params:  pieces relation, word columns
-- reads:   a list, record.words
-- writes:  nothing
-- returns: one
SELECT count(*) > 0 AS has_new
FROM (
    SELECT pieces.__word__
    FROM __pieces__ AS pieces
    LEFT JOIN record.words AS words ON pieces.__word__ = words.word
    WHERE
        pieces.__word__ <> ''
        AND words.word_no IS NULL
    LIMIT 1 -- noqa: AM09
) AS unnumbered
