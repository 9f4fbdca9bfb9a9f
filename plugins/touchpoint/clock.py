"""The one place that asks the time. Everything else gets an instant as an argument (`as_of` or `at`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Protocol

from touchpoint.errors import TimeError


class Clock(Protocol):
    """Tells the business time."""

    def now(self) -> datetime:
        """The business time, aware, in UTC."""
        ...


class RealClock:
    """The wall clock."""

    def now(self) -> datetime:
        return real_now()


@dataclass(frozen=True)
class StoppedClock:
    """A clock that stands at one instant: the first cycle, a rehearsal."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def real_now() -> datetime:
    """The wall clock, aware, in UTC: signatures, leases and attempt stamps use it, whatever the business clock says."""
    return datetime.now(UTC)


def stopwatch() -> float:
    """Seconds on a clock that only runs forward, for measuring how long something took."""
    return perf_counter()


def resolve_as_of(
    *, param: str | datetime | None, logical_date: datetime | None, run_after: datetime | None, clock: Clock
) -> datetime:
    """The instant a computation looks from: the parameter, else the logical date, else run_after.

    Raises:
        TimeError: nothing given, a parameter without a time zone, or an instant later than the clock.
    """
    chosen = _parse(param) if param else (logical_date or run_after)
    if chosen is None:
        raise TimeError("no as_of, logical date or run_after", place="run", remedy="pass params.as_of")
    if chosen.tzinfo is None:
        raise TimeError(
            f"as_of {chosen.isoformat()} has no time zone", place="params.as_of", remedy="write +08:00 or Z"
        )
    chosen = chosen.astimezone(UTC)
    if chosen > clock.now():
        raise TimeError(
            f"as_of {chosen.isoformat()} is later than the clock", place="params.as_of", remedy="name a past instant"
        )
    return chosen


def _parse(value: str | datetime) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise TimeError(
            f"as_of {value!r} is no ISO 8601 instant", place="params.as_of", remedy="write 2026-11-22T10:30:00+08:00"
        ) from error


FRESHNESS = {"intraday": timedelta(minutes=30), "daily": timedelta(hours=20), "monthly": timedelta(days=3)}
"""How old an as_of may be for a run of that cadence to send."""


def mode_of(*, run_type: str, cadence: str, as_of: datetime, now: datetime) -> str:
    """`send` or `recompute`: a backfill always recomputes; any other run sends while its as_of is fresh."""
    if run_type == "backfill":
        return "recompute"
    return "send" if now - as_of <= FRESHNESS[cadence] else "recompute"
