"""The page of a DAG's recomputed past: date by date the same, or what differs and why."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

from touchpoint.clock import real_now
from touchpoint.db import Database
from touchpoint.errors import TimeError
from touchpoint.orchestration.web.pages import face_of, make_page, notice, run_address
from touchpoint.reports import backfills

DAYS = 60
"""Shown where no days are asked for."""
ROWS = 500
EARLIEST, LATEST = date(1970, 1, 2), date(2999, 12, 31)


def backfills_page(database: Database, config: Path, dag_id: str, since: str = "", until: str = "") -> str:
    """What recomputes of a DAG found in some days of the shop's zone, `until` included.

    Raises:
        TimeError: a day is none.
    """
    _, ours, shop_id = dag_id.partition("__")
    if not ours or not dag_id.startswith("touchpoints_"):
        return notice("No report", "Touchpoint has no report for this DAG: it is none of Touchpoint's.")
    face = face_of(shop_id, config)
    last = _day(until) if until else real_now().astimezone(face.zone).date()
    first = _day(since) if since else last - timedelta(days=DAYS)
    with database.transaction() as tx:
        found = backfills.recomputed(
            tx,
            dag_id,
            datetime.combine(first, time(), face.zone),
            datetime.combine(last + timedelta(days=1), time(), face.zone),
        )
    return make_page(
        "backfills.html",
        title=f"{face.name}: the past, recomputed",
        face=face,
        dag_id=dag_id,
        first=first.isoformat(),
        last=last.isoformat(),
        dates=found[:ROWS],
        has_more=len(found) > ROWS,
        totals=backfills.totals(found),
        query=run_address,
    )


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _no_day(text) from error
    if not EARLIEST <= day <= LATEST:  # near the ends of what a date can hold, a zone leads beyond them
        raise _no_day(text)
    return day


def _no_day(text: str) -> TimeError:
    remedy = f"write a day from {EARLIEST} to {LATEST} as in 2026-11-22"
    return TimeError(f"{text[:20]!r} is no day", place="since, until", remedy=remedy)
