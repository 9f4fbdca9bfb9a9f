"""`make run` for real, in a folder of its own: a first cycle, what it leaves and refuses, and how it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from touchpoint.local import processes
from touchpoint.local.layout import Layout, load_state
from touchpoint.statements import ROOT


def _local(layout: Layout, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "touchpoint.local", *arguments, "--var", str(layout.var)]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}", "COLUMNS": "200"}


def _run(layout: Layout, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _local(layout, *arguments),
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _left(layout: Layout) -> list[str]:
    """Command lines that still name this installation's folders."""
    marks = (str(layout.var), load_state(layout).database_folder)
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(mark in line for mark in marks):
            found.append(line)
    return found


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory):
    made = Layout(var=tmp_path_factory.mktemp("stack") / "var")
    yield made
    if made.var.exists():
        _run(made, "reset", "--yes")


@pytest.fixture(scope="module")
def first(layout: Layout) -> str:
    """What `make run ONCE=1` printed on a fresh machine; it succeeded."""
    done = _run(layout, "up", "--once")
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_first_cycle_sends_reminders_and_leaves_its_figures(first, layout):
    figures = json.loads(layout.summary.read_text(encoding="utf-8"))
    campaign = figures["campaigns"]["unpaid_reminder"]
    decisions = dict(campaign["decisions"])
    assert decisions.pop("candidates") == sum(decisions.values())
    assert decisions["enqueued"] >= 40
    assert sum(campaign["messages"].values()) == decisions["enqueued"]
    assert campaign["messages"]["accepted"] == decisions["enqueued"]
    assert campaign["reasons"]
    for counts in figures["entities"].values():
        parts = dict(counts)
        assert parts.pop("landed") == sum(parts.values())
    assert figures["entities"]["order"]["landed"] > 10_000
    assert {"database", "sandbox", "airflow", "history", "ready", "daily", "intraday", "total"} <= set(
        figures["seconds"]
    )


def test_it_tells_each_task_as_it_ends(first):
    assert all(f"  {name}" in first for name in ("begin", "validate", "unpaid_reminder.plan", "dispatch[0]", "watch"))


def test_once_leaves_no_process_behind(first, layout):
    assert _left(layout) == []
    assert processes.recall_all(layout) == []


def test_what_is_secret_is_the_owners_alone(first, layout):
    modes = {name: (layout.var / name).stat().st_mode & 0o777 for name in ("passwords.txt", "secrets.json")}
    assert modes == {"passwords.txt": 0o600, "secrets.json": 0o600}
    assert layout.var.stat().st_mode & 0o777 == 0o700
    database = Path(load_state(layout).database_folder)
    assert database.stat().st_mode & 0o077 == 0
    if os.geteuid() == 0:
        assert not database.is_relative_to(Path.home())


def test_a_clock_before_the_head_is_refused_naming_make_reset(first, layout):
    refused = _run(layout, "up", "--once", "--now", "2026-01-01T10:30:00+08:00")
    assert refused.returncode == 1
    assert "the shop's head" in refused.stdout
    assert "make reset" in refused.stdout
    assert _left(layout) == []


def test_what_a_killed_launcher_left_behind_is_stopped_by_make_stop(first, layout):
    launcher = subprocess.Popen(
        _local(layout, "up"), cwd=ROOT, env=_environment(), stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while {spawned.name for spawned in processes.recall_all(layout)} < {
            *("launcher", "sandbox", "api-server", "scheduler", "dag-processor", "triggerer")
        }:
            assert launcher.poll() is None
            threading.Event().wait(0.1)
        second = _run(layout, "up", "--once")
        assert second.returncode == 1
        assert "is running already" in second.stdout
    finally:
        os.kill(launcher.pid, signal.SIGKILL)
        launcher.wait()
    assert len(_left(layout)) > 1
    assert _run(layout, "down").returncode == 0
    assert _left(layout) == []


def test_reset_asks_before_it_deletes(first, layout):
    assert _run(layout, "reset").returncode == 1
    assert layout.summary.exists()
    database = Path(load_state(layout).database_folder)
    assert _run(layout, "reset", "--yes").returncode == 0
    assert not layout.var.exists()
    assert not database.exists()
