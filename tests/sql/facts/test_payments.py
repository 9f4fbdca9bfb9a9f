"""Payments as facts, and orders that take instant and kind of payment from them, exact as of any instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from tests.sql.facts.builders import AS_OF, land, load, load_pending, order

from touchpoint.db import Transaction
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity

LATER = AS_OF + timedelta(days=1)
MOMENT = timedelta(microseconds=1)
PAID = "2026-11-20T09:20:00+08:00"
PAYMENT = {
    "payment_id": "b1", "order_id": "o1", "kind": "card", "amount": "129.90", "currency": "CNY", "happened_at": PAID,
}  # fmt: skip
UNSAID = {"payment_state": None, "payment_kind": None, "paid_at": None}


def rows(tx: Transaction, text: str, **given: object) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in tx.connection.exec_driver_sql(text, given)]


def paid(tx: Transaction, at: datetime) -> list[tuple[Any, ...]]:
    text = "SELECT paid_at, payment_kind, payment_state FROM facts.orders_as_of('shop', %(at)s) ORDER BY order_id"
    return rows(tx, text, at=at)


def pay(tx: Transaction, *payments: dict[str, str], **options: Any) -> list[Counts]:
    return load(tx, {Entity.PAYMENT: list(payments)}, entity=Entity.PAYMENT, **options)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


UNPAID = [(None, None, "none")]


def test_a_payment_is_read_as_it_was_known(tx: Transaction) -> None:
    pay(tx, {**PAYMENT, "state": "started"})
    assert pay(tx, {**PAYMENT, "modified_at": "2026-11-20T12:00:00+08:00"}, as_of=LATER) == [Counts(1, 1, 0, 0, 0)]
    text = "SELECT state, amount_minor FROM facts.payments_as_of('shop', %(at)s)"
    found = [rows(tx, text, at=at) for at in (AS_OF - MOMENT, AS_OF, LATER - MOMENT, LATER)]
    assert found == [[], [("started", 12990)], [("started", 12990)], [("succeeded", 12990)]]
    assert pay(tx, {**PAYMENT, "state": "started"}, as_of=LATER) == [Counts(1, 0, 0, 1, 0)]


def test_an_order_is_paid_by_its_payment_from_the_run_that_learned_it(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order(**UNSAID)]})
    pay(tx, PAYMENT, as_of=LATER)
    assert paid(tx, LATER - MOMENT) == UNPAID
    assert paid(tx, LATER) == [(at(PAID), "card", "paid")]
    assert rows(tx, "SELECT paid_at, known_from, known_until FROM facts.orders_history") == [(None, AS_OF, LATER)]
    assert pay(tx, PAYMENT, as_of=LATER) == [Counts(1, 0, 1, 0, 0)]
    assert rows(tx, "SELECT count(*) FROM facts.orders_history") == [(1,)]


def test_the_same_order_again_is_unchanged(tx: Transaction) -> None:
    """It says nothing of its payment, so what its payments say stays."""
    load(tx, {Entity.ORDER: [order(**UNSAID)]})
    pay(tx, PAYMENT)
    assert load(tx, {Entity.ORDER: [order(**UNSAID)]}, as_of=LATER) == [Counts(1, 0, 1, 0, 0)]
    newer = order(**UNSAID, modified_at="2026-11-20T11:00:00+08:00", item_count="2")
    assert load(tx, {Entity.ORDER: [newer]}, as_of=LATER) == [Counts(1, 1, 0, 0, 0)]
    assert paid(tx, LATER) == [(at(PAID), "card", "paid")]


def test_payments_may_come_before_their_order(tx: Transaction) -> None:
    pay(tx, PAYMENT)
    load(tx, {Entity.ORDER: [order(**UNSAID)]}, as_of=LATER)
    assert (paid(tx, LATER - MOMENT), paid(tx, LATER)) == ([], [(at(PAID), "card", "paid")])


def test_what_the_order_says_itself_holds(tx: Transaction) -> None:
    own = "2026-11-20T09:01:00+08:00"
    load(tx, {Entity.ORDER: [order(paid_at=own, payment_kind="wallet", payment_state="paid")]})
    pay(tx, PAYMENT)
    assert paid(tx, LATER) == [(at(own), "wallet", "paid")]


def test_an_order_that_says_its_instant_alone_takes_the_kind(tx: Transaction) -> None:
    own = "2026-11-20T09:01:00+08:00"
    load(tx, {Entity.ORDER: [order(paid_at=own, payment_state="paid")]})
    pay(tx, PAYMENT, as_of=LATER)
    assert paid(tx, AS_OF) == [(at(own), None, "paid")]
    assert paid(tx, LATER) == [(at(own), "card", "paid")]


def test_an_order_that_later_says_it_itself_is_believed(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order(**UNSAID)]})
    pay(tx, PAYMENT)
    own = order(paid_at="2026-11-20T09:19:00+08:00", payment_kind="wallet", payment_state="paid", modified_at=PAID)
    load(tx, {Entity.ORDER: [own]}, as_of=LATER)
    assert paid(tx, LATER) == [(at("2026-11-20T09:19:00+08:00"), "wallet", "paid")]
    assert rows(tx, "SELECT takes_paid_at, takes_payment_kind FROM facts.orders") == [(False, False)]


def test_parts_pay_an_order_when_they_cover_it(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order(**UNSAID)]})
    pay(tx, {**PAYMENT, "amount": "100", "kind": "voucher"})
    assert paid(tx, AS_OF) == UNPAID
    last = "2026-11-20T12:00:00+08:00"
    pay(tx, {**PAYMENT, "payment_id": "b2", "amount": "29.90", "happened_at": last}, as_of=LATER)
    assert paid(tx, LATER) == [(at(last), "voucher", "paid")]


@pytest.mark.parametrize("state", ["started", "failed", "cancelled"])
def test_only_a_succeeded_payment_pays(tx: Transaction, state: str) -> None:
    load(tx, {Entity.ORDER: [order(**UNSAID)]})
    pay(tx, {**PAYMENT, "state": state})
    assert paid(tx, LATER) == UNPAID


def test_a_payment_taken_back_leaves_the_order_unpaid_from_then_on(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order(**UNSAID)]})
    pay(tx, PAYMENT)
    pay(tx, {**PAYMENT, "state": "cancelled", "modified_at": "2026-11-21T00:00:00+08:00"}, as_of=LATER)
    assert (paid(tx, LATER - MOMENT), paid(tx, LATER)) == ([(at(PAID), "card", "paid")], UNPAID)


def test_a_payment_booked_on_another_order_leaves_the_first(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order("o1", **UNSAID), order("o2", **UNSAID)]})
    pay(tx, PAYMENT)
    pay(tx, {**PAYMENT, "order_id": "o2", "modified_at": "2026-11-21T00:00:00+08:00"}, as_of=LATER)
    assert paid(tx, AS_OF) == [(at(PAID), "card", "paid"), *UNPAID]
    assert paid(tx, LATER) == [*UNPAID, (at(PAID), "card", "paid")]


def test_a_payment_that_knows_only_its_day_is_not_before_its_order(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [order(**UNSAID)]})
    pay(tx, {**PAYMENT, "happened_at": "2026-11-20T00:00:00+08:00"})
    assert paid(tx, AS_OF)[0][0] == at("2026-11-20T09:00:00+08:00")


def test_payments_of_history_were_known_when_they_happened(tx: Transaction) -> None:
    """Also by versions of the order that were replaced before the payments came."""
    load(tx, {Entity.ORDER: [order(**UNSAID)]}, is_history=True)
    newer = order(**UNSAID, item_count="2", modified_at="2026-11-20T10:00:00+08:00")
    load(tx, {Entity.ORDER: [newer]}, as_of=LATER)
    pay(tx, PAYMENT, is_history=True)
    made = at("2026-11-20T09:00:00+08:00")
    assert (paid(tx, made), paid(tx, at(PAID) - MOMENT)) == (UNPAID, UNPAID)
    assert paid(tx, at(PAID)) == paid(tx, LATER - MOMENT) == paid(tx, LATER) == [(at(PAID), "card", "paid")]


STEPS = {
    Entity.ORDER: order(**UNSAID, modified_at="2026-11-20T09:30:00+08:00", item_count="2"),
    Entity.PAYMENT: PAYMENT,
    "older order": order(**UNSAID),
    "older payment": {**PAYMENT, "state": "started", "modified_at": "2026-11-20T09:10:00+08:00"},
}


@pytest.mark.parametrize("steps", list(permutations(STEPS)))
def test_in_any_order_of_arrival_the_outcome_is_the_same(tx: Transaction, steps: tuple[str, ...]) -> None:
    for number, step in enumerate(steps):
        entity = Entity(step.split()[-1])
        land(tx, {entity: [STEPS[step]]}, entity=entity, as_of=AS_OF + timedelta(hours=number))
        load_pending(tx, as_of=AS_OF + timedelta(hours=number))
    assert paid(tx, LATER) == [(at(PAID), "card", "paid")]
    assert rows(tx, "SELECT item_count FROM facts.orders") == [(2,)]
