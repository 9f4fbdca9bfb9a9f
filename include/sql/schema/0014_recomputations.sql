-- What a recompute compares with, and what it found: enough to say per date what is the same, what differs, and why.

CREATE TABLE ledger.parameter_version (
    parameter_hash text NOT NULL,
    body jsonb NOT NULL,
    first_seen_real_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT parameter_version_pk PRIMARY KEY (parameter_hash)
);
COMMENT ON TABLE ledger.parameter_version IS
'Every set of configured values an audience statement was ever asked with: parameters, thresholds, shop settings.';
COMMENT ON CONSTRAINT parameter_version_pk ON ledger.parameter_version IS 'One row per content.';

ALTER TABLE ledger.recomputation ADD COLUMN detail jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN ledger.recomputation.detail IS
'audience: candidates only then, only now, changed, some occasions. config: keys that differ, then and now. '
'corrections: the same as audience, between what was known a day after the instant and what is known now.';
CREATE INDEX recomputation_of_run ON ledger.recomputation (run_no, campaign_id, recomputation_id);

-- Until when facts had to be known to count: the instant looked from, unless a recompute asks with hindsight. Set by
-- set_config('touchpoint.known_by', ..., true), for one transaction.
CREATE FUNCTION facts.known_by(p_as_of timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT coalesce(nullif(current_setting('touchpoint.known_by', true), '')::timestamptz, p_as_of)
$$;
COMMENT ON FUNCTION facts.known_by(timestamptz) IS
'The instant by which a fact had to be known to be read: what is looked from, or what a recompute set for hindsight.';
