"""How soon readers answer a message by paying: what is observed of each message, and when the next step is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.decide.building import AS_OF, SHOP, add_order, insert, make_segments, make_shop, minutes, rows, undone
from tests.sql.learning.test_pay_delay import remind

from touchpoint.db import Database, Transaction
from touchpoint.facts import customers
from touchpoint.learning import answer_delay
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.settings.learning import load_learning

DAY = timedelta(days=1)
SENT = AS_OF - 40 * DAY


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    server.create_database("test_answer_delay", template="template_touchpoint")
    database = Database(server.url("test_answer_delay"))
    yield database
    database.close()


@pytest.fixture
def tx(shared: Database) -> Iterator[Transaction]:
    with undone(shared) as transaction:
        yield transaction


def text(tx: Transaction, name: str, *, pays_after: float | None = None, sent: Any = SENT) -> None:
    """A message to a buyer of that name, who pays another order so many hours later."""
    add_order(tx, name, name, sent - DAY, item=None)
    remind(tx, name, sent)
    tx.connection.exec_driver_sql(
        "UPDATE ledger.touch SET identity = customers.identity FROM facts.customers"
        " WHERE customers.customer_id = occasion AND occasion = %(name)s",
        {"name": name},
    )
    if pays_after is not None:
        paid_at = sent + minutes(60 * pays_after)
        add_order(tx, f"{name}-paid", name, sent, paid_at=paid_at, payment_state="paid", item=None)


def next_step(tx: Transaction, at: datetime) -> None:
    """A second step of the only touch, sent at an instant."""
    [touch] = rows(tx, "SELECT * FROM ledger.touch")
    insert(tx, "ledger.touch", **{key: value for key, value in touch.items() if key != "touch_id"} | {"step": "again"})
    [second] = rows(tx, "SELECT touch_id FROM ledger.touch WHERE step = 'again'")
    [message] = rows(tx, "SELECT * FROM ledger.message")
    copied = {key: value for key, value in message.items() if key != "message_id"}
    insert(tx, "ledger.message", **copied | {"touch_id": second["touch_id"], "step": "again"})
    [sent] = rows(tx, "SELECT message_id FROM ledger.message WHERE step = 'again'")
    [attempt] = rows(tx, "SELECT * FROM ledger.attempt")
    changed = {"attempt_id": "second", "message_id": sent["message_id"], "started_at": at}
    insert(tx, "ledger.attempt", **attempt | changed)


def observed(tx: Transaction, as_of: Any = AS_OF) -> list[tuple[float, bool]]:
    """Hours watched, and whether the reader paid, sorted."""
    tx.do("learn/forget_observations")
    tx.do("learn/observe_answers", shop_id=SHOP, as_of=as_of, since=AS_OF - 365 * DAY, realm="live")
    found = rows(tx, "SELECT age, is_event FROM pg_temp.observations")
    return sorted((row["age"] / 3600, row["is_event"]) for row in found)


def learn(tx: Transaction, sample: int) -> Lesson | None:
    config = load_learning()
    own = config.answer_delay.model_copy(update={"min_sample": sample})
    return answer_delay.learn(
        tx, make_shop(), AS_OF, Rules(config.model_copy(update={"answer_delay": own}), make_segments())
    )


def test_a_reader_is_watched_until_they_pay_or_until_now(tx: Transaction) -> None:
    text(tx, "pays", pays_after=5)
    text(tx, "does_not", sent=AS_OF - DAY)
    text(tx, "later", pays_after=30, sent=AS_OF - DAY)
    assert observed(tx) == [(5, True), (24, False), (24, False)]


def test_the_next_step_ends_the_watch(tx: Transaction) -> None:
    text(tx, "pays", pays_after=50)
    next_step(tx, SENT + DAY)
    assert observed(tx) == [(24, False), (26, True)]


def test_a_reader_who_was_merged_answers_as_the_customer_they_are(tx: Transaction) -> None:
    text(tx, "reader")
    add_order(tx, "first", "survivor", SENT - DAY, item=None)
    merged_at = AS_OF + DAY
    customers.merge(tx, shop_id=SHOP, from_id="reader", into_id="survivor", who="an agent", note=None, at=merged_at)
    paid = {"paid_at": merged_at + minutes(60), "payment_state": "paid", "item": None}
    add_order(tx, "paid", "survivor", merged_at, **paid)
    assert observed(tx, merged_at + DAY) == [(42 * 24 - 23, True)]
    assert observed(tx, merged_at - minutes(60)) == [(41 * 24 - 1, False)], "nobody knew it yet"


def test_a_message_that_did_not_go_counts_until_that_was_known(tx: Transaction) -> None:
    text(tx, "reader")
    tx.connection.exec_driver_sql(
        "UPDATE ledger.attempt SET state = 'rejected', settled_real_at = started_real_at + interval '6 hours'"
    )
    assert observed(tx, SENT + minutes(5 * 60)) == [(5, False)]
    assert observed(tx, SENT + minutes(6 * 60)) == []


def test_the_next_step_is_due_when_nine_of_ten_who_answer_have(tx: Transaction) -> None:
    for number in range(10):
        text(tx, f"b{number}", pays_after=10 * (number + 1) - 0.5)
    for number in range(5):
        text(tx, f"silent{number}")
    lesson = learn(tx, 10)
    assert lesson is not None
    [step] = lesson.body["steps"]
    assert (step["campaign"], step["step"], step["messages"], step["answers"]) == ("unpaid_reminder", "remind", 15, 10)
    assert (step["after"], step["answer"]) == (90 * 3600, pytest.approx(10 / 15, abs=1e-6))
    assert learn(tx, 11) is None
