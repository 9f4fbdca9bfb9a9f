-- Members made up for a rehearsal say so from the landing row on, so that no report passes them off as people.

ALTER TABLE landing.member ADD COLUMN is_synthetic text;
COMMENT ON COLUMN landing.member.is_synthetic IS
'true for the made-up contact of a rehearsal; empty for a real member.';
