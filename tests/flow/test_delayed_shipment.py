"""Delayed parcels from the first look to good news, on the sandbox shop."""

from __future__ import annotations

from datetime import timedelta

from tests.flow.conftest import ANCHOR, Flow

from touchpoint import pipeline

CAMPAIGN = "delayed_shipment"
LATE, PROBLEM, MOVING = (f"SMS_90000030{number}" for number in (1, 2, 3))


def steps(flow: Flow, run_no: int) -> dict[str, int]:
    query = (
        "SELECT step, count(*) FROM ledger.candidate WHERE campaign_id = %s AND run_no = %s AND exclude_reason IS NULL"
        " GROUP BY step"
    )
    return dict(flow.rows(query, CAMPAIGN, run_no))


def tasks(flow: Flow, kind: str) -> dict[str, str]:
    return dict(flow.rows("SELECT subject_id, reason FROM ledger.worklist WHERE kind = %s AND state = 'open'", kind))


def texts(flow: Flow, code: str) -> list[str]:
    return [row["content"] for row in flow.sms() if row["template_code"] == code]


def test_buyers_hear_of_their_parcels_once_and_again_when_they_move(flow: Flow) -> None:
    run = flow.run(ANCHOR)
    decided = flow.decided(run, CAMPAIGN)
    assert steps(flow, run.run_no)["late"] >= 10
    assert steps(flow, run.run_no)["problem"] >= 8
    assert {"suppressed: no_address", "suppressed: refund_asked"} <= set(decided["reasons"])
    assert decided["messages"]["accepted"] == decided["decisions"]["enqueued"]
    covered = flow.rows("SELECT covers FROM ledger.candidate WHERE campaign_id = %s", CAMPAIGN)
    chased = tasks(flow, "chase_parcel")
    assert {parcel for row in covered for parcel in row[0]} == set(chased)
    assert {"late", "stuck", "refused", "returning", "out_of_area", "attempt_failed", "lost"} == set(chased.values())
    assert len(tasks(flow, "no_first_scan")) == 3
    assert not set(tasks(flow, "no_first_scan")) & set(chased)
    assert any("2个包裹" in text for text in texts(flow, LATE))
    assert all("预计" in text for text in texts(flow, LATE))
    assert any("退回" in text for text in texts(flow, PROBLEM))
    assert texts(flow, MOVING) == []
    troubled = flow.rows("SELECT count(DISTINCT customer_no) FROM facts.parcel_trouble('sandbox', %s)", ANCHOR)[0][0]
    asked = "SELECT count(*) FROM facts.customers WHERE facts.has_parcel_trouble('sandbox', customer_no, %s)"
    assert flow.rows(asked, ANCHOR) == [(troubled,)]
    assert troubled >= 20

    later = flow.run(ANCHOR + timedelta(hours=3))
    assert steps(flow, later.run_no)["moving"] == 2
    assert "capped: campaign_per_day" in flow.decided(later, CAMPAIGN)["reasons"]  # one text a day

    next_day = flow.run(ANCHOR + timedelta(hours=24))
    assert flow.decided(next_day, CAMPAIGN)["decisions"]["enqueued"] >= 2
    assert all("又有新物流" in text for text in texts(flow, MOVING))
    moved = "SELECT count(*) FROM ledger.message WHERE campaign_id = %s AND step = 'moving' AND state = 'accepted'"
    assert flow.rows(moved, CAMPAIGN) == [(2,)]
    twice = "SELECT FROM ledger.touch_cover WHERE campaign_id = %s GROUP BY step, covered_id HAVING count(*) > 1"
    assert flow.rows(twice, CAMPAIGN) == []


def test_the_past_asked_again_finds_the_same_parcels(flow: Flow) -> None:
    """The first time from the stored parcels, the second from the facts."""
    first = flow.run(ANCHOR)
    flow.at(ANCHOR + timedelta(days=2))
    run = pipeline.run_once(flow.services, flow.trigger(ANCHOR, run_id=first.run_id))
    assert pipeline.read_run(flow.services, run.run_no).mode == "recompute"
    found = flow.rows("SELECT differs_by FROM ledger.recomputation WHERE campaign_id = %s", CAMPAIGN)
    assert found == [([],)]
