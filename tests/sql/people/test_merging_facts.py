"""Two customers who are one person: whose their facts are before and after, whatever comes in later; who is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from tests.sql.decide.building import insert, rows
from tests.sql.facts.builders import AS_OF, KEY, load, member, order, shop

from touchpoint.db import Transaction
from touchpoint.errors import TimeError, TouchpointError
from touchpoint.facts import customers, head
from touchpoint.model import Entity
from touchpoint.record import narrow

HOUR = timedelta(hours=1)
MERGED, LATER = AS_OF + HOUR, AS_OF + 2 * HOUR
SHOP = shop().id
REFUND = {"refund_id": "r1", "order_id": "o1", "amount": "1.00", "currency": "CNY"}
VISIT = {"visit_id": "v1", "customer_id": "a", "happened_at": "2026-11-20T08:00:00+08:00"}


def said(tx: Transaction, from_id: str = "a", into_id: str = "b", at: datetime = MERGED) -> customers.Merged:
    return customers.merge(tx, shop_id=SHOP, from_id=from_id, into_id=into_id, who="an agent", note="why", at=at)


def two(tx: Transaction) -> None:
    """Two customers with an order each, loaded at AS_OF; the first also paid, was refunded and visited."""
    paid = {"paid_at": "2026-11-20T09:05:00+08:00", "payment_state": "paid", "paid": "129.90"}
    given = [order("o1", customer_id="a", **paid), order("o2", customer_id="b", **paid)]
    load(
        tx, {Entity.MEMBER: [member("a", phone="13812345678"), member("b", phone="13912345678")]}, entity=Entity.MEMBER
    )
    load(tx, {Entity.ORDER: given, Entity.REFUND: [{**REFUND, "happened_at": "2026-11-20T09:30:00+08:00"}]})
    load(tx, {Entity.VISIT: [VISIT]}, entity=Entity.VISIT)


def whose(tx: Transaction, at: datetime, fact: str = "orders", key: str = "order_id") -> dict[str, str]:
    """Fact -> customer id, as of an instant."""
    found = rows(
        tx,
        f"SELECT {key} AS id, customers.customer_id FROM facts.{fact}_as_of(%(shop)s, %(at)s)"
        " JOIN facts.customers USING (customer_no)",
        shop=SHOP,
        at=at,
    )
    return {row["id"]: row["customer_id"] for row in found}


def narrow_rows(tx: Transaction) -> dict[str, list[str]]:
    """All narrow facts but the keys they were numbered by."""
    return {
        name: [row["row"] for row in rows(tx, f"SELECT x::text AS row FROM record.{name} AS x ORDER BY 1")]
        for name in ("paid_orders", "paid_lines", "price_differences", "refunds", "events")
    }


def refresh(tx: Transaction, at: datetime) -> list[int]:
    """Narrow facts brought to an instant, as a refresh does; who changed."""
    batches = [row["batch_id"] for row in tx.many("runs/loaded_since_refresh", shop_id=SHOP)]
    narrow.collect(tx, shop=shop(), as_of=at, batch_ids=batches)
    head.advance_refreshed(tx, SHOP, at)
    return [row["customer_no"] for row in rows(tx, "SELECT customer_no FROM pg_temp.changed_customers ORDER BY 1")]


def test_facts_are_the_survivors_from_the_merge_on_and_were_not_before(tx: Transaction) -> None:
    two(tx)
    made = said(tx)
    assert {table: count for table, count in made.moved.items() if count} == {
        "facts.orders": 1,
        "facts.refunds": 1,
        "facts.visits": 1,
    }
    assert whose(tx, MERGED - timedelta(seconds=1)) == {"o1": "a", "o2": "b"}
    assert whose(tx, MERGED) == {"o1": "b", "o2": "b"}
    for fact, key in (("refunds", "refund_id"), ("visits", "visit_id")):
        assert set(whose(tx, AS_OF, fact, key).values()) == {"a"}
        assert set(whose(tx, MERGED, fact, key).values()) == {"b"}


def test_what_comes_in_for_the_merged_one_is_the_survivors_and_the_same_again_is_unchanged(tx: Transaction) -> None:
    two(tx)
    said(tx)
    again = order("o1", customer_id="a", paid_at="2026-11-20T09:05:00+08:00", payment_state="paid", paid="129.90")
    counts = load(tx, {Entity.ORDER: [again]}, as_of=LATER)[0]
    assert (counts.loaded, counts.unchanged) == (0, 1)
    newer = order("o3", customer_id="a")
    assert load(tx, {Entity.ORDER: [newer]}, as_of=LATER)[0].loaded == 1
    assert whose(tx, LATER) == {"o1": "b", "o2": "b", "o3": "b"}
    assert rows(tx, "SELECT count(*) AS n FROM facts.customers") == [{"n": 2}]
    shipped = {**again, "shipped_at": "2026-11-20T10:00:00+08:00", "modified_at": AS_OF.isoformat()}
    load(tx, {Entity.ORDER: [shipped]}, as_of=LATER + HOUR)
    assert whose(tx, LATER + HOUR)["o1"] == "b"
    assert whose(tx, AS_OF)["o1"] == "a"


def test_a_declared_history_told_after_the_merge_was_the_merged_ones_until_then(tx: Transaction) -> None:
    two(tx)
    third = member("c", phone="13712345678")
    load(tx, {Entity.MEMBER: [third]}, entity=Entity.MEMBER)
    said(tx)
    said(tx, "b", "c", LATER)
    old = order("old", customer_id="a", created_at="2026-05-01T09:00:00+08:00", modified_at="2026-05-01T09:00:00+08:00")
    load(tx, {Entity.ORDER: [old]}, is_history=True, as_of=LATER + HOUR)
    assert whose(tx, AS_OF)["old"] == "a"
    assert whose(tx, MERGED)["old"] == "b"
    assert whose(tx, LATER)["old"] == "c"
    assert whose(tx, LATER + HOUR)["old"] == "c"


def test_chains_end_at_the_last_survivor_from_each_merge_on(tx: Transaction) -> None:
    two(tx)
    load(tx, {Entity.MEMBER: [member("c", phone="13712345678")]}, entity=Entity.MEMBER)
    persons = {name: customers.account(tx, SHOP, name).identity for name in "abc"}
    assert len(set(persons.values())) == 3
    said(tx)
    said(tx, "b", "c", LATER)
    for at, expected in ((AS_OF, "abc"), (MERGED, "bbc"), (LATER, "ccc")):
        accounts = [customers.account(tx, SHOP, name, at) for name in "abc"]
        assert "".join(account.survivor_id for account in accounts) == expected
        assert [account.identity for account in accounts] == [persons[name] for name in expected]
    assert whose(tx, LATER) == {"o1": "c", "o2": "c"}
    assert whose(tx, MERGED) == {"o1": "b", "o2": "b"}
    spans = rows(tx, "SELECT count(*) AS n FROM facts.merged_customers WHERE known_until <= known_from")
    assert spans == [{"n": 0}]
    found = customers.accounts(tx, persons["c"])
    assert [(row["customer_id"], row["stands_for"]) for row in found] == [("a", "c"), ("b", "c"), ("c", None)]


def test_two_merges_at_one_instant_leave_no_span_in_between(tx: Transaction) -> None:
    two(tx)
    load(tx, {Entity.MEMBER: [member("c", phone="13712345678")]}, entity=Entity.MEMBER)
    said(tx)
    said(tx, "b", "c")
    spans = rows(tx, "SELECT customer_no, survivor_no, known_until::text FROM facts.merged_customers ORDER BY 1")
    number = {name: customers.account(tx, SHOP, name).customer_no for name in "abc"}
    assert [(row["customer_no"], row["survivor_no"], row["known_until"]) for row in spans] == [
        (number["a"], number["c"], "infinity"),
        (number["b"], number["c"], "infinity"),
    ]
    assert whose(tx, AS_OF) == {"o1": "a", "o2": "b"}
    assert whose(tx, MERGED) == {"o1": "c", "o2": "c"}


def test_a_guests_order_becomes_the_customers(tx: Transaction) -> None:
    two(tx)
    load(tx, {Entity.ORDER: [order("o9", customer_id=None)]})
    said(tx, "order:o9", "b")
    assert whose(tx, MERGED)["o9"] == "b"
    counts = load(tx, {Entity.ORDER: [order("o9", customer_id=None)]}, as_of=LATER)[0]
    assert counts.unchanged == 1


def test_the_same_identity_may_be_two_customers_and_stays_one_person(tx: Transaction) -> None:
    load(tx, {Entity.MEMBER: [member("a"), member("b")]}, entity=Entity.MEMBER)  # one phone
    made = said(tx)
    assert len(made.identities) == 1
    assert rows(tx, "SELECT count(*) AS n FROM facts.merged_identities") == [{"n": 0}]
    assert customers.account(tx, SHOP, "a").survivor_id == "b"


@pytest.mark.parametrize(
    ("from_id", "into_id", "thing"),
    [
        ("a", "a", "is one customer already"),
        ("nobody", "b", "no customer 'nobody'"),
        ("a", "nobody", "no customer 'nobody'"),
        ("elsewhere", "b", "no customer 'elsewhere'"),
        ("gone", "b", "'gone' was merged into 'c' before"),
        ("a", "gone", "'gone' was merged into 'c' before"),
        ("a", "order:o9", "'order:o9' is a guest"),
    ],
)
def test_what_cannot_be_one_is_refused_and_nothing_is_written(
    tx: Transaction, from_id: str, into_id: str, thing: str
) -> None:
    two(tx)
    others = [member("c", phone="13712345678"), member("gone", phone="13612345678")]
    load(tx, {Entity.MEMBER: others}, entity=Entity.MEMBER)
    load(tx, {Entity.ORDER: [order("o9", customer_id=None)]})
    load(tx, {Entity.MEMBER: [member("elsewhere")]}, entity=Entity.MEMBER, of=shop(id="other", brand="one"))
    said(tx, "gone", "c")
    before = rows(tx, "SELECT count(*) AS n FROM landing.batch")
    with pytest.raises(TouchpointError, match=thing):
        said(tx, from_id, into_id, LATER)
    assert rows(tx, "SELECT count(*) AS n FROM landing.batch") == before


def test_a_merge_may_not_lie_before_what_was_learned_or_decided(tx: Transaction) -> None:
    two(tx)
    with pytest.raises(TimeError, match="would change what a run"):
        said(tx, at=AS_OF)  # the instant of the head itself: what was seen then would change
    run = {"realm": "live", "shop_id": SHOP, "dag_id": "d", "run_id": "r", "cadence": "daily", "run_type": "manual"}
    insert(tx, "ledger.run", **run, as_of=LATER, mode="send", is_at_head=True)
    with pytest.raises(TimeError):
        said(tx, at=LATER)
    said(tx, at=LATER + timedelta(microseconds=1))


def test_a_merge_stands_as_it_was_said_but_for_its_note(tx: Transaction) -> None:
    two(tx)
    made = said(tx)
    for statement in (
        "UPDATE facts.\"merges\" SET who = 'another'",
        "UPDATE facts.\"merges\" SET note = 'another'",
        'DELETE FROM facts."merges"',
        'TRUNCATE facts."merges"',
    ):
        with pytest.raises(DBAPIError, match="append-only"), tx.connection.begin_nested():
            tx.connection.exec_driver_sql(statement)
    assert [row["note"] for row in customers.list_merges(tx, SHOP)] == ["why"]
    assert customers.forget_notes(tx, SHOP, made.identity) == 1
    listed = customers.list_merges(tx, SHOP)
    assert [(row["from_id"], row["into_id"], row["note"], row["who"]) for row in listed] == [
        ("a", "b", None, "an agent")
    ]


def test_the_record_moves_what_the_merge_moved_and_equals_one_made_anew(tx: Transaction) -> None:
    two(tx)
    refresh(tx, AS_OF)
    numbers = [customers.account(tx, SHOP, name).customer_no for name in "ab"]
    said(tx)
    assert refresh(tx, LATER) == numbers
    step_by_step = narrow_rows(tx)
    for at, expected in ((AS_OF, numbers), (LATER, numbers[1:])):
        found = rows(
            tx,
            "SELECT DISTINCT customer_no FROM record.paid_orders WHERE known_from <= %(at)s AND known_until > %(at)s"
            " ORDER BY 1",
            at=at,
        )
        assert [row["customer_no"] for row in found] == expected
    for name in step_by_step:
        tx.connection.exec_driver_sql(f"DELETE FROM record.{name}")
    tx.connection.exec_driver_sql("UPDATE record.heads SET narrow_zone = NULL")
    refresh(tx, LATER)
    assert narrow_rows(tx) == step_by_step
    assert refresh(tx, LATER) == []


def test_who_shares_an_address_is_listed_and_not_merged(tx: Transaction) -> None:
    two(tx)
    moved = member("b", phone="13812345678", modified_at=AS_OF.isoformat())  # now at the other's number
    load(tx, {Entity.MEMBER: [moved]}, entity=Entity.MEMBER, as_of=MERGED)
    found = customers.twins(tx, SHOP, LATER)
    by_phone = [row for row in found if row["kind"] == "phone"]
    assert [(row["customer_id"], row["twin_id"], row["shared_by"]) for row in by_phone] == [("a", "b", 2)]
    assert (by_phone[0]["orders"], by_phone[0]["twin_orders"]) == (1, 1)
    assert "13812345678" not in str(found)
    assert len(by_phone[0]["address_hash"]) == 64
    assert customers.twins(tx, SHOP, AS_OF - 300 * 24 * HOUR) == []
    assert customers.account(tx, SHOP, "b").identity != customers.account(tx, SHOP, "a").identity
    said(tx, at=LATER)
    assert customers.twins(tx, SHOP, LATER + HOUR) == []


def test_a_number_many_share_is_a_row_each_and_not_a_pair_each(tx: Transaction) -> None:
    listed: list[dict[str, Any]] = [
        member(f"m{n}", phone=f"139000000{n:02}", email=None, joined_at="2026-01-01T00:00:00+08:00") for n in range(12)
    ]
    load(tx, {Entity.MEMBER: listed}, entity=Entity.MEMBER)
    all_at_one = [{**line, "phone": "13812345678", "modified_at": AS_OF.isoformat()} for line in listed]
    load(tx, {Entity.MEMBER: all_at_one}, entity=Entity.MEMBER, as_of=MERGED)
    found = customers.twins(tx, SHOP, LATER)
    assert len(found) == 11
    assert {row["shared_by"] for row in found} == {12}


def test_the_key_of_identities_is_not_asked(tx: Transaction) -> None:
    two(tx)
    before = rows(tx, "SELECT customer_id, identity, identity_from, known_at FROM facts.customers ORDER BY 1")
    said(tx)
    after = rows(tx, "SELECT customer_id, identity, identity_from, known_at FROM facts.customers ORDER BY 1")
    assert after == before
    assert KEY.decode() not in str(after)
