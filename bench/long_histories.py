"""Made-up histories of three years, unevenly spread: half of the customers have four or fewer orders, one in a hundred
about a hundred, the heaviest 2,311. Many have habits (an hour, a weekday, days after payday, a series, a size, what is
reduced, what is new), so that every tag has people. Written in SQL; the same for the same size and server version.

Facts of their own: an order in four has a parcel (an eighth of those late, some still), one in twelve a review, one in
25 a refund; visits and inquiries of some customers; birthday and gender of most.
"""

from __future__ import annotations

from datetime import UTC, datetime

from touchpoint.db import Database, Transaction

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
PRODUCTS = 2_000
WIDE = (
    "facts.orders",
    "facts.order_lines",
    "facts.products",
    "facts.refunds",
    "facts.reviews",
    "facts.shipments",
    "facts.tracking_events",
    "facts.inquiries",
    "facts.visits",
    "contact.people",
)
REGIONS = (
    "'广东省', '浙江省', '江苏省', '山东省', '河南省', '四川省', '上海', '北京', '湖北省', '福建省', '湖南省',"
    " '河北省', '安徽省', '辽宁省', '陕西省', '江西省', '重庆', '云南省', '广西壮族自治区', '黑龙江省', '吉林省',"
    " '贵州省', '内蒙古自治区', '甘肃省', '海南省', '新疆维吾尔自治区', '青海省', '宁夏回族自治区', '西藏自治区'"
)
SERIES = "'复古简约', '亮片潮流', '休闲彩色', '通勤基础', '运动户外', NULL"
CATEGORIES = "'裙装', '上装', '裤装', '鞋靴', '配饰'"
SIZES = "'XS', 'S', 'M', 'L', 'XL', '2XL'"

_PEOPLE = """
CREATE UNLOGGED TABLE people AS
SELECT
    number,
    -- Pareto, so that 10 orders come on each on average.
    least(2311, ceil(2.04 * power(1 - random(), -1 / 1.16)))::integer AS orders,
    timestamptz '2023-11-01Z' + random() * interval '1000 days' AS first_at,
    1 + power(random(), 2) * 1094 AS days,
    floor(29 * power(random(), 2))::integer AS region,
    CASE WHEN random() < 0.4 THEN floor(24 * random())::integer END AS hour,
    CASE WHEN random() < 0.3 THEN floor(7 * random())::integer END AS weekday,
    CASE WHEN random() < 0.3 THEN (ARRAY[1, 5, 10, 15, 20, 25])[1 + floor(6 * random())::integer] END AS payday,
    CASE WHEN random() < 0.5 THEN floor(30 * random())::integer END AS liking,
    1 + floor(6 * random())::integer AS size,
    random() < 0.12 AS is_bargain_hunter,
    random() < 0.15 AS likes_news,
    floor(20 * power(random(), 3))::integer AS visits,
    CASE WHEN random() < 0.8 THEN date '1975-01-01' + floor(12000 * random())::integer END AS birthday,
    CASE WHEN random() < 0.7 THEN CASE WHEN random() < 0.6 THEN 'female' ELSE 'male' END END AS gender
FROM generate_series(1, %(customers)s) AS number
"""
_MADE = """
CREATE UNLOGGED TABLE made AS
SELECT
    row_number() OVER (ORDER BY placed_at) AS n,
    drawn.*
FROM (
    SELECT
        number,
        -- The day of a habit, and its hour, on the shop's clock.
        (
            date_trunc('day', CASE
                WHEN payday IS NOT NULL AND habit < 0.85
                    THEN date_trunc('month', first_day) + (payday - 1 + floor(6 * chance_1)) * interval '1 day'
                WHEN weekday IS NOT NULL AND habit < 0.8
                    THEN first_day + mod(weekday - extract(ISODOW FROM first_day) + 8, 7)::integer * interval '1 day'
                ELSE first_day
            END)
            + CASE WHEN habit < 0.9 THEN coalesce(hour, 24 * power(chance_2, 0.6)) ELSE 24 * chance_3 END
            * interval '1 hour'
            + chance_1 * interval '50 minutes'
        ) AT TIME ZONE 'Asia/Shanghai' AS placed_at,
        unpaid > 0.06 AS is_paid,
        chance_3 * interval '1 hour' AS delay,
        1 + (chance_4 < 0.35)::integer + (chance_4 < 0.15)::integer AS line_count,
        CASE WHEN is_bargain_hunter OR chance_5 < 0.3 THEN 0.05 + 0.4 * chance_2 ELSE 0 END AS rate,
        chance_6 < 0.4 AS has_coupon,
        chance_6 < 0.97 AS tells,
        chance_1,
        chance_2,
        chance_3,
        CASE WHEN habit < 0.8 THEN region ELSE floor(29 * chance_3)::integer END AS region,
        CASE WHEN habit < 0.9 THEN size ELSE 1 + floor(6 * chance_5)::integer END AS size,
        CASE WHEN habit < 0.8 THEN liking END AS liking,
        likes_news,
        wish_1,
        wish_2,
        wish_3
    FROM (
        SELECT
            people.*,
            random() AS wish_1,
            random() AS wish_2,
            random() AS wish_3,
            (first_at + random() * days * interval '1 day') AT TIME ZONE 'Asia/Shanghai' AS first_day,
            random() AS habit,
            random() AS unpaid,
            random() AS chance_1,
            random() AS chance_2,
            random() AS chance_3,
            random() AS chance_4,
            random() AS chance_5,
            random() AS chance_6
        FROM people
        CROSS JOIN generate_series(1, orders)
        OFFSET 0 -- draws once, however often a chance is looked at
    ) AS chances
) AS drawn
WHERE placed_at < %(as_of)s - interval '2 hours' AND placed_at > '2023-11-01Z'
"""
# Product p was listed 0.73 p days after 2022-11-01; series and category go by p alone. Each step draws on the one below
# it, once (OFFSET 0): product, pieces and net amount of the up to three lines of an order.
_PIECES = """
CREATE UNLOGGED TABLE pieces AS
SELECT *, {net}
FROM (
    SELECT *, {pieces}
    FROM (
        SELECT *, {product}
        FROM (
            SELECT *, {wanted}
            FROM (
                SELECT *, extract(EPOCH FROM placed_at - timestamptz '2022-11-01Z')::float8 / 63072 AS listed
                FROM made
                OFFSET 0
            ) AS made
            OFFSET 0
        ) AS wanting
        OFFSET 0
    ) AS found
    OFFSET 0
) AS priced
ORDER BY n
"""
_STEPS = {
    "wanted": "floor(CASE WHEN likes_news THEN listed - 35 * wish_{k} ELSE listed * wish_{k} END)::integer"
    " AS wanted_{k}",
    "product": "least({products} - 1, CASE WHEN liking IS NULL THEN wanted_{k} ELSE"
    " greatest(0, wanted_{k} - mod(wanted_{k}, 30) - 30) + liking END) AS product_{k}",
    "pieces": "1 + (mod(product_{k}, 7) = {k})::integer AS pieces_{k},"
    " 1900 + (mod(product_{k} * 7919, 1000) ^ 2 / 12)::integer AS price_{k}",
    "net": "CASE WHEN line_count >= {k} THEN ceil(pieces_{k} * price_{k} * (1 - rate))::integer ELSE 0 END AS net_{k}",
}
_FACTS = (
    """
INSERT INTO facts.customers (customer_no, shop_id, customer_id, identity, identity_from, known_at)
OVERRIDING SYSTEM VALUE
SELECT number, 'bench', 'buyer-' || number, gen_random_uuid(), 'buyer', '2023-11-01Z' FROM people
""",
    """
INSERT INTO contact.people (shop_id, customer_id, birthday, gender, modified_at, known_at)
SELECT 'bench', 'buyer-' || number, birthday, gender, '2023-11-01Z', '2023-11-01Z' FROM people
""",
    f"""
INSERT INTO facts.products (
    shop_id, product_id, title, series, category, price_minor, currency, modified_at, known_at, batch_id, listed_at
)
SELECT
    'bench', 'p' || p, 'thing ' || p, (ARRAY[{SERIES}])[1 + mod(p, 6)], (ARRAY[{CATEGORIES}])[1 + mod(p, 5)],
    1900 + (mod(p * 7919, 1000) ^ 2 / 12)::integer, 'CNY', '2022-11-01Z', '2022-11-01Z', 1,
    CASE WHEN mod(p, 50) > 0 THEN timestamptz '2022-11-01Z' + p * interval '63072 seconds' END
FROM generate_series(0, {PRODUCTS} - 1) AS p
""",
    f"""
INSERT INTO facts.orders (
    shop_id, order_id, customer_no, source, created_at, paid_at, closes_at, shipped_at, total_minor, paid_minor,
    currency, item_count, region, city, modified_at, known_at, batch_id, device, discount_minor, coupon_minor
)
SELECT
    'bench',
    (10 ^ 15::bigint + 37 * n)::text,
    number,
    'app',
    placed_at,
    CASE WHEN is_paid THEN placed_at + delay END,
    placed_at + interval '1 day',
    CASE WHEN is_paid THEN placed_at + delay + interval '20 hours' END,
    net_1 + net_2 + net_3,
    CASE WHEN is_paid THEN net_1 + net_2 + net_3 END,
    'CNY',
    pieces_1 + CASE WHEN line_count > 1 THEN pieces_2 ELSE 0 END + CASE WHEN line_count > 2 THEN pieces_3 ELSE 0 END,
    (ARRAY[{REGIONS}])[1 + region],
    '杭州', placed_at + interval '2 days', placed_at, 1,
    (ARRAY['phone', 'tablet', 'computer'])[1 + mod(CASE WHEN chance_3 < 0.8 THEN number ELSE n END, 3)],
    CASE WHEN tells THEN ceil((net_1 + net_2 + net_3) * rate) END,
    CASE WHEN tells THEN CASE WHEN has_coupon THEN ceil((net_1 + net_2 + net_3) * rate / 2) ELSE 0 END END
FROM pieces
""",
    f"""
INSERT INTO facts.order_lines (
    shop_id, order_id, line_id, product_id, title, quantity, price_minor, net_minor, currency, modified_at, known_at,
    batch_id, size
)
SELECT
    'bench', (10 ^ 15::bigint + 37 * n)::text, line::text, 'p' || product, 'thing', pieces, price, net, 'CNY',
    placed_at, placed_at, 1, CASE WHEN mod(product, 5) < 4 THEN (ARRAY[{SIZES}])[size] END
FROM pieces
CROSS JOIN LATERAL (
    VALUES
    (1, product_1, pieces_1, price_1, net_1),
    (2, product_2, pieces_2, price_2, net_2),
    (3, product_3, pieces_3, price_3, net_3)
) AS lines (line, product, pieces, price, net)
WHERE line <= line_count
""",
    """
INSERT INTO facts.refunds (
    shop_id, refund_id, order_id, amount_minor, currency, happened_at, modified_at, known_at, batch_id, customer_no
)
SELECT
    'bench', 'r' || n, (10 ^ 15::bigint + 37 * n)::text, ceil((net_1 + net_2 + net_3) * (0.2 + 0.8 * chance_1)), 'CNY',
    happened_at, happened_at, happened_at, 1, number
FROM (SELECT *, placed_at + interval '2 hours' + chance_2 * interval '20 days' AS happened_at FROM pieces) AS refunded
WHERE is_paid AND mod(n, 25) = 0 AND happened_at < %(as_of)s
""",
    """
INSERT INTO facts.reviews (
    shop_id, order_id, review_id, score, happened_at, modified_at, known_at, batch_id
)
SELECT
    'bench', (10 ^ 15::bigint + 37 * n)::text, '1', 1 + floor(5 * power(chance_3, 0.4)), happened_at, happened_at,
    happened_at, 1
FROM (SELECT *, placed_at + interval '3 days' + chance_1 * interval '20 days' AS happened_at FROM pieces) AS reviewed
WHERE is_paid AND mod(n, 12) = 0 AND happened_at < %(as_of)s
""",
    f"""
INSERT INTO facts.shipments (
    shop_id, shipment_id, order_id, carrier, tracking_no, region, shipped_at, promised_at, modified_at, known_at,
    batch_id
)
SELECT
    'bench', 's' || n, (10 ^ 15::bigint + 37 * n)::text, '中通快递', 't' || n, (ARRAY[{REGIONS}])[1 + region],
    shipped_at, shipped_at + interval '5 days', shipped_at, shipped_at, 1
FROM (SELECT *, placed_at + delay + interval '20 hours' AS shipped_at FROM pieces) AS shipped
WHERE is_paid AND mod(n, 4) = 0 AND shipped_at < %(as_of)s
""",
    """
INSERT INTO facts.tracking_events (
    shop_id, shipment_id, event_key, happened_at, state, place, description, known_at, batch_id
)
SELECT 'bench', 's' || n, state, happened_at, state, '', '', happened_at, 1
FROM pieces
CROSS JOIN LATERAL (
    VALUES
    ('picked_up', placed_at + delay + interval '26 hours'),
    ('delivered', placed_at + delay + interval '20 hours' + (1 + 4 * chance_3) * interval '1 day'
        + CASE WHEN chance_2 < 0.125 THEN chance_1 * 6 + 1 ELSE 0 END * interval '1 day')
) AS scans (state, happened_at)
WHERE is_paid AND mod(n, 4) = 0 AND happened_at < %(as_of)s
""",
    """
INSERT INTO facts.visits (shop_id, visit_id, customer_no, happened_at, seconds, modified_at, known_at, batch_id)
SELECT
    'bench', 'v' || number || '-' || visit, number, happened_at, floor(200 * power(random(), 2)), happened_at,
    happened_at, 1
FROM (
    SELECT number, visit, first_at + random() * (days + 60) * interval '1 day' AS happened_at
    FROM people
    CROSS JOIN generate_series(1, visits) AS visit
    OFFSET 0
) AS visits
WHERE happened_at < %(as_of)s
""",
    """
INSERT INTO facts.inquiries (
    shop_id, inquiry_id, customer_no, order_id, kind, happened_at, modified_at, known_at, batch_id
)
SELECT
    'bench', 'i' || n, number, (10 ^ 15::bigint + 37 * n)::text,
    CASE WHEN mod(n, 90) = 0 THEN 'complaint' ELSE 'inquiry' END,
    happened_at, happened_at, happened_at, 1
FROM (SELECT *, placed_at + interval '3 hours' + chance_2 * interval '9 days' AS happened_at FROM pieces) AS asked
WHERE mod(n, 30) = 0 AND happened_at < %(as_of)s
""",
)


def make(db: Database, customers: int) -> int:
    """Fill the facts of shop `bench`, batch 1, to AS_OF, as a declared history.

    Returns:
        How many orders there are.
    """
    given = {"customers": customers, "as_of": AS_OF}
    with db.transaction() as tx:
        execute = tx.connection.exec_driver_sql
        execute("SET LOCAL work_mem = '256MB'")
        execute("SET LOCAL maintenance_work_mem = '1GB'")
        execute("SELECT setseed(0.42)")
        execute(_PEOPLE, given)
        execute(_MADE, given)
        execute("ANALYZE made")
        steps = {
            step: ", ".join(text.format(k=k, products=PRODUCTS) for k in (1, 2, 3)) for step, text in _STEPS.items()
        }
        execute(_PIECES.format(**steps))
        execute("ANALYZE pieces")
        again = [text for table in WIDE for text in _drop_indexes(tx, table)]
        for text in _FACTS:
            execute(text, given)
        for text in again:
            execute(text)
        execute("DROP TABLE people, made, pieces")
    analyse(db, (*WIDE, "facts.customers"))
    with db.transaction() as tx:
        return int(tx.connection.exec_driver_sql("SELECT count(*) FROM facts.orders").scalar() or 0)


def analyse(db: Database, tables: tuple[str, ...]) -> None:
    """What autovacuum does some time after a load."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            connection.exec_driver_sql(f"VACUUM ANALYZE {table}")


def _drop_indexes(tx: Transaction, table: str) -> list[str]:
    """Make a table unlogged and drop its indexes; returns what makes them again, keys included."""
    found = tx.connection.exec_driver_sql(
        "SELECT pg_get_indexdef(indexrelid), indexrelid::regclass::text, conname,"
        " pg_get_constraintdef(pg_constraint.oid) FROM pg_index"
        " LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u')"
        " WHERE indrelid = %(table)s::regclass",
        {"table": table},
    ).all()
    tx.connection.exec_driver_sql(f"ALTER TABLE {table} SET UNLOGGED")
    again = []
    for definition, index, constraint, body in found:
        if constraint:
            tx.connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
            again.append(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {body}")
        else:
            tx.connection.exec_driver_sql(f"DROP INDEX {index}")
            again.append(definition)
    return [text.replace("%", "%%") for text in again]
