-- purpose: whether any word of a list has no number yet
-- grain:   one row
-- params:  pieces relation, word columns
-- reads:   a list, record.words
-- writes:  nothing
-- returns: one
SELECT
    EXISTS (
        SELECT
        FROM __pieces__ AS pieces
        WHERE
            pieces.__word__ <> ''
            AND NOT EXISTS (SELECT FROM record.words AS words WHERE words.word = pieces.__word__)
    ) AS has_new
