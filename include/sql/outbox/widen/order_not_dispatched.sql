-- purpose: let apologies in hand speak of every late order of their buyer, those late only since the decision too
-- grain:   one row per order added
-- params:  message_ids bigint[], at timestamptz
-- reads:   ledger.outbox, ledger.touch, ledger.candidate, facts.customers, facts.merged_identities, facts.orders,
--          facts.shipments, facts.refunds
-- writes:  ledger.touch_cover
-- returns: count
-- How late is late, and how old too old, is read off the decision: its occasion is the order paid first, not_before is
-- when that became late, not_after when it became too old. An order another text of this step speaks of stays with that
-- one (one_touch_per_order). Ordered by order, so that two dispatchers adding for one buyer wait for each other in one
-- direction.
WITH apologies AS (
    SELECT
        messages.*,
        %(at)s::timestamptz - candidates.not_before + firsts.paid_at AS paid_until,
        %(at)s::timestamptz - candidates.not_after + firsts.paid_at AS paid_after
    FROM ledger.outbox AS messages
    INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
    INNER JOIN ledger.candidate AS candidates
        ON
            messages.enqueued_run_no = candidates.run_no
            AND messages.campaign_id = candidates.campaign_id
            AND messages.step = candidates.step
            AND touches.occasion = candidates.occasion
            AND facts.identity_of(messages.identity, 'infinity') = facts.identity_of(candidates.identity, 'infinity')
    INNER JOIN facts.orders AS firsts
        ON
            messages.shop_id = firsts.shop_id
            AND touches.occasion = firsts.order_id
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state = 'claimed'
)

INSERT INTO ledger.touch_cover (realm, shop_id, campaign_id, step, covered_id, touch_id, covered_as_of)
SELECT
    apologies.realm,
    apologies.shop_id,
    apologies.campaign_id,
    apologies.step,
    orders.order_id,
    min(apologies.touch_id) AS touch_id,
    %(at)s::timestamptz AS covered_as_of
FROM apologies
CROSS JOIN LATERAL facts.identities_of(apologies.identity, 'infinity') AS names
-- Looked up one after the other, whatever the planner takes a person's accounts for.
CROSS JOIN
    LATERAL (
        SELECT known.customer_no
        FROM facts.customers AS known
        WHERE
            known.identity = names.identity
            AND known.shop_id = apologies.shop_id
        OFFSET 0 -- noqa: AM09
    ) AS customers
CROSS JOIN
    LATERAL (
        SELECT own.*
        FROM facts.orders AS own
        WHERE
            own.customer_no = customers.customer_no
            AND own.shop_id = apologies.shop_id
        OFFSET 0 -- noqa: AM09
    ) AS orders
WHERE
    orders.kind = 'normal'
    AND orders.paid_at <= apologies.paid_until
    AND orders.paid_at > apologies.paid_after
    AND (orders.shipped_at IS NULL OR orders.shipped_at > %(at)s::timestamptz)
    AND (orders.finished_at IS NULL OR orders.finished_at > %(at)s::timestamptz)
    AND (orders.closed_at IS NULL OR orders.closed_at > %(at)s::timestamptz)
    AND NOT EXISTS (
        SELECT FROM facts.shipments AS shipments
        WHERE
            shipments.shop_id = orders.shop_id
            AND shipments.order_id = orders.order_id
            AND shipments.shipped_at <= %(at)s::timestamptz
    )
    -- Struck because it is paid back, or asked back: it stays struck.
    AND NOT EXISTS (
        SELECT FROM facts.refunds AS refunds
        WHERE
            refunds.shop_id = orders.shop_id
            AND refunds.order_id = orders.order_id
            AND refunds.happened_at <= %(at)s::timestamptz
            AND refunds.state IN ('asked', 'succeeded')
        HAVING
            bool_or(refunds.state = 'asked')
            OR sum(refunds.amount_minor) >= coalesce(orders.paid_minor, orders.total_minor)
    )
GROUP BY apologies.realm, apologies.shop_id, apologies.campaign_id, apologies.step, orders.order_id
ORDER BY orders.order_id
ON CONFLICT (realm, shop_id, campaign_id, step, covered_id) WHERE released_as_of IS NULL DO NOTHING
