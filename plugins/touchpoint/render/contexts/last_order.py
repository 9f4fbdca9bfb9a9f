"""Messages to a customer who has been silent since an order: what they liked, and how long ago."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from touchpoint.render.contexts.offer import offer_values
from touchpoint.render.contexts.reader import reader_values, way_out
from touchpoint.render.text import clean, shorten
from touchpoint.settings import Shop

MONTH, YEAR = timedelta(days=30), timedelta(days=365)
_SOMETHING = {"zh-CN": "那件好物", "en": "what you picked"}


def values(shop: Shop, row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The context of a message about a customer's last order.

    Args:
        shop: gives zone and names.
        row: of include/sql/outbox/context/last_order.sql: display_name, locale (one we have words in), last_paid_at,
            item_title, paid_order_count; and, where the message makes one, the offer.
        at: the instant the message speaks from (aware).

    `item` is the dearest thing of that order in a few words, `silence` how long ago it was: `8个月`, `over a year`.
    """
    locale = row["locale"]
    name = clean(row.get("item_title") or "")
    quoted = f"「{shorten(name, 12)}」" if locale == "zh-CN" else f"“{shorten(name, 30)}”"
    return {
        **reader_values(shop, row),
        **way_out(shop),
        **offer_values(shop, row, at),
        "item": quoted if name else _SOMETHING[locale],
        "silence": silence(at - row["last_paid_at"], locale),
        "paid_orders": str(int(row.get("paid_order_count") or 0)),
    }


def silence(passed: timedelta, locale: str) -> str:
    """How long something lasted, roughly and never too long: whole months, then years."""
    years, months = passed // YEAR, max(passed // MONTH, 1)
    if years >= 2:
        return f"{years}年多" if locale == "zh-CN" else f"over {years} years"
    if years:
        return "一年多" if locale == "zh-CN" else "over a year"
    return f"{months}个月" if locale == "zh-CN" else f"{months} month{'' if months == 1 else 's'}"
