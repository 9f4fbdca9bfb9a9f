"""Made-up paid orders over three years, unevenly spread: half of the customers have four or fewer, one in a hundred
about a hundred, the heaviest 2,311. Written in SQL; the same for the same size and server version."""

from __future__ import annotations

from datetime import UTC, datetime

from touchpoint.db import Database, Transaction

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
_NARROW = ("record.paid_orders", "record.refunds")
_WIDE = ("facts.orders", "facts.refunds")

_PEOPLE = """
CREATE UNLOGGED TABLE people AS
SELECT
    number,
    -- Pareto, so that 10 orders come on each on average.
    least(2311, ceil(2.04 * power(1 - random(), -1 / 1.16)))::integer AS orders,
    timestamptz '2023-11-01Z' + random() * interval '1000 days' AS first_at,
    1 + power(random(), 2) * 1094 AS days
FROM generate_series(1, %(customers)s) AS number
"""
_CUSTOMERS = """
INSERT INTO facts.customers (customer_no, shop_id, customer_id, identity, identity_from, known_at)
OVERRIDING SYSTEM VALUE
SELECT number, 'bench', 'buyer-' || number, gen_random_uuid(), 'buyer', '2023-11-01Z' FROM people
"""
_ORDERS = """
INSERT INTO facts.orders (
    shop_id, order_id, customer_no, source, created_at, paid_at, closes_at, shipped_at, total_minor, paid_minor,
    currency, item_count, region, city, modified_at, known_at, batch_id
)
SELECT
    'bench',
    (10 ^ 15::bigint + 37 * row_number() OVER (ORDER BY created_at))::text,
    number,
    'app',
    created_at,
    CASE WHEN is_paid THEN created_at + delay END,
    created_at + interval '1 day',
    CASE WHEN is_paid THEN created_at + delay + interval '20 hours' END,
    amount,
    CASE WHEN is_paid THEN amount END,
    'CNY', 2, '浙江省', '杭州', created_at + interval '2 days', created_at, 1
FROM (
    SELECT
        number,
        first_at + random() * days * interval '1 day' AS created_at,
        random() < 0.94 AS is_paid,
        random() * interval '1 hour' AS delay,
        (500 + 79500 * power(random(), 3))::integer AS amount
    FROM people
    CROSS JOIN generate_series(1, orders)
) AS made
WHERE created_at < %(as_of)s
ORDER BY created_at
"""
_REFUNDS = """
INSERT INTO facts.refunds (
    shop_id, refund_id, order_id, amount_minor, currency, happened_at, modified_at, known_at, batch_id, customer_no
)
SELECT
    shop_id, 'r' || order_id, order_id, ceil(paid_minor * (1 - 0.8 * random())), currency,
    paid_at + random() * interval '20 days', paid_at, paid_at, 1, customer_no
FROM facts.orders
WHERE paid_at IS NOT NULL AND random() < 0.04
"""


def make(db: Database, customers: int) -> int:
    """Fill facts and the narrow record of shop `bench` to AS_OF; the record by the statements of a refresh.

    Returns:
        How many orders there are.
    """
    with db.transaction() as tx:
        execute = tx.connection.exec_driver_sql
        execute("SET LOCAL work_mem = '256MB'")
        execute("SELECT setseed(0.42)")
        execute(_PEOPLE, {"customers": customers})
        execute(_CUSTOMERS)
        # A sequential scan is all that reads the wide tables here; the narrow ones get their indexes back.
        for table in _WIDE:
            _drop_indexes(tx, table, with_key=True)
        execute(_ORDERS, {"as_of": AS_OF})
        execute(_REFUNDS)
    _analyse(db, (*_WIDE, "facts.customers"))
    with db.transaction() as tx:
        dropped = [text for table in _NARROW for text in _drop_indexes(tx, table)]
        tx.count("features/upsert_paid_orders", shop_id="bench", batch_ids=[1])
        tx.count("features/upsert_refunds", shop_id="bench", batch_ids=[1])
        tx.connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '1GB'")
        for text in dropped:
            tx.connection.exec_driver_sql(text)
        tx.connection.exec_driver_sql(
            "INSERT INTO record.heads (shop_id, loaded_as_of, refreshed_as_of) VALUES ('bench', %(at)s, %(at)s)",
            {"at": AS_OF},
        )
    _analyse(db, _NARROW)
    with db.transaction() as tx:
        return int(tx.connection.exec_driver_sql("SELECT count(*) FROM facts.orders").scalar() or 0)


def _drop_indexes(tx: Transaction, table: str, *, with_key: bool = False) -> list[str]:
    """Drop the indexes of a table; returns what makes them again, a dropped key left out."""
    schema, name = table.split(".")
    found = tx.connection.exec_driver_sql(
        "SELECT indexname, indexdef, EXISTS (SELECT FROM pg_constraint WHERE conindid = (%(schema)s || '.' ||"
        " indexname)::regclass) AS is_key FROM pg_indexes WHERE schemaname = %(schema)s AND tablename = %(name)s",
        {"schema": schema, "name": name},
    ).all()
    for index, _, is_key in found:
        if is_key and with_key:
            tx.connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {index}")
        elif not is_key:
            tx.connection.exec_driver_sql(f"DROP INDEX {schema}.{index}")
    return [text for _, text, is_key in found if not is_key]


def _analyse(db: Database, tables: tuple[str, ...]) -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            connection.exec_driver_sql(f"VACUUM ANALYZE {table}")
