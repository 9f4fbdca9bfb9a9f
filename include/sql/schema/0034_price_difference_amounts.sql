-- Price-difference links hold what purchases hold: amounts beyond an integer.
ALTER TABLE record.price_differences ALTER COLUMN net_minor TYPE bigint;
COMMENT ON COLUMN record.price_differences.net_minor IS 'What was paid, else the total. Add up with record.sum_minor.';
