"""Who comes back: customers by the month of their first order, active in each month since; and who bought once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from touchpoint.db import Row, Transaction
from touchpoint.record.made import Scope


def cohorts(tx: Transaction, *, shop_id: str, as_of: datetime, scope: Scope = "all") -> list[Row]:
    """Customers by cohort: rows of cohort (as in `2010-12`) and of those active in it, then a month later, and so on.

    A cohort is everybody whose first paid order fell into that month of the shop's calendar; guests are in none. Of a
    `brand` (`brands.people` lists its people first) it is their first at any of its shops, by that shop's calendar.
    """
    purchases = f"scope/{scope}/purchases"
    found = tx.many("segments/cohorts", purchases=purchases, shop_id=shop_id, as_of=as_of, since="-infinity")
    active: dict[date, dict[int, int]] = defaultdict(dict)
    for row in found:
        active[row["cohort"]][_between(row["cohort"], row["month"])] = row["customers"]
    last = max((row["month"] for row in found), default=None)
    return [
        {
            "cohort": f"{cohort:%Y-%m}",
            "active": [by_age.get(age, 0) for age in range(_between(cohort, last) + 1 if last else 0)],
        }
        for cohort, by_age in active.items()
    ]


def over_since(found: Sequence[Row], as_of: datetime, zone: ZoneInfo) -> str | None:
    """The last month anybody paid an order in, as in `2010-12`, if a later one has begun; it ends every row.

    Args:
        found: cohorts.
        as_of: the instant they were looked at from, aware.
        zone: of the shop's calendar.
    """
    now = as_of.astimezone(zone).date()
    months = [_shifted(date.fromisoformat(f"{row['cohort']}-01"), len(row["active"]) - 1) for row in found]
    last = max(months, default=None)
    return f"{last:%Y-%m}" if last and _between(last, now) > 0 else None


def repeat_share(tx: Transaction, *, features: str) -> Row:
    """Customers, those with one paid order, those with paid orders on one day alone, and both as a share of all."""
    found = tx.one("segments/repeat_share", features=features)
    customers = found["customers"] or 1
    shares = {f"share_{name}": round(found[name] / customers, 4) for name in ("with_one_order", "on_one_day")}
    return {**found, **shares}


def _shifted(month: date, by: int) -> date:
    years, place = divmod(month.month - 1 + by, 12)
    return date(month.year + years, place + 1, 1)


def _between(earlier: date, later: date) -> int:
    return 12 * (later.year - earlier.year) + later.month - earlier.month
