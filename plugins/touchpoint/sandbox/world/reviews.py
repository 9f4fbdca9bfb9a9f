"""What buyers say of orders that arrived: a score of 1 to 5, some days later, by about a third of them."""

from __future__ import annotations

from dataclasses import dataclass

from touchpoint.sandbox.world.dice import DAY, HOUR, dice
from touchpoint.sandbox.world.lives import LONGEST
from touchpoint.sandbox.world.order import Standing, What
from touchpoint.sandbox.world.shop import World

LATEST = 5 * DAY
"""After the order is finished."""
_SHARE = 0.35
_SCORES = (5, 4, 3, 2, 1)
_USUAL = (72, 17, 6, 2, 3)
_UNHAPPY = (8, 10, 20, 22, 40)


@dataclass(frozen=True, slots=True)
class Review:
    """One review of one order; `at` in seconds since 1970, UTC."""

    number: int
    tid: int
    score: int
    at: int


def reviews(world: World, start: int, end: int) -> list[Review]:
    """Reviews written in (start, end], in the order of their writing."""
    orders = world.created(start - LONGEST - LATEST, end, end)
    found = (review_of(world.origin.seed, order) for order in orders)
    return sorted((each for each in found if each and start < each.at <= end), key=lambda each: (each.at, each.tid))


def review_of(seed: int, order: Standing) -> Review | None:
    """What its buyer says of an order; None before it is finished, and from most for ever."""
    finished = order.when(What.FINISHED)
    luck = dice(seed, "review", order.order.tid)
    if not finished or luck.random() >= _SHARE:
        return None
    is_unhappy = bool(order.order.mishap) or bool(order.when(What.REFUND_ASKED))
    score = luck.choices(_SCORES, _UNHAPPY if is_unhappy else _USUAL)[0]
    at = finished + int(luck.uniform(HOUR, LATEST))
    return Review(order.order.tid // 10 + 3, order.order.tid, score, at)
