"""Messages that come once a period, a month: what it offers, and to whom, by the product series they prefer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from touchpoint.render.contexts.offer import offer_values
from touchpoint.render.contexts.reader import reader_values, way_out
from touchpoint.render.text import clean
from touchpoint.settings import Shop

_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def values(shop: Shop, row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The context of a message of a month.

    Args:
        shop: gives zone and names.
        row: of include/sql/outbox/context/period.sql: display_name, locale (one we have words in), period (`2026-11`),
            variant and paid_order_count; with what the campaign adds: series_of_variant, and the offer it makes.
        at: the instant the message speaks from (aware).

    `series` is the product series the variant speaks of, as the shop names it; left out where it speaks of none or of
    several, so that words which name one are refused.
    """
    series = clean(str((row.get("series_of_variant") or {}).get(row.get("variant")) or ""))
    return {
        **reader_values(shop, row),
        **way_out(shop),
        **offer_values(shop, row, at),
        "month": _month(str(row["period"]), row["locale"]),
        "paid_orders": str(int(row.get("paid_order_count") or 0)),
        **({"series": series} if series else {}),
    }


def _month(period: str, locale: str) -> str:
    month = date.fromisoformat(f"{period}-01").month
    return f"{month}月" if locale == "zh-CN" else _MONTHS_EN[month - 1]
