"""A platform that lists changes late: every night all recent orders are as it shows them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.flow.conftest import ANCHOR, Flow
from tests.sandbox_calls import ALL_TYPES, call, top_time

from touchpoint import pipeline
from touchpoint.model import Cadence

PHONE = "19900001234"
NIGHT = ANCHOR + timedelta(hours=4)


def shown(flow: Flow, until: datetime) -> dict[str, tuple[str, str | None]]:
    """What the platform shows of the orders of the last three days: id -> last change, payment."""
    found: dict[str, tuple[str, str | None]] = {}
    page = 1
    while True:
        answer = call(
            flow.sandbox, "taobao.trades.sold.get", fields="tid,modified,pay_time", type=ALL_TYPES, page_no=page,
            page_size=100, use_has_next="true", start_created=top_time(until - timedelta(days=3)),
            end_created=top_time(until - timedelta(minutes=2)),
        )  # fmt: skip
        for trade in answer.get("trades", {}).get("trade", []):
            found[str(trade["tid"])] = (trade["modified"], trade.get("pay_time"))
        if not answer["has_next"]:
            return found
        page += 1


def wrong(flow: Flow, until: datetime) -> set[str]:
    """Orders that the facts know otherwise, or not at all."""
    known = {
        order_id: (modified, paid)
        for order_id, modified, paid in flow.rows(
            "SELECT order_id, to_char(modified_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),"
            " to_char(paid_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS') FROM facts.orders"
        )
    }
    now = shown(flow, until)
    assert len(now) > 100
    return {order_id for order_id, state in now.items() if known.get(order_id) != state}


@pytest.mark.parametrize("lag", [timedelta(minutes=10), timedelta(hours=3)])
def test_after_the_nightly_run_no_recent_order_is_known_otherwise_than_the_platform_shows_it(
    flow: Flow, lag: timedelta
) -> None:
    late = {"share": 0.5, "lag_s": int(lag.total_seconds())}
    flow.sandbox.control("POST", "/control/faults", {"platform": {"late_arrivals": late}})
    for minutes in (5, 30, 90, 180):
        flow.run(ANCHOR + timedelta(minutes=minutes))
    flow.run(NIGHT - timedelta(minutes=5))
    assert wrong(flow, NIGHT - timedelta(minutes=5))  # what the windows' overlap alone leaves
    night = flow.run(NIGHT, cadence=Cadence.DAILY)
    assert wrong(flow, NIGHT) == set()
    assert flow.rows(
        "SELECT count(*) > 0 FROM landing.batch WHERE run_no = %s AND origin = 'rescan' AND loaded > 0", night.run_no
    ) == [(True,)]
    assert flow.rows("SELECT extracted_until FROM landing.watermark WHERE entity = 'order'") == [
        (NIGHT - timedelta(minutes=1),)
    ]


def list_late(flow: Flow, share: float, lag: timedelta) -> None:
    late = {"share": share, "lag_s": int(lag.total_seconds())}
    flow.sandbox.control("POST", "/control/faults", {"platform": {"late_arrivals": late}})


def open_order(flow: Flow, at: datetime) -> str:
    """An order just made by a member who can be written to."""
    phone = {"phone": PHONE, "at": (at - timedelta(days=40)).isoformat()}
    member = flow.sandbox.control("POST", "/control/world/member", phone)
    flow.sandbox.control("POST", "/control/exports", {"at": at.isoformat()})
    order = {"ouid": member["ouid"], "product": 0, "source": "WAP", "at": at.isoformat()}
    return str(flow.sandbox.control("POST", "/control/world/order", order)["tid"])


def message_about(flow: Flow, order_id: str) -> tuple[str, str | None]:
    [(state, reason)] = flow.rows(
        "SELECT messages.state, messages.reason FROM ledger.message AS messages"
        " INNER JOIN ledger.touch AS touches USING (touch_id) WHERE touches.occasion = %s",
        order_id,
    )
    return state, reason


def test_a_payment_that_is_not_listed_yet_stops_its_reminder(flow: Flow) -> None:
    made = ANCHOR + timedelta(minutes=5)
    flow.at(made)
    order_id = open_order(flow, made)
    flow.run(ANCHOR + timedelta(minutes=10))
    list_late(flow, 1.0, timedelta(hours=3))
    paid = ANCHOR + timedelta(minutes=20)
    flow.sandbox.control("POST", "/control/world/pay", {"tid": order_id, "at": paid.isoformat()})
    run = flow.run(ANCHOR + timedelta(minutes=40))
    assert message_about(flow, order_id) == ("cancelled", "paid")
    assert flow.rows("SELECT paid_at FROM facts.orders WHERE order_id = %s", order_id) == [(paid,)]
    # It came in as a batch of its own, after the run had decided, and says nothing of how fresh the other facts are.
    assert flow.rows("SELECT loaded_as_of, confirmed_as_of FROM record.heads WHERE shop_id = 'sandbox'") == [
        (run.as_of, run.as_of)
    ]
    [(origins,)] = flow.rows(
        "SELECT array_agg(DISTINCT origin) FROM landing.batch WHERE as_of = %s AND state = 'loaded' AND loaded > 0",
        run.as_of,
    )
    assert set(origins) == {"extract", "confirm"}
    assert flow.rows("SELECT extracted_until FROM landing.watermark WHERE entity = 'order'") == [
        (run.as_of - timedelta(minutes=1),)
    ]


def test_without_an_answer_a_reminder_waits_and_goes_with_the_next(flow: Flow) -> None:
    made = ANCHOR + timedelta(minutes=5)
    flow.at(made)
    order_id = open_order(flow, made)
    flow.run(ANCHOR + timedelta(minutes=10))
    run = pipeline.begin(flow.services, flow.trigger(flow.at(ANCHOR + timedelta(minutes=40))))
    for entity in pipeline.EXTRACTED:
        pipeline.extract(flow.services, run.run_no, entity)
    for step in (pipeline.validate, pipeline.load, pipeline.refresh):
        step(flow.services, run.run_no)
    pipeline.plan(flow.services, run.run_no, "unpaid_reminder")
    pipeline.decide(flow.services, run.run_no)
    flow.sandbox.control("POST", "/control/faults", {"platform": {"down": True}})
    told = pipeline.dispatch(flow.services, run.run_no, 0, 1)
    assert told["held: unconfirmed"] > 0
    assert message_about(flow, order_id) == ("waiting", "unconfirmed")
    assert not [sms for sms in flow.sms() if sms["phone"] == PHONE]
    flow.sandbox.control("DELETE", "/control/faults")
    told = pipeline.dispatch(flow.services, run.run_no, 0, 1)
    assert "held: unconfirmed" not in told
    assert message_about(flow, order_id) == ("accepted", None)
    assert len([sms for sms in flow.sms() if sms["phone"] == PHONE]) == 1


@pytest.mark.parametrize("lag", [timedelta(minutes=10), timedelta(hours=3)])
def test_no_reminder_goes_to_a_paid_order(flow: Flow, lag: timedelta) -> None:
    list_late(flow, 0.5, lag)
    for minutes in (10, 25, 40, 55, 70, 85, 100):
        flow.run(ANCHOR + timedelta(minutes=minutes))
    sent = flow.rows(
        "SELECT covers.covered_id, messages.state_at FROM ledger.message AS messages"
        " INNER JOIN ledger.touch_cover AS covers USING (touch_id)"
        " WHERE messages.campaign_id = 'unpaid_reminder' AND messages.state = 'accepted'"
        " AND covers.released_as_of IS NULL"
    )
    assert len(sent) > 10
    late = []
    for order_id, at in sent:
        trade = call(flow.sandbox, "taobao.trade.fullinfo.get", tid=order_id, fields="tid,pay_time")["trade"]
        if trade.get("pay_time") and trade["pay_time"] <= top_time(at):
            late.append(order_id)
    assert late == []
