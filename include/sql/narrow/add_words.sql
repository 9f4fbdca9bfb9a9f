-- purpose: number the words that have no number yet, by the holder of narrow/hold_words
-- grain:   one row per new word
-- params:  pieces relation, word columns
-- reads:   a list
-- writes:  record.words
-- returns: count
INSERT INTO record.words (word)
SELECT DISTINCT pieces.__word__
FROM __pieces__ AS pieces
LEFT JOIN record.words AS words ON pieces.__word__ = words.word
WHERE
    pieces.__word__ <> ''
    AND words.word_no IS NULL
ORDER BY pieces.__word__
ON CONFLICT ON CONSTRAINT words_once DO NOTHING
