"""An apology for late dispatch speaks of what has not left when it is claimed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.faults.world import AT, World, shop
from tests.sql.outbox.conftest import Recorder

from touchpoint.campaigns.load import load_campaigns
from touchpoint.db import Database
from touchpoint.model import Channel
from touchpoint.outbox.sweep import sweep

SMS = Channel.SMS
APOLOGY = {
    "campaign_id": "late_dispatch",
    "step": "not_dispatched",
    "template": "not_dispatched",
    "variant": None,
    "valid_while": ["order_not_dispatched"],
}
CANDIDATES = """
WITH audiences AS (
    INSERT INTO ledger.audience (run_no, campaign_id, candidate_count, audience_hash, campaign_hash, statement_hash,
        parameter_hash)
    SELECT DISTINCT enqueued_run_no, campaign_id, 0, '', '', '', '' FROM ledger.message
)
INSERT INTO ledger.candidate (run_no, campaign_id, step, occasion, identity, customer_id, not_before, not_after)
SELECT m.enqueued_run_no, m.campaign_id, m.step, t.occasion, m.identity, m.customer_id, o.paid_at + interval '24 hours',
    o.paid_at + interval '5 days'
FROM ledger.message AS m JOIN ledger.touch AS t USING (touch_id)
JOIN facts.orders AS o ON o.order_id = t.occasion
"""
NEW_ORDER = """
INSERT INTO facts.orders (shop_id, order_id, customer_no, created_at, paid_at, paid_minor, kind, payment_state,
    total_minor, currency, modified_at, known_at, batch_id)
SELECT 'stall', %(id)s, customer_no, %(paid)s, %(paid)s, 5000, %(kind)s, 'paid', 5000, 'CNY', %(paid)s, %(paid)s, 2
FROM facts.customers WHERE customer_id = 'buyer-1'
"""
REFUND = """
INSERT INTO facts.refunds (shop_id, refund_id, order_id, amount_minor, currency, state, happened_at, modified_at,
    known_at, batch_id)
VALUES ('stall', 'r' || %(order)s, %(order)s, %(amount)s, 'CNY', %(state)s, %(at)s, %(at)s, %(at)s, 1)
"""
PARCEL = """
INSERT INTO facts.shipments (shop_id, shipment_id, order_id, shipped_at, modified_at, known_at, batch_id)
VALUES ('stall', 'p' || %(order)s, %(order)s, %(at)s, %(at)s, %(at)s, 1)
"""


@pytest.fixture
def late(database: Database) -> World:
    """A shop that has registered the apology's text."""
    codes = {"late_dispatch/zh-CN/not_dispatched": "SMS_900000401"}
    sms = {"provider": "aliyun_sms", "connection": "sandbox_sms", "signature": "青禾小铺", "templates": codes}
    return World(database, shop=shop(sms=sms))


def apologies(world: World, count: int) -> None:
    """Waiting apologies, each for an order paid 30 hours ago."""
    world.add(count, **APOLOGY)
    world.sql(
        "UPDATE facts.orders SET paid_at = %(paid)s, paid_minor = total_minor, payment_state = 'paid'",
        paid=AT - timedelta(hours=30),
    )
    world.sql(CANDIDATES)


def update(world: World, order: str, **columns: Any) -> None:
    settings = ", ".join(f"{name} = %({name})s" for name in columns)
    world.sql(f"UPDATE facts.orders SET {settings} WHERE order_id = %(id)s", id=order, **columns)


def covers(world: World) -> list[tuple[str, str | None]]:
    found = world.sql("SELECT covered_id, release_reason FROM ledger.touch_cover ORDER BY covered_id, ctid")
    return [(row["covered_id"], row["release_reason"]) for row in found]


def send(world: World, channel: Recorder) -> dict[str, int]:
    world.dispatch({SMS: channel}, campaigns=load_campaigns().by_id)
    return world.states()


def test_what_is_still_late_goes(late: World, channel: Recorder) -> None:
    apologies(late, 1)
    assert send(late, channel) == {"accepted": 1}
    assert channel.groups[0][1][0].template_code == "SMS_900000401"
    assert set(channel.groups[0][1][0].params) == {"name", "ordered", "orders"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"shipped_at": AT}, "shipped"),
        ({"finished_at": AT}, "shipped"),
        ({"closed_at": AT}, "closed"),
        ({"paid_at": None}, "not_paid"),
    ],
)
def test_what_has_ended_meanwhile_is_cancelled_and_free(
    late: World, channel: Recorder, change: dict[str, Any], reason: str
) -> None:
    apologies(late, 2)
    update(late, "order-1", **change)
    assert send(late, channel) == {"accepted": 1, f"cancelled: {reason}": 1}
    assert covers(late) == [("order-1", reason), ("order-2", None)]


@pytest.mark.parametrize("name", ["shipped_at", "finished_at", "closed_at"])
def test_what_ends_later_is_late_until_then(late: World, channel: Recorder, name: str) -> None:
    apologies(late, 1)
    update(late, "order-1", **{name: AT + timedelta(seconds=1)})
    assert send(late, channel) == {"accepted": 1}


def test_one_parcel_is_enough_one_that_leaves_later_is_none(late: World, channel: Recorder) -> None:
    apologies(late, 2)
    late.sql(PARCEL, order="order-1", at=AT)
    late.sql(PARCEL, order="order-2", at=AT + timedelta(seconds=1))
    assert send(late, channel) == {"accepted": 1, "cancelled: shipped": 1}


def test_paid_back_or_asked_back_is_cancelled_paid_back_in_part_is_not(late: World, channel: Recorder) -> None:
    apologies(late, 4)
    late.sql(REFUND, order="order-1", amount=99_999, state="succeeded", at=AT)
    late.sql(REFUND, order="order-2", amount=1, state="asked", at=AT)
    late.sql(REFUND, order="order-3", amount=1, state="succeeded", at=AT)
    late.sql(REFUND, order="order-4", amount=99_999, state="succeeded", at=AT + timedelta(seconds=1))
    assert send(late, channel) == {"accepted": 2, "cancelled: refund_asked": 1, "cancelled: refunded": 1}


def test_of_several_orders_those_that_left_are_struck(late: World, channel: Recorder) -> None:
    apologies(late, 1)
    late.sql(NEW_ORDER, id="second", paid=AT - timedelta(hours=25), kind="normal")
    late.sql(
        "INSERT INTO ledger.touch_cover SELECT realm, shop_id, campaign_id, step, 'second', touch_id, covered_as_of"
        " FROM ledger.touch_cover"
    )
    update(late, "order-1", shipped_at=AT)
    assert send(late, channel) == {"accepted": 1}
    assert covers(late) == [("order-1", "shipped"), ("second", None)]
    assert channel.groups[0][1][0].params["orders"] == "1笔订单"


def test_what_became_late_since_the_decision_is_taken_in(late: World, channel: Recorder) -> None:
    apologies(late, 1)
    hours = timedelta(hours=1)
    late.sql(NEW_ORDER, id="late", paid=AT - 24 * hours, kind="normal")
    late.sql(NEW_ORDER, id="not-yet", paid=AT - 24 * hours + timedelta(seconds=1), kind="normal")
    late.sql(NEW_ORDER, id="too-old", paid=AT - 120 * hours, kind="normal")
    late.sql(NEW_ORDER, id="presale", paid=AT - 25 * hours, kind="presale")
    late.sql(NEW_ORDER, id="left", paid=AT - 25 * hours, kind="normal")
    late.sql(PARCEL, order="left", at=AT - hours)
    late.sql(NEW_ORDER, id="asked", paid=AT - 25 * hours, kind="normal")
    late.sql(REFUND, order="asked", amount=1, state="asked", at=AT)
    assert send(late, channel) == {"accepted": 1}
    assert covers(late) == [("late", None), ("order-1", None)]
    assert channel.groups[0][1][0].params["orders"] == "2笔订单"


def test_an_order_of_another_text_stays_with_that_one(late: World, channel: Recorder) -> None:
    apologies(late, 2)
    late.sql("UPDATE facts.orders SET customer_no = (SELECT min(customer_no) FROM facts.customers)")
    assert send(late, channel) == {"accepted": 2}
    assert covers(late) == [("order-1", None), ("order-2", None)]


def test_the_sweep_before_deciding_strikes_as_well(late: World) -> None:
    apologies(late, 2)
    update(late, "order-1", shipped_at=AT)
    with late.db.transaction() as tx:
        sweep(tx, realm="live", shop=late.shop, at=AT, policy=late.policy)
    assert late.states() == {"cancelled: shipped": 1, "waiting": 1}
