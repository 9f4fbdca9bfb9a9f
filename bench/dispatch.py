"""Sending: the whole life cycle of a message beside what the same send costs without a ledger.

SMTP, one worker, to the sandbox's mailbox, which forces every mail to disk before it answers; beside a bare loop over
one open connection with mails made beforehand. And one by one: a connection and a claim for every message.
SMS: signed SendBatchSms of 100 to the sandbox's gateway; beside making the words and the signatures alone.
Both sides go in turns, a part at a time, and what the sandbox received of either is compared message by message.
"""

from __future__ import annotations

import json
import os
import smtplib
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.server import own_database, own_server
from tests.faults.world import AT, REALM, RENDERER, World
from tests.sandbox_process import ANCHOR, Sandbox, running_sandbox

from bench import Row
from bench.baselines.bare_smtp import bare_loop
from bench.baselines.render_and_sign import render_and_sign
from touchpoint import channels
from touchpoint.clock import real_now, stopwatch
from touchpoint.errors import LedgerError
from touchpoint.model import Channel
from touchpoint.outbox.claim import Scope, claim
from touchpoint.outbox.compose import compose
from touchpoint.outbox.leases import LEASE
from touchpoint.render.messages import provider_templates
from touchpoint.settings import environment_connection

PARTS = 5
ONE_BY_ONE = 40


class _UndoError(Exception):
    """Ends a transaction without committing it."""


@dataclass
class Times:
    """Seconds of both sides, over the same number of messages."""

    measured: float = 0.0
    baseline: float = 0.0


def run(size: int | None = None) -> list[Row]:
    """Both channels; `size` texts by SMS (default 10,000) and a fifth of it by SMTP."""
    size = size or 10_000
    with (
        own_server() as server,
        own_database(server) as database,
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(Path(folder), seed=7, anchor=ANCHOR) as sandbox,
    ):
        for name, value in sandbox.connections().items():
            os.environ[f"AIRFLOW_CONN_{name.upper()}"] = value
        world = World(database)
        sandbox.control("POST", "/control/sms/templates", provider_templates(world.shop))
        return [*_smtp(world, sandbox, size // 5), _sms(world, sandbox, size)]


def _smtp(world: World, sandbox: Sandbox, size: int) -> list[Row]:
    channel = _open(world, Channel.EMAIL)
    times, part = Times(), size // PARTS
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port) as server:
        _warm(world, Channel.EMAIL, channel)
        for _ in range(PARTS):
            world.add(part, channel="email")
            drafts, addresses = _claimed(world, Channel.EMAIL, part)
            mails = [
                (f"bare@{channel.domain}", m.address, channel.writer.write(m, real_now()))
                for m in (draft.addressed(addresses[draft.claimed.message_id]) for draft in _composed(world, drafts))
            ]
            seen = len(sandbox.mail_log())
            times.baseline += bare_loop(server, mails)
            times.measured += _dispatch(world, Channel.EMAIL, channel, part)
            _compare_mails(sandbox.mail_log(seen), part)
    channel.close()
    one_by_one = _one_by_one(world) * part * PARTS / ONE_BY_ONE
    return [
        _row("dispatch over SMTP, full life cycle, 1 worker", "bare loop to the same sink", times, 0.6),
        _row("the same, one by one", "bare loop to the same sink", Times(one_by_one, times.baseline), None),
    ]


def _sms(world: World, sandbox: Sandbox, size: int) -> Row:
    channel = _open(world, Channel.SMS)
    times, part = Times(), size // PARTS
    _warm(world, Channel.SMS, channel)
    for _ in range(PARTS):
        world.add(part)
        claimed, addresses = _claimed(world, Channel.SMS, part)
        seen = len(sandbox.sms_log())
        seconds, texts = render_and_sign(claimed, addresses, shop=world.shop, renderer=RENDERER, channel=channel, at=AT)
        times.baseline += seconds
        times.measured += _dispatch(world, Channel.SMS, channel, part)
        received = Counter(entry["content"] for entry in sandbox.sms_log(seen))
        _demand(received == Counter(texts), "what was received is not what was rendered")
    channel.close()
    return _row("dispatch by signed SendBatchSms of 100", "render and sign only", times, 0.15)


def _row(what: str, baseline: str, times: Times, aim: float | None) -> Row:
    """Rates are compared: the share of the baseline's that is left."""
    return Row(what, baseline, times.measured, times.baseline, aim, at_least=True)


def _open(world: World, kind: Channel) -> Any:
    return channels.open_channel(kind, world.shop, environment_connection, REALM)


def _dispatch(world: World, kind: Channel, channel: Any, count: int) -> float:
    started = stopwatch()
    tally = world.dispatch({kind: channel})
    seconds = stopwatch() - started
    _demand(tally["accepted"] == count, f"not everything was accepted: {tally.as_dict()}")
    return seconds


def _one_by_one(world: World) -> float:
    world.add(ONE_BY_ONE, channel="email")
    started = stopwatch()
    for _ in range(ONE_BY_ONE):
        channel = _open(world, Channel.EMAIL)
        world.dispatch({Channel.EMAIL: channel}, limit=1)
        channel.close()
    return stopwatch() - started


def _warm(world: World, kind: Channel, channel: Any) -> None:
    """Templates compiled, connections open, statistics there: neither side pays for what happens once."""
    world.add(200, channel=kind.value)
    world.dispatch({kind: channel})
    world.sql("ANALYZE")


def _claimed(world: World, kind: Channel, size: int) -> tuple[list[Any], dict[int, str]]:
    """What a dispatcher would have in hand, and the addresses; nothing stays claimed."""
    scope = Scope(REALM, world.shop, world.policy, world.environment_id, {}, 0, 1, LEASE)
    claimed: list[Any] = []
    with suppress(_UndoError), world.db.transaction() as tx:
        claimed, _ = claim(tx, scope, kind, at=AT, size=size)
        raise _UndoError
    rows = world.sql(
        "SELECT message_id, address FROM ledger.message"
        " JOIN contact.contact_points USING (shop_id, customer_id, address_hash) WHERE state = 'waiting'"
    )
    return claimed, {row["message_id"]: row["address"] for row in rows}


def _composed(world: World, claimed: list[Any]) -> list[Any]:
    return compose(claimed, shop=world.shop, renderer=RENDERER, at=AT).drafts


def _compare_mails(entries: list[dict[str, Any]], part: int) -> None:
    told = [json.dumps([e["to"], e["subject"], e["text"], e["html"]]) for e in entries]
    bare, ours = Counter(told[:part]), Counter(told[part:])
    _demand(bare == ours and len(bare) == part, "the two sides did not send the same mails")


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise LedgerError(otherwise, place="bench/dispatch.py")
