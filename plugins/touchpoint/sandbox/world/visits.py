"""Who looked in when, and who asked or complained: what the shop's web statistics and its service desk export."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from touchpoint.sandbox.world.buyers import BASE
from touchpoint.sandbox.world.catalogue import HOUR_WEIGHTS
from touchpoint.sandbox.world.dice import DAY, HOUR, dice
from touchpoint.sandbox.world.lives import LONGEST
from touchpoint.sandbox.world.order import Standing, What
from touchpoint.sandbox.world.shop import World
from touchpoint.sandbox.world.tastes import is_browser

PER_DAY = 150
_NOBODY = 0.35
_DEVICES, _DEVICE_WEIGHTS = ("手机", "电脑", "平板"), (80, 15, 5)
ASKED, COMPLAINED = "咨询", "投诉"
_BEFORE = ("尺码", "库存", "优惠", "材质")
_AFTER = ("催发货", "改地址", "物流")
_WRONG = ("物流", "质量", "退款")
_PER_DAY_BEFORE = 8


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit; `buyer` is None where nobody was logged in; `at` in seconds since 1970, UTC."""

    number: str
    buyer: int | None
    at: int
    seconds: int
    pages: int
    device: str


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question or complaint; `tid` is 0 before a sale."""

    number: str
    buyer: int
    tid: int
    at: int
    kind: str
    scenario: str


def visits(world: World, start: int, end: int) -> list[Visit]:
    """Visits begun in (start, end], in order."""
    found = (
        visit
        for day in range(_day(world, start), _day(world, end) + 1)
        for visit in _visits_of_day(world, day)
        if start < visit.at <= end
    )
    return sorted(found, key=lambda each: (each.at, each.number))


def inquiries(world: World, start: int, end: int) -> list[Inquiry]:
    """Questions and complaints of (start, end], in order: before a sale, after it, and when something went wrong."""
    before = (each for day in range(_day(world, start), _day(world, end) + 1) for each in _before_sale(world, day))
    orders = world.created(start - LONGEST, end, end)
    after = (each for order in orders for each in _about(world.origin.seed, order))
    return sorted(
        (each for each in (*before, *after) if start < each.at <= end), key=lambda each: (each.at, each.number)
    )


def _visits_of_day(world: World, day: int) -> list[Visit]:
    luck = dice(world.origin.seed, "visits", day)
    return [_visit(luck, f"V{day + 10000}{place:04d}", _moment(world, luck, day)) for place in range(PER_DAY)]


def _visit(luck: Random, number: str, at: int) -> Visit:
    buyer = int(BASE * luck.random() ** 2.2)
    is_short = is_browser(buyer)
    seconds = int(luck.uniform(4, 35) if is_short else min(luck.lognormvariate(5, 0.8), 3600))
    pages = 1 + int(luck.random() < 0.4) if is_short else luck.randint(2, 15)
    device = luck.choices(_DEVICES, _DEVICE_WEIGHTS)[0]
    return Visit(number, None if luck.random() < _NOBODY else buyer, at, seconds, pages, device)


def _before_sale(world: World, day: int) -> list[Inquiry]:
    luck = dice(world.origin.seed, "inquiries", day)
    return [
        Inquiry(
            f"Q{day + 10000}{place:03d}",
            int(BASE * luck.random() ** 1.5),
            0,
            _moment(world, luck, day),
            ASKED,
            luck.choice(_BEFORE),
        )
        for place in range(_PER_DAY_BEFORE)
    ]


def _about(seed: int, order: Standing) -> list[Inquiry]:
    luck = dice(seed, "asks", order.order.tid)
    asks, complains, hours = luck.random() < 0.06, luck.random(), luck.uniform(2, 60)
    found: list[Inquiry] = []
    paid, asked_back = order.when(What.PAID), order.when(What.REFUND_ASKED)
    tid, buyer = order.order.tid, order.order.buyer
    if paid and asks:
        found.append(Inquiry(f"Q{tid}", buyer, tid, paid + int(hours * HOUR), ASKED, luck.choice(_AFTER)))
    wrong = asked_back or (order.when(What.SHIPPED) + 6 * DAY if order.order.mishap and order.when(What.SHIPPED) else 0)
    if wrong and complains < 0.4:
        found.append(Inquiry(f"T{tid}", buyer, tid, wrong + int(hours * 600), COMPLAINED, luck.choice(_WRONG)))
    return found


def _day(world: World, at: int) -> int:
    """Which day an instant lies in, counted from the anchor: 0 begins there."""
    return (at - world.origin.anchor_epoch) // DAY


def _moment(world: World, luck: Random, day: int) -> int:
    start = world.origin.anchor_epoch + day * DAY
    begin = (start + 8 * HOUR) // HOUR % 24
    weights = [HOUR_WEIGHTS[(begin + step) % 24] for step in range(24)]
    return start + luck.choices(range(24), weights)[0] * HOUR + luck.randrange(HOUR)
