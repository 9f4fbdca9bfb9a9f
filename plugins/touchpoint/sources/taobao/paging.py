"""Lists of trades and refunds, read so that none is lost between two pages.

The platform lists the newest first, and a trade that changes meanwhile leaves a closed window of `modified`: read
forwards, every page behind it moves up by one and a row is skipped. So the total is asked first and pages are read from
the last to the first: what moves up is then met again, never missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from touchpoint.model import Window
from touchpoint.sources.taobao.answers import listed
from touchpoint.sources.taobao.client import GMT8, top_time

Trade = dict[str, Any]
"""A row of the platform's JSON."""

PAGE_SIZE = 100
MOST_ROWS = 3_000
"""Of one list: a longer one is asked for in two halves, for deep pages are slow and may be refused."""
SHORTEST = timedelta(minutes=10)
RECENT = timedelta(minutes=30)
"""What the platform recommends as the span of one list of changes."""
A_DAY = timedelta(days=1)
"""The longest span of one list of changes."""
MADE_SPAN = timedelta(days=30)
"""The span of one list by creation, which has no limit of its own."""


class Caller(Protocol):
    """What calls the platform."""

    def call(self, method: str, **business: str | int) -> Any: ...


@dataclass(frozen=True)
class Listing:
    """A method that lists something, and the pair of parameters that bounds it.

    Attributes:
        row_time: the row's field the bounds speak of.
        rows: the field of the answer that holds the rows.
    """

    method: str
    start: str
    end: str
    row_time: str
    rows: str = "trades"


CHANGED = Listing("taobao.trades.sold.increment.get", "start_modified", "end_modified", "modified")
MADE = Listing("taobao.trades.sold.get", "start_created", "end_created", "created")
REFUNDS = Listing("taobao.refunds.receive.get", "start_modified", "end_modified", "modified", "refunds")
MADE_LONG_AGO = Listing("taobao.trades.sold.history.get", "start_created", "end_created", "created")


def rows_within(caller: Caller, listing: Listing, window: Window, **query: str) -> Iterator[list[Trade]]:
    """Pages of the rows whose time lies in the half-open window; a row may come twice.

    Args:
        caller: the client.
        listing: which list.
        window: at most as long as the list allows.
        query: fields, type and the like, passed on as they are.
    """
    bounds = {listing.start: top_time(window.start), listing.end: top_time(_whole_second_after(window.end))}
    asked = {**query, **bounds}
    first = caller.call(listing.method, **{**asked, "fields": "tid"}, page_no=1, page_size=1, use_has_next="false")
    total = int(first.get("total_results") or 0)
    if total > MOST_ROWS and window.end - window.start > SHORTEST:
        middle = window.start + (window.end - window.start) / 2
        for half in (Window(window.start, middle), Window(middle, window.end)):
            yield from rows_within(caller, listing, half, **query)
        return
    for rows in _backwards(caller, listing, asked, -(-total // PAGE_SIZE)):
        yield [row for row in rows if is_within(row.get(listing.row_time), window)]


def slices(window: Window, span: timedelta) -> Iterator[Window]:
    """A window in pieces of at most a span, the oldest first."""
    start = window.start
    while start < window.end:
        end = min(start + span, window.end)
        yield Window(start, end)
        start = end


def is_within(text: Any, window: Window) -> bool:
    """Whether a time of the platform's lies in a window; one that cannot be read is left to the gate, so it does."""
    try:
        at = datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=GMT8)
    except ValueError:
        return True
    return window.start <= at < window.end


def _backwards(caller: Caller, listing: Listing, asked: dict[str, str], last: int) -> Iterator[list[Trade]]:
    """From the last page to the first; before that, pages that came in behind the last meanwhile."""
    page_no, held = last, []
    while page_no >= 1:
        answer = caller.call(listing.method, **asked, page_no=page_no, page_size=PAGE_SIZE, use_has_next="true")
        held.append(listed(answer.get(listing.rows)))
        if not held[-1] or not _is_true(answer.get("has_next")):
            break
        page_no += 1
    yield from reversed(held)
    for number in range(last - 1, 0, -1):
        answer = caller.call(listing.method, **asked, page_no=number, page_size=PAGE_SIZE, use_has_next="true")
        yield listed(answer.get(listing.rows))


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _whole_second_after(at: datetime) -> datetime:
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
