"""A made-up shop of any size, written in SQL: three years of orders, lines, parcels and scans, as known at an instant.

Every value is a function of an order's number, so that the last orders of a large shop are those of a small one, to
the row. Customers: a tenth as many as orders, unevenly drawn (the first 1 % make a fifth of the orders).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from touchpoint.db import Transaction

AS_OF = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
_TABLES = ("facts.customers", "facts.orders", "facts.order_lines", "facts.shipments", "facts.tracking_events")

_MADE = """
CREATE UNLOGGED TABLE made AS
SELECT
    drawn.*,
    CASE WHEN pays_at <= %(as_of)s THEN pays_at END AS paid_at,
    CASE WHEN pays_at IS NULL AND created_at + interval '24 hours' <= %(as_of)s
        THEN created_at + interval '24 hours' END AS closed_at,
    CASE WHEN ships_at <= %(as_of)s THEN ships_at END AS shipped_at,
    CASE WHEN arrives_at + interval '4 days' <= %(as_of)s THEN arrives_at + interval '4 days' END AS finished_at
FROM (
    SELECT
        chances.*,
        CASE WHEN c1 %% 100 < 86 THEN created_at + make_interval(secs => 20 + c2 %% 3600) END AS pays_at,
        -- One in a thousand is forgotten, and one in five hundred lost on its way.
        CASE WHEN c1 %% 100 < 86 AND c3 %% 1000 > 0 THEN created_at + make_interval(secs => 7200 + c3 %% 172800) END
            AS ships_at,
        CASE WHEN c1 %% 100 < 86 AND c3 %% 1000 > 2
            THEN created_at + make_interval(secs => 7200 + c3 %% 172800 + 172800 + c2 %% 259200) END AS arrives_at
    FROM (
        SELECT
            n,
            (1000000000000000 + n * 37)::text AS order_id,
            1 + floor(%(total)s / 10 * power(abs(hashint8extended(n, 1) %% 1000000) / 1e6, 2.9))::bigint AS customer_no,
            %(as_of)s - make_interval(secs => (%(total)s - n) * %(seconds)s::float8 / %(total)s) AS created_at,
            abs(hashint8extended(n, 2) %% 1000000000) AS c1,
            abs(hashint8extended(n, 3) %% 1000000000) AS c2,
            abs(hashint8extended(n, 4) %% 1000000000) AS c3
        FROM generate_series(%(first)s, %(total)s) AS n
        OFFSET 0 -- draws once, however often a chance is looked at
    ) AS chances
    OFFSET 0
) AS drawn
"""
_FACTS = (
    """
INSERT INTO facts.customers (customer_no, shop_id, customer_id, identity, identity_from, known_at)
OVERRIDING SYSTEM VALUE
SELECT customer_no, 'bench', 'buyer' || customer_no, md5(customer_no::text)::uuid, 'buyer', min(created_at)
FROM made GROUP BY customer_no
""",
    """
INSERT INTO facts.orders (
    shop_id, order_id, customer_no, source, payment_state, created_at, paid_at, closes_at, closed_at, shipped_at,
    finished_at, total_minor, paid_minor, currency, item_count, region, modified_at, known_at, batch_id
)
SELECT
    'bench', order_id, customer_no, (ARRAY['app', 'web', 'flash_sale'])[1 + c1 %% 3],
    CASE WHEN paid_at IS NULL THEN 'none' ELSE 'paid' END, created_at, paid_at, created_at + interval '24 hours',
    closed_at, shipped_at, finished_at, 500 + c1 %% 80000, CASE WHEN paid_at IS NOT NULL THEN 500 + c1 %% 80000 END,
    'CNY', 1, (ARRAY['浙江省', '广东省', '上海', '江苏省', '四川省'])[1 + c2 %% 5],
    greatest(created_at, paid_at, closed_at, shipped_at, finished_at),
    greatest(created_at, paid_at, closed_at, shipped_at, finished_at), 1 + n / 10000
FROM made
""",
    """
INSERT INTO facts.order_lines (
    shop_id, order_id, line_id, product_id, title, quantity, price_minor, net_minor, currency, modified_at, known_at,
    batch_id
)
SELECT
    'bench', order_id, '1', 'p' || c2 %% 5000, 'thing ' || c2 %% 5000, 1, 600 + c1 %% 80000, 500 + c1 %% 80000, 'CNY',
    created_at, created_at, 1 + n / 10000
FROM made
""",
    """
INSERT INTO facts.shipments (
    shop_id, shipment_id, order_id, carrier, tracking_no, region, shipped_at, modified_at, known_at, batch_id
)
SELECT
    'bench', 's' || order_id, order_id, (ARRAY['ZTO', 'YTO', 'STO', 'SF'])[1 + c1 %% 4], 't' || order_id,
    (ARRAY['浙江省', '广东省', '上海', '江苏省', '四川省'])[1 + c2 %% 5], shipped_at, shipped_at, shipped_at,
    1 + n / 10000
FROM made WHERE shipped_at IS NOT NULL
""",
    """
INSERT INTO facts.tracking_events (
    shop_id, shipment_id, event_key, happened_at, state, place, description, known_at, batch_id
)
SELECT 'bench', 's' || made.order_id, scans.state, scans.at, scans.state, '', '', scans.at, 1 + made.n / 10000
FROM made
CROSS JOIN LATERAL (VALUES
    ('picked_up', made.shipped_at + interval '6 hours'),
    ('delivered', made.arrives_at)
) AS scans (state, at)
WHERE scans.at <= %(as_of)s
""",
)
_RECORD = (
    """
INSERT INTO record.customer_features (
    shop_id, customer_no, first_paid_at, last_paid_at, order_count, paid_minor, computed_as_of
)
SELECT 'bench', customer_no, min(paid_at), max(paid_at), count(*), sum(500 + c1 %% 80000), %(as_of)s
FROM made WHERE paid_at IS NOT NULL GROUP BY customer_no
""",
    "INSERT INTO record.heads (shop_id, refreshed_as_of, loaded_as_of) VALUES ('bench', %(as_of)s, %(as_of)s)",
)


def make(tx: Transaction, *, total: int, last: int) -> None:
    """Write the last so many orders of a shop that has `total`, with everything the record keeps of them at AS_OF.

    Indexes of the facts are built after the rows; every table is analysed. What is written is not logged: a bench
    reads it and drops it.
    """
    given = {"as_of": AS_OF, "total": total, "first": total - last + 1, "seconds": YEARS.total_seconds()}
    run = tx.connection.exec_driver_sql
    run(_MADE, given)
    for table in _TABLES[1:]:  # customers are named by tables that stay logged
        run(f"ALTER TABLE {table} SET UNLOGGED")
    indexes = [row for table in _TABLES for row in _plain_indexes(tx, table)]
    for name, _ in indexes:
        run(f"DROP INDEX {name}")
    for text in _FACTS:
        run(text, given)
    for _, definition in indexes:
        run(definition)
    for table in (*_TABLES, "made"):
        run(f"ANALYZE {table}")
    for text in _RECORD:
        run(text, given)
    _record_parcels(tx)
    run("ANALYZE record.customer_features")
    run("ANALYZE record.parcels")
    run("DROP TABLE made")


def _record_parcels(tx: Transaction) -> None:
    """The open parcels, as the record takes in parcels that have changed: those of orders that are not over."""
    tx.connection.exec_driver_sql(
        "CREATE TEMPORARY TABLE changed_parcels ON COMMIT DROP AS SELECT 's' || order_id AS shipment_id FROM made"
        " WHERE shipped_at IS NOT NULL AND finished_at IS NULL"
    )
    tx.do("parcels/analyse_changed")
    tx.do("parcels/find_open", shop_id="bench", as_of=AS_OF)
    tx.count("parcels/upsert")


def _plain_indexes(tx: Transaction, table: str) -> list[tuple[str, str]]:
    """Indexes that hold no constraint, with the text that makes them."""
    found = tx.connection.exec_driver_sql(
        "SELECT indexes.indexrelid::regclass::text, pg_get_indexdef(indexes.indexrelid) FROM pg_index AS indexes"
        " WHERE indexes.indrelid = %(table)s::regclass AND NOT EXISTS"
        " (SELECT FROM pg_constraint WHERE conindid = indexes.indexrelid)",
        {"table": table},
    )
    return [(str(row[0]), str(row[1]).replace("%", "%%")) for row in found]
