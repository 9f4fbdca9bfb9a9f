"""What every message sees: who writes, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from touchpoint.render.text import usable_name
from touchpoint.settings import Shop

_NOBODY = {"zh-CN": "亲", "en": "there"}


def reader_values(shop: Shop, row: Mapping[str, Any]) -> dict[str, Any]:
    """Greeting, names and contact, in the row's `locale` (one we have words in)."""
    locale = row["locale"]
    return {
        "locale": locale,
        "name": usable_name(row.get("display_name")) or _NOBODY[locale],
        "shop_name": shop.name,
        "signature": shop.signature,
        "contact": shop.agent_contact,
    }


def way_out(shop: Shop) -> dict[str, str]:
    """`unsubscribe_url` of a promotion: a mail to whoever reads the shop's replies; the sender's address says who."""
    address = shop.email and (shop.email.reply_to or shop.email.sender)
    return {"unsubscribe_url": f"mailto:{address}?subject=unsubscribe"} if address else {}
