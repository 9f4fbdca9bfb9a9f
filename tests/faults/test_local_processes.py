"""Processes of ours are found again and stopped by pid and start time, with all they started, and nobody else's is."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import threading
from dataclasses import replace

import psutil
import pytest

from touchpoint.local import processes
from touchpoint.local.layout import Layout

PARENT = """
    import os, signal, subprocess, sys
    child = subprocess.Popen(["sleep", "1000"])
    {behaviour}
    print(child.pid, flush=True)
    {ending}
"""


@pytest.fixture
def layout(tmp_path):
    made = Layout(root=tmp_path, var=tmp_path / "var")
    made.make_folders()
    yield made
    for spawned in processes.recall_all(made):
        processes.stop(made, spawned, grace=0)


def _start(
    layout: Layout, behaviour: str = "pass", ending: str = "signal.pause()"
) -> tuple[processes.Spawned, psutil.Process]:
    script = textwrap.dedent(PARENT.format(behaviour=behaviour, ending=ending))
    spawned = processes.start(layout, "parent", [sys.executable, "-S", "-c", script], dict(os.environ))
    log = processes.log_file(layout, "parent")
    while not log.read_text().endswith("\n"):
        assert processes.is_alive(spawned)
        threading.Event().wait(0.02)
    return spawned, psutil.Process(int(log.read_text().split()[0]))


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_stopping_ends_the_process_and_its_children(layout):
    spawned, child = _start(layout)
    assert {process.pid for process in processes.family(spawned)} == {spawned.pid, child.pid}
    assert processes.stop(layout, spawned, grace=5)
    assert not _runs(child)
    assert not processes.is_alive(spawned)
    assert processes.recall(layout, "parent") is None


def test_one_that_will_not_end_is_ended_with_its_children(layout):
    spawned, child = _start(layout, "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    assert not processes.stop(layout, spawned, grace=0.2)
    assert not _runs(child)
    assert not processes.is_alive(spawned)


def test_children_of_one_that_was_killed_are_found_by_its_session(layout):
    spawned, child = _start(layout)
    os.kill(spawned.pid, signal.SIGKILL)
    os.waitpid(spawned.pid, 0)
    assert not processes.is_alive(spawned)
    assert _runs(child)
    processes.stop(layout, spawned, grace=5)
    assert not _runs(child)


def test_a_later_process_with_the_same_pid_is_left_alone(layout):
    spawned, child = _start(layout)
    earlier = replace(spawned, started=spawned.started - 3600)
    assert not processes.is_alive(earlier)
    assert processes.family(earlier) == []
    processes.stop(layout, earlier, grace=1)
    assert processes.is_alive(spawned)
    assert _runs(child)
    assert processes.stop(layout, spawned, grace=5)


def test_nothing_of_before_the_machine_was_started_is_ours(layout):
    spawned, child = _start(layout)
    assert processes.family(replace(spawned, booted=spawned.booted - 3600)) == []
    assert _runs(child)


def test_what_ended_by_itself_is_seen_and_said_why(layout):
    spawned = processes.start(
        layout, "brief", [sys.executable, "-S", "-c", "raise SystemExit('the reason')"], dict(os.environ)
    )
    os.waitpid(spawned.pid, 0)
    assert not processes.is_alive(spawned)
    assert processes.log_tail(layout, "brief") == "the reason"
