-- An audience may say itself which words a candidate gets, where they do not go by lifecycle stage: by product series.
ALTER TABLE ledger.candidate ADD COLUMN variant text;
COMMENT ON COLUMN ledger.candidate.variant IS
'Template variant the audience statement chose; NULL: the campaign file chooses by stage.';
