"""Sample facts for each occasion: what a test message tells where no real candidate is at hand.

They have the columns of include/sql/outbox/context/<occasion>.sql; docs/operate.md names them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from touchpoint.settings import Shop

NAMES = {"zh-CN": "小明", "en": "Alex"}
"""Who a test message greets, whoever's facts it tells: a buyer's name goes to nobody but the buyer."""
_ITEM = {"zh-CN": "青瓷手冲咖啡杯 家用礼盒装", "en": "Celadon coffee cup, gift box"}
ORDER_NO = "4000000000000000000"


def _order(shop: Shop, locale: str, at: datetime) -> dict[str, Any]:
    return {
        "order_count": 1,
        "line_count": 1,
        "total_minor": 12800,
        "currency": shop.currency,
        "first_order_id": ORDER_NO,
        "first_created_at": at - timedelta(hours=2),
        "closes_at": at + timedelta(hours=22),
        "item_title": _ITEM[locale],
        "paid_order_count": 3,
    }


def _shipment(shop: Shop, locale: str, at: datetime) -> dict[str, Any]:
    return {
        "parcel_count": 1,
        "first_shipment_id": ORDER_NO,
        "first_order_id": ORDER_NO,
        "carrier": "圆通速递" if locale == "zh-CN" else "YTO Express",
        "tracking_no": "YT0000000000000",
        "item_title": _ITEM[locale],
        "problem": "",
        "expected_on": (at + timedelta(days=2)).astimezone(shop.tz).date(),
        "zone": shop.zone,
    }


def _last_order(shop: Shop, locale: str, at: datetime) -> dict[str, Any]:
    return {"last_paid_at": at - timedelta(days=200), "item_title": _ITEM[locale], "paid_order_count": 3}


def _period(shop: Shop, locale: str, at: datetime) -> dict[str, Any]:
    return {"period": f"{at.astimezone(shop.tz):%Y-%m}", "paid_order_count": 3}


_BY_OCCASION: dict[str, Callable[[Shop, str, datetime], dict[str, Any]]] = {
    "order": _order,
    "shipment": _shipment,
    "last_order": _last_order,
    "period": _period,
}


def sample_facts(occasion: str, shop: Shop, locale: str, at: datetime) -> dict[str, Any]:
    """A row as the context statement of an occasion returns it, made up."""
    told = _BY_OCCASION[occasion](shop, locale, at)
    return {"occasion_kind": occasion, "display_name": NAMES[locale], "locale": locale, "stage": None, **told}
