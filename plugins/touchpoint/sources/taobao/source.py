"""The Taobao source: which lists are asked for a window, and their trades as pages.

Orders: what changed in the window. A window longer than the platform remembers changes for is a first load, and asks by
creation instead. Parcels: those of trades that changed, and every open one every two hours, day of creation by day of
creation, so that each run asks for its share of them; none shipped more than 30 days ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from touchpoint.errors import SourceError, SourceRefused, SourceUnavailable
from touchpoint.model import Entity, Window
from touchpoint.settings import Shop
from touchpoint.sources.base import Page
from touchpoint.sources.columns import COLUMNS
from touchpoint.sources.taobao.client import TopClient
from touchpoint.sources.taobao.discounts import with_promotions
from touchpoint.sources.taobao.paging import (
    A_DAY,
    CHANGED,
    MADE,
    MADE_LONG_AGO,
    MADE_SPAN,
    RECENT,
    REFUNDS,
    Listing,
    Trade,
    is_within,
    rows_within,
    slices,
)
from touchpoint.sources.taobao.parcels import ends_of_replaced, parcel_rows
from touchpoint.sources.taobao.trades import (
    FIELDS,
    REFUND_FIELDS,
    TYPES,
    Row,
    instant,
    line_rows,
    order_row,
    refund_row,
    whole_trade,
)

CHANGES_KEPT = timedelta(days=88)
"""A longer window is a first load: the platform lists changes for three months, which are 89 days at least."""
CURRENT_DAYS = (92, 91, 90, 89)
"""How far back the list of current trades may reach; which of them holds today, the platform is asked."""
TRACE_REACH = timedelta(days=30)
"""Parcels shipped earlier are not traced."""
MADE_BEFORE_SHIPPED = timedelta(days=15)
"""How long before it is shipped a traced trade may have been made."""
TRACE_EVERY = timedelta(hours=2)
_OPEN = ("WAIT_BUYER_CONFIRM_GOODS", "SELLER_CONSIGNED_PART")
_PAGE_TRADES = 2_000
ASKED_TOGETHER = 20
"""Trades asked about one by one make a page so often, so that an outage costs the answers of one page at most."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TaobaoSource:
    """Orders and parcels of one shop.

    Args:
        shop: for its currency.
        client: signed in as the shop.
        open_parcels: order id -> ids of its parcels that are on their way as far as we know.
    """

    def __init__(self, shop: Shop, client: TopClient, open_parcels: Mapping[str, frozenset[str]] | None = None) -> None:
        self._shop, self.client, self._open_parcels = shop, client, open_parcels or {}

    def read(self, entity: Entity, window: Window) -> Iterator[Page]:
        """Pages of orders (with lines and refunds) or of shipments (with tracking events)."""
        if entity is Entity.ORDER:
            for trades in _gathered(self._orders(window)):
                # A first load has trades by the hundred thousand: one call for each would take days.
                is_long = window.end - window.start > CHANGES_KEPT
                yield self._order_page(trades if is_long else with_promotions(self.client, trades))
            yield from self.read_refunds(window)
        elif entity is Entity.SHIPMENT:
            for trades in _gathered(self._shipped(window)):
                yield self._shipment_page(trades, window)
        else:
            raise SourceError(
                f"the platform lists no {entity}", place=f"shop {self._shop.id}", remedy="read it from files"
            )

    @property
    def changes_kept(self) -> timedelta:
        """How far back changes are listed."""
        return CHANGES_KEPT

    def read_orders(self, order_ids: Sequence[str]) -> Iterator[Page]:
        """Trades whole, one call each: what fullinfo tells is the platform's last word."""
        for start in range(0, len(order_ids), ASKED_TOGETHER):
            asked = (whole_trade(self.client, order_id) for order_id in order_ids[start : start + ASKED_TOGETHER])
            if trades := [trade for trade in asked if trade is not None]:
                yield self._order_page(trades)

    def versions(self, window: Window) -> Iterator[dict[str, str]]:
        """The last change of each trade made or changed in the window, day by day."""
        for piece in slices(window, A_DAY):
            for listing in (MADE, CHANGED):
                for trades in rows_within(self.client, listing, piece, fields="tid,created,modified", type=TYPES):
                    yield {str(trade["tid"]): instant(trade["modified"]) or "" for trade in trades}

    def read_refunds(self, window: Window) -> Iterator[Page]:
        """Refunds by their last change."""
        for refunds in _gathered(self._refunds(window)):
            yield _page_of({Entity.REFUND: [refund_row(refund, self._shop.currency) for refund in refunds]})

    def snapshot_at(self, entity: Entity, window: Window) -> datetime:
        """The window's end: trades carry their own times."""
        return window.end

    def _orders(self, window: Window) -> Iterator[list[Trade]]:
        span = window.end - window.start
        if span > CHANGES_KEPT:
            yield from self._made(window)
        else:
            for piece in slices(window, RECENT if span <= A_DAY else A_DAY):
                yield from self._list(CHANGED, piece)

    def _refunds(self, window: Window) -> Iterator[list[Trade]]:
        for piece in slices(window, MADE_SPAN):
            yield from rows_within(self.client, REFUNDS, piece, fields=REFUND_FIELDS)

    def _made(self, window: Window) -> Iterator[list[Trade]]:
        """By creation: from the platform's archive, and from its current list as far back as that reaches.

        The archive is asked for a day more, and tells what it has of it: better twice than never.
        """
        border = self._current_since(window)
        for piece in slices(Window(window.start, min(border + A_DAY, window.end)), MADE_SPAN):
            if border > window.start:
                yield from self._list(MADE_LONG_AGO, piece)
        for piece in slices(Window(border, window.end), MADE_SPAN):
            yield from self._list(MADE, piece)

    def _current_since(self, window: Window) -> datetime:
        """From when on the list of current trades can be asked for, within the window."""
        for days in CURRENT_DAYS:
            since = window.end - timedelta(days=days) + timedelta(hours=1)
            if since <= window.start:
                return window.start
            try:
                next(
                    iter(rows_within(self.client, MADE, Window(since, since + timedelta(seconds=1)), fields="tid")),
                    None,
                )
            except (SourceUnavailable, SourceRefused):
                raise
            except SourceError:
                continue
            return since
        return window.end - timedelta(days=min(CURRENT_DAYS) - 1)

    def _shipped(self, window: Window) -> Iterator[list[Trade]]:
        """Trades whose parcels are to be traced."""
        since = window.end - TRACE_REACH
        traced = Window(since, window.end)
        if window.end - window.start > A_DAY:
            recent = Window(since - MADE_BEFORE_SHIPPED, window.end)
            changed = Window(window.start, datetime.max.replace(tzinfo=UTC) - A_DAY)
            for trades in self._made(recent):
                yield [
                    trade
                    for trade in trades
                    if _was_shipped(trade, traced)
                    and (trade.get("status") in _OPEN or is_within(trade.get("modified"), changed))
                ]
            return
        for trades in self._orders(window):
            yield [trade for trade in trades if _was_shipped(trade, traced)]
        for day in days_to_trace(window):
            for status in _OPEN:
                for trades in self._list(MADE, day, status=status):
                    yield [trade for trade in trades if _was_shipped(trade, traced)]

    def _list(self, listing: Listing, window: Window, **query: str) -> Iterator[list[Trade]]:
        return rows_within(self.client, listing, window, fields=FIELDS, type=TYPES, **query)

    def _order_page(self, trades: list[Trade]) -> Page:
        currency = self._shop.currency
        return _page_of(
            {
                Entity.ORDER: [order_row(trade, currency) for trade in trades],
                Entity.ORDER_LINE: [row for trade in trades for row in line_rows(trade, currency)],
            }
        )

    def _shipment_page(self, trades: list[Trade], window: Window) -> Page:
        shipments: list[Row] = []
        events: list[Row] = []
        for trade in {str(trade.get("tid")): trade for trade in trades}.values():
            until = looked_at(trade, window)
            parcels, scans = parcel_rows(self.client, trade, until)
            known = self._open_parcels.get(str(trade.get("tid")), frozenset())
            shipments += parcels
            events += [*scans, *ends_of_replaced(trade, parcels, known, until)]
        return _page_of({Entity.SHIPMENT: shipments, Entity.TRACKING_EVENT: events})


def looked_at(trade: Trade, window: Window) -> datetime:
    """The instant within a window at which a trade's trace is due: its last change, or its day's last turn if later."""
    created, modified = (_moment(trade.get(name)) or window.start for name in ("created", "modified"))
    every = int(TRACE_EVERY.total_seconds())
    turn = _turn((created - _EPOCH).days)
    end = int((window.end - _EPOCH) / timedelta(seconds=1))
    last_turn = _EPOCH + timedelta(seconds=(end - 1 - turn) // every * every + turn)
    return min(max(last_turn, modified), window.end)


def _turn(day_number: int) -> int:
    every = int(TRACE_EVERY.total_seconds())
    return day_number * every * 5 // 24 % every  # neighbouring days far apart


def _moment(told: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(instant(told) or "")
    except ValueError:
        return None


def days_to_trace(window: Window) -> list[Window]:
    """The days of creation whose open parcels are asked for in this window: each day's turn comes every TRACE_EVERY.

    A function of the window alone, so that the same window asks for the same days, and adjacent ones leave none out.
    """
    every = int(TRACE_EVERY.total_seconds())
    first = (window.end - TRACE_REACH - MADE_BEFORE_SHIPPED - _EPOCH).days
    last = (window.end - _EPOCH).days
    start, end = (int((at - _EPOCH) / timedelta(seconds=1)) for at in (window.start, window.end))
    found = []
    for number in range(first, last + 1):
        turn = _turn(number)
        if (end - 1 - turn) // every > (start - 1 - turn) // every:
            day = _EPOCH + timedelta(days=number)
            found.append(Window(day, min(day + A_DAY, window.end)))
    return found


def _page_of(rows: dict[Entity, list[Row]]) -> Page:
    return Page({entity: table_of(entity, found) for entity, found in rows.items()})


def table_of(entity: Entity, rows: list[Row]) -> Any:
    """Rows as a table of strings with the columns of landing.<entity>."""
    import pyarrow

    schema = pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS[entity] if name != "is_synthetic"])
    try:
        return pyarrow.Table.from_pylist(rows, schema=schema)
    except UnicodeEncodeError:
        # JSON may escape half a character: it goes on as bytes that are no text, and landing refuses the row.
        columns = {name: [_as_bytes(row.get(name)) for row in rows] for name in schema.names}
        return pyarrow.table(
            {
                name: pyarrow.array(values, pyarrow.binary()).cast(pyarrow.string(), safe=False)
                for name, values in columns.items()
            }
        )


def _as_bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _was_shipped(trade: Trade, traced: Window) -> bool:
    return bool(trade.get("consign_time")) and is_within(trade.get("consign_time"), traced)


def _gathered(lists: Iterable[list[Trade]]) -> Iterator[list[Trade]]:
    """Lists of trades joined to pages worth a COPY; empty ones vanish."""
    held: list[Trade] = []
    for trades in lists:
        held += trades
        if len(held) >= _PAGE_TRADES:
            yield held
            held = []
    if held:
        yield held
