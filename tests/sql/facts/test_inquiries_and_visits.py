"""Inquiries and visits as of T, whom they make customers, and the columns orders, products and members have gained."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.sql.facts.builders import AS_OF, KEY, load, member, order, shop

from touchpoint.addresses import identity_hex
from touchpoint.db import Transaction
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity

LATER = AS_OF + timedelta(days=1)
MOMENT = timedelta(microseconds=1)
T = "2026-11-20T09:00:00+08:00"
AT = datetime.fromisoformat(T)
INQUIRY = {"inquiry_id": "q1", "customer_id": "buyer-1", "happened_at": T, "scenario": "size"}
VISIT = {"visit_id": "w1", "customer_id": "buyer-1", "happened_at": T, "seconds": "40.5", "pages": "3", "device": "pc"}


def rows(tx: Transaction, text: str, **given: object) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in tx.connection.exec_driver_sql(text, given)]


def ask(tx: Transaction, *inquiries: dict[str, str | None], **options: Any) -> list[Counts]:
    return load(tx, {Entity.INQUIRY: list(inquiries)}, entity=Entity.INQUIRY, **options)


def visit(tx: Transaction, *visits: dict[str, str | None], **options: Any) -> list[Counts]:
    return load(tx, {Entity.VISIT: list(visits)}, entity=Entity.VISIT, **options)


def test_an_inquiry_told_to_be_a_complaint_later_is_one_from_then_on(tx: Transaction) -> None:
    ask(tx, INQUIRY)
    changed = {**INQUIRY, "kind": "complaint", "modified_at": "2026-11-20T11:00:00+08:00"}
    assert ask(tx, changed, as_of=LATER) == [Counts(1, 1, 0, 0, 0)]
    assert ask(tx, INQUIRY, as_of=LATER) == [Counts(1, 0, 0, 1, 0)]
    text = "SELECT kind, scenario, happened_at FROM facts.inquiries_as_of('shop', %(at)s)"
    found = [rows(tx, text, at=at) for at in (AS_OF - MOMENT, AS_OF, LATER - MOMENT, LATER)]
    assert found == [[], [("inquiry", "size", AT)], [("inquiry", "size", AT)], [("complaint", "size", AT)]]


def test_an_inquiry_about_an_order_is_its_buyers(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order("o1")]})
    ask(tx, {**INQUIRY, "customer_id": None, "order_id": "o1"}, {**INQUIRY, "inquiry_id": "q2", "order_id": "o9"})
    text = """SELECT inquiries.order_id, customers.customer_id FROM facts.inquiries_as_of('shop', %(at)s) AS inquiries
        INNER JOIN facts.customers ON customers.customer_no = inquiries.customer_no ORDER BY inquiry_id"""
    assert rows(tx, text, at=LATER) == [("o1", "buyer-1"), ("o9", "buyer-1")]


def test_an_inquiry_about_an_order_that_never_came_is_nobodys(tx: Transaction) -> None:
    assert ask(tx, {**INQUIRY, "customer_id": None, "order_id": "o9"}) == [Counts(1, 1, 0, 0, 0)]
    assert rows(tx, "SELECT customer_no FROM facts.inquiries") == [(None,)]
    assert rows(tx, "SELECT count(*) FROM facts.customers") == [(0,)]


def test_a_visit_is_read_as_it_was_known(tx: Transaction) -> None:
    visit(tx, VISIT)
    longer = {**VISIT, "seconds": "90", "pages": None, "modified_at": "2026-11-20T11:00:00+08:00"}
    visit(tx, longer, as_of=LATER)
    text = "SELECT seconds, pages, device FROM facts.visits_as_of('shop', %(at)s)"
    found = [rows(tx, text, at=at) for at in (AS_OF - MOMENT, AS_OF, LATER - MOMENT, LATER)]
    assert found == [[], [(41, 3, "pc")], [(41, 3, "pc")], [(90, None, "pc")]]


def test_visits_of_history_are_known_since_they_began(tx: Transaction) -> None:
    visit(tx, VISIT, is_history=True)
    text = "SELECT visit_id FROM facts.visits_as_of('shop', %(at)s)"
    assert (rows(tx, text, at=AT - MOMENT), rows(tx, text, at=AT)) == ([], [("w1",)])


def test_who_asks_or_visits_before_ordering_becomes_a_customer_once(tx: Transaction) -> None:
    ask(tx, {**INQUIRY, "customer_id": "asker"})
    visit(tx, {**VISIT, "customer_id": "asker"}, {**VISIT, "visit_id": "w2", "customer_id": "visitor"}, as_of=LATER)
    load(tx, {Entity.ORDER: [order("o1", customer_id="visitor")]}, as_of=LATER)
    found = rows(tx, "SELECT customer_id, identity::text, known_at, is_guest FROM facts.customers ORDER BY customer_id")
    scope = shop().identity_scope
    assert [(row[0], *row[2:]) for row in found] == [("asker", AS_OF, False), ("visitor", LATER, False)]
    assert [row[1].replace("-", "") for row in found] == [
        identity_hex(KEY, scope, "buyer", name).replace("-", "") for name in ("asker", "visitor")
    ]


def test_hindsight_reads_what_was_learned_since(tx: Transaction) -> None:
    visit(tx, VISIT, as_of=LATER)
    ask(tx, INQUIRY, as_of=LATER)
    texts = [f"SELECT count(*) FROM facts.{name}_as_of('shop', %(at)s)" for name in ("visits", "inquiries")]
    assert [rows(tx, text, at=AS_OF) for text in texts] == [[(0,)], [(0,)]]
    tx.connection.exec_driver_sql("SELECT set_config('touchpoint.known_by', '2026-12-31T00:00:00Z', true)")
    assert [rows(tx, text, at=AS_OF) for text in texts] == [[(1,)], [(1,)]]


def test_an_order_says_what_was_taken_off_and_where_it_was_made(tx: Transaction) -> None:
    load(
        tx,
        {
            Entity.ORDER: [
                order("o1", discount="20", coupon="5", device="phone"),
                order("o2", discount="0", coupon="0"),
                order("o3", coupon="5"),  # who counts coupons alone has taken them off
                order("o4", discount="3"),
            ]
        },
    )
    text = "SELECT discount_minor, coupon_minor, device FROM facts.orders_as_of('shop', %(at)s) ORDER BY order_id"
    assert rows(tx, text, at=LATER) == [(2000, 500, "phone"), (0, 0, None), (500, 500, None), (300, None, None)]


def test_an_unsaid_discount_is_unknown_and_not_nothing(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order("o1")]})
    assert rows(tx, "SELECT discount_minor, coupon_minor FROM facts.orders") == [(None, None)]


def test_sizes_listings_and_genders_are_kept(tx: Transaction) -> None:
    product = {"product_id": "x1", "currency": "CNY", "size": "M", "listed_at": "2026-11-21T00:00:00+08:00"}
    load(tx, {Entity.MEMBER: [member(gender="female")]}, entity=Entity.MEMBER)
    load(tx, {Entity.PRODUCT: [product]}, entity=Entity.PRODUCT)
    line = {"order_id": "o1", "line_id": "1", "quantity": "1", "net": "1", "currency": "CNY", "size": "L"}
    load(tx, {Entity.ORDER: [order("o1")], Entity.ORDER_LINE: [line]})
    listed = "SELECT size, listed_at FROM facts.products_as_of('shop', %(at)s)"
    assert rows(tx, listed, at=AS_OF) == [("M", None)]
    assert rows(tx, listed, at=LATER) == [("M", datetime.fromisoformat("2026-11-21T00:00:00+08:00"))]
    assert rows(tx, "SELECT size FROM facts.lines_of_order_as_of('shop', 'o1', %(at)s)", at=LATER) == [("L",)]
    assert rows(tx, "SELECT gender FROM contact.people_as_of('shop', %(at)s)", at=LATER) == [("female",)]


def test_a_product_of_history_is_known_since_it_was_listed(tx: Transaction) -> None:
    product = {"product_id": "x1", "currency": "CNY", "listed_at": T, "modified_at": "2026-11-20T10:00:00+08:00"}
    load(tx, {Entity.PRODUCT: [product]}, entity=Entity.PRODUCT, is_history=True)
    text = "SELECT listed_at FROM facts.products_as_of('shop', %(at)s)"
    assert (rows(tx, text, at=AT - MOMENT), rows(tx, text, at=AT)) == ([], [(AT,)])
