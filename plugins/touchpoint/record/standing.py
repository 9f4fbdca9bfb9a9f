"""Where the customers of a shop stand by the stored record: heads and worth, what changed, who moved, which tags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from touchpoint.db import Row, Transaction
from touchpoint.record import segments as record
from touchpoint.record.heads import heads
from touchpoint.record.segments import Everybody, Kind
from touchpoint.record.stages import Stage
from touchpoint.settings import Segments, Shop, Tags

CHANGE_DAYS = 30
MOST_MOVES = 20
MOST_VALUES = 6
KINDS: tuple[Kind, ...] = ("stage", "rfm_group", "value_tier", "dormancy", "cause")
SMALL = "too small to measure"


@dataclass(frozen=True)
class Line:
    """One segment.

    Attributes:
        customers: in it now.
        before: in it at the instant compared with; None: not known.
        orders: their paid orders.
        net: what they paid less what they got back, major units.
    """

    segment: str
    customers: int
    before: int | None
    orders: int
    net: Decimal


@dataclass(frozen=True)
class Standing:
    """All customers of a shop.

    Attributes:
        kinds: the segments of each kind, in the order of the rules.
        totals: customers of each kind; prospects are in `stage` alone.
        since: the instant compared with: CHANGE_DAYS ago, or when the record begins; None: it begins now.
    """

    kinds: dict[Kind, list[Line]]
    totals: dict[Kind, int]
    since: datetime | None

    @property
    def buyers(self) -> int:
        """Customers with a paid order."""
        return self.totals["value_tier"]

    @property
    def prospects(self) -> int:
        """Customers without one."""
        return self.totals["stage"] - self.buyers

    @property
    def orders(self) -> int:
        """Paid orders of all customers."""
        return sum(line.orders for line in self.kinds["value_tier"])

    @property
    def net(self) -> Decimal:
        """Net amount of all customers, major units."""
        return sum((line.net for line in self.kinds["value_tier"]), Decimal())


@dataclass(frozen=True)
class Moves:
    """Who moved where in a month of the shop's zone, as far as the record reaches.

    Attributes:
        month: as in 2026-11.
        begins, ends: the instants compared; `begins` None: the record says nothing of that month.
        rows: left_segment, entered_segment, customers; the largest first.
        others, other_customers: moves that are not among the rows, and how many made them.
        earlier, later: the months beside it that can be asked for; empty: none.
    """

    month: str
    begins: datetime | None
    ends: datetime
    rows: list[Row]
    others: int
    other_customers: int
    earlier: str
    later: str


@dataclass(frozen=True)
class Tagged:
    """A tag, or a feature, and its values.

    Attributes:
        customers: who have any of them; None: unavailable.
        note: what to connect, or what was not looked at.
        rows: values as `heads.heads` gives them, the most frequent first.
        others, other_customers: values that are not among the rows, and who have them.
    """

    tag: str
    by: str
    customers: int | None
    note: str
    rows: list[Row]
    others: int
    other_customers: int


def standing_of(tx: Transaction, *, shop: Shop, as_of: datetime, everyone: Everybody, segments: Segments) -> Standing:
    """Every segment: who is in it, what they are worth, and how many were in it CHANGE_DAYS before.

    Args:
        tx: an open transaction.
        shop: the shop.
        as_of: the instant of the last refresh.
        everyone: the stored record; see `segments.stored`.
        segments: the rules, for the order of segments.
    """
    found = record.counts(tx, shop=shop, as_of=as_of, everyone=everyone)
    since = _reached(tx, shop, as_of - timedelta(days=CHANGE_DAYS), as_of)
    was = record.members(tx, shop_id=shop.id, at=since) if since else []
    kinds = {kind: _lines(_of(kind, found), _of(kind, was), _order(kind, segments), since) for kind in KINDS}
    return Standing(kinds, {kind: sum(line.customers for line in lines) for kind, lines in kinds.items()}, since)


def moves_of(tx: Transaction, *, shop: Shop, as_of: datetime, kind: Kind, month: str = "") -> Moves:
    """Who moved between segments of a kind in a month.

    Args:
        tx: an open transaction.
        shop: the shop; its zone says when a month begins.
        as_of: the instant of the last refresh.
        kind: of which kind of segments.
        month: as in 2026-11; empty, or later than `as_of`: the month of `as_of`.
    """
    latest = as_of.astimezone(shop.tz).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    first = min(datetime.strptime(f"{month}-01", "%Y-%m-%d").replace(tzinfo=shop.tz) if month else latest, latest)
    following = _next(first)
    ends = min(following, as_of)
    begins = _reached(tx, shop, first, ends)
    rows = record.moves(tx, shop_id=shop.id, begins=begins, ends=ends, kind=kind) if begins else []
    rest = rows[MOST_MOVES:]
    return Moves(
        month=f"{first:%Y-%m}",
        begins=begins,
        ends=ends,
        rows=rows[:MOST_MOVES],
        others=len(rest),
        other_customers=sum(row["customers"] for row in rest),
        earlier=f"{first - timedelta(days=1):%Y-%m}" if begins == first else "",
        later=f"{following:%Y-%m}" if first < latest else "",
    )


def tags_of(
    tx: Transaction, *, shop: Shop, as_of: datetime, everyone: Everybody, tags: Tags, open_tag: str = ""
) -> list[Tagged]:
    """Every tag with its values, agents' last; of `open_tag` all of them, of others the most frequent."""
    found = heads(tx, shop=shop, as_of=as_of, tags=tags, inferred=everyone.tags)
    return [
        _tagged(tag, by, list(rows), MOST_VALUES if tag != open_tag else len(found))
        for (tag, by), rows in groupby(found, key=lambda row: (row["tag"], row["by"]))
    ]


def _of(kind: Kind, rows: list[Row]) -> dict[str, Row]:
    return {row["segment"]: row for row in rows if row["kind"] == kind}


def _lines(now: dict[str, Row], before: dict[str, Row], order: list[str], since: datetime | None) -> list[Line]:
    lines = [_line(segment, now.get(segment), before.get(segment), since) for segment in {**now, **before}]
    return sorted(lines, key=lambda line: (_place(order, line.segment), -line.customers, line.segment))


def _line(segment: str, now: Row | None, before: Row | None, since: datetime | None) -> Line:
    # Who has not bought has no segments in the record: nothing says how many they were.
    is_known = since is not None and segment != Stage.PROSPECT
    was = (before["customers"] if before else 0) if is_known else None
    if now is None:
        return Line(segment, 0, was, 0, Decimal())
    return Line(segment, now["customers"], was, now["orders"], now["net"])


def _reached(tx: Transaction, shop: Shop, at: datetime, ends: datetime) -> datetime | None:
    """An instant the record reaches back to, else that where it begins; None: it does not begin before `ends`."""
    begins = record.begins(tx, shop_id=shop.id)
    if begins is None or begins <= at or record.members(tx, shop_id=shop.id, at=at):
        return at if begins is not None else None
    return begins if begins < ends else None


def _next(first: datetime) -> datetime:
    return (first + timedelta(days=32)).replace(day=1)


def _order(kind: Kind, segments: Segments) -> list[str]:
    orders: dict[Kind, list[str]] = {
        "stage": [str(stage) for stage in Stage],
        "rfm_group": list(segments.rfm.groups),
        "value_tier": segments.value_tiers.names[::-1],
        "dormancy": ["awake", "dormant"],
    }
    return orders.get(kind, [])


def _place(order: list[str], segment: str) -> int:
    return order.index(segment) if segment in order else len(order)


def _tagged(tag: str, by: str, rows: list[Row], most: int) -> Tagged:
    is_there = rows[0]["customers"] is not None
    values = [row for row in rows if row["customers"]]
    most = len(values) if len(values) == most + 1 else most  # a line saying that one is left out is no shorter
    rest = values[most:]
    return Tagged(
        tag=tag,
        by=by,
        customers=sum(row["customers"] for row in values) if is_there else None,
        note=rows[0]["note"].removeprefix(SMALL).removeprefix("; "),
        rows=values[:most],
        others=len(rest),
        other_customers=sum(row["customers"] for row in rest),
    )
