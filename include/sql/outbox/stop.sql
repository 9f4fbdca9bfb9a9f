-- purpose: turn a kill switch
-- grain:   one row per change
-- params:  scope text, shop_id text, campaign_id text, is_stopped boolean, who text, note text
-- reads:   nothing
-- writes:  ledger.stop
-- returns: count
INSERT INTO ledger.stop (scope, shop_id, campaign_id, is_stopped, who, note)
VALUES (
    %(scope)s::text,
    %(shop_id)s::text,
    %(campaign_id)s::text,
    %(is_stopped)s::boolean,
    %(who)s::text,
    %(note)s::text
)
