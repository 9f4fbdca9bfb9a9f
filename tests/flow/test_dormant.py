"""Dormant reactivation from the shop's history to the mailbox: a wave, the same wave again, the offer a week later."""

from __future__ import annotations

from tests.flow.conftest import ANCHOR, Flow, five_minutes_later

from touchpoint.campaigns.load import load_campaigns
from touchpoint.model import Cadence

ID = "dormant_reactivation"
SPEC = load_campaigns().by_id[ID]
WAVE = int(str(SPEC.audience.parameters["wave"]))
DAILY = {"cadence": Cadence.DAILY}


def test_a_wave_each_once_and_the_offer_in_its_time(flow: Flow) -> None:
    run = flow.run(ANCHOR, **DAILY)
    found = flow.decided(run, ID)
    decisions, messages = found["decisions"], found["messages"]
    assert decisions["candidates"] >= WAVE
    assert min(decisions["enqueued"], decisions["held_out"], decisions["suppressed"]) > 0
    assert messages["accepted"] == decisions["enqueued"] == messages["waiting"]  # touch_2 waits for its week
    again = flow.run(ANCHOR, **DAILY, run_id="manual__again")
    assert flow.decided(again, ID)["decisions"]["enqueued"] == 0
    asked = "SELECT candidate_count, audience_hash FROM ledger.audience WHERE campaign_id = %s ORDER BY run_no"
    assert len(set(flow.rows(asked, ID))) == 1

    letters = [mail for mail in flow.mails() if "List-Unsubscribe" in str(mail)]
    assert letters

    # A week later, as far as the outbox is concerned.
    flow.execute(
        "UPDATE ledger.message SET not_before = %s, planned_on = %s WHERE step = 'touch_2' AND campaign_id = %s",
        ANCHOR,
        ANCHOR.date(),
        ID,
    )
    flow.run(five_minutes_later(ANCHOR))
    [(accepted, gone)] = flow.rows(
        "SELECT count(*) FILTER (WHERE state = 'accepted'), count(*) FILTER (WHERE state = 'cancelled')"
        " FROM ledger.message WHERE campaign_id = %s AND step = 'touch_2'",
        ID,
    )
    assert accepted + gone == decisions["enqueued"]
    assert accepted > 0
    assert flow.rows("SELECT count(*), count(DISTINCT slot) FROM ledger.offer_grant") == [(accepted, accepted)]
