"""The rules of a parcel's standing once more, as plainly as Python allows: one parcel, one loop, no cleverness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WAY = ["ready_for_pickup", "out_for_delivery", "arrived_city", "customs", "in_transit", "picked_up"]
TROUBLE = ["lost", "out_of_area", "exception", "attempt_failed", "delayed"]
BACK = ["refused", "returning"]
ENDS = ["delivered", "returned", "cancelled"]
SILENT = ["label_created", "other"]


@dataclass(frozen=True)
class Scan:
    """One scan; known None: never learned."""

    state: str
    happened: datetime
    known: datetime


@dataclass(frozen=True)
class Told:
    """What a buyer nobody wrote to yet would hear: nothing, late, or problem with its kind."""

    step: str | None
    problem: str | None = None


def end_of(day: Any, zone: ZoneInfo) -> datetime:
    """The first instant after a day in a zone: as PostgreSQL reads a midnight that the clocks skip."""
    return first_instant(day + timedelta(days=1), zone)


def first_instant(day: Any, zone: ZoneInfo) -> datetime:
    """The first instant of a day: midnight, or what follows it where the clocks skip midnight."""
    midnight = datetime.combine(day, time(), zone)
    utc = ZoneInfo("UTC")
    return datetime.fromtimestamp(midnight.timestamp(), utc).astimezone(zone)


def late_from(
    rules: dict[str, Any], carrier: str | None, region: str | None, promised: datetime | None, first: datetime | None
) -> datetime | None:
    """From when a parcel is late, if anything says so."""
    shop_zone = ZoneInfo(rules["zone"])
    zone = ZoneInfo(rules["zones"].get(region, rules["zone"]))
    if promised is not None:
        for judged in (shop_zone, zone):
            day = promised.astimezone(judged).date()
            if promised == first_instant(day, judged):
                return end_of(day, zone)
        return promised
    if first is None:
        return None
    norms = rules["carriers"].get(carrier, {})
    for days in (norms.get("regions", {}).get(region), norms.get("days"), rules["regions"].get(region), rules["days"]):
        if days is not None:
            return end_of(first.astimezone(zone).date() + timedelta(days=days), zone)
    raise AssertionError("there is always a norm")


def told(
    scans: Sequence[Scan],
    at: datetime,
    *,
    rules: dict[str, Any],
    shipped: datetime,
    carrier: str | None = None,
    region: str | None = None,
    promised: datetime | None = None,
) -> Told:
    """What is said of a parcel of an order that is paid, open and not refunded."""
    seen = [scan for scan in scans if scan.happened <= at and scan.known <= at]
    if any(scan.state in ENDS for scan in seen):
        return Told(None)
    own = [scan for scan in seen if scan.happened > shipped - timedelta(days=3)]
    back = [scan for scan in own if scan.state in BACK]
    if back:
        latest = max(back, key=lambda scan: (scan.happened, scan.state))
        return Told("problem", latest.state)
    spoken = [scan for scan in own if scan.state not in SILENT]
    moves = [scan for scan in spoken if scan.state in WAY]
    moved = max((scan.happened for scan in moves), default=None)
    word = min((s.state for s in moves if s.happened == moved), key=WAY.index, default=None)
    troubles = [scan for scan in spoken if scan.state in TROUBLE and (moved is None or scan.happened > moved)]
    is_pending = False
    if troubles:
        last = max(scan.happened for scan in troubles)
        kind = min((scan.state for scan in troubles if scan.happened == last), key=TROUBLE.index)
        known = min(max(s.happened, s.known) for s in troubles if s.happened == last and s.state == kind)
        if known + timedelta(seconds=rules["problems"][kind]) <= at:
            return Told("problem", kind)
        is_pending = True
    stuck = rules["carriers"].get(carrier, {}).get("stuck_after", rules["stuck_after"])
    if spoken and word != "ready_for_pickup":
        silent_since = max(scan.happened for scan in spoken)
        if silent_since + timedelta(seconds=stuck) <= at:
            return Told("problem", "stuck")
    first = min((scan.happened for scan in spoken), default=None)
    due = late_from(rules, carrier, region, promised, first)
    if due is not None and due <= at and word != "ready_for_pickup" and not is_pending:
        return Told("late")
    return Told(None)
