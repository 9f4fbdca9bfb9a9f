"""Any histories in any order of arrival and batching: the narrow facts, read through a scope as of any instant and with
any hindsight, are what a plain reading of all versions in Python says; and whom that changes is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import AS_OF, SHOP, add_customer, insert, make_shop, rows, undone
from tests.sql.record.narrow_reading import KEYS, NORMAL_DAYS, Everything, Fact

from touchpoint.db import Database, Transaction
from touchpoint.record import narrow
from touchpoint.statements import load

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEOPLE = ("guest", "ann", "bob")
LAB = make_shop()
WORDS = {"region_no", "device_no", "series_no", "category_no", "size_no"}
COLUMNS = {
    "purchases": (
        *("paid_at", "day", "hour", "month_day", "net_minor", "items", "discount_minor", "coupon_minor", "region_no"),
        "device_no",
    ),
    "lines": (*("paid_at", "series_no", "category_no", "size_no", "is_discounted", "is_new", "quantity", "net_minor"),),
    "price_differences": ("paid_at", "net_minor"),
    "refunds": ("happened_at", "amount_minor"),
    "events": ("kind", "happened_at", "amount"),
}
Version = tuple[str, Fact, int]
"""Table, fact, and by how many hours it is known later than its batch came in (history loaded ahead)."""


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for all examples: each works in a transaction that is undone."""
    server.create_database("test_narrow_property", template="template_touchpoint")
    database = Database(server.url("test_narrow_property"))
    yield database
    database.close()


@dataclass
class Lab:
    """A shop with its customers, what is known of it, and its narrow facts."""

    tx: Transaction
    people: dict[str, int]
    known: Everything

    def read(self, what: str, as_of: datetime, scope: str = "all", since: str = "-infinity") -> list[tuple[Any, ...]]:
        """Rows of a scope, customers by name and words for numbers, sorted."""
        params = {"as_of": as_of, "since": since} | ({} if scope == "brand" else {"shop_id": SHOP})
        text, values = load(f"scope/{scope}/{what}").bind(params)
        named = [
            f"(SELECT word FROM record.words WHERE word_no = {column}) AS {column}" if column in WORDS else column
            for column in COLUMNS[what]
        ]
        found = self.tx.connection.exec_driver_sql(
            f"SELECT customer_no, {', '.join(named)} FROM ({text}) AS scope", values
        )
        names = {number: name for name, number in self.people.items()}
        return _sorted((names[row[0]], *row[1:]) for row in found)

    def land(self, batch: list[Version], number: int, as_of: datetime) -> None:
        for table, fact, ahead in batch:
            if table == "tracking_events" and self.known.last_known(table, fact):
                continue  # a scan is kept once
            last = self.known.last_known(table, fact)
            known_at = max(as_of + ahead * HOUR, last or as_of)
            merge(self.tx, self.people, (table, fact), number, known_at)
            self.known.learn(known_at, table, fact)

    def collect(self, as_of: datetime, batch_ids: list[int], **window: Any) -> int:
        return narrow.collect(self.tx, shop=LAB, as_of=as_of, batch_ids=batch_ids, **window)

    def changed(self) -> set[str]:
        names = {number: name for name, number in self.people.items()}
        return {names[row["customer_no"]] for row in rows(self.tx, "SELECT customer_no FROM pg_temp.changed_customers")}

    def know_by(self, by: str) -> None:
        self.tx.one("decide/know_by", known_by=by)


def _sorted(found: Any) -> list[tuple[Any, ...]]:
    return sorted(found, key=lambda row: [(value is not None, value) for value in row])


def open_lab(tx: Transaction) -> Lab:
    people = {name: add_customer(tx, name) for name in PEOPLE}
    tx.connection.exec_driver_sql("UPDATE facts.customers SET is_guest = true WHERE customer_id = 'guest'")
    rules = {"zone": LAB.zone, "days": NORMAL_DAYS}
    insert(tx, "record.logistics", shop_id=SHOP, kept_as_of=AS_OF - 400 * DAY, digest="norms", rules=rules)
    return Lab(tx, people, Everything())


def merge(tx: Transaction, people: dict[str, int], version: tuple[str, Fact], number: int, known_at: datetime) -> None:
    """A version of a fact, merged as the facts room would: the replaced one goes to history."""
    table, fact = version
    stored = {key: value for key, value in fact.items() if key != "customer"}
    if "customer" in fact:
        stored["customer_no"] = people.get(fact["customer"])
    if table in ("orders", "order_lines", "products", "refunds"):
        stored["currency"] = "CNY"
    at = {"known_at": known_at, "batch_id": number}
    if table != "tracking_events":
        at["modified_at"] = known_at
        same = " AND ".join(f"{key} = %({key})s" for key in KEYS[table])
        key = {name: fact[name] for name in KEYS[table]}
        for old in rows(tx, f"SELECT * FROM facts.{table} WHERE {same}", **key):
            if old["known_at"] < known_at:
                insert(tx, f"facts.{table}_history", **old, known_from=old["known_at"], known_until=known_at)
        tx.connection.exec_driver_sql(f"DELETE FROM facts.{table} WHERE {same}", key)
    insert(tx, f"facts.{table}", shop_id=SHOP, **stored, **at)


def advance(tx: Transaction, as_of: datetime) -> None:
    tx.connection.exec_driver_sql(
        "UPDATE record.heads SET refreshed_as_of = %(at)s WHERE shop_id = 'lab'", {"at": as_of}
    )


def hours(least: int, most: int) -> st.SearchStrategy[datetime]:
    return st.integers(least, most).map(lambda value: AS_OF + value * HOUR)


def facts(table: str, **parts: Any) -> st.SearchStrategy[Version]:
    strategies = {
        key: value if isinstance(value, st.SearchStrategy) else st.just(value) for key, value in parts.items()
    }
    ahead = st.sampled_from([0, 0, 0, 0, 1, 3])
    return st.tuples(st.just(table), st.fixed_dictionaries(strategies), ahead)


some = st.sampled_from
order_ids, people, words = some(["o0", "o1", "o2"]), some(PEOPLE), some([None, "", "red", "blue"])
amounts = st.integers(0, 4)
orders = facts(
    "orders",
    order_id=order_ids,
    customer=people,
    kind=some(["normal", "normal", "normal", "price_difference"]),
    created_at=AS_OF - 90 * DAY,
    paid_at=st.none() | hours(-60, 8),  # some after the first refresh: known, but not yet so
    closed_at=st.none() | hours(-30, 8),
    finished_at=st.none() | hours(-30, 8),
    total_minor=9,
    paid_minor=st.none() | amounts,
    item_count=st.none() | amounts,
    discount_minor=st.none() | amounts,
    coupon_minor=st.none() | amounts,
    region=words,
    device=words,
)
lines = facts(
    "order_lines",
    order_id=order_ids,
    line_id=some(["l0", "l1", "l2"]),
    product_id=some(["p0", "p1", "p2"]),
    quantity=st.integers(1, 2),
    price_minor=st.none() | amounts,
    net_minor=amounts,
    size=words,
    kind=some(["goods", "goods", "service"]),
)
products = facts(
    "products",
    product_id=some(["p0", "p1"]),
    series=words,
    category=words,
    size=words,
    listed_at=st.none() | hours(-60 - 30 * 24, 4),
)
refunds = facts(
    "refunds",
    refund_id=some(["r0", "r1"]),
    order_id=st.none() | order_ids,
    customer=st.none() | people,
    amount_minor=amounts,
    state=some(["succeeded", "succeeded", "asked", "refused"]),
    happened_at=hours(-40, 8),
)
reviews = facts(
    "reviews", order_id=order_ids, review_id=some(["w0", "w1"]), score=st.integers(1, 5), happened_at=hours(-40, 8)
)
inquiries = facts(
    "inquiries",
    inquiry_id=some(["i0", "i1"]),
    order_id=st.none() | order_ids,
    customer=st.none() | people,
    kind=some(["inquiry", "complaint"]),
    happened_at=hours(-40, 8),
)
visits = facts(
    "visits",
    visit_id=some(["v0", "v1"]),
    customer=people,
    seconds=st.none() | amounts,
    happened_at=hours(-40, 8),
)
midnights = st.integers(-4, 1).map(lambda days: datetime.fromisoformat("2026-03-10T00:00:00+08:00") + days * DAY)
shipments = facts(
    "shipments",
    shipment_id=some(["s0", "s1"]),
    order_id=order_ids,
    region=words,
    shipped_at=hours(-100, -60),
    promised_at=st.none() | hours(-40, 8) | midnights,
)
scans = st.builds(
    lambda parcel, state, at, ahead: (
        "tracking_events",
        {"shipment_id": parcel, "event_key": f"{state}{at}", "state": state, "happened_at": at},
        ahead,
    ),
    some(["s0", "s1"]),
    some(["in_transit", "delivered", "delivered", "ready_for_pickup", "returned", "lost", "other"]),
    hours(-180, 8),
    some([0, 0, 0, 2]),
)
anything = orders | lines | orders | lines | products | refunds | reviews | inquiries | visits | shipments | scans
arrivals = st.lists(st.tuples(st.lists(anything, max_size=9), st.integers(0, 4)), min_size=1, max_size=5)


def assert_read(lab: Lab, as_of: datetime, by: datetime) -> None:
    plain = lab.known
    assert lab.read("purchases", as_of) == _sorted(plain.purchases(as_of, by))
    assert lab.read("lines", as_of) == _sorted(plain.lines(as_of, by))
    assert lab.read("price_differences", as_of) == _sorted(plain.price_differences(as_of, by))
    assert lab.read("refunds", as_of) == _sorted(plain.refunds(as_of, by))
    assert lab.read("events", as_of) == _sorted(plain.events(as_of, by))
    for word, place in (("series", 2), ("category", 3)):
        text, values = load("scope/all/lines").bind({"shop_id": SHOP, "as_of": as_of, "since": "-infinity"})
        counted = rows(
            lab.tx,
            f"SELECT customers.customer_id, words.word, count(DISTINCT order_key) AS orders FROM ({text}) AS lines"
            " INNER JOIN facts.customers USING (customer_no)"
            f" LEFT JOIN record.words ON words.word_no = lines.{word}_no GROUP BY 1, 2",
            **values,
        )
        found = {(row["customer_id"], row["word"]): row["orders"] for row in counted}
        assert found == plain.orders_of(as_of, by, place)


def snapshot(lab: Lab, as_of: datetime) -> dict[str, Counter[tuple[Any, ...]]]:
    found: dict[str, Counter[tuple[Any, ...]]] = {name: Counter() for name in PEOPLE}
    for what in COLUMNS:
        for row in lab.read(what, as_of):
            found[row[0]][what, *row[1:]] += 1
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=arrivals, past=st.integers(-70, 12), hindsight=st.integers(0, 12))
def test_any_instant_is_read_as_the_facts_were_known_then(
    shared: Database, arrivals: list[tuple[list[Version], int]], past: int, hindsight: int
) -> None:
    with undone(shared) as tx:
        lab = open_lab(tx)
        as_of = AS_OF
        for number, (batch, step) in enumerate(arrivals, start=1):
            as_of, before = as_of + step * HOUR, as_of
            seen = snapshot(lab, before)
            lab.land(batch, number, as_of)
            lab.collect(as_of, [number])
            listed = lab.changed()
            assert_read(lab, as_of, as_of)
            sees = snapshot(lab, as_of)
            assert {name for name in PEOPLE if sees[name] != seen[name]} <= listed
            for what in COLUMNS:
                assert lab.read(what, as_of, "changed") == [row for row in lab.read(what, as_of) if row[0] in listed]
            advance(tx, as_of)
            assert lab.collect(as_of, list(range(1, number + 1))) == 0, "the same again writes nothing"
        at = AS_OF + past * HOUR
        assert_read(lab, at, at)
        lab.know_by((at + hindsight * HOUR).isoformat())
        assert_read(lab, at, at + hindsight * HOUR)
        lab.know_by("infinity")
        assert_read(lab, at, AS_OF + 99 * DAY)
