"""The monthly promotion from the shop's history to the provider: by series, once a month, after a marketer's yes."""

from __future__ import annotations

from datetime import timedelta

from tests.flow.conftest import ANCHOR, Flow

from touchpoint.campaigns.load import load_campaigns
from touchpoint.model import Cadence, Channel
from touchpoint.pipeline import approving, dispatch
from touchpoint.services import LIVE, stop_clock

ID = "monthly_promotion"
SPEC = load_campaigns().by_id[ID]
MONTHLY = {"cadence": Cadence.MONTHLY}
DAG = "touchpoints_monthly__sandbox"


def say_yes(flow: Flow, run_id: str) -> dict[str, int]:
    asked = approving.ask(flow.services, DAG, run_id, ID)
    assert isinstance(asked, approving.Asked), asked
    return approving.answer(
        flow.services, asked.run_no, asked.question, is_yes=True, who="marketer", answered_at=ANCHOR, note=None
    )


def test_a_month_in_the_words_of_each_series_after_a_yes_and_once(flow: Flow) -> None:
    run = flow.run(ANCHOR, **MONTHLY)
    found = flow.decided(run, ID)
    decisions, messages = found["decisions"], found["messages"]
    assert min(decisions["enqueued"], decisions["held_out"], decisions["suppressed"]) > 0
    assert (messages["waiting"], messages.get("accepted", 0)) == (decisions["enqueued"], 0)

    asked = "SELECT DISTINCT variant FROM ledger.candidate WHERE run_no = %s AND campaign_id = %s"
    variants = {row[0] for row in flow.rows(asked, run.run_no, ID)}
    assert variants <= set(SPEC.template_variants)
    assert {"retro", "sequins", "casual", "general"} <= variants, variants
    assert any(str(variant).endswith("_vip") for variant in variants), variants
    assert flow.rows("SELECT DISTINCT occasion FROM ledger.touch WHERE campaign_id = %s", ID) == [("2026-11",)]

    flow.run(ANCHOR, **MONTHLY, run_id="manual__again")
    hashes = flow.rows("SELECT audience_hash FROM ledger.audience WHERE campaign_id = %s", ID)
    assert (len(hashes), len(set(hashes))) == (2, 1)

    before = len(flow.sms())
    assert say_yes(flow, run.run_id) == {"occasions": 1, "cancelled": 0}
    dispatch(flow.services, run.run_no, 0, 1)
    states = dict(flow.rows("SELECT state, count(*) FROM ledger.message WHERE campaign_id = %s GROUP BY state", ID))
    assert states.pop("accepted") > 0
    assert set(states) <= {"cancelled", "waiting"}, states
    texts = [entry["content"] for entry in flow.sms()[before:]]
    assert texts
    assert all(text.endswith("拒收请回复R") for text in texts)
    letters = [mail for mail in flow.mails() if "List-Unsubscribe" in str(mail)]
    by_mail = flow.rows(
        "SELECT count(*) FROM ledger.message WHERE campaign_id = %s AND channel = %s AND state = 'accepted'",
        ID,
        Channel.EMAIL.value,
    )
    assert len(letters) == by_mail[0][0]

    later = flow.run(ANCHOR + timedelta(days=3), **MONTHLY)
    assert flow.decided(later, ID)["decisions"]["enqueued"] <= decisions["suppressed"] + decisions["capped"]
    twice = "SELECT count(*) FROM ledger.message WHERE campaign_id = %s GROUP BY identity HAVING count(*) > 1"
    assert flow.rows(twice, ID) == []


def test_what_is_over_is_not_asked_and_an_open_question_knows_when_it_is(flow: Flow) -> None:
    run = flow.run(ANCHOR, **MONTHLY)
    asked = approving.ask(flow.services, DAG, run.run_id, ID)
    assert isinstance(asked, approving.Asked), asked
    assert approving.time_left(flow.services, run.run_no, ID) == asked.patience

    stop_clock(flow.services.db, LIVE, ANCHOR + asked.patience)
    assert approving.time_left(flow.services, run.run_no, ID) is None
    assert approving.ask(flow.services, DAG, run.run_id, ID) == approving.OVER

    stop_clock(flow.services.db, LIVE, ANCHOR)
    with flow.services.db.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE ledger.message SET state = 'expired', reason = 'not_after'")
    assert approving.time_left(flow.services, run.run_no, ID) is None
