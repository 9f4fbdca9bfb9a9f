"""Parcels on their way at the anchor: every case a campaign about delayed shipments must tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world import lives
from touchpoint.sandbox.world.buckets import HISTORY_DAYS, WAYS, Bucket, Maker, Wish, assemble, lines_of, tid_of
from touchpoint.sandbox.world.buyers import BASE, Buyers
from touchpoint.sandbox.world.cast import NEITHER, STRANGER, cast
from touchpoint.sandbox.world.catalogue import PRODUCTS
from touchpoint.sandbox.world.dice import DAY, HOUR, MINUTE
from touchpoint.sandbox.world.late import SCENES as LATE_SCENES
from touchpoint.sandbox.world.late import reachable
from touchpoint.sandbox.world.order import Change, Kind, Order, Stop, What

GUANGDONG, ZTO = 3, 0
"""Where they go and with whom: places in the catalogue."""
GOT, LEFT = ("GOT", "【杭州市】中通快递 余杭网点 已揽收"), ("DEPARTURE", "【杭州市】快件离开 杭州转运中心")
HUB = ("ARRIVAL", "【深圳市】快件到达 深圳转运中心")
ON = ("SENT_CITY", "【深圳市】快件离开转运中心，发往派送网点")
REFUSED, BACK = ("FAILED", "收件人拒收"), ("OTHER", "快件退回中，退回原因：拒收")
DELIVERED = ("SIGNED", "您的快件已签收")


@dataclass(frozen=True)
class Way:
    """A parcel, shipped so many days before the anchor.

    Attributes:
        scene: what it is there for.
        days: since the ship click.
        stops: its scans, in hours after the anchor (most are before it), each with the platform's action and words.
        second: of a trade in two parcels, the other's.
        also: what happens to the trade besides, in hours after the anchor.
        is_unknown: its buyer has no address.
    """

    scene: str
    days: float
    stops: tuple[tuple[float, tuple[str, str]], ...]
    second: tuple[tuple[float, tuple[str, str]], ...] = ()
    also: tuple[tuple[float, What], ...] = ()
    is_unknown: bool = False


def _gone(days: float, *more: tuple[float, tuple[str, str]]) -> tuple[tuple[float, tuple[str, str]], ...]:
    """Picked up and sent off soon after the click, and what came then."""
    return ((-days * 24 + 4, GOT), (-days * 24 + 20, LEFT), *more)


def _late(scene: str, days: float = 8.2, *more: tuple[float, tuple[str, str]], **other: object) -> Way:
    """A parcel past its norm that was scanned some days ago."""
    return Way(scene, days, _gone(days, (-60.0, HUB), *more), **other)  # type: ignore[arg-type]


SCENES: tuple[tuple[Way, ...], ...] = (
    # one tuple a buyer
    *((_late("late", 8.1 + turn / 2),) for turn in range(5)),
    (_late("several", 8.4), _late("several", 9.1)),
    (_late("split", second=_gone(8.2, (-59.0, HUB))),),
    # the other one arrived
    (_late("split_one_came", second=_gone(8.2, (-90.0, HUB), (-70.0, DELIVERED))),),
    # told of at the anchor, on the move two hours later
    *((_late("moves_again", 8.3 + turn, (1.5, ON)),) for turn in range(2)),
    # delivered between decision and a text that waits
    (_late("comes_soon", 8.6, (0.6, DELIVERED)),),
    (_late("came_late", 9.5, (-5.0, DELIVERED)),),
    (_late("late_refund_asked", 8.4, also=((-20.0, What.REFUND_ASKED),)),),
    (_late("late_refunded", 8.8, also=((-50.0, What.REFUND_ASKED), (-8.0, What.REFUNDED))),),
    *((_late("late_nobody", 8.2 + turn, is_unknown=True),) for turn in range(2)),
    *((Way("stuck", 10.0 + turn, _gone(10.0 + turn)),) for turn in range(2)),
    (Way("refused", 4.0, _gone(4.0, (-30.0, HUB), (-9.0, REFUSED))),),
    (
        Way(
            "returning",
            6.0,
            _gone(6.0, (-70.0, HUB), (-50.0, REFUSED), (-26.0, BACK)),
        ),
    ),
    (Way("returned", 9.0, _gone(9.0, (-99.0, REFUSED), (-8.0, ("SIGNED", "退回件已签收")))),),
    *(
        (Way("out_of_area", 4.0, _gone(4.0, (-30.0, HUB), (-6.0, ("FAILED", "地址超区，暂无法派送")))),)
        for _ in range(2)
    ),
    (Way("nobody_home", 4.0, _gone(4.0, (-50.0, HUB), (-30.0, ("FAILED", "收件人不在，派送失败")))),),
    # tried again, so nobody hears of it
    (Way("tried_again", 4.0, _gone(4.0, (-50.0, HUB), (-12.0, ("FAILED", "收件人不在，派送失败")))),),
    (Way("lost", 5.0, _gone(5.0, (-7.0, ("LOST", "快件遗失，已登记")))),),
    (Way("at_the_locker", 9.0, _gone(9.0, (-70.0, HUB), (-40.0, ("INBOUND", "快件已存放至驿站，请及时取件")))),),
    *((Way("never_scanned", 1.2 + turn / 4, ()),) for turn in range(3)),
    # clicked in the morning, not scanned yet: nobody's business
    (Way("just_clicked", 0.3, ()),),
)


def ways_bucket(origin: Origin, maker: Maker, buyers: Buyers) -> Bucket:
    """These orders as one bucket that spans the history."""
    anchor = origin.anchor_epoch
    known, unknown = islice(reachable(origin, buyers), len(LATE_SCENES), None), _unreachable(buyers)
    pairs = [(way, buyer) for own in SCENES for buyer in [next(unknown if own[0].is_unknown else known)] for way in own]
    pairs.sort(key=lambda pair: -pair[0].days)
    orders = [_order(maker, origin, place, way, buyer) for place, (way, buyer) in enumerate(pairs)]
    return Bucket(anchor - HISTORY_DAYS * DAY, anchor, orders)


def _unreachable(buyers: Buyers) -> Iterator[int]:
    for number in range(BASE - 1, len(cast()), -1):
        if buyers.buyer(number).contact in (STRANGER, NEITHER):
            yield number


def _order(maker: Maker, origin: Origin, place: int, way: Way, buyer: int) -> Order:
    tid, key = tid_of(origin, WAYS, 0, place)
    luck = Random(key)  # noqa: S311 - repeatable on purpose
    anchor = origin.anchor_epoch
    shipped = anchor - int(way.days * DAY)
    paid = shipped - luck.randint(5, 15) * HOUR
    wish = Wish(paid - luck.randint(2, 20) * MINUTE, buyer, (buyer + place) % len(PRODUCTS), never_paid=0)
    lines = lines_of(luck, Kind.NORMAL, wish.product)
    if way.second:
        lines += lines_of(luck, Kind.NORMAL, (buyer + place + 1) % len(PRODUCTS))
    trip = replace(maker.trip(luck, buyer, lines), province=GUANGDONG, carrier=ZTO, is_split=bool(way.second))
    logs = tuple(_log(anchor, shipped, stops) for stops in (way.stops, way.second) if stops or not way.second)
    also: list[Change] = [(anchor + int(hours * HOUR), what) for hours, what in way.also]
    came = max((stop.at for log in logs for stop in log if stop.action == "SIGNED"), default=0)
    ended = [] if any(what is What.REFUNDED for _, what in also) else [(max(came, anchor) + 2 * DAY, What.FINISHED)]
    split = [(shipped - HOUR, What.PART_SHIPPED)] if way.second else []
    before: list[Change] = [(wish.created, What.CREATED), (paid, What.PAID), *split, (shipped, What.SHIPPED)]
    changes = tuple(sorted((*before, *also, *ended), key=lambda change: change[0]))
    life = lives.Life(changes, came, "")
    order = assemble(tid, wish, Kind.NORMAL, 0, wish.created + DAY, lines, trip, life, luck)
    return replace(order, logs=logs)


def _log(anchor: int, shipped: int, stops: tuple[tuple[float, tuple[str, str]], ...]) -> tuple[Stop, ...]:
    clicked = (Stop(shipped - 3 * MINUTE, "CREATE", "商家已打印面单"), Stop(shipped, "CONSIGN", "包裹正在等待揽收"))
    return (*clicked, *(Stop(anchor + int(hours * HOUR), action, text) for hours, (action, text) in stops))
