"""Kills dispatchers at random moments, lets others go on, and then counts what the sandbox really received."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.faults.world import REALM, World, hashed

from touchpoint import channels
from touchpoint.channels.base import Channel as OpenChannel
from touchpoint.clock import real_now, stopwatch
from touchpoint.model import Channel
from touchpoint.outbox import leases
from touchpoint.outbox.resolve import resolve
from touchpoint.render.messages import provider_templates
from touchpoint.sandbox.process import Sandbox
from touchpoint.settings import environment_connection

ROOT = Path(__file__).resolve().parents[2]
GROUP = {Channel.SMS: 100, Channel.EMAIL: 5}
AREA = {Channel.SMS: "sms", Channel.EMAIL: "smtp"}
LATENCY_MS = 200


@dataclass
class Findings:
    """What a series of kills brought to light. Counts are messages unless they say otherwise.

    Attributes:
        kills: dispatchers killed.
        between: of these, killed between the commit of an attempt and its settling.
        unknown_by_kill: messages one kill made unknown.
        given_back: taken in hand by a killed dispatcher without an attempt, so they went later.
        received_twice: in the sandbox's log more than once.
        received: in it exactly once.
        missing: accepted by our ledger, not in the log.
        lost: in no final state, not unknown, and not in the log.
        unknown_at_end: still unknown after the queries.
        unknown_but_received: of these, those the sandbox knows of.
        resent: sent again after the provider said, an hour later, that it had nothing.
    """

    kind: Channel
    messages: int
    kills: int = 0
    between: int = 0
    unknown_by_kill: list[int] = field(default_factory=list)
    given_back: int = 0
    received: int = 0
    received_twice: int = 0
    missing: int = 0
    lost: int = 0
    unknown_before_queries: int = 0
    unknown_at_end: int = 0
    unknown_but_received: int = 0
    resent: int = 0
    seconds: float = 0.0

    def faults(self, least_between: int) -> list[str]:
        """What must not be; empty if all is well."""
        group = GROUP[self.kind]
        wrong = {
            f"{self.received_twice} messages were received twice": self.received_twice,
            f"{self.missing} accepted messages were never received": self.missing,
            f"{self.lost} messages are in no state that explains where they are": self.lost,
            f"one kill made {max(self.unknown_by_kill)} messages unknown, more than a group of {group}": max(
                self.unknown_by_kill
            )
            > group,
            f"only {self.between} of {self.kills} kills fell between attempt and settling": self.between
            < least_between,
            f"{self.unknown_but_received} messages are unknown although the sandbox knows of them": self.kind
            == Channel.SMS
            and self.unknown_but_received,
            f"{self.received} received and {self.unknown_at_end} unknown are fewer than {self.messages}": self.received
            + self.unknown_at_end
            < self.messages,
        }
        return [text for text, is_wrong in wrong.items() if is_wrong]


def kill_dispatchers(
    world: World, sandbox: Sandbox, kind: Channel, *, kills: int, messages: int, seed: int
) -> Findings:
    """Kill so many dispatchers, each at a random moment, and let one finish the rest.

    The moment lies anywhere between the start and some time after the first message usually goes. When that is depends
    on the machine and what else it does, so the range follows: wider after a kill before anything went, else narrower.
    """
    began = stopwatch()
    chance = random.Random(seed)
    found = Findings(kind, messages)
    _prepare(world, sandbox, kind, messages)
    sandbox.control("POST", "/control/faults", {AREA[kind]: {"latency_ms": LATENCY_MS}})
    held: set[int] = set()
    latest = 0.5
    waiting = _spawn(world, kind)
    for _ in range(kills):
        worker, waiting = waiting, _spawn(world, kind)
        _kill(worker, chance.uniform(0.0, latest))
        found.kills += 1
        before = found.between
        held |= _count_kill(world, found)
        latest *= 0.85 if found.between > before else 1.3
    sandbox.control("DELETE", "/control/faults")
    _finish(waiting)
    with _channel(world, kind) as channel:
        _ask(world, kind, channel, found)
        _finish(_spawn(world, kind))
        _ask_again(world, kind, channel)
    found.given_back = world.sql(
        "SELECT count(*) AS n FROM ledger.message WHERE message_id = ANY(%(ids)s) AND state = 'accepted'",
        ids=sorted(held),
    )[0]["n"]
    _audit(world, sandbox, found)
    found.seconds = stopwatch() - began
    return found


def race_dispatchers(world: World, sandbox: Sandbox, kind: Channel, *, messages: int) -> Findings:
    """Let two dispatchers of the same shard loose on one outbox at once."""
    found = Findings(kind, messages)
    _prepare(world, sandbox, kind, messages)
    sandbox.control("POST", "/control/faults", {AREA[kind]: {"latency_ms": LATENCY_MS}})
    workers = [_spawn(world, kind), _spawn(world, kind)]
    for worker in workers:
        _go(worker)
    tallies = [_outcome(worker) for worker in workers]
    assert all(tally.get("accepted", 0) for tally in tallies), "one of them had nothing to do"
    _audit(world, sandbox, found)
    return found


def _prepare(world: World, sandbox: Sandbox, kind: Channel, messages: int) -> None:
    for name, value in sandbox.connections().items():
        os.environ[f"AIRFLOW_CONN_{name.upper()}"] = value
    sandbox.control("POST", "/control/sms/templates", provider_templates(world.shop))
    world.add(messages, channel=kind.value)


def _spawn(world: World, kind: Channel, **more: int) -> subprocess.Popen[str]:
    told = {"url": world.db.url, "environment_id": world.environment_id, "kind": kind.value, **more}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.worker", json.dumps(told)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _go(worker: subprocess.Popen[str]) -> None:
    assert worker.stdout is not None
    assert worker.stdin is not None
    assert worker.stdout.readline() == "ready\n", "the dispatcher did not start"
    worker.stdin.write("go\n")
    worker.stdin.flush()


def _kill(worker: subprocess.Popen[str], after: float) -> None:
    _go(worker)
    try:
        worker.wait(after)
    except subprocess.TimeoutExpired:
        worker.kill()
    else:
        raise AssertionError("the dispatcher had nothing left to do: give it more messages")
    worker.communicate()


def _finish(worker: subprocess.Popen[str]) -> dict[str, int]:
    _go(worker)
    return _outcome(worker)


def _outcome(worker: subprocess.Popen[str]) -> dict[str, int]:
    said, _ = worker.communicate(timeout=300)
    assert worker.returncode == 0, "a dispatcher failed"
    tally: dict[str, int] = json.loads(said)
    return tally


def _count_kill(world: World, found: Findings) -> set[int]:
    """Look at what the dead dispatcher left behind, and let its leases run out; ids of what had no attempt."""
    left = world.sql("SELECT message_id, state FROM ledger.message WHERE state IN ('claimed', 'sending')")
    states = Counter(row["state"] for row in left)
    found.between += states["sending"] > 0
    world.lapse()
    tally = leases.recover(world.db, realm=REALM, shop=world.shop, clock=world.clock())
    assert (tally["unknown"], tally["waiting"]) == (states["sending"], states["claimed"])
    found.unknown_by_kill.append(tally["unknown"])
    return {row["message_id"] for row in left if row["state"] == "claimed"}


@contextmanager
def _channel(world: World, kind: Channel) -> Iterator[OpenChannel]:
    channel = channels.open_channel(kind, world.shop, environment_connection, REALM)
    try:
        yield channel
    finally:
        channel.close()


def _ask(world: World, kind: Channel, channel: OpenChannel, found: Findings) -> None:
    """Ask at once, then an hour later: what the provider has is accepted, what it does not have goes once more."""
    found.unknown_before_queries = _unknown(world)
    given = {"realm": REALM, "shop": world.shop, "channels": {kind: channel}, "clock": world.clock()}
    resolve(world.db, **given, force=True)
    found.resent = resolve(world.db, **given, now=real_now() + timedelta(minutes=61))["waiting"]


def _ask_again(world: World, kind: Channel, channel: OpenChannel) -> None:
    given = {"realm": REALM, "shop": world.shop, "channels": {kind: channel}, "clock": world.clock()}
    resolve(world.db, **given, force=True)


def _unknown(world: World) -> int:
    return sum(n for state, n in world.states().items() if state.startswith(("unknown", "abandoned")))


def _audit(world: World, sandbox: Sandbox, found: Findings) -> None:
    received = Counter(_messages_received(world, sandbox, found.kind))
    states = {row["message_id"]: row["state"] for row in world.sql("SELECT message_id, state FROM ledger.message")}
    open_ended = {"unknown", "abandoned"}
    found.received = sum(count == 1 for count in received.values())
    found.received_twice = sum(count > 1 for count in received.values())
    found.missing = sum(state == "accepted" and not received[m] for m, state in states.items())
    found.lost = sum(state not in open_ended | {"accepted"} for state in states.values())
    found.unknown_at_end = sum(state in open_ended for state in states.values())
    found.unknown_but_received = sum(state in open_ended and received[m] > 0 for m, state in states.items())


def _messages_received(world: World, sandbox: Sandbox, kind: Channel) -> list[int]:
    """Message id of every entry of the sandbox's log."""
    attempts = world.sql("SELECT attempt_id, message_id, group_id, address_hash FROM ledger.attempt")
    if kind == Channel.EMAIL:
        by_attempt = {row["attempt_id"]: row["message_id"] for row in attempts}
        return [by_attempt[entry["message_id"].strip("<>").partition("@")[0]] for entry in sandbox.mail_log()]
    by_recipient = {(row["group_id"], row["address_hash"]): row["message_id"] for row in attempts}
    return [by_recipient[entry["out_id"], hashed(f"+86{entry['phone']}")] for entry in sandbox.sms_log()]
