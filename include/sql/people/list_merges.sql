-- purpose: who was merged into whom in a shop, by whom and when
-- grain:   one row per merge, the latest first
-- params:  shop_id text
-- reads:   facts.merges, facts.customers
-- writes:  nothing
-- returns: many
SELECT
    said.merge_no,
    losers.customer_id AS from_id,
    winners.customer_id AS into_id,
    said.from_identity <> said.into_identity AS were_two_people,
    said.who,
    said.note,
    said.happened_at
FROM facts."merges" AS said
INNER JOIN facts.customers AS losers ON said.from_customer_no = losers.customer_no
INNER JOIN facts.customers AS winners ON said.into_customer_no = winners.customer_no
WHERE said.shop_id = %(shop_id)s::text
ORDER BY said.merge_no DESC
