"""Facts a test forces on the world: an order, a member, a payment, a closing, another tracking number."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from touchpoint.errors import ConfigError
from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world import buckets, lives
from touchpoint.sandbox.world.buckets import Maker, Wish, assemble, lines_of, tid_of
from touchpoint.sandbox.world.buyers import CONTROLLED, NEVER_ASKED, Buyers, Consent, Member, number_of
from touchpoint.sandbox.world.catalogue import PRODUCTS, SOURCES
from touchpoint.sandbox.world.dice import DAY, dice
from touchpoint.sandbox.world.order import Kind, Order, What, standing

SOURCE_CODES = [source.code for source in SOURCES]


def controlled_order(origin: Origin, maker: Maker, buyers: Buyers, entry: dict[str, Any]) -> Order:
    """An order made on demand, open until somebody pays or its time is up (cash on delivery: for good).

    Entry: at (seconds since 1970), buyer (number) or ouid, product (place in the catalogue), source (WAP ...),
    kind (normal, cod, difference, presale), state (unpaid, pending, deposit), type (the platform's word
    for the trade), place.

    Raises:
        ConfigError: a source or kind nobody knows, or a buyer who cannot be.
    """
    tid, key = tid_of(origin, buckets.CONTROLLED, 0, entry["place"])
    luck = Random(key)  # noqa: S311 - repeatable on purpose
    kind, source = _kind(entry.get("kind", "normal")), _source(entry.get("source", "WAP"))
    product = entry.get("product", entry["place"]) % len(PRODUCTS)
    lines = lines_of(luck, kind, None if kind is Kind.DIFFERENCE else product)
    wish = Wish(entry["at"], _buyer(buyers, entry), product, never_paid=1)
    trip = maker.trip(luck, wish.buyer, lines)
    closes_at = wish.created + (7 * DAY if entry.get("state") == "deposit" else SOURCES[source].closes_after)
    changes = [(wish.created, What.CREATED)]
    if entry.get("state") in ("pending", "deposit"):
        changes.append((wish.created + 1, What.PENDING if entry["state"] == "pending" else What.DEPOSIT))
    if kind is not Kind.COD:
        changes.append((closes_at, What.CLOSED))
    made = assemble(tid, wish, kind, source, closes_at, lines, trip, lives.Life(tuple(changes), 0, ""), luck)
    return replace(made, trade_type=entry.get("type", made.trade_type))


def controlled_member(buyers: Buyers, entry: dict[str, Any]) -> tuple[int, Member]:
    """A buyer made on demand who is on the member list.

    Entry: at, place, and any of nickname, phone, email, birthday, locale, sms, mail (true, false: consent to adverts).
    """
    number = CONTROLLED + entry["place"]
    at = entry["at"]

    def consent(given: bool | None) -> Consent:
        return NEVER_ASKED if given is None else Consent(given, at, "客服登记")

    return number, Member(
        buyers.ouid(number),
        entry.get("nickname", f"测试会员{entry['place']}"),
        entry.get("phone", ""),
        entry.get("email", ""),
        entry.get("birthday", ""),
        entry.get("locale", "zh-CN"),
        at,
        consent(entry.get("sms")),
        consent(entry.get("mail")),
        at,
    )


def paid_at(origin: Origin, order: Order, at: int) -> Order:
    """The order, paid at an instant, with a life after that.

    Raises:
        ConfigError: it was not there, paid or closed by then.
    """
    _demand_open(order, at)
    luck = dice(origin.seed, "forced", order.tid)
    trip = lives.Trip(order.province, order.carrier, False, len(order.lines) == 1)
    life = lives.paid(luck, order.kind, order.created, at, 0, trip)
    before = tuple(change for change in order.changes if change[0] <= at)
    after = tuple(change for change in life.changes if change[1] is not What.CREATED)
    return replace(order, changes=(*before, *after), delivered_at=life.delivered_at, mishap=life.mishap)


def closed_early(order: Order, at: int) -> Order:
    """The order, closed unpaid at an instant.

    Raises:
        ConfigError: it was not there, paid or closed by then.
    """
    _demand_open(order, at)
    before = tuple(change for change in order.changes if change[0] <= at)
    return replace(order, changes=(*before, (at, What.CLOSED)), delivered_at=0, mishap="")


def renumbered(order: Order, at: int) -> Order:
    """The order, its parcels under other tracking numbers from an instant on.

    Raises:
        ConfigError: nothing of it had been shipped by then.
    """
    now = standing(order, at)
    if now is None or not now.when(What.SHIPPED):
        raise ConfigError(f"trade {order.tid} is not shipped then", place="world", remedy="name one that is")
    return replace(order, changes=tuple(sorted((*order.changes, (at, What.RENUMBERED)), key=lambda each: each[0])))


def _demand_open(order: Order, at: int) -> None:
    now = standing(order, at)
    if now is None or now.when(What.PAID) or now.when(What.CLOSED):
        raise ConfigError(f"trade {order.tid} is not open then", place="world", remedy="name an open one and its time")


def _kind(word: str) -> Kind:
    if word not in Kind.__members__.values():
        raise ConfigError(f"unknown kind {word!r}", place="world", remedy=f"one of: {', '.join(Kind)}")
    return Kind(word)


def _source(word: str) -> int:
    if word not in SOURCE_CODES:
        raise ConfigError(f"unknown source {word!r}", place="world", remedy=f"one of: {', '.join(SOURCE_CODES)}")
    return SOURCE_CODES.index(word)


def _buyer(buyers: Buyers, entry: dict[str, Any]) -> int:
    if "buyer" in entry:
        return int(entry["buyer"])
    if "ouid" not in entry:
        raise ConfigError("no buyer", place="world", remedy="pass buyer (a number) or ouid")
    number = number_of(entry["ouid"])
    if buyers.ouid(number) != entry["ouid"]:
        raise ConfigError("no buyer with this ouid", place="world", remedy="take one a trade or the member list shows")
    return number
