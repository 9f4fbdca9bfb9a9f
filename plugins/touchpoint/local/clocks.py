"""Which instant a cycle looks from, and who has to be told: the ledger's business clock and the sandbox's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import requests

from touchpoint.clock import real_now
from touchpoint.db import Database
from touchpoint.errors import TimeError, TouchpointError
from touchpoint.services import LIVE, stop_clock

FIRST_CYCLE = time(10, 30)
"""Shop time of the first cycle: outside quiet hours, so that reminders are accepted at whatever hour it is tried."""


def latest_first_cycle(zone: ZoneInfo, now: datetime) -> datetime:
    """The latest 10:30 of a zone that is not later than now; on the first of a month before 10:30, now.

    The first cycle asks a marketer about the month it looks from. Asked as of the last day of a month that is over,
    nobody could answer.
    """
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), FIRST_CYCLE, zone)
    if today <= local:
        return today
    yesterday = datetime.combine(local.date() - timedelta(days=1), FIRST_CYCLE, zone)
    return yesterday if yesterday.month == local.month else local.replace(microsecond=0)


def parse_now(text: str, zone: ZoneInfo, place: str = "NOW") -> datetime:
    """What somebody typed at `place` as an instant; without an offset it is the shop's own time.

    Raises:
        TimeError: no ISO 8601 instant.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimeError(f"{text!r} is no instant", place=place, remedy="write 2026-11-22T10:30:00+08:00") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def check_now(at: datetime, head: datetime | None) -> None:
    """Refuse an instant that lies before the shop's head or after the real time.

    Raises:
        TimeError: it does.
    """
    if at > real_now():
        raise TimeError(
            f"{at.isoformat()} is later than the real time",
            place="NOW",
            remedy="name a past instant; to start over from one, run make reset",
        )
    if head and at < head:
        raise TimeError(
            f"{at.isoformat()} lies before {head.isoformat()}, the shop's head",
            place="NOW",
            remedy="name a later instant, or run make reset to start over",
        )


@contextmanager
def stopped_clocks(database: Database, sandbox_url: str, at: datetime | None) -> Iterator[None]:
    """Both business clocks stand at an instant for the length of a block; with None they follow the real one."""
    _set(database, sandbox_url, at)
    try:
        yield
    finally:
        _set(database, sandbox_url, None)


def _set(database: Database, sandbox_url: str, at: datetime | None) -> None:
    stop_clock(database, LIVE, at)
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{sandbox_url}/control/clock", json={"at": at.isoformat() if at else None}, timeout=30)
    if not answer.ok:
        raise TouchpointError(
            f"its clock could not be set ({answer.status_code})", place="sandbox", remedy="see var/log/sandbox.log"
        )
