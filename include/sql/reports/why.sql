-- purpose: every decision about an order or a customer (or one they are one with by then), with its reason and what
--          became of the message
-- grain:   one row per decision, oldest first
-- params:  realm text, shop_id text, order_id text, customer_id text, as_of timestamptz
-- reads:   ledger.touch, ledger.decision, ledger.message, ledger.touch_cover, ledger.run, ledger.attempt,
--          facts.customers, facts.merged_customers
-- writes:  nothing
-- returns: many
WITH wanted_touches AS (
    SELECT touches.*
    FROM ledger.touch AS touches
    WHERE
        touches.realm = %(realm)s::text
        AND touches.shop_id = %(shop_id)s::text
        AND (
            touches.customer_id = %(customer_id)s::text
            OR touches.customer_id IN (
                SELECT merged.account_id
                FROM facts.merged_accounts_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS merged
                WHERE merged.customer_id = %(customer_id)s::text
            )
            OR touches.occasion = %(order_id)s::text
            OR touches.touch_id IN (
                SELECT covers.touch_id
                FROM ledger.touch_cover AS covers
                WHERE
                    covers.realm = %(realm)s::text
                    AND covers.shop_id = %(shop_id)s::text
                    AND covers.covered_id = %(order_id)s::text
            )
        )
)

SELECT
    decisions.as_of,
    touches.campaign_id,
    touches.step,
    touches.occasion,
    decisions.decision,
    decisions.reason,
    runs.dag_id,
    runs.run_id,
    messages.message_id,
    messages.channel,
    messages.state AS message_state,
    messages.reason AS message_reason,
    messages.state_at AS message_state_at,
    (
        SELECT count(*)
        FROM ledger.attempt AS attempts
        WHERE attempts.message_id = messages.message_id
    ) AS attempts
FROM wanted_touches AS touches
INNER JOIN ledger.decision AS decisions ON touches.touch_id = decisions.touch_id
INNER JOIN ledger.run AS runs ON decisions.run_no = runs.run_no
LEFT JOIN ledger.message AS messages
    ON
        touches.touch_id = messages.touch_id
        AND decisions.round = messages.round
        AND decisions.decision = 'enqueued'
WHERE decisions.as_of <= %(as_of)s::timestamptz
ORDER BY decisions.as_of, decisions.decision_id, messages.message_id
