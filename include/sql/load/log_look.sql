-- purpose: note who looks at a quarantined row unmasked, and why
-- grain:   one row
-- params:  quarantine_id bigint, who text, note text
-- reads:   nothing
-- writes:  landing.unmasked_look
-- returns: count
INSERT INTO landing.unmasked_look (quarantine_id, who, note)
VALUES (%(quarantine_id)s::bigint, %(who)s::text, %(note)s::text)
