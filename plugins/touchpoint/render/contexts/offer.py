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

    `offer_ends` is the last day, or the instant where it ends within a day: `11月30日`, `on 30 Nov`.
    """
    if not row.get("offer_made"):
        return {}
    (offer, terms), locale = row["offer_made"], row["locale"]
    now, closes = at.astimezone(shop.tz), terms.closes_at(shop.tz).astimezone(shop.tz)
    last_day = words.day(closes - timedelta(days=1), now, locale)
    return {
        "offer": offer.text[locale],
        "offer_ends": last_day if terms.ends_with_a_day else words.moment(closes, now, locale),
        "offer_quota": f"{terms.quota:,}",
    }
