-- purpose: read what a scope gives once, for the many statements of a refresh that ask for it (scope/kept)
-- grain:   as the scope's
-- params:  kept relation, rows statement, shop_id text, as_of timestamptz, since timestamptz
-- reads:   what the statement put in reads
-- writes:  the kept table
-- returns: nothing
CREATE TEMPORARY TABLE __kept__ ON COMMIT DROP AS
SELECT given.* -- noqa: AM04
FROM __rows__ AS given
