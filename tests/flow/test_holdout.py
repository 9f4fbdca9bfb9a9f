"""One in ten held out: the same people in every run, never messaged, in every count."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.flow.conftest import ANCHOR, Flow

from touchpoint.decide.chance import draw_of
from touchpoint.settings import CONFIG_ROOT

SALT = "unpaid-reminder-1"
HELD_OUT = "SELECT identity, occasion FROM ledger.touch WHERE decision = 'held_out' AND campaign_id = 'unpaid_reminder'"


def with_holdout(flow: Flow, folder: Path, percent: int = 10) -> Flow:
    """The same installation with a campaign file of its own."""
    config = folder / "config"
    shutil.copytree(CONFIG_ROOT, config)
    path = config / "campaigns" / "unpaid_reminder.yaml"
    body = path.read_text(encoding="utf-8")
    assert "percent: 0\n" in body
    path.write_text(body.replace("percent: 0\n", f"percent: {percent}\n"), encoding="utf-8")
    return Flow(services=replace(flow.services, config=config), sandbox=flow.sandbox)


def test_one_in_ten_is_held_out_stably_never_messaged_and_in_every_count(flow: Flow, tmp_path: Path) -> None:
    held = with_holdout(flow, tmp_path)
    first = held.run(ANCHOR)
    chosen = set(held.rows(HELD_OUT))
    decisions = held.decided(first)["decisions"]
    assert decisions["held_out"] == len(chosen) > 0
    assert sum(decisions.values()) == 2 * decisions["candidates"]
    later = [held.run(ANCHOR + timedelta(minutes=5 * step)) for step in (1, 2)]
    again = held.run(ANCHOR + timedelta(minutes=10), run_id="manual__again")
    assert held.decided(again)["decisions"]["held_out"] == 0
    assert chosen <= set(held.rows(HELD_OUT))
    # Stable: a draw per person, stored, and what the file's salt says.
    drawn_by_now = held.rows("SELECT identity, draw FROM ledger.holdout WHERE campaign_id = 'unpaid_reminder'")
    assert {who for who, draw in drawn_by_now if draw < 0.1} == {who for who, _ in held.rows(HELD_OUT)}
    assert all(draw_of(SALT, who) == draw for who, draw in drawn_by_now)
    # Never messaged, though each holds its place: its address, its orders, its day.
    assert held.rows(
        "SELECT count(*) FROM ledger.message WHERE campaign_id = 'unpaid_reminder' AND identity IN"
        " (SELECT identity FROM ledger.holdout WHERE draw < 0.1 AND campaign_id = 'unpaid_reminder')"
    ) == [(0,)]
    assert held.rows(
        """SELECT count(*) FROM ledger.touch AS t WHERE decision = 'held_out' AND NOT EXISTS
           (SELECT FROM ledger.touch_cover AS c WHERE c.touch_id = t.touch_id AND released_as_of IS NULL)"""
    ) == [(0,)]
    total = sum(held.decided(run)["decisions"]["held_out"] for run in [first, *later])
    assert total == len(held.rows(HELD_OUT))
