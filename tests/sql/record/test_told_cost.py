"""Asking whether a shop ever told a column costs the same whatever lies in the history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.sql.decide.building import AS_OF, SHOP, add_customer, add_order, insert, make_shop, rows

from touchpoint.db import Transaction
from touchpoint.record import availability

DAY = timedelta(days=1)
VERSIONS = {"few": 50, "many": 20_000}
FACTS = {
    "orders": ("order_id", "order.discount", "order.coupon", "order.device", "order.region"),
    "order_lines": ("line_id", "order_line.price", "order_line.size"),
    "visits": ("visit_id", "visit.seconds", "visit.device"),
}
UNTOLD = {
    "orders": "discount_minor = NULL, coupon_minor = NULL, device = NULL, region = NULL",
    "order_lines": "price_minor = NULL, size = NULL",
    "visits": "seconds = NULL, device = NULL",
}


def pages(tx: Transaction, need: str) -> int:
    """Pages read to answer, when plans and the catalogue have been read before."""
    query = f"SELECT record.is_told('{SHOP}', '{need}', '{AS_OF.isoformat()}')"
    plans = [
        tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}").scalar_one()[0]["Plan"]
        for _ in range(3)
    ]
    return min(int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"]) for plan in plans)


def replaced(tx: Transaction, fact: str, how_many: int) -> None:
    """Versions of the one row there is that ended before now."""
    columns = [
        row["name"]
        for row in rows(
            tx,
            "SELECT attname::text AS name FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
            " AND attrelid = %(fact)s::regclass",
            fact=f"facts.{fact}",
        )
    ]
    names = ", ".join(columns)
    tx.connection.exec_driver_sql(
        f"INSERT INTO facts.{fact}_history ({names}, known_from, known_until)"
        f" SELECT {names}, %(from)s, %(until)s FROM facts.{fact}, generate_series(1, %(count)s)",
        {"from": AS_OF - 2 * DAY, "until": AS_OF + DAY, "count": how_many},
    )


@pytest.mark.parametrize("fact", list(FACTS))
def test_a_column_the_shop_never_told_costs_the_same_with_much_history_as_with_little(
    tx: Transaction, fact: str
) -> None:
    add_order(tx, "o1", "ann", AS_OF - 2 * DAY, paid_at=AS_OF - 2 * DAY)
    at = {"happened_at": AS_OF - DAY, "modified_at": AS_OF - DAY, "known_at": AS_OF - DAY, "batch_id": 1}
    insert(tx, "facts.visits", shop_id=SHOP, visit_id="v1", customer_no=add_customer(tx, "ann"), **at)
    tx.connection.exec_driver_sql(f"UPDATE facts.{fact} SET {UNTOLD[fact]}")
    _, *needs = FACTS[fact]
    cost = {}
    for size, count in VERSIONS.items():
        replaced(tx, fact, count)
        cost[size] = {need: pages(tx, need) for need in needs}
        tx.connection.exec_driver_sql(f"ANALYZE facts.{fact}_history")
        cost[f"{size}, analysed"] = {need: pages(tx, need) for need in needs}
    assert availability.met(tx, shop=make_shop(), as_of=AS_OF, needs=needs) == frozenset()
    assert max(max(each.values()) for each in cost.values()) <= 40, cost


def test_what_only_a_replaced_version_told_is_still_told_then(tx: Transaction) -> None:
    add_order(tx, "o1", "ann", AS_OF - 2 * DAY, region="north")
    replaced(tx, "orders", 1)
    tx.connection.exec_driver_sql("UPDATE facts.orders SET region = NULL, known_at = %(at)s", {"at": AS_OF + DAY})
    assert availability.met(tx, shop=make_shop(), as_of=AS_OF, needs=["order.region"]) == {"order.region"}
