-- purpose: give orders the instant and kind of payment that their payments say
-- grain:   one row per staged order
-- params:  batch_id bigint, staged relation
-- reads:   the staged orders
-- writes:  facts.orders
-- returns: count
UPDATE facts.orders AS currents
SET
    paid_at = staged_orders.paid_at,
    payment_kind = staged_orders.payment_kind,
    takes_paid_at = staged_orders.takes_paid_at,
    takes_payment_kind = staged_orders.takes_payment_kind,
    known_at = greatest(currents.known_at, staged_orders.known_at),
    batch_id = %(batch_id)s::bigint
FROM __staged__ AS staged_orders
WHERE currents.shop_id = staged_orders.shop_id AND currents.order_id = staged_orders.order_id
