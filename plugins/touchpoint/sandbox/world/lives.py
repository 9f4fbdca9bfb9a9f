"""What becomes of an order: payment, shipping, delivery, refund, closing. Shares and delays are plausible, no more."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from touchpoint.sandbox.world.catalogue import CARRIERS, PROVINCES, SOURCES
from touchpoint.sandbox.world.dice import DAY, HOUR, MINUTE
from touchpoint.sandbox.world.order import Change, Kind, What

LONGEST = 40 * DAY
"""No life lasts longer; a window of changes looks no further back for orders."""


@dataclass(frozen=True, slots=True)
class Life:
    """The changes of an order in their order, and when its parcel is delivered (0: never)."""

    changes: tuple[Change, ...]
    delivered_at: int
    mishap: str


def pay_delay(dice: Random, source: int, limit: int) -> int:
    """Seconds from order to payment: most within minutes, some within the hour, some many hours later."""
    luck = dice.random()
    if luck < 0.78:
        delay = dice.lognormvariate(4.1, 1.1) * SOURCES[source].pace
    elif luck < 0.92:
        delay = dice.uniform(5, 60) * MINUTE
    else:
        delay = dice.uniform(1, 22) * HOUR
    return int(min(max(delay, 4), limit * 0.95))


def unpaid(dice: Random, created: int, closes_at: int) -> Life:
    """Nobody pays: the buyer cancels now and then, else the platform closes it when its time is up."""
    cancels = dice.random() < 0.15
    closed = created + int(dice.uniform(0.3, 0.9) * (closes_at - created)) if cancels else closes_at
    return Life(((created, What.CREATED), (closed, What.CLOSED)), 0, "")


def paid(dice: Random, kind: Kind, created: int, pays_at: int, is_pending_from: int, trip: Trip) -> Life:
    """Somebody pays at `pays_at`; a payment may have been under way before (0: no)."""
    before = [(created, What.CREATED)]
    if is_pending_from:
        before.append((is_pending_from, What.PENDING))
    before.append((pays_at, What.PAID))
    after = _difference(dice, pays_at) if kind is Kind.DIFFERENCE else _fulfilled(dice, pays_at, trip)
    return Life((*before, *after.changes), after.delivered_at, after.mishap)


def presale(dice: Random, created: int, trip: Trip, *, outcome: str) -> tuple[Life, int]:
    """A pre-sale and when the platform closes it: outcome is `paid`, `forfeited` (deposit only) or `never`."""
    if outcome == "never":
        closes_at = created + DAY
        return unpaid(dice, created, closes_at), closes_at
    deposit = created + pay_delay(dice, 0, 2 * HOUR)
    closes_at = created + 7 * DAY
    before = ((created, What.CREATED), (deposit, What.DEPOSIT))
    if outcome == "forfeited":
        return Life((*before, (closes_at, What.CLOSED)), 0, ""), closes_at
    pays_at = created + 4 * DAY + int(dice.uniform(0, 2.5) * DAY)
    after = _fulfilled(dice, pays_at, trip)
    return Life((*before, (pays_at, What.PAID), *after.changes), after.delivered_at, after.mishap), closes_at


def cash_on_delivery(dice: Random, created: int, trip: Trip, *, is_refused: bool) -> Life:
    """Shipped before it is paid; paid at the door, or refused there and closed."""
    shipped = _ship_time(dice, created)
    delivered, mishap = trip.delivered(dice, shipped)
    head = ((created, What.CREATED), (shipped, What.SHIPPED))
    if is_refused or not delivered:
        return Life((*head, (shipped + 6 * DAY, What.CLOSED)), 0, mishap or "refused")
    settled = delivered + int(dice.uniform(2, 30) * HOUR)
    return Life((*head, (delivered, What.SIGNED), (settled, What.PAID), (settled, What.FINISHED)), delivered, mishap)


@dataclass(frozen=True, slots=True)
class Trip:
    """How goods travel: where to, with whom, in one parcel or two; a refund of a single line closes the trade."""

    province: int
    carrier: int
    is_split: bool
    is_single_line: bool

    @property
    def days(self) -> float:
        """How long it takes when nothing goes wrong."""
        return PROVINCES[self.province].days * CARRIERS[self.carrier].pace

    def delivered(self, dice: Random, shipped: int) -> tuple[int, str]:
        """When it is handed over (0: never), and what befell it."""
        days = self.days * dice.uniform(0.8, 1.4)
        luck = dice.random()
        if luck < 0.004:
            return 0, "lost"
        if luck < 0.010:
            return 0, "refused"
        if luck < 0.050:
            return shipped + int(min(days * dice.uniform(2.5, 4) + 2, 13) * DAY), "delayed"
        return shipped + int(days * DAY), ""


def _ship_time(dice: Random, ready: int) -> int:
    slow = dice.random() < 0.06
    return ready + int(dice.uniform(50, 96) * HOUR if slow else dice.uniform(2, 30) * HOUR)


def _difference(dice: Random, pays_at: int) -> Life:
    shipped = pays_at + int(dice.uniform(0.2, 3) * HOUR)
    return Life(((shipped, What.SHIPPED), (shipped + 2 * HOUR, What.FINISHED)), 0, "")


def _fulfilled(dice: Random, pays_at: int, trip: Trip) -> Life:
    changes: list[Change] = []
    if dice.random() < 0.04:
        changes.append((pays_at + int(dice.uniform(0.5, 20) * HOUR), What.MEMO))
    shipped = _ship_time(dice, pays_at)
    if dice.random() < 0.03:  # regrets before anything left
        asked = pays_at + int(dice.uniform(0.1, 0.6) * (shipped - pays_at))
        refunded = asked + int(dice.uniform(0.1, 0.5) * (shipped - asked))
        changes += [(asked, What.REFUND_ASKED), (refunded, What.REFUNDED)]
        if trip.is_single_line:
            return Life(_in_order(changes), 0, "")
    return _delivered(dice, changes, shipped, trip)


def _delivered(dice: Random, changes: list[Change], shipped: int, trip: Trip) -> Life:
    if trip.is_split:
        changes.append((shipped - int(dice.uniform(0.5, 1.8) * HOUR), What.PART_SHIPPED))
    changes.append((shipped, What.SHIPPED))
    delivered, mishap = trip.delivered(dice, shipped)
    has_refund = any(what is What.REFUND_ASKED for _, what in changes)
    if not delivered and not has_refund:
        refunded = shipped + int(dice.uniform(9, 13) * DAY)
        changes += [(refunded - 2 * DAY, What.REFUND_ASKED), (refunded, What.REFUNDED)]
        closing = [] if trip.is_single_line else [(refunded + DAY, What.FINISHED)]
        return Life(_in_order(changes + closing), 0, mishap)
    arrived = delivered or shipped + 8 * DAY
    finished = max(arrived + HOUR, min(arrived + int(dice.expovariate(1 / (2 * DAY))), shipped + 10 * DAY))
    if not has_refund and dice.random() < 0.04:
        finished = _returned(dice, changes, arrived, finished, trip)
    if finished:
        changes.append((finished, What.FINISHED))
    return Life(_in_order(changes), delivered, mishap)


def _returned(dice: Random, changes: list[Change], arrived: int, finished: int, trip: Trip) -> int:
    """After-sales refund: adds its changes; says when the trade is finished, 0 if it is closed by the refund."""
    asked = arrived + int(dice.uniform(0.1, 0.9) * (finished - arrived))
    changes.append((asked, What.REFUND_ASKED))
    if dice.random() < 0.15:
        changes.append((asked + int(dice.uniform(2, 20) * HOUR), What.REFUND_REFUSED))
        return max(finished, asked + DAY)
    agreed = asked + int(dice.uniform(1, 20) * HOUR)
    refunded = agreed + int(dice.uniform(2, 6) * DAY)
    changes += [(agreed, What.REFUND_AGREED), (refunded, What.REFUNDED)]
    return 0 if trip.is_single_line else max(finished, refunded + HOUR)


def _in_order(changes: list[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: change[0]))
