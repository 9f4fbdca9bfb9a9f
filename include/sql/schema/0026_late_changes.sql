-- What a platform lists late: read again by creation (rescan), or asked about just before a message goes (confirm).
ALTER TABLE landing.batch DROP CONSTRAINT batch_origin_known;
ALTER TABLE landing.batch ADD CONSTRAINT batch_origin_known CHECK (
    origin IN ('extract', 'retry', 'merge', 'rescan', 'confirm')
);
COMMENT ON COLUMN landing.batch.origin IS
'extract: from a source. retry: quarantined rows driven again. merge: a person merged customers. rescan: orders the'
' platform listed late, found by the nightly look at all recent ones. confirm: orders the platform was asked about'
' before a message about them went.';
COMMENT ON CONSTRAINT batch_origin_known ON landing.batch IS 'Where its rows came from.';

ALTER TABLE record.heads ADD COLUMN confirmed_as_of timestamptz;
COMMENT ON COLUMN record.heads.confirmed_as_of IS
'When facts were last loaded of single orders asked about: later runs alone may write, as after loaded_as_of, but it'
' says nothing of how fresh all the other facts are.';
