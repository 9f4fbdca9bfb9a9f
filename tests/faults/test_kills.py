"""A dispatcher killed anywhere never sends twice; what may have been sent is counted. `make faults`: 50 times."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.faults.kills import Findings, kill_dispatchers, race_dispatchers
from tests.faults.world import World
from tests.sandbox_process import ANCHOR, running_sandbox

from touchpoint.db import Database
from touchpoint.model import Channel


@pytest.mark.parametrize(("kind", "messages"), [(Channel.SMS, 4_000), (Channel.EMAIL, 400)], ids=["sms", "email"])
def test_eight_killed_dispatchers_send_nothing_twice_and_lose_nothing(
    database: Database, tmp_path: Path, kind: Channel, messages: int
) -> None:
    with running_sandbox(tmp_path, seed=7, anchor=ANCHOR) as sandbox:
        found = kill_dispatchers(World(database), sandbox, kind, kills=8, messages=messages, seed=20261122)
    assert found.faults(least_between=2) == []


def test_two_dispatcher_processes_at_once_send_nothing_twice(database: Database, tmp_path: Path) -> None:
    with running_sandbox(tmp_path, seed=7, anchor=ANCHOR) as sandbox:
        found = race_dispatchers(World(database), sandbox, Channel.SMS, messages=3_000)
    assert (found.received, found.received_twice, found.unknown_at_end, found.lost) == (3_000, 0, 0, 0)


def test_guard_every_fault_is_seen() -> None:
    sound = {"kills": 50, "between": 20, "unknown_by_kill": [100, 3], "received": 990, "unknown_at_end": 10}
    assert Findings(Channel.SMS, 1_000, **sound).faults(15) == []
    for wrong in (
        {"received_twice": 1},
        {"missing": 1},
        {"lost": 1},
        {"unknown_by_kill": [101]},
        {"between": 14},
        {"unknown_but_received": 1},
        {"received": 989},
    ):
        assert len(Findings(Channel.SMS, 1_000, **{**sound, **wrong}).faults(15)) == 1, wrong
    by_mail = {**sound, "unknown_by_kill": [5], "unknown_but_received": 1}  # SMTP cannot be asked
    assert Findings(Channel.EMAIL, 1_000, **by_mail).faults(15) == []
    assert len(Findings(Channel.EMAIL, 1_000, **{**by_mail, "unknown_by_kill": [6]}).faults(15)) == 1
