"""Orders by the stretch of time they were made in: each stretch is made up on its own, always the same."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world import lives
from touchpoint.sandbox.world.buyers import BASE, NEWCOMERS, Buyers
from touchpoint.sandbox.world.cast import cast
from touchpoint.sandbox.world.catalogue import (
    CARRIER_WEIGHTS,
    FLASH_SALE,
    HOUR_WEIGHTS,
    PRICE_DIFFERENCE,
    PRODUCTS,
    SOURCES,
)
from touchpoint.sandbox.world.dice import DAY, HOUR, MINUTE, dice, number
from touchpoint.sandbox.world.order import Change, Kind, Line, Order
from touchpoint.sandbox.world.tastes import as_listed, taken_off

HISTORY_DAYS = 400
LAST_DAYS = (520, 300)
"""Orders of the last day before the anchor, and of the day before that: what a pipeline's first cycle looks at."""

HISTORY, LIVE, CAST, LATE, WAYS, CONTROLLED = 1, 2, 3, 4, 5, 9
"""The first figure of a bucket's number in a tid."""


@dataclass
class Bucket:
    """Orders made in [start, end), in that order, and every change of them in order of time."""

    start: int
    end: int
    orders: list[Order]
    changes: list[tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.changes = sorted((at, place) for place, order in enumerate(self.orders) for at, _ in order.changes)

    def changed(self, start: int, end: int) -> list[Order]:
        """Orders with a change in [start, end]."""
        first, last = bisect_left(self.changes, (start, -1)), bisect_right(self.changes, (end, len(self.orders)))
        return [self.orders[place] for place in sorted({place for _, place in self.changes[first:last]})]


@dataclass(frozen=True)
class Wish:
    """What is settled about an order before its own dice are thrown."""

    created: int
    buyer: int
    product: int | None = None
    never_paid: float = 0.095  # chance
    pays_after: int | None = None


def tid_of(origin: Origin, kind: int, bucket: int, place: int) -> tuple[int, int]:
    """The trade number of an order (19 digits) and the number its dice are thrown with."""
    key = number(origin.seed, origin.anchor_epoch, "order", kind, bucket, place)
    return int(f"2{kind}{bucket:07d}{place:04d}{key % 1_000_000:06d}"), key


def place_of(tid: int) -> tuple[int, int, int] | None:
    """(kind, bucket, place) a trade number was made from; None if no sandbox made it."""
    text = str(tid)
    return (int(text[1]), int(text[2:9]), int(text[9:13])) if len(text) == 19 else None


class Maker:
    """Makes buckets up."""

    def __init__(self, origin: Origin, buyers: Buyers) -> None:
        self._origin, self._buyers = origin, buyers
        self._anchor = origin.anchor_epoch

    def history(self, day: int) -> Bucket:
        """The day that ended `day` days before the anchor."""
        start = self._anchor - (day + 1) * DAY
        luck = dice(self._origin.seed, "history", day)
        count = LAST_DAYS[day] if day < len(LAST_DAYS) else luck.randint(22, 32)
        begin = _hour_of_day(start)
        weights = [HOUR_WEIGHTS[(begin + step) % 24] for step in range(24)]
        wishes = self._visits(
            luck,
            count,
            lambda: start + luck.choices(range(24), weights)[0] * HOUR + luck.randrange(HOUR),
            lambda: len(cast()) + int((BASE - len(cast())) * luck.random() ** 2.2),
            start + DAY,
        )
        return self._bucket(HISTORY, day, start, start + DAY, wishes)

    def live(self, hour: int) -> Bucket:
        """An hour after the anchor: a steady flow, a quarter of it by newcomers."""
        start = self._anchor + hour * HOUR
        luck = dice(self._origin.seed, "live", hour)
        came = iter(range(NEWCOMERS))

        def buyer() -> int:
            kind = luck.random()
            if kind < 0.3:
                place = next(came, None)
                if place is not None:
                    return self._buyers.newcomer(hour, place)
            if kind < 0.5 and hour:
                return self._buyers.newcomer(luck.randrange(max(0, hour - 336), hour), luck.randrange(NEWCOMERS))
            return int(BASE * luck.random() ** 2.2)

        wishes = self._visits(
            luck, self._origin.orders_per_hour, lambda: start + luck.randrange(HOUR), buyer, start + HOUR
        )
        return self._bucket(LIVE, hour, start, start + HOUR, wishes)

    def _visits(
        self, luck: Random, count: int, moment: Callable[[], int], buyer: Callable[[], int], end: int
    ) -> list[Wish]:
        """Wishes for exactly `count` orders: mostly one a visit, some paying a second try, some several."""
        wishes: list[Wish] = []
        while len(wishes) < count:
            created, who, kind = moment(), buyer(), luck.random()
            left = count - len(wishes)
            if kind < 0.03 and left > 1:
                product = luck.randrange(len(PRODUCTS))
                later = min(created + luck.randint(2, 30) * MINUTE, end - 1)
                wishes.append(Wish(created, who, product, never_paid=1))
                wishes.append(Wish(max(later, created), who, product, never_paid=0, pays_after=luck.randint(20, 120)))
            elif kind < 0.08 and left > 2:
                more = [min(created + luck.randint(1, 20) * MINUTE, end - 1) for _ in range(luck.randint(1, 2))]
                wishes += [Wish(each, who, never_paid=0.4) for each in (created, *more)]
            else:
                wishes.append(Wish(created, who))
        return sorted(wishes, key=lambda wish: wish.created)

    def _bucket(self, kind: int, bucket: int, start: int, end: int, wishes: list[Wish]) -> Bucket:
        orders = [self.order(*tid_of(self._origin, kind, bucket, place), wish) for place, wish in enumerate(wishes)]
        return Bucket(start, end, orders)

    def order(self, tid: int, key: int, wish: Wish) -> Order:
        """An ordinary order with its whole life."""
        luck = Random(key)  # noqa: S311 - repeatable on purpose
        source = luck.choices(range(len(SOURCES)), [each.share for each in SOURCES])[0]
        kind = _kind(luck.random()) if wish.product is None and source != FLASH_SALE else Kind.NORMAL
        lines = as_listed(lines_of(luck, kind, wish.product), wish.created, self._anchor)
        trip = self.trip(luck, wish.buyer, lines)
        closes_at = wish.created + SOURCES[source].closes_after
        is_never_paid = luck.random() < wish.never_paid
        if kind is Kind.PRESALE:
            outcome = "never" if is_never_paid else "forfeited" if luck.random() < 0.15 else "paid"
            life, closes_at = lives.presale(luck, wish.created, trip, outcome=outcome)
        elif kind is Kind.COD:
            life = lives.cash_on_delivery(luck, wish.created, trip, is_refused=is_never_paid)
        elif is_never_paid:
            life = lives.unpaid(luck, wish.created, closes_at)
        else:
            life = self._paid(luck, kind, wish, source, trip)
        return assemble(tid, wish, kind, source, closes_at, lines, trip, life, luck)

    def _paid(self, luck: Random, kind: Kind, wish: Wish, source: int, trip: lives.Trip) -> lives.Life:
        delay = wish.pays_after or lives.pay_delay(luck, source, SOURCES[source].closes_after)
        pending = 0
        if kind is Kind.NORMAL and source != FLASH_SALE and luck.random() < 0.015:
            pending, delay = wish.created + MINUTE, int(luck.uniform(2, 14) * HOUR)
        return lives.paid(luck, kind, wish.created, wish.created + delay, pending, trip)

    def trip(self, luck: Random, buyer: int, lines: tuple[Line, ...]) -> lives.Trip:
        """Where the parcel goes, and with whom."""
        carrier = luck.choices(range(len(CARRIER_WEIGHTS)), CARRIER_WEIGHTS)[0]
        is_split = len(lines) > 1 and luck.random() < 0.12
        return lives.Trip(self._buyers.buyer(buyer).province, carrier, is_split, len(lines) == 1)


def assemble(
    tid: int,
    wish: Wish,
    kind: Kind,
    source: int,
    closes_at: int,
    lines: tuple[Line, ...],
    trip: lives.Trip,
    life: lives.Life,
    luck: Random,
) -> Order:
    """An order from its parts, with discount and freight. A red packet now and then pays for everything."""
    goods = sum(line.price * line.count for line in lines)
    post_fee = 800 if goods < 4900 and kind is not Kind.DIFFERENCE else 0
    discount, coupon = taken_off(tid, wish.buyer, goods) if kind is not Kind.DIFFERENCE else (0, 0)
    if luck.random() < 0.005 and kind is Kind.NORMAL:
        discount, coupon, post_fee = goods, goods, 0
    trade_type = {Kind.COD: "cod", Kind.PRESALE: "step"}.get(kind, "tmall_i18n" if luck.random() < 0.01 else "fixed")
    changes: tuple[Change, ...] = life.changes
    return Order(
        tid,
        wish.buyer,
        kind,
        trade_type,
        source,
        wish.created,
        closes_at,
        trip.province,
        lines,
        discount,
        post_fee,
        trip.carrier,
        life.delivered_at,
        life.mishap,
        changes,
        coupon=coupon,
    )


def lines_of(luck: Random, kind: Kind, product: int | None) -> tuple[Line, ...]:
    """One line, or two to three in a quarter of the orders; a price-difference link alone with its amount as count."""
    if kind is Kind.DIFFERENCE:
        return (Line(-1, 0, luck.randint(1, 60), PRICE_DIFFERENCE.price),)
    count = 1 if product is not None or kind is Kind.PRESALE or luck.random() < 0.75 else luck.randint(2, 3)
    chosen = [product] if product is not None else luck.sample(range(len(PRODUCTS)), count)
    return tuple(
        Line(each, luck.randrange(len(PRODUCTS[each].skus)), luck.choice((1, 1, 1, 2)), PRODUCTS[each].price)
        for each in chosen
    )


def _kind(luck: float) -> Kind:
    if luck < 0.03:
        return Kind.COD
    if luck < 0.04:
        return Kind.DIFFERENCE
    return Kind.PRESALE if luck < 0.06 else Kind.NORMAL


def _hour_of_day(epoch: int) -> int:
    return (epoch + 8 * HOUR) // HOUR % 24
