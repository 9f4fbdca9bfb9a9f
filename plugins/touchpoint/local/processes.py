"""Processes of ours: started in sessions of their own, found again and stopped by pid and start time, never by name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from touchpoint.clock import stopwatch
from touchpoint.local.layout import Layout, write_private

CLOCK_SLACK = 1.0
"""Seconds by which two readings of one process's start time may differ."""


@dataclass(frozen=True)
class Spawned:
    """One process as its file under var/run remembers it; `started` and `booted` are seconds since the epoch."""

    name: str
    pid: int
    started: float
    booted: float


def start(layout: Layout, name: str, command: list[str], environment: dict[str, str]) -> Spawned:
    """Start a process in a session of its own; it writes to var/log/<name>.log, the one before it to <name>.log.1."""
    log = log_file(layout, name)
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=layout.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Without this, Popen's finaliser warns that the process is still running: it is meant to outlive this object.
    process.returncode = 0
    return remember(layout, name, process.pid)


def remember(layout: Layout, name: str, pid: int) -> Spawned:
    """Write a process down under var/run."""
    spawned = Spawned(name, pid, psutil.Process(pid).create_time(), psutil.boot_time())
    write_private(_file(layout, name), json.dumps(asdict(spawned)) + "\n")
    return spawned


def forget(layout: Layout, name: str) -> None:
    """Remove what var/run says of a process."""
    _file(layout, name).unlink(missing_ok=True)


def recall(layout: Layout, name: str) -> Spawned | None:
    """A process as var/run remembers it."""
    try:
        return Spawned(**json.loads(_file(layout, name).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def recall_all(layout: Layout) -> list[Spawned]:
    """Every process var/run remembers, in order of name."""
    found = (recall(layout, path.stem) for path in sorted(layout.run.glob("*.json")))
    return [spawned for spawned in found if spawned]


def is_alive(spawned: Spawned) -> bool:
    """Whether that very process runs: a later one with the same pid does not count, nor does a zombie."""
    return _leader(spawned) is not None


def family(spawned: Spawned) -> list[psutil.Process]:
    """The process, its descendants, and those of its session it left behind: all that run, itself first."""
    if abs(spawned.booted - psutil.boot_time()) > 60:
        return []  # the machine was started anew since: nothing of ours can run
    leader = _leader(spawned)
    found = {leader.pid: leader} if leader else {}
    if leader:
        found |= {child.pid: child for child in _children(leader)}
    if leader or not psutil.pid_exists(spawned.pid):
        # While a session has members, its id is given to no new process: who is in it is ours.
        for process in psutil.process_iter():
            if _session(process.pid) == spawned.pid and process.pid not in found:
                found |= {process.pid: process} | {child.pid: child for child in _children(process)}
    return list(found.values())


def has_grandchildren(spawned: Spawned) -> bool:
    """Whether its children have children: the tasks that a scheduler's workers run."""
    leader = _leader(spawned)
    return leader is not None and len(_children(leader)) > len(_children(leader, recursive=False))


def stop(layout: Layout, spawned: Spawned, *, grace: float) -> bool:
    """Stop one process and its family, as `stop_all` does. Returns whether it ended by itself."""
    return not stop_all(layout, [spawned], grace=grace)


def stop_all(layout: Layout, stopping: list[Spawned], *, grace: float) -> list[str]:
    """Ask processes to end, wait for all of them, then end what is left of their families.

    The request goes to each process alone: a scheduler whose whole group is signalled hangs on its idle workers.

    Args:
        layout: whose processes they are.
        stopping: the processes.
        grace: seconds they are given.

    Returns:
        Names of those that did not end by themselves.
    """
    leaders = {spawned.name: leader for spawned in stopping if (leader := _leader(spawned))}
    members = [process for spawned in stopping for process in family(spawned)]
    for leader in leaders.values():
        _signal(leader, signal.SIGTERM)
    _wait(list(leaders.values()), grace)
    left = _running(members + [process for spawned in stopping for process in family(spawned)])
    for process in left:
        _signal(process, signal.SIGKILL)
    _wait(left, 10.0)
    for spawned in stopping:
        _leader(spawned)  # read the end of a child of ours
        forget(layout, spawned.name)
    return [name for name, leader in leaders.items() if leader in left]


def ask_to_end(spawned: Spawned) -> None:
    """Ask a process to end and do not wait."""
    if leader := _leader(spawned):
        _signal(leader, signal.SIGTERM)


def stop_alone(spawned: Spawned, *, grace: float) -> None:
    """Ask a process that leads no session of ours (a launcher in a terminal) to end, and wait."""
    if leader := _leader(spawned):
        _signal(leader, signal.SIGTERM)
        _wait([leader], grace)


def log_file(layout: Layout, name: str) -> Path:
    """Where a process writes."""
    return layout.log / f"{name}.log"


def log_tail(layout: Layout, name: str, lines: int = 12) -> str:
    """The last lines a process wrote."""
    try:
        text = log_file(layout, name).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _leader(spawned: Spawned) -> psutil.Process | None:
    try:
        process = psutil.Process(spawned.pid)
        if abs(process.create_time() - spawned.started) > CLOCK_SLACK:
            return None
        if process.status() == psutil.STATUS_ZOMBIE:
            process.wait(timeout=1)  # our own child: read its end, so that its pid is given back
            return None
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        return None
    return process


def _children(process: psutil.Process, *, recursive: bool = True) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=recursive))
    except psutil.NoSuchProcess:
        return []


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return -1


def _running(processes: list[psutil.Process]) -> list[psutil.Process]:
    unique = list({process.pid: process for process in processes}.values())
    return [process for process in unique if process.is_running() and _is_no_zombie(process)]


def _wait(ending: list[psutil.Process], patience: float) -> None:
    """Wait until they have ended. A zombie has: one whose parent is gone is cleared away when the system gets to it."""
    started = stopwatch()
    while _running(ending) and stopwatch() - started < patience:
        time.sleep(0.05)


def _is_no_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)  # psutil refuses where the pid now belongs to another process


def _file(layout: Layout, name: str) -> Path:
    return layout.run / f"{name}.json"
