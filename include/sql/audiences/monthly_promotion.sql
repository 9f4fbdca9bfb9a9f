-- purpose: who bought in the last while, with the words for the product series they prefer, once a campaign month
-- grain:   one row per person: accounts of one identity are one
-- params:  realm text, shop_id text, as_of timestamptz, step text, zone text, currency text, parameters jsonb,
--          variants jsonb, offers jsonb, features relation, series relation
-- reads:   facts.customers, orders, order_lines and refunds with their histories, facts.merged_customers, the features
--          relation, the series relation, and what facts.parcel_trouble and ledger.offer_closed_as_of read
-- writes:  nothing
-- returns: many
WITH settings AS (
    SELECT
        %(as_of)s::timestamptz - make_interval(secs => (given ->> 'bought_within')::float8) AS bought_since,
        %(as_of)s::timestamptz - make_interval(secs => (given ->> 'full_price_within')::float8) AS full_price_since,
        (given ->> 'series_orders')::integer AS series_orders,
        (given ->> 'series_share')::numeric AS series_share,
        given -> 'vip_amount' AS vip_amounts,
        date_trunc('month', %(as_of)s::timestamptz AT TIME ZONE %(zone)s::text) AS campaign_month,
        ledger.offer_closed_as_of(
            %(realm)s::text,
            %(shop_id)s::text,
            given ->> 'offer',
            %(offers)s::jsonb -> (given ->> 'offer'),
            %(as_of)s::timestamptz
        ) AS offer_closed
    FROM (VALUES (%(parameters)s::jsonb)) AS config (given)
),

left_alone AS MATERIALIZED (
    SELECT found.*
    FROM settings
    CROSS JOIN LATERAL facts.left_alone_by_promotions(
        %(shop_id)s::text, settings.full_price_since, %(as_of)s::timestamptz
    ) AS found
),

accounts AS (
    SELECT
        customers.customer_no,
        customers.customer_id,
        customers.identity,
        features.last_paid_at,
        features.order_count,
        left_alone.reason AS exclude_reason
    FROM __features__ AS features
    CROSS JOIN settings
    INNER JOIN facts.customers_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS customers
        ON features.customer_no = customers.customer_no
    LEFT JOIN left_alone ON customers.customer_no = left_alone.customer_no
    WHERE
        features.shop_id = %(shop_id)s::text
        AND features.last_paid_at > settings.bought_since
        AND NOT customers.is_guest
),

people AS (
    SELECT
        identity,
        (array_agg(customer_id ORDER BY last_paid_at DESC, customer_id ASC))[1] AS customer_id,
        sum(order_count) AS order_count,
        min(exclude_reason) AS exclude_reason
    FROM accounts
    GROUP BY identity
),

bought_series AS (
    SELECT
        accounts.identity,
        bought.series,
        sum(bought.order_count) AS order_count,
        sum(bought.net_minor) AS net_minor,
        max(sum(bought.order_count)) OVER (PARTITION BY accounts.identity) AS most_orders
    FROM __series__ AS bought
    INNER JOIN accounts ON bought.customer_no = accounts.customer_no
    WHERE bought.shop_id = %(shop_id)s::text
    GROUP BY accounts.identity, bought.series
),

-- One order proves nothing, and nor does a series among many that somebody buys a little of each of.
preferences AS (
    SELECT
        bought_series.identity,
        count(*) AS series_count,
        min(bought_series.series) AS series,
        min(bought_series.net_minor) AS net_minor
    FROM bought_series
    INNER JOIN people ON bought_series.identity = people.identity
    CROSS JOIN settings
    WHERE
        bought_series.order_count = bought_series.most_orders
        AND bought_series.order_count >= settings.series_orders
        AND bought_series.order_count >= settings.series_share * people.order_count
    GROUP BY bought_series.identity
)

SELECT
    people.customer_id,
    people.identity,
    %(step)s::text AS step,
    to_char(settings.campaign_month, 'YYYY-MM') AS occasion,
    %(as_of)s::timestamptz AS not_before,
    (settings.campaign_month + interval '1 month') AT TIME ZONE %(zone)s::text AS not_after,
    '{}'::text[] AS covers,
    coalesce(people.exclude_reason, settings.offer_closed) AS exclude_reason,
    record.series_variant(
        %(variants)s::jsonb,
        preferences.series_count,
        preferences.series,
        preferences.net_minor,
        settings.vip_amounts,
        %(currency)s::text
    ) AS variant
FROM people
CROSS JOIN settings
LEFT JOIN preferences ON people.identity = preferences.identity
ORDER BY people.customer_id
