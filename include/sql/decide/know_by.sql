-- purpose: read facts with the knowledge of another instant than the one looked from, to the end of the transaction or
--          until set again; an empty text sets it back
-- grain:   one row
-- params:  known_by text
-- reads:   nothing
-- writes:  nothing
-- returns: one
SELECT set_config('touchpoint.known_by', %(known_by)s::text, true) AS known_by
