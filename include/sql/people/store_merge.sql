-- purpose: keep that one customer is another, as somebody said
-- grain:   the merge
-- params:  shop_id text, from_no bigint, into_no bigint, from_identity uuid, into_identity uuid, who text, note text,
--          at timestamptz, batch_id bigint
-- reads:   nothing
-- writes:  facts.merges
-- returns: one
INSERT INTO facts."merges" (
    shop_id, from_customer_no, into_customer_no, from_identity, into_identity, who, note, happened_at, known_at,
    batch_id
)
VALUES (
    %(shop_id)s::text, %(from_no)s::bigint, %(into_no)s::bigint, %(from_identity)s::uuid, %(into_identity)s::uuid,
    %(who)s::text, %(note)s::text, %(at)s::timestamptz, %(at)s::timestamptz, %(batch_id)s::bigint
)
RETURNING merge_no
