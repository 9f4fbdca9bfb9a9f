"""Products and reviews as of T, guests, service lines, and refunds that name no order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.facts.builders import AS_OF, KEY, land, load, load_pending, order, shop

from touchpoint.addresses import identity_hex
from touchpoint.db import Transaction
from touchpoint.facts.landing import MERGE_ORDER
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity

LATER = AS_OF + timedelta(days=1)
MOMENT = timedelta(microseconds=1)
TEA = {"product_id": "x1", "title": "Green", "series": "tea", "category": "drinks", "price": "10", "currency": "CNY"}
REVIEW = {"order_id": "o1", "review_id": "v1", "score": "2", "happened_at": "2026-11-20T09:30:00+08:00"}
GIVEN = datetime.fromisoformat("2026-11-20T09:30:00+08:00")
REFUND = {"refund_id": "r1", "amount": "5", "currency": "CNY", "happened_at": "2026-11-20T10:00:00+08:00"}


def rows(tx: Transaction, text: str, **given: object) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in tx.connection.exec_driver_sql(text, given)]


def products(tx: Transaction, at: datetime) -> list[tuple[Any, ...]]:
    text = "SELECT series, price_minor FROM facts.products_as_of('shop', %(at)s) ORDER BY product_id"
    return rows(tx, text, at=at)


def reviews(tx: Transaction, at: datetime) -> list[tuple[Any, ...]]:
    return rows(tx, "SELECT score FROM facts.reviews_as_of('shop', %(at)s) ORDER BY order_id, review_id", at=at)


def test_what_belongs_to_an_order_is_merged_after_it_and_the_catalogue_before() -> None:
    assert [entity.value for entity in MERGE_ORDER] == [
        "member", "product", "order", "order_line", "refund", "payment", "shipment", "tracking_event", "review",
        "inquiry", "visit",
    ]  # fmt: skip


def test_a_series_corrected_later_is_seen_from_then_on_and_not_before(tx: Transaction) -> None:
    product = {**TEA, "modified_at": "2026-11-01T00:00:00+08:00"}
    load(tx, {Entity.PRODUCT: [product]}, entity=Entity.PRODUCT)
    corrected = {**product, "series": "herbs", "modified_at": "2026-11-02T00:00:00+08:00"}
    assert load(tx, {Entity.PRODUCT: [corrected]}, entity=Entity.PRODUCT, as_of=LATER) == [Counts(1, 1, 0, 0, 0)]
    assert products(tx, AS_OF - MOMENT) == []
    assert products(tx, AS_OF) == [("tea", 1000)]
    assert products(tx, LATER - MOMENT) == [("tea", 1000)]
    assert products(tx, LATER) == [("herbs", 1000)]
    assert rows(tx, "SELECT series, known_from, known_until FROM facts.products_history") == [("tea", AS_OF, LATER)]


def test_a_catalogue_without_times_speaks_of_the_instant_it_was_taken(tx: Transaction) -> None:
    """The same one again is unchanged, and an older one delivered late replaces nothing."""
    load(tx, {Entity.PRODUCT: [TEA]}, entity=Entity.PRODUCT)
    assert rows(tx, "SELECT modified_at, known_at FROM facts.products") == [(AS_OF, AS_OF)]
    assert load(tx, {Entity.PRODUCT: [TEA]}, entity=Entity.PRODUCT, as_of=LATER) == [Counts(1, 0, 1, 0, 0)]
    changed = {**TEA, "price": "12"}
    assert load(tx, {Entity.PRODUCT: [changed]}, entity=Entity.PRODUCT, as_of=LATER) == [Counts(1, 1, 0, 0, 0)]
    land(tx, {Entity.PRODUCT: [TEA]}, entity=Entity.PRODUCT, as_of=LATER)
    tx.connection.exec_driver_sql(
        "UPDATE landing.batch SET snapshot_at = %(at)s WHERE state = 'pending'", {"at": AS_OF}
    )
    assert list(load_pending(tx, as_of=LATER + MOMENT).values()) == [Counts(1, 0, 0, 1, 0)]
    assert products(tx, LATER + MOMENT) == [("tea", 1200)]


def test_a_product_of_history_is_known_since_its_version(tx: Transaction) -> None:
    product = {**TEA, "modified_at": "2026-11-01T00:00:00+08:00", "price": None, "series": None}
    load(tx, {Entity.PRODUCT: [product]}, entity=Entity.PRODUCT, is_history=True)
    since = datetime.fromisoformat("2026-11-01T00:00:00+08:00")
    assert (products(tx, since - MOMENT), products(tx, since)) == ([], [(None, None)])


def test_a_review_that_arrives_late_is_known_when_it_arrived(tx: Transaction) -> None:
    load(tx, {Entity.REVIEW: [REVIEW]}, entity=Entity.REVIEW, as_of=LATER)
    assert (reviews(tx, LATER - MOMENT), reviews(tx, LATER)) == ([], [(2,)])


def test_a_review_of_history_is_known_since_it_was_given(tx: Transaction) -> None:
    load(tx, {Entity.REVIEW: [REVIEW]}, entity=Entity.REVIEW, is_history=True)
    assert (reviews(tx, GIVEN - MOMENT), reviews(tx, GIVEN)) == ([], [(2,)])


def test_a_review_changed_later_counts_as_it_stood(tx: Transaction) -> None:
    load(tx, {Entity.REVIEW: [REVIEW]}, entity=Entity.REVIEW)
    better = {**REVIEW, "score": "5", "modified_at": "2026-11-21T09:00:00+08:00"}
    load(tx, {Entity.REVIEW: [better]}, entity=Entity.REVIEW, as_of=LATER)
    assert (reviews(tx, LATER - MOMENT), reviews(tx, LATER)) == ([(2,)], [(5,)])
    assert load(tx, {Entity.REVIEW: [REVIEW]}, entity=Entity.REVIEW, as_of=LATER) == [Counts(1, 0, 0, 1, 0)]


def test_a_review_without_a_time_is_as_old_as_its_list(tx: Transaction) -> None:
    load(tx, {Entity.REVIEW: [{**REVIEW, "happened_at": None}]}, entity=Entity.REVIEW)
    assert rows(tx, "SELECT happened_at, known_at FROM facts.reviews") == [(AS_OF, AS_OF)]


def test_one_review_may_speak_of_two_orders(tx: Transaction) -> None:
    both = [REVIEW, {**REVIEW, "order_id": "o2", "score": "4"}]
    assert load(tx, {Entity.REVIEW: both}, entity=Entity.REVIEW) == [Counts(2, 2, 0, 0, 0)]
    assert reviews(tx, AS_OF) == [(2,), (4,)]


def test_an_order_without_a_customer_is_a_guests(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order("o1", customer_id=None), order("o2")]})
    assert rows(tx, "SELECT customer_id, is_guest FROM facts.customers ORDER BY customer_id") == [
        ("buyer-1", False),
        ("order:o1", True),
    ]
    # A guest has no key of the platform, so there is nothing to write to.
    assert rows(tx, "SELECT customer_id FROM contact.contact_points WHERE kind = 'ouid'") == [("buyer-1",)]


def test_an_order_that_names_its_customer_later_is_no_guests_any_more(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order("o1", customer_id=None)]})
    load(tx, {Entity.ORDER: [order("o1", modified_at="2026-11-20T10:00:00+08:00")]}, as_of=LATER)
    text = """
    SELECT customers.is_guest FROM facts.orders_as_of('shop', %(at)s) AS orders
    INNER JOIN facts.customers ON customers.customer_no = orders.customer_no"""
    assert rows(tx, text, at=AS_OF) == [(True,)]
    assert rows(tx, text, at=LATER) == [(False,)]


def test_the_source_s_status_is_seen_once_all_it_tells_lies_in_the_past(tx: Transaction) -> None:
    given = order(status="delivered", finished_at="2026-11-25T09:00:00+08:00", modified_at=None)
    load(tx, {Entity.ORDER: [given]}, is_history=True)
    text = "SELECT status FROM facts.orders_as_of('shop', %(at)s)"
    finished = datetime.fromisoformat("2026-11-25T09:00:00+08:00")
    assert (rows(tx, text, at=AS_OF), rows(tx, text, at=finished)) == ([(None,)], [("delivered",)])


def test_postage_is_a_line_of_its_own_kind(tx: Transaction) -> None:
    line = {"order_id": "o1", "line_id": "1", "quantity": "1", "net": "1", "modified_at": "2026-11-20T09:00:00Z"}
    load(tx, {Entity.ORDER_LINE: [line, {**line, "line_id": "2", "kind": "service"}]})
    newer = {**line, "kind": "service", "modified_at": "2026-11-20T09:30:00Z"}
    load(tx, {Entity.ORDER_LINE: [newer]}, as_of=LATER)
    text = "SELECT kind FROM facts.{} ORDER BY line_id"
    assert rows(tx, text.format("order_lines_as_of('shop', %(at)s)"), at=AS_OF) == [("goods",), ("service",)]
    assert rows(tx, text.format("order_lines_as_of('shop', %(at)s)"), at=LATER) == [("service",), ("service",)]
    assert rows(tx, text.format("lines_of_order_as_of('shop', 'o1', %(at)s)"), at=AS_OF) == [("goods",), ("service",)]


def test_a_unit_price_may_be_finer_than_the_coin(tx: Transaction) -> None:
    line = {"order_id": "o1", "line_id": "1", "quantity": "1000", "price": "0.006", "net": "6.00"}
    assert load(tx, {Entity.ORDER_LINE: [line]})[1] == Counts(1, 1, 0, 0, 0)
    assert rows(tx, "SELECT price_minor, net_minor FROM facts.order_lines") == [(1, 600)]


def refunded(tx: Transaction) -> list[tuple[Any, ...]]:
    return rows(
        tx,
        """SELECT refunds.refund_id, refunds.order_id, customers.customer_id
        FROM facts.refunds_as_of('shop', %(at)s) AS refunds
        LEFT JOIN facts.customers ON customers.customer_no = refunds.customer_no ORDER BY refunds.refund_id""",
        at=LATER,
    )


def test_a_refund_finds_its_customer_by_name_or_by_order_or_not_at_all(tx: Transaction) -> None:
    refunds = [
        {**REFUND, "refund_id": "by name", "customer_id": "buyer-1"},
        {**REFUND, "refund_id": "by order", "order_id": "o1"},
        {**REFUND, "refund_id": "of nobody"},
    ]
    load(tx, {Entity.ORDER: [order("o1")], Entity.REFUND: refunds})
    assert refunded(tx) == [("by name", None, "buyer-1"), ("by order", "o1", "buyer-1"), ("of nobody", None, None)]


@pytest.mark.parametrize("is_history", [True, False])
def test_who_is_known_by_a_refund_alone_is_a_customer(tx: Transaction, is_history: bool) -> None:
    load(tx, {Entity.REFUND: [{**REFUND, "customer_id": "buyer-9"}]}, is_history=is_history)
    assert refunded(tx) == [("r1", None, "buyer-9")]
    known_at = datetime.fromisoformat(REFUND["happened_at"]) if is_history else AS_OF
    assert rows(tx, "SELECT is_guest, known_at FROM facts.customers") == [(False, known_at)]
    made = identity_hex(KEY, shop().identity_scope, "buyer", "buyer-9")
    assert rows(tx, "SELECT replace(identity::text, '-', '') FROM facts.customers")[0][0] == made.replace("-", "")


def test_a_refund_that_came_before_its_order_learns_its_customer_when_it_comes_again(tx: Transaction) -> None:
    """An overlapping window brings it again; who was refunded is as true as if it had been known at once."""
    load(tx, {Entity.REFUND: [{**REFUND, "order_id": "o1"}]})
    assert refunded(tx) == [("r1", "o1", None)]
    load(tx, {Entity.ORDER: [order("o1")], Entity.REFUND: [{**REFUND, "order_id": "o1"}]}, as_of=LATER)
    assert refunded(tx) == [("r1", "o1", "buyer-1")]
