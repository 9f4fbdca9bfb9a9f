-- Which run loaded a batch, and who looked at a quarantined row as it came.

ALTER TABLE landing.batch ADD COLUMN loaded_run_no bigint;
COMMENT ON COLUMN landing.batch.loaded_run_no IS
'The run that loaded it: a later one than run_no, where the gate held it back; empty where no run did.';

CREATE TABLE landing.unmasked_look (
    quarantine_id bigint NOT NULL,
    who text NOT NULL,
    note text NOT NULL,
    looked_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT unmasked_look_row_exists FOREIGN KEY (quarantine_id) REFERENCES landing.quarantine (quarantine_id),
    CONSTRAINT unmasked_look_says_why CHECK (note <> '')
);
COMMENT ON TABLE landing.unmasked_look IS
'The audit log of quarantined rows that somebody saw with the addresses and names in them. Never deleted.';
COMMENT ON COLUMN landing.unmasked_look.who IS 'The user of the machine on which the command was given.';
COMMENT ON CONSTRAINT unmasked_look_row_exists ON landing.unmasked_look IS 'A row of quarantine was looked at.';
COMMENT ON CONSTRAINT unmasked_look_says_why ON landing.unmasked_look IS 'No look without a reason.';
