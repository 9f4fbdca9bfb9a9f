"""When a message may go: the first legal instant at or after another, in a zone's own hours, clock changes included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from touchpoint.settings import QuietHours

DAYS_AHEAD = 3
"""Beyond so many local days a time of day that is ever legal has come."""


@dataclass(frozen=True)
class Hours:
    """Local hours a message may go in: outside the quiet ones, and inside the step's own.

    Attributes:
        quiet: from (inclusive) until (exclusive), past midnight if from > until; None: none.
        opens: time of day before which the step does not go.
        closes: time of day from which it does not go any more.
    """

    quiet: QuietHours | None = None
    opens: time | None = None
    closes: time | None = None

    def allow(self, local: time) -> bool:
        """Whether a time of day, as a clock on the wall shows it, is legal."""
        if (self.opens and local < self.opens) or (self.closes and local >= self.closes):
            return False
        if self.quiet is None:
            return True
        start, until = self.quiet.start, self.quiet.until
        if start <= until:
            return not start <= local < until
        return until <= local < start

    @property
    def beginnings(self) -> list[time]:
        """Times of day at which a legal stretch can begin."""
        found = [time(0), self.opens, self.quiet.until if self.quiet else None]
        return sorted({begin for begin in found if begin is not None})


def first_legal(start: datetime, hours: Hours, zone: ZoneInfo) -> datetime | None:
    """The earliest instant, not before `start`, that is legal by the wall clock of a zone.

    Args:
        start: aware.
        hours: what is legal.
        zone: whose wall clock.

    Returns:
        An aware instant in UTC; None if these hours are never legal.
    """
    start = start.astimezone(UTC)
    if hours.allow(_wall(start, zone)):
        return start
    day = start.astimezone(zone).date()
    instants = (
        instant
        for ahead in range(DAYS_AHEAD)
        for begin in hours.beginnings
        for instant in _instants(datetime.combine(day + timedelta(days=ahead), begin), zone)
    )
    return min((i for i in instants if i >= start and hours.allow(_wall(i, zone))), default=None)


def first_legal_outside(
    start: datetime, hours: Hours, zone: ZoneInfo, blackouts: Sequence[tuple[datetime, datetime]]
) -> datetime | None:
    """The earliest instant, not before `start`, that is legal by the wall clock and in no blackout.

    Args:
        start: aware.
        hours: what is legal.
        zone: whose wall clock.
        blackouts: half-open spans of aware instants, in any order; they may overlap.
    """
    found = first_legal(start, hours, zone)
    for _ in blackouts:  # each round leaves one of them behind for good
        if found is None or (end := _end_of_blackout(found, blackouts)) is None:
            break
        found = first_legal(end, hours, zone)
    return found


def _end_of_blackout(instant: datetime, blackouts: Sequence[tuple[datetime, datetime]]) -> datetime | None:
    return max((until for begin, until in blackouts if begin <= instant < until), default=None)


def _wall(instant: datetime, zone: ZoneInfo) -> time:
    return instant.astimezone(zone).time()


def _instants(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """When a wall clock shows a date and time: once, twice as it goes back, or the moment it jumps past it."""
    found = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = [instant for instant in found if instant.astimezone(zone).replace(tzinfo=None) == wall]
    if shown:
        return shown
    before, after = min(found), max(found)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        middle = middle.replace(microsecond=0) + timedelta(seconds=middle.microsecond >= 500_000)
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return [after]
