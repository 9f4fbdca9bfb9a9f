"""Late dispatch from the shop's alarm to the buyer's apology, on the sandbox shop."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.flow.conftest import ANCHOR, Flow, five_minutes_later

from touchpoint import pipeline

DAY = timedelta(days=1)


def tasks(flow: Flow, kind: str = "not_dispatched") -> dict[str, str]:
    return dict(flow.rows("SELECT subject_id, state FROM ledger.worklist WHERE kind = %s", kind))


def apologised(flow: Flow) -> set[str]:
    found = flow.rows(
        "SELECT covered_id FROM ledger.touch_cover WHERE campaign_id = 'late_dispatch' AND released_as_of IS NULL"
    )
    return {row[0] for row in found}


def late_orders(flow: Flow, at: datetime, after: timedelta = DAY) -> set[str]:
    """Orders paid so long ago that nothing has left of, told by the facts themselves."""
    found = flow.rows(
        """SELECT o.order_id FROM facts.orders AS o
           WHERE o.paid_at <= %s AND o.paid_at > %s AND o.kind = 'normal'
               AND (o.shipped_at IS NULL OR o.shipped_at > %s) AND o.closed_at IS NULL AND o.finished_at IS NULL
               AND NOT EXISTS (SELECT FROM facts.shipments AS s WHERE s.order_id = o.order_id AND s.shipped_at <= %s)
               AND NOT EXISTS (SELECT FROM facts.refunds AS r WHERE r.order_id = o.order_id
                   AND r.state IN ('asked', 'succeeded'))""",
        at - after,
        at - timedelta(days=5),
        at,
        at,
    )
    return {row[0] for row in found}


def test_the_shop_is_alarmed_once_and_the_buyer_hears_an_apology(flow: Flow) -> None:
    run = flow.run(ANCHOR)
    decided = flow.decided(run, "late_dispatch")
    late = late_orders(flow, ANCHOR)
    assert len(late) >= 8
    candidates = flow.rows(
        "SELECT covers FROM ledger.candidate WHERE run_no = %s AND campaign_id = 'late_dispatch'"
        " AND exclude_reason IS NULL",
        run.run_no,
    )
    assert {order for row in candidates for order in row[0]} == late
    assert "suppressed: refund_asked" in decided["reasons"]
    assert decided["messages"]["accepted"] == decided["decisions"]["enqueued"] > 5
    assert set(tasks(flow)) >= late  # the shop has had an alarm for every order a buyer hears about
    alone = set(tasks(flow)) - late
    assert alone & late_orders(flow, ANCHOR, timedelta(hours=18))  # paid yesterday by day: the alarm alone so far
    texts = [row for row in flow.sms() if row["template_code"] == "SMS_900000401"]
    assert texts
    assert all("还没有发出" in row["content"] for row in texts)
    [mail] = flow.alarms()
    told = [order for order in tasks(flow) if order in mail["text"]]
    assert f"{len(tasks(flow)):,} paid and not handed over" in mail["subject"]
    assert len(told) == min(50, len(tasks(flow)))
    assert not any(f"buyer{number}@" in mail["text"] for number in range(10))
    flow.run(ANCHOR, run_id="manual__again")
    flow.run(five_minutes_later(ANCHOR))
    new = set(tasks(flow)) - set(told)
    assert len(flow.alarms()) == (2 if len(told) < 50 and new else 1)
    assert sum(order in mail["text"] for mail in flow.alarms() for order in told) == len(told)


def test_alarms_that_surely_did_not_go_are_told_by_the_next_run(flow: Flow) -> None:
    flow.sandbox.control("POST", "/control/faults", {"smtp": {"reject_5xx": {"value": ["ops@*"], "count": 1}}})
    flow.run(ANCHOR)
    assert flow.alarms() == []
    assert flow.rows("SELECT count(*) FROM ledger.worklist WHERE told_real_at IS NOT NULL") == [(0,)]
    flow.run(five_minutes_later(ANCHOR))
    assert len(flow.alarms()) == 1


def test_what_leaves_before_its_text_goes_is_struck(flow: Flow) -> None:
    flow.at(ANCHOR)
    run = pipeline.begin(flow.services, flow.trigger(ANCHOR))
    for step in (pipeline.refresh, lambda s, n: pipeline.plan(s, n, "late_dispatch"), pipeline.decide):
        step(flow.services, run.run_no)
    [(order_id,)] = flow.rows(
        """SELECT min(t.occasion) FROM ledger.touch AS t JOIN ledger.message AS m USING (touch_id)
           WHERE (SELECT count(*) FROM ledger.touch_cover AS c WHERE c.touch_id = t.touch_id) = 1"""
    )
    flow.execute("UPDATE facts.orders SET shipped_at = %s WHERE order_id = %s", ANCHOR, order_id)
    pipeline.validate(flow.services, run.run_no)
    pipeline.dispatch(flow.services, run.run_no, 0, 1)
    assert flow.rows(
        "SELECT m.state, m.reason FROM ledger.message AS m JOIN ledger.touch USING (touch_id) WHERE occasion = %s",
        order_id,
    ) == [("cancelled", "shipped")]


def test_alarms_that_may_have_gone_are_not_told_twice(flow: Flow) -> None:
    flow.sandbox.control("POST", "/control/faults", {"smtp": {"drop_after_dot": {"count": 1}}})
    flow.execute("UPDATE contact.contact_points SET expires_at = '2020-01-01Z'")  # the mail of the run is the alarm
    flow.run(ANCHOR)
    flow.run(ANCHOR, run_id="manual__again")
    assert len(flow.alarms()) == 1


def test_a_day_later_tasks_are_over_and_nobody_hears_twice(flow: Flow) -> None:
    flow.run(ANCHOR)
    first, heard = tasks(flow), apologised(flow)
    flow.run(ANCHOR + timedelta(hours=32))  # what the sandbox was late with has left by then
    over = {order for order, state in tasks(flow).items() if state == "withdrawn"}
    assert over & set(first)
    again = flow.rows(
        "SELECT c.covered_id FROM ledger.touch_cover AS c WHERE c.campaign_id = 'late_dispatch'"
        " GROUP BY c.covered_id HAVING count(*) > 1"
    )
    assert not {row[0] for row in again} & heard


def test_the_past_asked_again_changes_no_task_and_mails_nobody(flow: Flow) -> None:
    first = flow.run(ANCHOR)
    before, mails = flow.digest("ledger.worklist", "ledger.worklist_head"), len(flow.alarms())
    flow.at(ANCHOR + timedelta(days=2))
    for options in ({"run_type": "backfill", "run_id": "backfill__1"}, {"run_id": first.run_id}):
        run = pipeline.run_once(flow.services, flow.trigger(ANCHOR, **options))
        assert pipeline.read_run(flow.services, run.run_no).mode == "recompute"
    assert flow.digest("ledger.worklist", "ledger.worklist_head") == before
    assert len(flow.alarms()) == mails
    differs = flow.rows("SELECT differs_by FROM ledger.recomputation WHERE campaign_id = 'late_dispatch'")
    assert differs == [([],), ([],)]
