"""Messages about parcels that are late, in trouble, or on the move again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from touchpoint.render import words
from touchpoint.render.contexts.reader import reader_values
from touchpoint.render.text import clean, shorten
from touchpoint.settings import Shop

_TROUBLE_ZH = {
    "refused": "派送记录为拒收",
    "returning": "正在退回途中",
    "lost": "被快递登记为遗失",
    "out_of_area": "超出快递派送范围",
    "exception": "在途中遇到异常",
    "delayed": "在途中延误了",
    "attempt_failed": "派送没有成功",
    "stuck": "物流多日没有更新",
    "several": "在途中遇到问题",
}
_TROUBLE_EN = {
    "refused": ("was recorded as refused", "were recorded as refused"),
    "returning": ("is on its way back to us", "are on their way back to us"),
    "lost": ("was reported lost by the carrier", "were reported lost by the carrier"),
    "out_of_area": ("is outside the carrier's delivery area", "are outside the carrier's delivery area"),
    "exception": ("met a problem on its way", "met a problem on their way"),
    "delayed": ("is held up on its way", "are held up on their way"),
    "attempt_failed": ("could not be delivered", "could not be delivered"),
    "stuck": ("has not been scanned for days", "have not been scanned for days"),
    "several": ("met problems on its way", "met problems on their way"),
}


def values(shop: Shop, row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The context of a message about parcels.

    Args:
        shop: gives names, the agent's contact, and the zone where the parcel's is unknown.
        row: of include/sql/outbox/context/shipment.sql: display_name, locale (one we have words in), parcel_count,
            first_shipment_id, first_order_id, carrier, tracking_no, item_title, problem (`several` if the parcels'
            differ, empty if there is none), expected_on (day in `zone`, empty if nobody knows) and zone (the reader's).
        at: the instant the message speaks from (aware). A day is named as it is for the reader then.
    """
    locale, number = row["locale"], int(row["parcel_count"])
    zone = ZoneInfo(row.get("zone") or shop.zone)
    day = _day(row.get("expected_on"), at.astimezone(zone), locale)
    return {
        **reader_values(shop, row),
        "count": number,
        "parcels": _parcels(number, locale),
        "item": _item(row.get("item_title"), locale),
        "order_no": str(row["first_order_id"]),
        "carrier": clean(row.get("carrier") or ""),
        "tracking_no": clean(row.get("tracking_no") or ""),
        "expected": day.removeprefix("on "),
        "outlook": _outlook(day, locale),
        "trouble": _trouble(row.get("problem"), day, number, locale),
    }


def _parcels(number: int, locale: str) -> str:
    if locale == "zh-CN":
        return "包裹" if number == 1 else f"{number}个包裹"
    return "parcel" if number == 1 else f"{number} parcels"


def _item(title: str | None, locale: str) -> str:
    name = clean(title or "")
    if not name:
        return ""
    return f"「{shorten(name, 20)}」" if locale == "zh-CN" else f"“{shorten(name, 40)}”"


def _day(expected: date | None, now: datetime, locale: str) -> str:
    return words.day(datetime.combine(expected, time(), now.tzinfo), now, locale) if expected else ""


def _outlook(day: str, locale: str) -> str:
    """When to expect it; where nobody knows, what is being done to find out."""
    if locale == "zh-CN":
        return f"预计{day}送达" if day else "我们正向快递核实"
    return f"now expected {day}" if day else "and we are asking the carrier about it"


def _trouble(problem: str | None, day: str, number: int, locale: str) -> str:
    """What has happened to it. Without trouble the news is another day, or that it takes longer."""
    if locale == "zh-CN":
        return _TROUBLE_ZH.get(problem or "") or (f"改为预计{day}送达" if day else "比预计慢了")
    if problem in _TROUBLE_EN:
        return _TROUBLE_EN[problem][number > 1]
    be = "is" if number == 1 else "are"
    return f"{be} now expected {day}" if day else f"{be} taking longer than planned"
