"""How soon buyers pay by themselves: what is observed of each order, and the time suggested from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_order,
    cover,
    insert,
    make_segments,
    make_shop,
    minutes,
    rows,
    undone,
)

from touchpoint.db import Database, Transaction
from touchpoint.learning import kept, learners, pay_delay
from touchpoint.learning.curves import Curve
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.settings.learning import PayDelay, load_learning

DAY = timedelta(days=1)
MADE = AS_OF - 20 * DAY


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    server.create_database("test_pay_delay", template="template_touchpoint")
    database = Database(server.url("test_pay_delay"))
    yield database
    database.close()


@pytest.fixture
def tx(shared: Database) -> Iterator[Transaction]:
    with undone(shared) as transaction:
        yield transaction


def rules(**changed: Any) -> Rules:
    learning = load_learning()
    own = learning.pay_delay.model_copy(update={"min_sample": 5, **changed})
    return Rules(learning.model_copy(update={"pay_delay": own}), make_segments())


def order(tx: Transaction, order_id: str, paid: float | None = None, made: datetime = MADE, **changed: Any) -> None:
    """An order, paid so many minutes after it was made, known from then on with all that became of it."""
    paid_at = {"paid_at": made + minutes(paid), "payment_state": "paid"} if paid is not None else {}
    add_order(tx, order_id, "b", made, **{**paid_at, "item": None, **changed})


def remind(tx: Transaction, order_id: str, at: datetime, state: str = "accepted", **changed: Any) -> None:
    cover(tx, order_id, covered_as_of=at - minutes(1), **changed)
    [touch] = rows(tx, "SELECT touch_id, decided_run_no FROM ledger.touch WHERE occasion = %(id)s", id=order_id)
    message = {
        "realm": "live", "shop_id": SHOP, "touch_id": touch["touch_id"], "campaign_id": "unpaid_reminder",
        "step": "remind", "purpose": "transactional", "channel": "sms", "customer_id": "b", "address_kind": "phone",
        "address_hash": "h", "template": "remind", "locale": "zh-CN", "planned_on": at.date(), "not_before": at,
        "not_after": at + DAY, "enqueued_run_no": touch["decided_run_no"], "enqueued_as_of": at, "state_at": at,
        "identity": "00000000-0000-4000-8000-000000000001", "state": "accepted",
    }  # fmt: skip
    insert(tx, "ledger.message", **message)
    [sent] = rows(tx, "SELECT message_id FROM ledger.message WHERE touch_id = %(id)s", id=touch["touch_id"])
    attempt = {
        "attempt_id": f"a-{order_id}", "message_id": sent["message_id"], "try_no": 1, "group_id": "g",
        "lease_token": 1, "channel": "sms", "provider": "p", "address_hash": "h", "state": state,
        "started_real_at": at, "started_at": at,
    }  # fmt: skip
    insert(tx, "ledger.attempt", **attempt)


def observed(tx: Transaction, as_of: datetime = AS_OF) -> list[tuple[float, bool]]:
    """Minutes watched, and whether paid by then, sorted."""
    tx.do("learn/forget_observations")
    tx.do(
        "learn/observe_pay_delays",
        shop_id=SHOP,
        as_of=as_of,
        since=AS_OF - 180 * DAY,
        realm="live",
    )
    found = rows(tx, "SELECT age, is_event FROM pg_temp.observations")
    return sorted((row["age"] / 60, row["is_event"]) for row in found)


def learn(tx: Transaction, as_of: datetime = AS_OF, **changed: Any) -> Lesson | None:
    return pay_delay.learn(tx, make_shop(), as_of, rules(**changed))


def groups(lesson: Lesson | None) -> dict[tuple[str | None, str | None], dict[str, Any]]:
    assert lesson is not None
    return {(group["source"], group["kind"]): group for group in lesson.body["groups"]}


def test_an_order_is_watched_until_it_is_paid_or_until_now(tx: Transaction) -> None:
    order(tx, "paid", 12)
    order(tx, "open", made=AS_OF - minutes(90))
    assert observed(tx) == [(12, True), (90, False)]


def test_an_order_closed_unpaid_is_never_paid_and_not_one_that_might_have_been(tx: Transaction) -> None:
    for number in range(8):
        order(tx, f"quick{number}", 1)
    order(tx, "slow", 600)
    for number in range(8):
        order(tx, f"given_up{number}", closed_at=MADE + minutes(5))
    curve = groups(learn(tx))[None, None]
    # Lost from sight at minute 5, the given-up orders would leave `slow` to stand for nine: half would pay after 10 h.
    assert curve["pay_by_themselves"] == pytest.approx(9 / 17)
    assert curve["curve"]["300"] == pytest.approx(8 / 9)
    assert curve["half_paid_at"] == 60


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "cash_on_delivery"},
        {"kind": "price_difference"},
        {"kind": "presale"},
        {"payment_state": "deposit_paid"},
        {"payment_state": "paid"},
        {"created_at": AS_OF - 181 * DAY, "known_at": AS_OF - 181 * DAY},
        {"shop_id": "another"},
    ],
    ids=str,
)
def test_what_the_campaign_leaves_out_teaches_nothing(tx: Transaction, changed: dict[str, Any]) -> None:
    made = changed.pop("created_at", MADE)
    order(tx, "left_out", made=made, **changed)
    assert observed(tx) == []


def test_as_of_an_instant_later_payments_are_not_known(tx: Transaction) -> None:
    order(tx, "paid", 60)
    order(tx, "learned_late", 5, known_at=MADE + DAY)
    assert observed(tx, MADE + minutes(30)) == [(30, False)]
    assert observed(tx, MADE + minutes(60)) == [(60, True)]
    assert observed(tx, MADE + DAY) == [(5, True), (60, True)]


def test_a_corrected_payment_time_counts_from_when_it_was_known(tx: Transaction) -> None:
    order(tx, "corrected", 40, known_at=MADE + 2 * DAY)
    [row] = rows(tx, "SELECT * FROM facts.orders WHERE order_id = 'corrected'")
    before = {**row, "paid_at": MADE + minutes(10), "known_at": MADE}
    insert(tx, "facts.orders_history", **before, known_from=MADE, known_until=MADE + 2 * DAY)
    assert observed(tx, MADE + DAY) == [(10, True)]
    assert observed(tx, MADE + 3 * DAY) == [(40, True)]


def test_what_we_reminded_of_is_watched_until_the_reminder_alone(tx: Transaction) -> None:
    order(tx, "paid_after", 40)
    remind(tx, "paid_after", MADE + minutes(30))
    order(tx, "paid_before", 20)
    remind(tx, "paid_before", MADE + minutes(31))
    order(tx, "never_paid")
    remind(tx, "never_paid", MADE + minutes(32))
    order(tx, "perhaps_reminded", 50)
    remind(tx, "perhaps_reminded", MADE + minutes(33), state="unknown")
    assert observed(tx) == [(20, True), (30, False), (32, False), (33, False)]
    assert observed(tx, MADE + minutes(25)) == [(20, True), (25, False), (25, False), (25, False)]


def test_a_reminder_that_did_not_go_changes_nothing(tx: Transaction) -> None:
    order(tx, "refused", 40)
    remind(tx, "refused", MADE + minutes(30), state="rejected")
    order(tx, "struck", 45)
    remind(tx, "struck", MADE + minutes(30), released_as_of=MADE + minutes(29))
    assert observed(tx) == [(40, True), (45, True)]


def test_a_reminder_that_did_not_go_counts_until_that_was_known(tx: Transaction) -> None:
    order(tx, "refused", 40)
    remind(tx, "refused", MADE + minutes(30), state="rejected")
    settled = "UPDATE ledger.attempt SET settled_real_at = started_real_at + interval '15 minutes'"
    tx.connection.exec_driver_sql(settled)
    assert observed(tx, MADE + minutes(44)) == [(30, False)], "it is under way"
    assert observed(tx, MADE + minutes(45)) == [(40, True)]


def test_a_shop_that_reminds_everybody_does_not_come_to_believe_that_nobody_pays_later(tx: Transaction) -> None:
    for number in range(12):
        order(tx, f"quick{number}", 2)
    for number in range(6):
        order(tx, f"slow{number}", 600)
    assert groups(learn(tx))[None, None]["curve"]["1800"] == pytest.approx(12 / 18)
    for number in range(6):
        remind(tx, f"slow{number}", MADE + minutes(30))
    assert learn(tx) is None, "who would have paid later by themselves cannot be seen any more"


def test_a_few_left_without_reminder_stand_for_the_others(tx: Transaction) -> None:
    for number in range(60):
        order(tx, f"quick{number}", 2)
    for number in range(40):
        order(tx, f"slow{number}", 600)
        if number >= 8:
            remind(tx, f"slow{number}", MADE + minutes(30))
    curve = groups(learn(tx))[None, None]
    assert curve["watched"] == 20, "one of five of all 100"
    assert curve["curve"]["1800"] == pytest.approx(0.6)
    assert curve["after"] == 12 * 3600


def test_groups_with_too_few_orders_leave_the_word_to_wider_ones(tx: Transaction) -> None:
    for number in range(6):
        order(tx, f"app{number}", 3, source="app", payment_kind="card")
        order(tx, f"boleto{number}", 1380, source="app" if number % 2 else "web", payment_kind="boleto")
    found = groups(learn(tx, min_sample=6))
    assert set(found) == {(None, None), ("app", None), (None, "card"), (None, "boleto"), ("app", "card")}
    assert found["app", "card"]["after"] == 600
    assert found[None, "boleto"]["why"] == "never", "the shop closes its orders after a day"


def test_a_kind_with_too_few_payments_says_when_its_own_reminder_would_be_due(tx: Transaction) -> None:
    """Of the orders of all kinds nine of ten are paid at once; those by bank slip half a day later."""
    for number in range(200):
        order(tx, f"card{number}", 3, payment_kind="card")
    for number in range(pay_delay.FEW):
        order(tx, f"slip{number}", 600 + number, payment_kind="boleto")
    for number in range(pay_delay.FEW - 1):
        order(tx, f"pix{number}", 1, payment_kind="pix")
    lesson = learn(tx, min_sample=100)
    assert groups(lesson)[None, None]["after"] == 600
    assert (None, "boleto") not in groups(lesson)
    assert lesson is not None
    [few] = lesson.body["few"]
    assert (few["kind"], few["source"], few["paid"], few["after"]) == ("boleto", None, pay_delay.FEW, 12 * 3600)
    again = learn(tx, min_sample=pay_delay.FEW)
    assert again is not None
    assert again.body["few"] == [], "enough to go by"


def test_when_orders_close_is_told_by_those_that_were_not_paid(tx: Transaction) -> None:
    """A platform says nothing of it any more once an order is paid."""
    for number in range(60):
        order(tx, f"paid{number}", 1 + number / 10, source="flash_sale")
    for number in range(19):
        order(tx, f"closed{number}", closed_at=MADE + minutes(30), source="flash_sale")
    order(tx, "cancelled", closed_at=MADE + minutes(3), source="flash_sale")
    assert groups(learn(tx))["flash_sale", None]["closes"] == 1800
    assert groups(learn(tx))["flash_sale", None]["after"] == 600, "before minute 15"
    tx.connection.exec_driver_sql("UPDATE facts.orders SET closed_at = created_at WHERE closed_at IS NOT NULL")
    assert groups(learn(tx))["flash_sale", None]["closes"] == 86400, "as the shop's file says"


def test_the_same_facts_teach_the_same_and_are_kept_once(tx: Transaction) -> None:
    for number in range(7):
        order(tx, f"o{number}", 3 * number)
    shop, only = make_shop(), ["pay_delay"]
    lesson, is_kept = learners.learn(tx, shop=shop, as_of=AS_OF, rules=rules(), keep=True, only=only)["pay_delay"]
    assert is_kept
    again, is_kept = learners.learn(tx, shop=shop, as_of=AS_OF, rules=rules(), keep=True, only=only)["pay_delay"]
    assert (again, is_kept) == (lesson, False)
    version = kept.in_force(tx, SHOP, "pay_delay", AS_OF)
    assert version is not None
    assert lesson is not None
    assert (version.body, version.sample, version.data_hash) == (dict(lesson.body), 7, lesson.data_hash)
    assert (version.since, version.until) == (AS_OF - 180 * DAY, AS_OF)


def curve(closes: int, reached_at: tuple[int | None, ...]) -> Curve:
    return Curve("app", None, 1000, 900, 1000, 0, closes, closes, 0.9, reached_at, ())


@pytest.mark.parametrize(
    ("closes", "wanted", "least", "after", "why"),
    [
        ("24h", "51s", "8s", "10m", "share"),  # never sooner than that: somebody may be struggling to pay
        ("24h", "26m", "2m", "30m", "share"),
        ("24h", "30m", "2m", "30m", "share"),
        ("5d", "65h", "28h", "72h", "share"),
        ("30m", "2m", "1m", "10m", "share"),
        ("30m", "25m", "1m", "10m", "closing"),  # a flash sale is reminded of before minute 15
        ("24h", "23h", "5h", "18h", "closing"),
        ("24h", "23h", "20h", None, "never"),
        ("20m", "1m", "1m", None, "never"),  # nothing is left between the earliest and the closing
    ],
)
def test_the_suggestion(closes: str, wanted: str, least: str, after: str | None, why: str) -> None:
    from touchpoint.settings import parse_duration

    def seconds(word: str) -> int:
        return int(parse_duration(word).total_seconds())

    found = pay_delay.suggest(curve(seconds(closes), (seconds(wanted), seconds(least), None)), config())
    assert found == (parse_duration(after) if after else None, why)


def test_nobody_is_reminded_where_nobody_pays() -> None:
    assert pay_delay.suggest(curve(86400, (None, None, None)), config()) == (None, "never")


def config() -> PayDelay:
    return load_learning().pay_delay
