"""What a promotion promises, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from touchpoint.render import words
from touchpoint.settings import Shop


def offer_values(shop: Shop, row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """`offer`, `offer_ends` and `offer_quota`, in the row's `locale`; empty where the message makes no offer.

    Args:
        shop: its zone, in which the offer ends.
        row: with `offer_made`: the offer (config/offers.yaml) and its terms in this shop.
        at: the instant the message speaks from (aware).

    `offer_ends` is the last day, or the instant where it ends within a day, of another year with the year: `11月30日`,
    `on 30 Nov`, `on 31 Dec 2027`.
    """
    if not row.get("offer_made"):
        return {}
    (offer, terms), locale = row["offer_made"], row["locale"]
    now, closes = at.astimezone(shop.tz), terms.closes_at(shop.tz).astimezone(shop.tz)
    last = closes - timedelta(days=1) if terms.ends_with_a_day else closes
    ends = words.day(last, now, locale) if terms.ends_with_a_day else words.moment(last, now, locale)
    return {
        "offer": offer.text.get(locale) or offer.text[shop.locale],
        "offer_ends": _with_year(ends, last, now, locale),
        "offer_quota": f"{terms.quota:,}",
    }


def _with_year(ends: str, last: datetime, now: datetime, locale: str) -> str:
    if last.year == now.year or (last.date() - now.date()).days <= 1:  # tomorrow is clear on New Year's Eve, too
        return ends
    return f"{last.year}年{ends}" if locale == "zh-CN" else f"{ends} {last.year}"
