-- One rule a column: landing.is_cell says what a cell of a kind has to be, landing.cell_fault why it is none;
-- column_rules.py says which column is of which kind. Both read text alone and cast nothing that they have not looked
-- at, so that no cell whatever can make the gate fail.

CREATE OR REPLACE FUNCTION landing.is_instant(p_text text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    p_text LIKE '____-__-__T__:__:__%%'
    AND (p_text LIKE '%%+__:__' OR p_text LIKE '%%Z' OR p_text LIKE '%%-__:__')
    AND p_text COLLATE "C" >= '1970' AND p_text COLLATE "C" < '2200'
    -- 2020-01-01T00:00:00 BC+00:00 is one to PostgreSQL.
    AND strpos(p_text, 'B') = 0 AND strpos(p_text, 'b') = 0
    AND pg_input_is_valid(p_text, 'timestamptz')
$$;

CREATE FUNCTION landing.is_cell(p_text text, p_kind text, p_currency text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT CASE p_kind
    WHEN 'instant' THEN landing.is_instant(p_text)
    WHEN 'money' THEN p_text ~ CASE facts.currency_exponent(p_currency)
        WHEN 2 THEN '^0{0,20}[0-9]{1,11}([.][0-9]{0,2}0{0,20})?$'
        WHEN 0 THEN '^0{0,20}[0-9]{1,13}([.]0{0,20})?$'
        WHEN 3 THEN '^0{0,20}[0-9]{1,10}([.][0-9]{0,3}0{0,20})?$'
    END
    WHEN 'price' THEN p_text ~ CASE facts.currency_exponent(p_currency)
        WHEN 2 THEN '^0{0,20}[0-9]{1,11}([.][0-9]{0,30})?$'
        WHEN 0 THEN '^0{0,20}[0-9]{1,13}([.][0-9]{0,30})?$'
        WHEN 3 THEN '^0{0,20}[0-9]{1,10}([.][0-9]{0,30})?$'
    END
    WHEN 'count' THEN p_text ~ '^ {0,20}[-+]?0{0,20}[0-9]{1,9}([.][0-9]{0,6}0{0,20})? {0,20}$'
    WHEN 'seconds' THEN p_text ~ '^[0-9]{1,9}([.][0-9]{0,30})?$'
    WHEN 'pages' THEN p_text ~ '^[0-9]{1,9}$'
    WHEN 'day' THEN p_text LIKE '____-__-__' AND pg_input_is_valid(p_text, 'date')
    WHEN 'flag' THEN pg_input_is_valid(p_text, 'boolean')
    WHEN 'currency' THEN facts.currency_exponent(p_text) IS NOT NULL
END
$$;
COMMENT ON FUNCTION landing.is_cell(text, text, text) IS
'Whether text is what a column of a kind may hold; kinds as in column_rules.py. Missing text breaks no rule here, but '
'for the currency.';

CREATE FUNCTION landing.has_odd_characters(p_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT p_text ~ '[\x01-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]'
$$;
COMMENT ON FUNCTION landing.has_odd_characters(text) IS
'Whether text holds a control character, a line or paragraph separator, or a mark or override of writing direction.';

CREATE FUNCTION landing.cell_fault(
    p_text text, p_kind text, p_is_required boolean, p_longest integer, p_currency text
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN p_text IS NULL
        THEN CASE
            WHEN p_kind = 'currency' THEN 'unknown_currency'
            WHEN NOT p_is_required THEN NULL
            WHEN p_kind = 'key' THEN 'missing_key'
            WHEN p_kind = 'instant' THEN 'missing_instant'
            WHEN p_kind = 'money' THEN 'missing_amount'
            WHEN p_kind = 'count' THEN 'unreadable_count'
        END
    WHEN length(p_text) > p_longest THEN CASE p_kind WHEN 'key' THEN 'key_too_long' ELSE 'text_too_long' END
    WHEN p_kind IN ('key', 'word', 'address')
        THEN CASE WHEN landing.has_odd_characters(p_text) THEN 'odd_characters' END
    WHEN p_kind IN ('name', 'text')
        -- An override or embedding can make a whole sentence around it read otherwise; a mark cannot.
        THEN CASE
            WHEN p_text ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]' THEN 'odd_characters'
        END
    WHEN landing.is_cell(p_text, p_kind, p_currency) IS DISTINCT FROM false THEN NULL
    WHEN p_kind IN ('money', 'price')
        THEN CASE
            WHEN p_text !~ '^-?[0-9]+([.][0-9]*)?$' THEN 'unreadable_amount'
            WHEN p_text LIKE '-%%' THEN 'negative_amount'
            WHEN length(ltrim(split_part(p_text, '.', 1), '0')) > 13 - facts.currency_exponent(p_currency)
                THEN 'amount_too_large'
            ELSE 'unreadable_amount'
        END
    WHEN p_kind IN ('count', 'seconds', 'pages')
        THEN CASE
            WHEN p_text ~ '^ *[-+]?0*[1-9][0-9]{9,}([.][0-9]*)? *$' THEN 'count_too_large'
            ELSE 'unreadable_count'
        END
    WHEN p_kind = 'currency' THEN 'unknown_currency'
    ELSE 'unreadable_' || p_kind
END
$$;
COMMENT ON FUNCTION landing.cell_fault(text, text, boolean, integer, text) IS
'Why a cell breaks the rule of its column; NULL if it does not. The first reason that holds.';

DROP FUNCTION landing.fits_minor_units(text, text);
DROP FUNCTION landing.is_amount(text, integer);

ALTER TABLE landing.quarantine ADD COLUMN columns_by_reason jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN landing.quarantine.columns_by_reason IS
'Each reason with the columns that gave it, where it is about columns: {"unreadable_amount": ["total"]}.';

-- Amounts up to 10^13 minor units, and pieces sold by weight or length: what was an int is wide enough for both.
ALTER TABLE facts.orders ALTER COLUMN item_count TYPE numeric;
ALTER TABLE facts.orders_history ALTER COLUMN item_count TYPE numeric;
ALTER TABLE facts.order_lines ALTER COLUMN quantity TYPE numeric;
ALTER TABLE facts.order_lines_history ALTER COLUMN quantity TYPE numeric;
ALTER TABLE record.paid_orders
ALTER COLUMN net_minor TYPE bigint,
ALTER COLUMN items TYPE double precision,
ALTER COLUMN discount_minor TYPE bigint,
ALTER COLUMN coupon_minor TYPE bigint;
ALTER TABLE record.paid_lines
ALTER COLUMN net_minor TYPE bigint,
ALTER COLUMN quantity TYPE double precision;
ALTER TABLE record.customer_features ALTER COLUMN item_count TYPE double precision;
COMMENT ON COLUMN facts.orders.item_count IS 'Pieces of goods, with a fraction where sold by weight or length.';
COMMENT ON COLUMN facts.order_lines.quantity IS 'Pieces, with a fraction where goods are sold by weight or length.';
COMMENT ON COLUMN record.paid_orders.net_minor IS 'What was paid, else the total. Add up with record.sum_minor.';

CREATE AGGREGATE record.sum_minor (bigint) ( -- noqa: LT01
    sfunc = int8pl,
    stype = bigint,
    combinefunc = int8pl,
    parallel = safe
);
COMMENT ON AGGREGATE record.sum_minor(bigint) IS -- noqa: LT01
'sum() of amounts that stays a bigint: the one of SQL is numeric, and several times slower. The gate lets in no amount '
'above 10^13, so that 900,000 of them fit.';
