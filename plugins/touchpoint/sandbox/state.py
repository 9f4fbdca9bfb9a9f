"""What the sandbox keeps on disk: the two numbers its world follows from, and what a test forced upon it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from touchpoint.clock import real_now
from touchpoint.errors import ConfigError, TimeError

ZONE = ZoneInfo("Asia/Shanghai")
"""The shop's zone; the platform's times (GMT+8) are the same."""

FIRST_CYCLE = time(10, 30)


@dataclass(frozen=True)
class Origin:
    """What the whole world follows from.

    Attributes:
        anchor: the instant history ends at and the hourly flow begins, aware, UTC, whole seconds.
        orders_per_hour: how many orders appear in each hour after the anchor.
    """

    seed: int
    anchor: datetime
    orders_per_hour: int = 60

    @property
    def anchor_epoch(self) -> int:
        """The anchor in seconds since 1970, UTC."""
        return int(self.anchor.timestamp())


def parse_instant(value: str, place: str) -> datetime:
    """An ISO 8601 instant with offset, as aware UTC.

    Raises:
        TimeError: not ISO 8601, or without an offset.
    """
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise TimeError(f"{value!r} is no instant", place=place, remedy="write 2026-11-22T10:30:00+08:00") from error
    if instant.tzinfo is None:
        raise TimeError(f"{value!r} has no time zone", place=place, remedy="write +08:00 or Z behind it")
    return instant.astimezone(UTC)


def latest_first_cycle(now: datetime) -> datetime:
    """The latest 10:30 shop time not after `now`, in UTC."""
    local = now.astimezone(ZONE)
    today = datetime.combine(local.date(), FIRST_CYCLE, ZONE)
    return (today if today <= local else today - timedelta(days=1)).astimezone(UTC)


def open_origin(folder: Path, seed: int | None, anchor: datetime | None, orders_per_hour: int | None) -> Origin:
    """The origin stored in a state folder; a new one stores what is asked for (else 7, the latest 10:30, 60).

    Raises:
        ConfigError: the folder holds a world of another seed, anchor or flow than the one asked for.
    """
    path = folder / "world.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        start = (anchor or latest_first_cycle(real_now())).replace(microsecond=0)
        origin = Origin(7 if seed is None else seed, start, orders_per_hour or 60)
        write_whole(path, json.dumps({**asdict(origin), "anchor": origin.anchor.isoformat()}))
        return origin
    stored = json.loads(path.read_text(encoding="utf-8"))
    origin = Origin(stored["seed"], parse_instant(stored["anchor"], path.name), stored["orders_per_hour"])
    asked = {"seed": seed, "anchor": anchor, "orders_per_hour": orders_per_hour}
    for key, value in asked.items():
        if value is not None and value != getattr(origin, key):
            raise ConfigError(
                f"{key} {value} is not the stored {getattr(origin, key)}",
                place=str(path),
                remedy="leave the option out, or take another state folder",
            )
    return origin


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it."""
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


class SandboxClock:
    """The platform's business clock: the wall clock, unless stopped or set to run on from another instant."""

    def __init__(self) -> None:
        self._stopped: datetime | None = None
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Business time, aware, UTC."""
        return self._stopped or real_now() + self._offset

    @property
    def epoch(self) -> int:
        """Business time in whole seconds since 1970."""
        return int(self.now().timestamp())

    def stop(self, at: datetime) -> None:
        """Let it stand at `at`."""
        self._stopped, self._offset = at, timedelta(0)

    def run_from(self, at: datetime) -> None:
        """Let it run on from `at`, as fast as the wall clock."""
        self._stopped, self._offset = None, at - real_now()

    def run(self) -> None:
        """Let it be the wall clock."""
        self._stopped, self._offset = None, timedelta(0)

    def told(self) -> dict[str, Any]:
        """How it stands, for people."""
        return {"now": self.now().isoformat(), "is_stopped": self._stopped is not None}
