"""Orders that are paid and not handed over at the anchor: every case a campaign about late dispatch must tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world import lives
from touchpoint.sandbox.world.buckets import HISTORY_DAYS, LATE, Bucket, Maker, Wish, assemble, lines_of, tid_of
from touchpoint.sandbox.world.buyers import BASE, Buyers
from touchpoint.sandbox.world.cast import BOTH, EMAIL, PHONE, cast
from touchpoint.sandbox.world.catalogue import PRODUCTS
from touchpoint.sandbox.world.dice import DAY, HOUR, MINUTE
from touchpoint.sandbox.world.order import Change, Kind, Order, What

NEVER = 30.0
"""Hours after the anchor at which an order of these leaves that is not said to leave sooner."""


@dataclass(frozen=True)
class Late:
    """An order, paid so many hours before the anchor.

    Attributes:
        scene: what it is there for.
        leaves: hours after the anchor at which it is handed over.
        also: what happens to it besides, in hours before the anchor.
    """

    scene: str
    hours: float
    leaves: float = NEVER
    kind: Kind = Kind.NORMAL
    also: tuple[tuple[float, What], ...] = ()


SCENES: tuple[tuple[Late, ...], ...] = (
    # one tuple a buyer
    *((Late("late", hours),) for hours in (24.5, 26.0, 28.5, 31.0, 47.0, 70.0)),
    (Late("several", 33.0), Late("several", 27.0)),
    (Late("several", 29.0), Late("several_not_yet", 5.0)),
    # paid by day, still here in the evening: the shop's alarm, before the buyer hears
    *((Late("alarm_alone", hours),) for hours in (19.0, 21.0)),
    (Late("fresh", 2.0),),
    *((Late("leaves_soon", hours, leaves=0.3),) for hours in (25.0, 30.0)),
    *((Late("refund_asked", 30.0 + turn, also=((4.0, What.REFUND_ASKED),)),) for turn in range(2)),
    (Late("refunded", 36.0, also=((9.0, What.REFUND_ASKED), (3.0, What.REFUNDED))),),
    (Late("presale", 34.0, kind=Kind.PRESALE),),
    (Late("part_shipped", 40.0, also=((12.0, What.PART_SHIPPED),)),),
    *((Late("too_old", hours),) for hours in (150.0, 200.0)),
)


def late_bucket(origin: Origin, maker: Maker, buyers: Buyers) -> Bucket:
    """These orders as one bucket that spans the history."""
    anchor = origin.anchor_epoch
    pairs = [(late, buyer) for own, buyer in zip(SCENES, reachable(origin, buyers), strict=False) for late in own]
    pairs.sort(key=lambda pair: -pair[0].hours)
    orders = [_order(maker, origin, place, late, buyer) for place, (late, buyer) in enumerate(pairs)]
    return Bucket(anchor - HISTORY_DAYS * DAY, anchor, orders)


def reachable(origin: Origin, buyers: Buyers) -> Iterator[int]:
    """Buyers the member list knew at the anchor, those who seldom order first."""
    for number in range(BASE - 1, len(cast()), -1):
        member = buyers.member(number) if buyers.buyer(number).contact in (PHONE, BOTH, EMAIL) else None
        if member and member.joined_at < origin.anchor_epoch - 9 * DAY and not buyers.shares_phone(number):
            yield number


def _order(maker: Maker, origin: Origin, place: int, late: Late, buyer: int) -> Order:
    tid, key = tid_of(origin, LATE, 0, place)
    luck = Random(key)  # noqa: S311 - repeatable on purpose
    anchor = origin.anchor_epoch
    paid = anchor - int(late.hours * HOUR)
    made = paid - (4 * DAY if late.kind is Kind.PRESALE else luck.randint(2, 20) * MINUTE)
    wish = Wish(made, buyer, (buyer + place) % len(PRODUCTS), never_paid=0)
    is_split = any(what is What.PART_SHIPPED for _, what in late.also)
    lines = lines_of(luck, late.kind, wish.product)
    if is_split:
        lines += lines_of(luck, late.kind, (buyer + place + 1) % len(PRODUCTS))
    trip = maker.trip(luck, buyer, lines)
    left = anchor + int(late.leaves * HOUR)
    deposit = [(made + 5 * MINUTE, What.DEPOSIT)] if late.kind is Kind.PRESALE else []
    also = [(anchor - int(hours * HOUR), what) for hours, what in late.also]
    is_over = any(what is What.REFUNDED for _, what in also)
    arrived = left + int(trip.days * DAY)
    after = [] if is_over else [(left, What.SHIPPED), (arrived + 2 * DAY, What.FINISHED)]
    changes: list[Change] = [(made, What.CREATED), *deposit, (paid, What.PAID), *also, *after]
    life = lives.Life(tuple(sorted(changes, key=lambda change: change[0])), 0 if is_over else arrived, "")
    closes_at = made + (7 * DAY if late.kind is Kind.PRESALE else DAY)
    return assemble(tid, wish, late.kind, 0, closes_at, lines, trip, life, luck)
