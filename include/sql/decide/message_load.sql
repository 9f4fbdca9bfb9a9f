-- purpose: messages planned for these people from a day on, with those they were held out of, as the ledger was before
--          an instant
-- grain:   one row per person, planned day, purpose and campaign
-- params:  realm text, identities uuid[], from_on date, before timestamptz
-- reads:   ledger.outbox, facts.merged_identities
-- writes:  nothing
-- returns: many
-- before = infinity is the ledger as it is. A message that ended later than `before` was still waiting then. Identities
-- are shared by the shops of a brand, and so are caps; a person counts with all they had.
WITH names AS (
    SELECT *
    FROM facts.names_of(%(identities)s::uuid[], %(before)s::timestamptz)
),

planned_messages AS (
    SELECT
        names.person AS identity,
        messages.planned_on,
        messages.purpose,
        messages.campaign_id
    FROM names
    INNER JOIN ledger.outbox AS messages ON names.identity = messages.identity
    WHERE
        messages.realm = %(realm)s::text
        AND messages.planned_on >= %(from_on)s::date
        AND messages.enqueued_as_of < %(before)s::timestamptz
        AND (
            messages.state IN ('waiting', 'claimed', 'sending', 'accepted', 'unknown', 'abandoned', 'withheld')
            OR messages.state_at >= %(before)s::timestamptz
        )
)

SELECT
    identity,
    planned_on,
    purpose,
    campaign_id,
    count(*) AS messages
FROM planned_messages
GROUP BY identity, planned_on, purpose, campaign_id
