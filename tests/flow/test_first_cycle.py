"""From an order to one reminder: the first cycle of a fresh installation."""

from __future__ import annotations

from collections import Counter

from tests.flow.conftest import ANCHOR, Flow, five_minutes_later

from touchpoint import pipeline

REASONS_OF_THE_CAMPAIGN = {
    "suppressed: cash_on_delivery",
    "suppressed: price_difference",
    "suppressed: presale",
    "suppressed: payment_under_way",
    "suppressed: paid_other_order",
    "suppressed: no_offer",
    "suppressed: no_address",
}


def test_the_first_cycle_reminds_once_and_accounts_for_everyone(flow: Flow) -> None:
    run = flow.run(ANCHOR)
    found = flow.decided(run)
    decisions, messages = found["decisions"], found["messages"]
    assert decisions["candidates"] >= 40
    assert set(found["reasons"]) >= REASONS_OF_THE_CAMPAIGN
    assert messages["accepted"] == decisions["enqueued"] > 0
    sent = flow.sms()
    assert len(sent) + len(flow.mails()) == flow.accepted()
    assert max(Counter(row["phone"] for row in sent).values()) == 1


def test_a_run_repeated_cleared_or_doubled_sends_nothing_more(flow: Flow) -> None:
    first = flow.run(ANCHOR)
    accepted = len(flow.sms()) + len(flow.mails())
    cleared = flow.run(ANCHOR, run_id=first.run_id)
    other = flow.run(ANCHOR, run_id="manual__again")
    assert cleared.run_no == first.run_no
    assert flow.decided(other)["decisions"]["repeated"] == flow.decided(first)["decisions"]["repeated"] > 0
    assert flow.decided(other)["decisions"]["enqueued"] == 0
    assert len(flow.sms()) + len(flow.mails()) == accepted


def test_five_minutes_later_nobody_reminded_is_a_candidate_again(flow: Flow) -> None:
    flow.run(ANCHOR)
    reminded = {row[0] for row in flow.rows("SELECT identity FROM ledger.touch WHERE decision = 'enqueued'")}
    later = flow.run(five_minutes_later(ANCHOR))
    again = {row[0] for row in flow.rows("SELECT identity FROM ledger.candidate WHERE run_no = %s", later.run_no)}
    assert again
    enqueued = {
        row[0]
        for row in flow.rows(
            "SELECT identity FROM ledger.touch WHERE decision = 'enqueued' AND decided_run_no = %s", later.run_no
        )
    }
    assert not enqueued & reminded


def test_no_order_paid_by_the_instant_is_a_candidate(flow: Flow) -> None:
    run = flow.run(ANCHOR)
    paid = flow.rows(
        """SELECT count(*) FROM ledger.candidate AS c, unnest(c.covers) AS covered
           JOIN facts.orders AS o ON o.order_id = covered AND o.shop_id = 'sandbox'
           WHERE c.run_no = %s AND c.campaign_id = 'unpaid_reminder' AND (o.paid_at <= %s OR o.closed_at <= %s)""",
        run.run_no,
        ANCHOR,
        ANCHOR,
    )
    assert paid == [(0,)]


def test_an_order_paid_between_decision_and_claim_is_not_reminded(flow: Flow) -> None:
    flow.at(ANCHOR)
    run = pipeline.begin(flow.services, flow.trigger(ANCHOR))
    for entity in pipeline.EXTRACTED:
        pipeline.extract(flow.services, run.run_no, entity)
    pipeline.validate(flow.services, run.run_no)
    pipeline.load(flow.services, run.run_no)
    pipeline.refresh(flow.services, run.run_no)
    pipeline.plan(flow.services, run.run_no, "unpaid_reminder")
    pipeline.decide(flow.services, run.run_no)
    [(order_id,)] = flow.rows(
        """SELECT min(t.occasion) FROM ledger.touch AS t JOIN ledger.message AS m USING (touch_id)
           WHERE (SELECT count(*) FROM ledger.touch_cover AS c WHERE c.touch_id = t.touch_id) = 1"""
    )
    flow.execute("UPDATE facts.orders SET paid_at = %s WHERE order_id = %s", ANCHOR, order_id)
    pipeline.dispatch(flow.services, run.run_no, 0, 1)
    [(state, reason)] = flow.rows(
        "SELECT m.state, m.reason FROM ledger.message AS m JOIN ledger.touch USING (touch_id) WHERE occasion = %s",
        order_id,
    )
    assert state == "cancelled"
    assert "paid" in reason
