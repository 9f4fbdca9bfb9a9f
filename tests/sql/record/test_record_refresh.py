"""The customer record: incremental equals full in any order of arrival, a replay writes nothing, time alone counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_customer,
    add_order,
    collected,
    insert,
    make_run,
    make_segments,
    make_shop,
    refreshed,
    rows,
    scratched,
    undone,
)

from touchpoint.db import Database, Transaction
from touchpoint.record import refresh, segments
from touchpoint.record.stages import stage
from touchpoint.settings import load_tags

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEATURES = (
    "SELECT f.customer_no, first_paid_at, last_paid_at, order_count, paid_minor FROM {} f"
    " WHERE f.shop_id = 'lab' ORDER BY customer_no"
)


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for all examples: each works in a transaction that is undone."""
    server.create_database("test_record", template="template_touchpoint")
    database = Database(server.url("test_record"))
    yield database
    database.close()


def features(tx: Transaction, relation: str = "record.customer_features") -> list[dict[str, Any]]:
    return rows(tx, FEATURES.format(relation))


def advance(tx: Transaction, as_of: datetime) -> None:
    """As the pipeline does after a refresh."""
    tx.connection.exec_driver_sql(
        "INSERT INTO record.heads (shop_id, refreshed_as_of) VALUES ('lab', %(at)s)"
        " ON CONFLICT (shop_id) DO UPDATE SET refreshed_as_of = excluded.refreshed_as_of",
        {"at": as_of},
    )


def merge(tx: Transaction, version: dict[str, Any], batch_id: int, known_at: datetime) -> None:
    """A version of an order, merged as the facts room would: the replaced one goes to history."""
    old = rows(tx, "SELECT * FROM facts.orders WHERE shop_id = 'lab' AND order_id = %(o)s", o=version["order_id"])
    if old and old[0]["known_at"] < known_at:
        insert(tx, "facts.orders_history", **old[0], known_from=old[0]["known_at"], known_until=known_at)
    tx.connection.exec_driver_sql("DELETE FROM facts.orders WHERE order_id = %(o)s", {"o": version["order_id"]})
    add_order(tx, **version, item=None, batch_id=batch_id, known_at=known_at)


def values_of(tx: Transaction, customer_id: str) -> dict[str, Any]:
    """Features and labels of one customer, from the facts."""
    collected(tx, AS_OF)
    rules = {"segments": make_segments(), "tags": load_tags()}
    with segments.everybody(tx, shop=make_shop(), as_of=AS_OF, **rules) as made:
        relations = {"features": made.features, "standing": made.standing}
        known = rows(tx, "SELECT customer_no FROM facts.customers WHERE customer_id = %(c)s", c=customer_id)
        return tx.one("segments/customer", **relations, shop_id=SHOP, **known[0], as_of=AS_OF)


versions = st.builds(
    lambda order, customer, paid, amount: {
        "order_id": f"o{order}",
        "customer_id": f"c{customer}",
        "created_at": AS_OF - 30 * DAY,
        "paid_at": None if paid is None else AS_OF + paid * HOUR,
        "paid_minor": None if paid is None else amount,
    },
    order=st.integers(0, 5),
    customer=st.integers(0, 2),
    paid=st.none() | st.integers(-48, 6),  # up to six hours after the first refresh: known, but not yet so
    amount=st.integers(0, 5000),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(versions, max_size=4), min_size=1, max_size=5))
def test_incremental_equals_full_in_any_order_of_arrival(shared: Database, batches: list[list[dict[str, Any]]]) -> None:
    with undone(shared) as tx:
        for number, batch in enumerate(batches, start=1):
            as_of = AS_OF + (number - 1) * 2 * HOUR
            for version in batch:
                merge(tx, version, number, as_of)
            refreshed(tx, as_of, [number])
            advance(tx, as_of)
            full = scratched(tx, as_of, number)
            assert features(tx) == features(tx, full)
            assert refreshed(tx, as_of, [*range(1, number + 1)]) == 0


def test_a_past_instant_is_read_from_the_versions_known_then(tx: Transaction) -> None:
    paid = {"order_id": "A", "customer_id": "b", "created_at": AS_OF - 2 * DAY, "paid_at": AS_OF - DAY}
    merge(tx, {**paid, "paid_minor": 100}, 1, AS_OF)
    merge(tx, {**paid, "paid_minor": 70}, 2, AS_OF + HOUR)
    then = scratched(tx, AS_OF + HOUR / 2, 1)
    later = scratched(tx, AS_OF + HOUR, 2)
    before = scratched(tx, AS_OF - timedelta(microseconds=1), 3)
    assert [[row["paid_minor"] for row in features(tx, name)] for name in (then, later, before)] == [[100], [70], []]


def test_an_order_that_is_no_longer_paid_takes_its_customer_out(tx: Transaction) -> None:
    order = {"order_id": "A", "customer_id": "b", "created_at": AS_OF - 2 * DAY}
    merge(tx, {**order, "paid_at": AS_OF - DAY, "paid_minor": 100}, 1, AS_OF)
    assert refreshed(tx, AS_OF, [1]) == 2, "features and segments"
    merge(tx, order, 2, AS_OF + HOUR)
    assert refreshed(tx, AS_OF + HOUR, [2]) == 2
    assert features(tx) == []


def test_a_payment_the_head_passes_counts_without_any_new_batch(tx: Transaction) -> None:
    paid_ahead = {"order_id": "A", "customer_id": "b", "created_at": AS_OF - DAY, "paid_at": AS_OF + HOUR}
    merge(tx, {**paid_ahead, "paid_minor": 100}, 1, AS_OF)
    refreshed(tx, AS_OF, [1])
    advance(tx, AS_OF)
    assert features(tx) == []
    refreshed(tx, AS_OF + HOUR, [])
    assert [row["paid_minor"] for row in features(tx)] == [100]


def test_other_shops_and_customers_are_not_written(tx: Transaction) -> None:
    for shop_id, customer, order in (("lab", "b", "A"), ("lab", "c", "B"), ("other", "d", "C")):
        add_order(
            tx, order, customer, AS_OF - DAY, shop_id=shop_id, paid_at=AS_OF - HOUR, paid_minor=5, item=None, batch_id=1
        )
    assert refreshed(tx, AS_OF, [1]) == 4
    assert rows(tx, "SELECT shop_id, count(*) AS n FROM record.customer_features GROUP BY 1") == [
        {"shop_id": "lab", "n": 2}
    ]


def test_a_paid_order_without_an_amount_counts_its_total_and_one_of_zero_counts_zero(tx: Transaction) -> None:
    add_order(tx, "A", "b", AS_OF - DAY, paid_at=AS_OF - HOUR, total_minor=300, item=None)
    add_order(tx, "B", "b", AS_OF - DAY, paid_at=AS_OF - HOUR, total_minor=300, paid_minor=0, item=None)
    refreshed(tx, AS_OF, [1])
    assert [(row["order_count"], row["paid_minor"]) for row in features(tx)] == [(2, 300)]


def test_scratch_is_made_once_a_run_and_dropped(tx: Transaction) -> None:
    add_order(tx, "A", "b", AS_OF - DAY, paid_at=AS_OF - HOUR)
    relation = scratched(tx, AS_OF, make_run(tx).run_no)
    assert scratched(tx, AS_OF, int(relation.rpartition("_")[2])) == relation
    refresh.drop_scratch(tx, int(relation.rpartition("_")[2]))
    assert rows(tx, "SELECT to_regclass(%(name)s) AS found", name=relation) == [{"found": None}]


@pytest.mark.parametrize("days", [0, 1, 89, 90, 179, 180, 364, 365, 800])
@pytest.mark.parametrize("orders", [1, 2, 3, 4])
def test_the_stage_in_sql_is_the_pure_one(shared: Database, orders: int, days: int) -> None:
    with undone(shared) as tx:
        add_customer(tx, "b")
        for number in range(orders):
            add_order(tx, f"A{number}", "b", AS_OF - 900 * DAY, paid_at=AS_OF - days * DAY, paid_minor=7, item=None)
        found = values_of(tx, "b")
        assert (found["stage"], found["order_count"], found["paid_minor"]) == (
            stage(orders, AS_OF - days * DAY, AS_OF, make_segments()),
            orders,
            7 * orders,
        )


def test_the_mean_gap_is_the_rhythm_of_paid_orders(tx: Transaction) -> None:
    for number, days in enumerate((30, 20, 0)):
        add_order(tx, f"A{number}", "b", AS_OF - 60 * DAY, paid_at=AS_OF - days * DAY, item=None)
    found = values_of(tx, "b")
    assert (found["recency"], found["mean_gap"]) == (timedelta(0), 15 * DAY)
