"""The world as one asks it: trades by number, by when made, by when last changed; and what tests forced on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from touchpoint.errors import ConfigError
from touchpoint.sandbox.journal import Journal
from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world import buckets
from touchpoint.sandbox.world.buckets import Bucket, Maker, place_of
from touchpoint.sandbox.world.buyers import Buyers
from touchpoint.sandbox.world.dice import DAY, HOUR
from touchpoint.sandbox.world.forced import closed_early, controlled_member, controlled_order, paid_at, renumbered
from touchpoint.sandbox.world.late import late_bucket
from touchpoint.sandbox.world.lives import LONGEST
from touchpoint.sandbox.world.order import Order, Standing, What, standing
from touchpoint.sandbox.world.scenes import cast_bucket
from touchpoint.sandbox.world.ways import ways_bucket

KEPT = 1500
"""Hours after the anchor kept in memory; older ones are made up again when somebody asks for them."""

LISTS_KEPT = 4


class World:
    """The shop. Everything follows from the origin and from the forced facts in the journal."""

    def __init__(self, origin: Origin, forced: Journal) -> None:
        self.origin, self._forced = origin, forced
        self.buyers = Buyers(origin)
        self._maker = Maker(origin, self.buyers)
        self._scenes = {
            buckets.CAST: cast_bucket(origin, self._maker),
            buckets.LATE: late_bucket(origin, self._maker, self.buyers),
            buckets.WAYS: ways_bucket(origin, self._maker, self.buyers),
        }
        self._history: dict[int, Bucket] = {}
        self._live: dict[int, Bucket] = {}
        self._controlled: dict[int, Order] = {}
        self._changed: dict[int, list[dict[str, Any]]] = {}
        self._lists: dict[tuple[str, int, int, int], list[Standing]] = {}  # the latest few: pages ask for one again
        for entry in forced.entries:
            self._take(entry)

    def trade(self, tid: int, at: int) -> Standing | None:
        """One trade as it stands at an instant; None if there is none yet."""
        order = self._order(tid)
        return standing(order, at) if order else None

    def modified(self, start: int, end: int, at: int) -> list[Standing]:
        """Trades whose last change by `at` lies in [start, end], latest first."""
        return self._kept(("modified", start, end, at), self._modified)

    def created(self, start: int, end: int, at: int) -> list[Standing]:
        """Trades made in [start, end] as they stand at `at`, latest first."""
        return self._kept(("created", start, end, at), self._created)

    def _kept(self, key: tuple[str, int, int, int], make: Callable[[int, int, int], list[Standing]]) -> list[Standing]:
        if key not in self._lists:
            self._lists[key] = make(*key[1:])
            while len(self._lists) > LISTS_KEPT:
                del self._lists[next(iter(self._lists))]
        return self._lists[key]

    def _modified(self, start: int, end: int, at: int) -> list[Standing]:
        found = (
            now
            for bucket in self._reaching(start - LONGEST, min(end, at))
            for order in bucket.changed(start, min(end, at))
            if (now := standing(self._as_forced(order), at)) and start <= now.modified <= end
        )
        forced = (
            now
            for order in self._forced_orders()
            if (now := standing(order, at)) and start <= now.modified <= min(end, at)
        )
        unique = {each.order.tid: each for each in (*found, *forced)}
        return sorted(unique.values(), key=lambda each: (each.modified, each.order.tid), reverse=True)

    def _created(self, start: int, end: int, at: int) -> list[Standing]:
        until = min(end, at)
        found = (
            now
            for bucket in self._reaching(start, until)
            for order in bucket.orders
            if start <= order.created <= until and (now := standing(self._as_forced(order), at))
        )
        forced = (
            now
            for order in self._controlled.values()
            if start <= order.created <= until and (now := standing(self._as_forced(order), at))
        )
        return sorted((*found, *forced), key=lambda each: (each.order.created, each.order.tid), reverse=True)

    def force(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Force a fact, durably: make an order or a member, pay or close an order. What was made is told.

        Raises:
            ConfigError: an order nobody knows, one that is not open, or a fact nobody understands.
        """
        if entry["what"] == "order":
            entry = {**entry, "place": len(self._controlled)}
        if entry["what"] == "member":
            entry = {**entry, "place": len(self.buyers.controlled)}
        told = self._take(entry)
        self._lists.clear()
        self._forced.append([entry])
        return told

    def open_trades(self, at: int) -> list[Standing]:
        """Trades of the last eight days that are neither paid nor closed at `at`: what a reminder could be about."""
        recent = self.created(at - 8 * DAY, at, at)
        return [each for each in recent if not each.when(What.PAID) and not each.when(What.CLOSED)]

    def _take(self, entry: dict[str, Any]) -> dict[str, Any]:
        match entry["what"]:
            case "order":
                order = controlled_order(self.origin, self._maker, self.buyers, entry)
                self._controlled[order.tid] = order
                return {"tid": str(order.tid), "ouid": self.buyers.ouid(order.buyer)}
            case "member":
                number, member = controlled_member(self.buyers, entry)
                self.buyers.controlled[number] = member
                return {"buyer": number, "ouid": member.ouid}
            case "pay" | "close" | "renumber":
                order = self._known(int(entry["tid"]))
                tid = order.tid
                _apply(self, order, entry)  # refuses before anything is kept
                self._changed.setdefault(tid, []).append(entry)
                return {"tid": str(tid)}
            case what:
                raise ConfigError(
                    f"unknown fact {what!r}", place="world", remedy="one of: order, member, pay, close, renumber"
                )

    def _known(self, tid: int) -> Order:
        order = self._order(tid)
        if order is None:
            raise ConfigError(f"no trade {tid}", place="world", remedy="name one that GET /control/world/open lists")
        return order

    def _order(self, tid: int) -> Order | None:
        place = place_of(tid)
        if place is None:
            return None
        kind, number, rank = place
        order: Order | None
        if kind == buckets.CONTROLLED:
            order = self._controlled.get(tid)
        else:
            bucket = self._bucket(kind, number)
            order = bucket.orders[rank] if bucket and rank < len(bucket.orders) else None
        return self._as_forced(order) if order and order.tid == tid else None

    def _as_forced(self, order: Order) -> Order:
        for entry in self._changed.get(order.tid, ()):
            order = _apply(self, order, entry)
        return order

    def _forced_orders(self) -> Iterator[Order]:
        for order in self._controlled.values():
            yield self._as_forced(order)
        for tid in self._changed:
            changed = self._order(tid)
            if changed:
                yield changed

    def _bucket(self, kind: int, number: int) -> Bucket | None:
        if kind == buckets.HISTORY and number < buckets.HISTORY_DAYS:
            if number not in self._history:
                self._history[number] = self._maker.history(number)
            return self._history[number]
        if kind == buckets.LIVE:
            return self._hour(number)
        return self._scenes.get(kind)

    def _hour(self, hour: int) -> Bucket:
        found = self._live.pop(hour, None) or self._maker.live(hour)
        self._live[hour] = found  # at the end: the least recently asked for stands first
        if len(self._live) > KEPT:
            del self._live[next(iter(self._live))]
        return found

    def _reaching(self, start: int, end: int) -> Iterable[Bucket]:
        """Buckets with orders made in [start, end]."""
        anchor = self.origin.anchor_epoch
        if start < anchor:
            yield from self._scenes.values()
            oldest = min((anchor - start) // DAY, buckets.HISTORY_DAYS - 1)
            newest = max((anchor - 1 - end) // DAY, 0)
            for day in range(newest, oldest + 1):
                yield self._bucket(buckets.HISTORY, day)  # type: ignore[misc]
        for hour in range(max(0, (start - anchor) // HOUR), (end - anchor) // HOUR + 1):
            yield self._hour(hour)


def _apply(world: World, order: Order, entry: dict[str, Any]) -> Order:
    if entry["what"] == "close":
        return closed_early(order, entry["at"])
    if entry["what"] == "renumber":
        return renumbered(order, entry["at"])
    return paid_at(world.origin, order, entry["at"])
