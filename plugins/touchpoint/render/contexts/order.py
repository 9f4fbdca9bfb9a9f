"""Messages about orders that are open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from touchpoint.render import words
from touchpoint.render.contexts.reader import reader_values
from touchpoint.render.text import clean, shorten
from touchpoint.settings import Shop

CUT_OFF_MARGIN = timedelta(minutes=10)
"""Left before the cut-off for a text to be read and the order paid, else it is not promised to ship today."""
_PAY_PLACE = {
    ("taobao", "zh-CN"): "淘宝App“我的淘宝 - 待付款”",
    ("taobao", "en"): "the Taobao app, My Taobao, To pay",
    ("files", "zh-CN"): "店铺的订单页面",
    ("files", "en"): "your order page in the shop",
}


def values(shop: Shop, row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The context of a message about unpaid orders.

    Args:
        shop: gives zone, cut-off hour, names.
        row: of include/sql/outbox/context/order.sql: display_name, locale (one we have words in), order_count,
            total_minor, currency, first_order_id, first_created_at, closes_at (of the order that closes first),
            item_title, paid_order_count, and offer. An offer that is missing, empty or `none` is left out, so that
            words which need one are refused.
        at: the instant the message speaks from (aware): what it promises is true then.
    """
    locale = row["locale"]
    now, ordered = at.astimezone(shop.tz), row["first_created_at"].astimezone(shop.tz)
    closes = (row.get("closes_at") or row["first_created_at"] + shop.closes_after).astimezone(shop.tz)
    number, total, currency = int(row["order_count"]), int(row["total_minor"]), row["currency"]
    ships = ships_today(shop, now, closes)
    context = {
        **reader_values(shop, row),
        "count": number,
        "orders": words.orders(number, locale),
        "item": _item(row.get("item_title"), number, locale),
        "order_no": str(row["first_order_id"]),
        "ordered": words.since(ordered, now, number, locale),
        "total": words.money(total, currency, locale),
        "total_plain": words.plain_money(total, currency, locale),
        "pay_by": words.moment(closes, now, locale),
        "pay_place": _PAY_PLACE[shop.platform, locale],
        "cut_off": shop.cut_off.strftime("%H:%M"),
        "ships_today": ships,
        "pay_hint": _pay_hint(shop, ships, words.moment(closes, now, locale), number, locale),
        "paid_orders": str(int(row.get("paid_order_count") or 0)),
    }
    offer = clean(str(row.get("offer") or ""))
    return {**context, "offer": offer} if offer not in ("", "none") else context


def ships_today(shop: Shop, now: datetime, closes: datetime) -> bool:
    """Whether "pay before the cut-off and it ships today" holds at a local instant.

    The cut-off lies ahead, far enough to act on it, and the order stays open until then.
    """
    cut_off = now.replace(hour=shop.cut_off.hour, minute=shop.cut_off.minute, second=0, microsecond=0)
    return now + CUT_OFF_MARGIN <= cut_off <= closes


def _pay_hint(shop: Shop, ships: bool, pay_by: str, number: int, locale: str) -> str:
    cut_off = shop.cut_off.strftime("%H:%M")
    if locale == "zh-CN":
        return f"{cut_off}前付款今天发货" if ships else f"订单保留至{pay_by}"
    if ships:
        return f"Pay before {cut_off} and {'it ships' if number == 1 else 'they ship'} today"
    return f"Kept for you until {pay_by}"


def _item(title: str | None, number: int, locale: str) -> str:
    """What was ordered, in a few words: the item, and how many orders when there are several; empty if unknown."""
    name = clean(title or "")
    if not name:
        return ""
    if locale == "zh-CN":
        quoted = f"「{shorten(name, 20)}」"
        return quoted if number == 1 else f"{quoted}等{number}笔订单"
    quoted = f"“{shorten(name, 40)}”"
    return quoted if number == 1 else f"{quoted} and {words.plural(number - 1, 'more order', 'more orders')}"
