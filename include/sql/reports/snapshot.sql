-- purpose: let every statement of this transaction see the ledger at one moment, and write nothing
-- grain:   the transaction
-- params:  none
-- reads:   nothing
-- writes:  nothing
-- returns: nothing
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY
