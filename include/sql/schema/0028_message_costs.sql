-- One part of a text costs less than whole minor units (0.045 CNY is 4.5 fen); rounded one by one, a thousand messages
-- would be off by a tenth.
ALTER TABLE ledger.outbox ALTER COLUMN cost_minor TYPE numeric(14, 4);
COMMENT ON COLUMN ledger.message.cost_minor IS
'What the provider takes for it, in minor units of the shop''s currency with their fraction: parts times the shop '
'file''s price as it was then. Empty: no price is named, or the channel has none.';
