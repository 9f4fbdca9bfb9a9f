"""Numbers, money and times as each locale writes them; the filters of every template."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from touchpoint.money import EXPONENTS

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def locale_of(value: str | None, fallback: str) -> str:
    """The locale we have words in for what a member list says (`en-GB`, `zh_CN`, `zh-Hans`), else the fallback."""
    language = (value or "").replace("_", "-").partition("-")[0].lower()
    return {"zh": "zh-CN", "en": "en"}.get(language, fallback)


def amount(minor: int, currency: str) -> str:
    """`1,234.50` from minor units, with as many decimals as the currency has (ISO 4217)."""
    decimals = EXPONENTS.get(currency, 2)
    return f"{Decimal(minor).scaleb(-decimals):,.{decimals}f}"


def money(minor: int, currency: str = "CNY", locale: str = "zh-CN") -> str:
    """`¥1,234.50` where yuan are at home, `CNY 1,234.50` everywhere else; a minus stands in front."""
    sign, figure = ("-" if minor < 0 else ""), amount(abs(minor), currency)
    return f"{sign}¥{figure}" if (locale, currency) == ("zh-CN", "CNY") else f"{sign}{currency} {figure}"


def plain_money(minor: int, currency: str, locale: str) -> str:
    """Money for an SMS: `1234.50元`, since providers refuse the sign ¥; elsewhere as `money`."""
    if (locale, currency) == ("zh-CN", "CNY"):
        return f"{amount(minor, currency).replace(',', '')}元"
    return money(minor, currency, locale)


def local_time(at: datetime, zone: str = "UTC", form: str = "%Y-%m-%d %H:%M") -> str:
    """An aware instant in a zone, by default as `2026-11-22 10:30`."""
    return at.astimezone(ZoneInfo(zone)).strftime(form)


def count(number: int) -> str:
    """`12,345`."""
    return f"{number:,}"


def plural(number: int, one: str, many: str) -> str:
    """`1 order`, `2 orders`."""
    return f"{number:,} {one if number == 1 else many}"


def percent(share: float | None, digits: int = 1) -> str:
    """`12.5 %` from 0.125; a dash where there is nothing to divide by."""
    return "–" if share is None else f"{share * 100:.{digits}f} %"


def orders(number: int, locale: str) -> str:
    """How many orders, as a phrase: `2笔订单`, `2 orders`."""
    return f"{number}笔订单" if locale == "zh-CN" else plural(number, "order", "orders")


def day(at: datetime, now: datetime, locale: str) -> str:
    """A local day as people say it: yesterday, today, tomorrow, or the date. Both in the shop's zone."""
    apart = (at.date() - now.date()) // timedelta(days=1)
    if locale == "zh-CN":
        return {-1: "昨天", 0: "今天", 1: "明天"}.get(apart, f"{at.month}月{at.day}日")
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(apart, f"on {at.day} {_MONTHS[at.month - 1]}")


def moment(at: datetime, now: datetime, locale: str) -> str:
    """A local instant to the minute: `明天10:30`, `10:30 tomorrow`."""
    named, clock = day(at, now, locale), at.strftime("%H:%M")
    return f"{named}{clock}" if locale == "zh-CN" else f"{clock} {named}"


def since(at: datetime, now: datetime, number: int, locale: str) -> str:
    """When orders were made, the first at that instant: `at 09:58 today` of one, `since 09:58 today` of several."""
    first = moment(at, now, locale)
    if locale == "zh-CN":
        return first if number == 1 else f"自{first}起"
    return f"{'at' if number == 1 else 'since'} {first}"


FILTERS: dict[str, Callable[..., str]] = {
    "money": money,
    "local_time": local_time,
    "count": count,
    "plural": plural,
    "percent": percent,
}
