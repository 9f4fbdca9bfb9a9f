"""What a buyer is like, always the same: who waits for a discount, who only looks around, who wears what."""

from __future__ import annotations

from dataclasses import replace

from touchpoint.sandbox.world.catalogue import LISTED_BEFORE, PRODUCTS, SIZED, SIZES, place_of_classic
from touchpoint.sandbox.world.dice import DAY, dice, number
from touchpoint.sandbox.world.order import Line

LEAST_GOODS = 3000
"""Below this, in fen, nothing is taken off."""
_PERCENT = (8, 10, 15, 20)
_COUPONS = 0.6
"""Of the discounts, those by a coupon."""


def is_thrifty(buyer: int) -> bool:
    """A quarter of the buyers order when something is taken off, and hardly otherwise."""
    return number("thrift", buyer) % 4 == 0


def is_browser(buyer: int) -> bool:
    """An eighth of the buyers look in often and never for long."""
    return number("browse", buyer) % 8 == 0


def taken_off(tid: int, buyer: int, goods: int) -> tuple[int, int]:
    """What is taken off an order, and the coupon's part of it: whole yuan, in fen."""
    luck = dice("taken off", tid)
    share, percent, by_coupon = luck.random(), luck.choice(_PERCENT), luck.random() < _COUPONS
    if goods < LEAST_GOODS or share >= (0.9 if is_thrifty(buyer) else 0.08):
        return 0, 0
    discount = goods * percent // 100 // 100 * 100
    return discount, discount if by_coupon else 0


def size_of(buyer: int, tid: int, line: Line) -> str:
    """The size ordered of what comes in sizes: nearly always the buyer's own; empty for the rest."""
    sizes = SIZES.get(PRODUCTS[line.product].category, ()) if line.product >= 0 else ()
    if not sizes:
        return ""
    own = number("size", SIZED[sizes], buyer) % len(sizes)
    slip = number("slip", tid, line.product) % 12 == 0
    return sizes[(own + slip) % len(sizes)]


def as_listed(lines: tuple[Line, ...], created: int, anchor: int) -> tuple[Line, ...]:
    """The same lines; what was not on offer yet is the classic edition of it."""
    return tuple(_offered(line) if _is_too_early(line, created, anchor) else line for line in lines)


def _is_too_early(line: Line, created: int, anchor: int) -> bool:
    return line.product >= 0 and created < anchor - LISTED_BEFORE[line.product] * DAY


def _offered(line: Line) -> Line:
    classic = place_of_classic(line.product)
    return replace(line, product=classic, price=PRODUCTS[classic].price)
