"""What was taken off a trade, and how much of it by coupons.

Readings that are ours:
- taken off is the trade's `discount_fee` (what holds for the whole of it) and its lines' (what holds for one article);
  a price the seller changed by hand (`adjust_fee`) is a matter between two people and no discount.
- a promotion is a coupon by the marketing tool its `promotion_id` begins with (shopbonus-…, itembonus-…, …coupon…), or
  by its name. Lists of trades leave promotions out: each trade with something taken off is asked for its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from touchpoint.sources.taobao.answers import CallRefusedError, listed
from touchpoint.sources.taobao.paging import Caller, Trade

FULLINFO = "taobao.trade.fullinfo.get"
PROMOTIONS = "promotion_details"

_TOOLS = ("bonus", "coupon")
_NAMES = ("优惠券", "红包", "抵用券", "代金券")


def discount(trade: Trade) -> str | None:
    """All that was taken off, in yuan; None if the trade does not say, what it says if that is no number."""
    told = [trade.get("discount_fee"), *(line.get("discount_fee") for line in listed(trade.get("orders")))]
    return _sum(each for each in told if each not in (None, ""))


def coupon(trade: Trade) -> str | None:
    """The coupons' part of it, in yuan; None if nobody has asked for the trade's promotions."""
    taken_off = discount(trade)
    if taken_off == "0.00":
        return taken_off
    if taken_off is None or PROMOTIONS not in trade:
        return None
    used = [each for each in listed(trade[PROMOTIONS]) if _is_coupon(each)]
    return _sum(each["discount_fee"] for each in used if each.get("discount_fee")) or "0.00"


def with_promotions(caller: Caller, trades: Iterable[Trade]) -> list[Trade]:
    """The trades, those with something taken off with their promotions. One refused by itself stays without."""
    return [_asked(caller, trade) if discount(trade) not in (None, "0.00") else trade for trade in trades]


def _asked(caller: Caller, trade: Trade) -> Trade:
    if PROMOTIONS in trade:
        return trade
    try:
        answer = caller.call(FULLINFO, tid=str(trade.get("tid")), fields=f"tid,{PROMOTIONS}")
    except CallRefusedError:
        return trade
    return {**trade, PROMOTIONS: (answer.get("trade") or {}).get(PROMOTIONS) or {}}


def _is_coupon(promotion: dict[str, Any]) -> bool:
    tool = str(promotion.get("promotion_id") or "").partition("-")[0].lower()
    name = str(promotion.get("promotion_name") or "")
    return any(word in tool for word in _TOOLS) or any(word in name for word in _NAMES)


def _sum(amounts: Iterable[Any]) -> str | None:
    total: Decimal | None = None
    for amount in amounts:
        try:
            total = (total or Decimal(0)) + Decimal(str(amount))
        except InvalidOperation:
            return str(amount)  # for the gate to judge
    # A surcharge booked as a negative discount takes nothing off.
    return None if total is None else f"{max(total, Decimal(0)):.2f}"
