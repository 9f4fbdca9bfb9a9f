"""Any facts in any order of arrival: the head, kept up incrementally, is what the facts say, as a plain reading of all
versions in Python says it; and so is a table made from scratch as of any earlier instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_customer,
    insert,
    make_segments,
    refreshed,
    rows,
    scratched,
    undone,
)

from touchpoint.db import Database, Transaction
from touchpoint.record import refresh

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEOPLE = ("guest", "ann", "bob")
KEYS = {
    "orders": ("order_id",),
    "order_lines": ("order_id", "line_id"),
    "refunds": ("refund_id",),
    "products": ("product_id",),
}
FEATURES = (
    "SELECT customer_no, first_paid_at, last_paid_at, order_count, paid_minor, refund_count, refund_minor, net_minor"
    " FROM {} WHERE shop_id = 'lab' ORDER BY customer_no"
)
SERIES = (
    "SELECT customer_no, series, order_count, net_minor, last_paid_at FROM {} WHERE shop_id = 'lab'"
    " ORDER BY customer_no, series"
)
Version = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for all examples: each works in a transaction that is undone."""
    server.create_database("test_record_property", template="template_touchpoint")
    database = Database(server.url("test_record_property"))
    yield database
    database.close()


@dataclass
class Everything:
    """All versions of all facts, with when each was learned: the plain reading the SQL is held to."""

    people: dict[str, int]
    versions: list[tuple[datetime, str, tuple[str, ...], dict[str, Any]]] = field(default_factory=list)

    def learn(self, known_at: datetime, table: str, version: dict[str, Any]) -> None:
        self.versions.append((known_at, table, tuple(version[key] for key in KEYS[table]), version))

    def as_of(self, table: str, at: datetime) -> dict[tuple[str, ...], dict[str, Any]]:
        found = {}
        for known_at, name, key, version in self.versions:
            if name == table and known_at <= at:
                found[key] = version
        return found

    def paid(self, at: datetime, kind: str = "normal") -> dict[str, dict[str, Any]]:
        return {
            key: order
            for (key,), order in self.as_of("orders", at).items()
            if order["paid_at"] and order["paid_at"] <= at and order["customer"] != "guest"
            if order["kind"] == kind
        }

    def features(self, at: datetime) -> list[dict[str, Any]]:
        made = {}
        orders = self.as_of("orders", at)
        for name, number in self.people.items():
            paid = [order for order in self.paid(at).values() if order["customer"] == name]
            added = self.paid(at, "price_difference").values()
            spent = [*paid, *(order for order in added if order["customer"] == name)]
            given_back = [
                refund["amount_minor"]
                for refund in self.as_of("refunds", at).values()
                if refund["state"] == "succeeded" and refund["happened_at"] <= at
                if orders.get((refund["order_id"],), refund)["customer"] == name
            ]
            if paid:
                made[number] = {
                    "customer_no": number,
                    "first_paid_at": min(order["paid_at"] for order in paid),
                    "last_paid_at": max(order["paid_at"] for order in paid),
                    "order_count": len(paid),
                    "paid_minor": sum(order["paid_minor"] for order in spent),
                    "refund_count": len(given_back),
                    "refund_minor": sum(given_back),
                    "net_minor": sum(order["paid_minor"] for order in spent) - sum(given_back),
                }
        return [made[number] for number in sorted(made)]

    def series(self, at: datetime) -> list[dict[str, Any]]:
        paid, products = self.paid(at), self.as_of("products", at)
        bought: dict[tuple[int, str], list[tuple[str, int]]] = {}
        for line in self.as_of("order_lines", at).values():
            series = products.get((line["product_id"],), {}).get("series")
            if line["order_id"] in paid and line["kind"] == "goods" and series:
                number = self.people[paid[line["order_id"]]["customer"]]
                bought.setdefault((number, series), []).append((line["order_id"], line["net_minor"]))
        return [
            {
                "customer_no": number,
                "series": series,
                "order_count": len({order for order, _ in lines}),
                "net_minor": sum(net for _, net in lines),
                "last_paid_at": max(paid[order]["paid_at"] for order, _ in lines),
            }
            for (number, series), lines in sorted(bought.items())
        ]


def merge(tx: Transaction, people: dict[str, int], version: Version, batch_id: int, known_at: datetime) -> None:
    """A version of a fact, merged as the facts room would: the replaced one goes to history."""
    table, fact = version
    stored = {key: value for key, value in fact.items() if key != "customer"}
    if "customer" in fact:
        stored["customer_no"] = people.get(fact["customer"])
    same = " AND ".join(f"{key} = %({key})s" for key in KEYS[table])
    key = {name: fact[name] for name in KEYS[table]}
    for old in rows(tx, f"SELECT * FROM facts.{table} WHERE {same}", **key):
        if old["known_at"] < known_at:
            insert(tx, f"facts.{table}_history", **old, known_from=old["known_at"], known_until=known_at)
    tx.connection.exec_driver_sql(f"DELETE FROM facts.{table} WHERE {same}", key)
    at = {"modified_at": known_at, "known_at": known_at, "batch_id": batch_id}
    insert(tx, f"facts.{table}", shop_id=SHOP, currency="CNY", **stored, **at)


def advance(tx: Transaction, as_of: datetime) -> None:
    tx.connection.exec_driver_sql(
        "INSERT INTO record.heads (shop_id, refreshed_as_of) VALUES ('lab', %(at)s)"
        " ON CONFLICT (shop_id) DO UPDATE SET refreshed_as_of = excluded.refreshed_as_of",
        {"at": as_of},
    )


def hours(least: int, most: int) -> st.SearchStrategy[datetime]:
    return st.integers(least, most).map(lambda value: AS_OF + value * HOUR)


order_ids = st.integers(0, 3).map(lambda number: f"o{number}")
amounts = st.integers(0, 5000)
orders = st.builds(
    lambda order_id, customer, paid_at, amount, kind: (
        "orders",
        {
            "order_id": order_id,
            "customer": customer,
            "created_at": AS_OF - 30 * DAY,
            "paid_at": paid_at,
            "total_minor": 9000,
            "paid_minor": amount,
            "kind": kind,
        },
    ),
    order_ids,
    st.sampled_from(PEOPLE),
    st.none() | hours(-48, 6),  # up to six hours after the first refresh: known, but not yet so
    amounts,
    st.sampled_from(["normal", "normal", "price_difference"]),
)
lines = st.builds(
    lambda order_id, line, product, net, kind: (
        "order_lines",
        {
            "order_id": order_id,
            "line_id": f"l{line}",
            "product_id": product,
            "quantity": 1,
            "net_minor": net,
            "kind": kind,
        },
    ),
    order_ids,
    st.integers(0, 1),
    st.sampled_from(["p0", "p1", "p2"]),
    amounts,
    st.sampled_from(["goods", "goods", "service"]),
)
refunds = st.builds(
    lambda refund, order_id, customer, amount, state, happened_at: (
        "refunds",
        {
            "refund_id": f"r{refund}",
            "order_id": order_id,
            "customer": customer,
            "amount_minor": amount,
            "state": state,
            "happened_at": happened_at,
        },
    ),
    st.integers(0, 2),
    st.none() | order_ids,
    st.none() | st.sampled_from(PEOPLE),
    amounts,
    st.sampled_from(["succeeded", "succeeded", "asked", "refused"]),
    hours(-40, 6),
)
products = st.builds(
    lambda product, series: ("products", {"product_id": product, "series": series}),
    st.sampled_from(["p0", "p1", "p2"]),
    st.sampled_from([None, "", "retro", "sequins"]),
)
batches = st.lists(st.lists(orders | lines | refunds | products, max_size=8), min_size=1, max_size=5)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=batches, past=st.integers(0, 9))
def test_the_head_and_any_past_are_what_the_facts_say(
    shared: Database, arrivals: list[list[Version]], past: int
) -> None:
    with undone(shared) as tx:
        people = {name: add_customer(tx, name) for name in PEOPLE}
        tx.connection.exec_driver_sql("UPDATE facts.customers SET is_guest = true WHERE customer_id = 'guest'")
        known = Everything(people)
        for number, batch in enumerate(arrivals, start=1):
            as_of = AS_OF + (number - 1) * 2 * HOUR
            for version in batch:
                merge(tx, people, version, number, as_of)
                known.learn(as_of, *version)
            refreshed(tx, as_of, [number])
            advance(tx, as_of)
            assert rows(tx, FEATURES.format(refresh.FEATURES)) == known.features(as_of)
            assert rows(tx, SERIES.format(refresh.SERIES)) == known.series(as_of)
            assert refreshed(tx, as_of, [*range(1, number + 1)]) == 0
            assert_scratch(tx, known, as_of, number)
        assert_scratch(tx, known, AS_OF + past * HOUR - timedelta(minutes=30), 99)


def assert_scratch(tx: Transaction, known: Everything, as_of: datetime, run_no: int) -> None:
    made = scratched(tx, as_of, run_no)
    assert rows(tx, FEATURES.format(made)) == known.features(as_of)
    made = refresh.scratch_series(tx, shop_id=SHOP, as_of=as_of, run_no=run_no, segments=make_segments())
    assert rows(tx, SERIES.format(made)) == known.series(as_of)


def test_the_plain_reading_can_tell(shared: Database) -> None:
    """The reference is no echo: a refund more in the facts than it knows of is found."""
    with undone(shared) as tx:
        people = {name: add_customer(tx, name) for name in PEOPLE}
        known = Everything(people)
        bought = {"order_id": "o1", "customer": "ann", "created_at": AS_OF - DAY, "paid_at": AS_OF - HOUR}
        order = ("orders", {**bought, "total_minor": 900, "paid_minor": 900, "kind": "normal"})
        merge(tx, people, order, 1, AS_OF)
        known.learn(AS_OF, *order)
        back = {"refund_id": "r1", "order_id": "o1", "amount_minor": 300, "happened_at": AS_OF}
        merge(tx, people, ("refunds", back), 1, AS_OF)
        refreshed(tx, AS_OF, [1])
        assert rows(tx, FEATURES.format(refresh.FEATURES)) != known.features(AS_OF)
        known.learn(AS_OF, "refunds", {**back, "customer": None, "state": "succeeded"})
        assert rows(tx, FEATURES.format(refresh.FEATURES)) == known.features(AS_OF)
