"""The orders of the cast: what they paid before, and what is open at the anchor."""

from __future__ import annotations

from random import Random

from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world import lives
from touchpoint.sandbox.world.buckets import CAST, HISTORY_DAYS, Bucket, Maker, Wish, assemble, lines_of, tid_of
from touchpoint.sandbox.world.cast import Open, Role, cast
from touchpoint.sandbox.world.catalogue import PRODUCTS
from touchpoint.sandbox.world.dice import DAY, HOUR, MINUTE, dice
from touchpoint.sandbox.world.order import Kind, Order, What

APP = 0  # index of WAP


def cast_bucket(origin: Origin, maker: Maker) -> Bucket:
    """All orders of the cast, as one bucket that spans the history."""
    anchor = origin.anchor_epoch
    drafts = [
        draft
        for buyer, role in enumerate(cast())
        for draft in (*_before(origin, buyer, role), *_open(anchor, buyer, role))
    ]
    drafts.sort(key=lambda draft: draft[0].created)
    orders = [_order(maker, *tid_of(origin, CAST, 0, place), wish, scene) for place, (wish, scene) in enumerate(drafts)]
    return Bucket(anchor - HISTORY_DAYS * DAY, anchor, orders)


def _before(origin: Origin, buyer: int, role: Role) -> list[tuple[Wish, Open | None]]:
    luck = dice(origin.seed, "before", buyer)
    return [
        (
            Wish(
                origin.anchor_epoch - int(luck.uniform(45 + 60 * turn, 95 + 60 * turn) * DAY),
                buyer,
                luck.randrange(len(PRODUCTS)),
                never_paid=0,
                pays_after=luck.randint(20, 900),
            ),
            None,
        )
        for turn in range(role.paid_before)
    ]


def _open(anchor: int, buyer: int, role: Role) -> list[tuple[Wish, Open | None]]:
    found: list[tuple[Wish, Open | None]] = []
    for place, scene in enumerate(role.opens):
        created = anchor - int(scene.hours * HOUR) - buyer % 17
        product = (buyer * 7 + place * 3) % len(PRODUCTS)
        found.append((Wish(created, buyer, product, never_paid=1), scene))
        if scene.paid_again:
            found.append((Wish(created + 30 * MINUTE, buyer, product, never_paid=0, pays_after=90), None))
    return found


def _order(maker: Maker, tid: int, key: int, wish: Wish, scene: Open | None) -> Order:
    luck = Random(key)  # noqa: S311 - repeatable on purpose
    kind = scene.kind if scene else Kind.NORMAL
    product = None if kind is Kind.DIFFERENCE else wish.product
    lines = lines_of(luck, kind, product)
    trip = maker.trip(luck, wish.buyer, lines)
    closes_at = wish.created + DAY
    if scene is None:
        life = lives.paid(luck, kind, wish.created, wish.created + (wish.pays_after or MINUTE), 0, trip)
    elif kind is Kind.COD:
        life = lives.cash_on_delivery(luck, wish.created + 20 * HOUR, trip, is_refused=False)
        life = lives.Life(((wish.created, What.CREATED), *life.changes[1:]), life.delivered_at, life.mishap)
    elif kind is Kind.PRESALE:
        outcome = "forfeited" if scene.state == "deposit" else "never"
        life, closes_at = lives.presale(luck, wish.created, trip, outcome=outcome)
    elif scene.state == "pending":
        life = lives.paid(luck, kind, wish.created, wish.created + 10 * HOUR, wish.created + MINUTE, trip)
    elif scene.state == "late":
        pays_at = wish.created + int(scene.hours * HOUR) + luck.randint(10, 55) * MINUTE
        life = lives.paid(luck, kind, wish.created, pays_at, 0, trip)
    else:
        life = lives.Life(((wish.created, What.CREATED), (closes_at, What.CLOSED)), 0, "")
    return assemble(tid, wish, kind, APP, closes_at, lines, trip, life, luck)
