"""A text about parcels is true when it goes: what changed since the decision is struck, and what is left is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.sql.audiences.parcels import RULES, add_parcel, add_refund, add_scan, ask, tell
from tests.sql.decide.building import AS_OF, SHOP
from tests.sql.outbox.parcel_messages import LATE, TROUBLE, covered, decided, judged, message, rendered

from touchpoint.db import Transaction
from touchpoint.record.parcels import keep_norms


@pytest.fixture
def lab(tx: Transaction) -> Transaction:
    """A shop whose norms are kept."""
    keep_norms(tx, shop_id=SHOP, as_of=AS_OF - timedelta(days=90), rules=RULES)
    return tx


@pytest.mark.parametrize(
    ("since", "reason"),
    [
        ([], None),
        ([["delivered", "1h"]], "delivered"),
        ([["returned", "1h"]], "returned"),
        ([["refused", "1h"]], "problem"),
        ([["lost", "1h"]], "problem"),
        ([["in_transit", "1h"]], "moving"),
        ([["ready_for_pickup", "1h"]], "ready_for_pickup"),
        ([["delivered", "4h"]], None),  # not yet
    ],
)
def test_a_late_text_is_struck_when_it_is_true_no_more(
    lab: Transaction, since: list[list[str]], reason: str | None
) -> None:
    message_id = decided(lab, LATE, step="late")
    for state, when in since:
        add_scan(lab, "P", state, when)
    state = ("cancelled", reason) if reason else ("claimed", None)
    assert (judged(lab, message_id), covered(lab)) == (state, {"P": reason})


def test_a_late_parcel_that_never_stood_still_is_told_of_though_it_moves(lab: Transaction) -> None:
    message_id = decided(lab, {**LATE, "scans": [["picked_up", "-4d"], ["in_transit", "-1h"]]}, step="late")
    add_scan(lab, "P", "arrived_city", "1h")
    assert judged(lab, message_id) == ("claimed", None)


@pytest.mark.parametrize(
    ("since", "reason"),
    [
        ([], None),
        ([["lost", "1h"]], None),
        ([["in_transit", "1h"]], "problem_over"),
        ([["delivered", "1h"]], "delivered"),
    ],
)
def test_a_text_about_trouble_goes_while_the_trouble_stands(
    lab: Transaction, since: list[list[str]], reason: str | None
) -> None:
    message_id = decided(lab, TROUBLE, step="problem")
    for state, when in since:
        add_scan(lab, "P", state, when)
    assert judged(lab, message_id) == (("cancelled", reason) if reason else ("claimed", None))


@pytest.mark.parametrize(
    ("since", "reason"), [([], None), ([["exception", "1h"]], "problem"), ([["delivered", "1h"]], "delivered")]
)
def test_good_news_goes_while_it_is_good(lab: Transaction, since: list[list[str]], reason: str | None) -> None:
    add_parcel(lab, {**LATE, "shipped": "-9d", "scans": [["picked_up", "-8d"], ["in_transit", "-1h"]]})
    tell(lab, ["P"], "late", "-3d")
    [candidate] = ask(lab).candidates
    message_id = message(lab, tell(lab, ["P"], candidate.step, "0m"), "moving")
    for state, when in since:
        add_scan(lab, "P", state, when)
    assert judged(lab, message_id) == (("cancelled", reason) if reason else ("claimed", None))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE facts.orders SET closed_at = '2026-03-10T15:00+08:00'", "closed"),
        ("UPDATE facts.orders SET finished_at = '2026-03-10T15:00+08:00'", "finished"),
        ("UPDATE facts.orders SET finished_at = '2026-03-10T18:00+08:00'", None),
        ("UPDATE facts.shipments SET promised_at = '2026-03-12T00:00+08:00'", "promised_anew"),
    ],
)
def test_what_ends_an_order_or_keeps_the_promise_strikes_too(lab: Transaction, change: str, reason: str | None) -> None:
    message_id = decided(lab, LATE, step="late")
    lab.connection.exec_driver_sql(change)
    assert judged(lab, message_id) == (("cancelled", reason) if reason else ("claimed", None))


@pytest.mark.parametrize(("state", "reason"), [("asked", "refund_asked"), ("succeeded", "refunded"), ("refused", None)])
def test_a_refund_since_strikes(lab: Transaction, state: str, reason: str | None) -> None:
    message_id = decided(lab, LATE, step="late")
    add_refund(lab, "o-P", state, "1h")
    assert judged(lab, message_id) == (("cancelled", reason) if reason else ("claimed", None))


def test_of_two_parcels_the_one_that_is_left_is_told_of(lab: Transaction) -> None:
    other = {"id": "Q", "scans": [["picked_up", "-4d"]]}
    message_id = decided(lab, LATE, other, step="late")
    assert "2个包裹" in rendered(lab, message_id, "late", AS_OF).text
    add_scan(lab, "P", "delivered", "1h")
    assert judged(lab, message_id) == ("claimed", None)
    assert covered(lab) == {"P": "delivered", "Q": None}
    assert "您的包裹" in rendered(lab, message_id, "late").text
    assert "2个包裹" in rendered(lab, message_id, "late", AS_OF).text  # again, for a report


def test_a_worse_promise_goes_as_a_second_text_with_its_day(lab: Transaction) -> None:
    promised = {"promised": "2026-03-14T00:00+08:00", "known": "-1h", "was": [["2026-03-08T00:00+08:00", "-6d", "-1h"]]}
    add_parcel(lab, {**LATE, **promised})
    tell(lab, ["P"], "late", "-1d")
    [candidate] = ask(lab).candidates
    message_id = message(lab, tell(lab, ["P"], candidate.step, "0m"), "problem")
    assert judged(lab, message_id) == ("claimed", None)
    assert "改为预计3月14日送达" in rendered(lab, message_id, "problem").text
    lab.connection.exec_driver_sql("UPDATE facts.shipments SET promised_at = '2026-03-07T00:00+08:00'")
    assert judged(lab, message_id) == ("cancelled", "problem_over")


@pytest.mark.parametrize(
    ("scans", "promised", "day"),
    [
        ([["picked_up", "-4d"]], None, date(2026, 3, 13)),  # the whole way again
        ([["picked_up", "-4d"], ["in_transit", "-1h"]], None, date(2026, 3, 12)),
        ([["picked_up", "-4d"], ["out_for_delivery", "-1h"]], None, date(2026, 3, 11)),  # never today
        ([], "2026-03-08T00:00+08:00", None),  # nobody knows
    ],
)
def test_the_expected_day_is_what_is_left_of_the_way(
    lab: Transaction, scans: list[list[str]], promised: str | None, day: date | None
) -> None:
    told = {"promised": promised} if promised else {}
    message_id = decided(lab, {"id": "P", "shipped": "-6d", "scans": scans, **told}, step="late")
    [row] = lab.many("outbox/context/shipment", message_ids=[message_id], at=AS_OF)
    assert row["expected_on"] == day


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("channel", ["sms", "email"])
@pytest.mark.parametrize(("step", "parcel"), [("late", LATE), ("problem", TROUBLE)])
def test_every_text_apologises_and_names_the_agent(
    lab: Transaction, step: str, parcel: dict[str, Any], channel: str, locale: str
) -> None:
    text = rendered(lab, decided(lab, parcel, step=step), step, AS_OF, locale, channel).text
    assert ("抱歉" if locale == "zh-CN" else "sorry") in text
    assert "the shop's chat" in text
