-- How landed text is read. Each function is one plain SELECT that the planner puts into the calling statement, so
-- that a rule over a million lines costs what its expression costs. NULL in gives NULL out: a missing value breaks no
-- rule by itself.

CREATE FUNCTION facts.currency_exponent(p_currency text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN p_currency IN (
        'AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BMD', 'BND', 'BOB', 'BRL', 'BSD',
        'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHF', 'CNY', 'COP', 'CRC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP',
        'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR',
        'ILS', 'INR', 'IRR', 'JMD', 'KES', 'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'MAD', 'MDL',
        'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR',
        'NZD', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD',
        'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS',
        'UAH', 'USD', 'UYU', 'UZS', 'VED', 'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG'
    ) THEN 2
    WHEN p_currency IN (
        'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
    ) THEN 0
    WHEN p_currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
END
$$;
COMMENT ON FUNCTION facts.currency_exponent(text) IS
'Decimals of a currency''s minor unit (ISO 4217); NULL for an unknown one. money.py holds the same list, and a '
'test holds them equal.';

CREATE FUNCTION facts.minor_units(p_amount text, p_currency text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT (
    p_amount::numeric
    * CASE facts.currency_exponent(p_currency) WHEN 2 THEN 100 WHEN 0 THEN 1 WHEN 3 THEN 1000 END
)::bigint
$$;
COMMENT ON FUNCTION facts.minor_units(text, text) IS 'A decimal string in major units as minor units of its currency.';

CREATE FUNCTION landing.is_instant(p_text text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    p_text LIKE '____-__-__T__:__:__%%'
    AND (p_text LIKE '%%+__:__' OR p_text LIKE '%%Z' OR p_text LIKE '%%-__:__')
    AND p_text COLLATE "C" >= '1970' AND p_text COLLATE "C" < '2200'
    AND pg_input_is_valid(p_text, 'timestamptz')
$$;
COMMENT ON FUNCTION landing.is_instant(text) IS
'Whether text is an ISO 8601 instant with its offset, between 1970 and 2200. Words such as now, and times without '
'an offset, are none.';

CREATE FUNCTION landing.is_amount(p_text text, p_decimals integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT p_text ~ CASE p_decimals
    WHEN 2 THEN '^-?[0-9]+([.][0-9]{0,2}0*)?$'
    WHEN 0 THEN '^-?[0-9]+([.]0*)?$'
    WHEN 3 THEN '^-?[0-9]+([.][0-9]{0,3}0*)?$'
END
$$;
COMMENT ON FUNCTION landing.is_amount(text, integer) IS
'Whether text is a plain decimal that its currency''s minor units hold exactly.';

CREATE FUNCTION landing.fits_minor_units(p_text text, p_currency text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    -- Six characters are at most 999,999 units of three decimals: no need to look closer.
    WHEN length(p_text) <= 6 THEN true
    WHEN length(p_text) > 40 THEN false
    WHEN p_text ~ '^-?[0-9]+([.][0-9]*)?$' THEN facts.minor_units(p_text, p_currency) BETWEEN -2147483647 AND 2147483647
END
$$;
COMMENT ON FUNCTION landing.fits_minor_units(text, text) IS
'Whether an amount fits the int of minor units that the record keeps.';
