"""What every source has to pass: `conforms(open_it, entity, window, ...)`. See sources.base."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any

import pyarrow

from touchpoint.model import Entity, Window
from touchpoint.sources.base import READ_TOGETHER, Page, Source
from touchpoint.sources.columns import COLUMNS

Rows = dict[Entity, Counter[tuple[tuple[str, str | None], ...]]]


def conforms(
    open_it: Callable[[], Source],
    entity: Entity,
    window: Window,
    *,
    cut_at: Iterable[datetime] = (),
    time_of: Callable[[Entity, dict[str, str | None]], str | None] | None = None,
) -> Rows:
    """Read a window in every way a pipeline may, and compare.

    Args:
        open_it: a new source, as a new process would open it.
        entity: what to read.
        window: of which there has to be something.
        cut_at: instants within it; the pieces together must give every row. Not for a source that gives files whole.
        time_of: the instant by which the source cuts, of a row; rows without one are not looked at.

    Returns:
        The rows, for a test's own questions.
    """
    whole = _shaped_rows(open_it().read(entity, window), entity)
    assert any(whole.values()), "nothing was read, so nothing is shown"
    again = _shaped_rows(open_it().read(entity, window), entity)
    assert {e: set(rows) for e, rows in again.items()} == {e: set(rows) for e, rows in whole.items()}, "not idempotent"
    _is_within(whole, window, time_of)
    if cut_at:
        _pieces_give_all(open_it, entity, window, list(cut_at), whole, time_of)
    snapshot = open_it().snapshot_at(entity, window)
    assert snapshot.tzinfo is not None
    return whole


def rows_of(pages: Iterable[Page], entity: Entity) -> list[dict[str, str | None]]:
    """All rows of a landing entity."""
    return [row for page in pages if entity in page.tables for row in page.tables[entity].to_pylist()]


def _shaped_rows(pages: Iterable[Page], asked: Entity) -> Rows:
    found: Rows = {entity: Counter() for entity in READ_TOGETHER[asked]}
    for page in pages:
        for entity, table in page.tables.items():
            assert entity in found, f"{entity} came with {asked}"
            _is_text_alone(entity, table)
            found[entity].update(tuple(sorted(row.items())) for row in table.to_pylist())
    return found


def _is_text_alone(entity: Entity, table: Any) -> None:
    assert set(table.column_names) <= set(COLUMNS[entity]), "columns landing does not have"
    assert all(field.type == pyarrow.string() for field in table.schema), "columns that are no strings"
    assert "" not in {value for column in table.columns for value in column.to_pylist()}, "empty text instead of none"


def _is_within(
    rows: Rows, window: Window, time_of: Callable[[Entity, dict[str, str | None]], str | None] | None
) -> None:
    for entity, found in rows.items():
        for row in found:
            at = time_of(entity, dict(row)) if time_of else None
            assert at is None or window.start <= datetime.fromisoformat(at) < window.end, f"{entity} from outside"


def _pieces_give_all(
    open_it: Callable[[], Source],
    entity: Entity,
    window: Window,
    cuts: list[datetime],
    whole: Rows,
    time_of: Callable[[Entity, dict[str, str | None]], str | None] | None,
) -> None:
    edges = [window.start, *cuts, window.end]
    together: dict[Entity, set[object]] = {entity: set() for entity in whole}
    for start, end in pairwise(edges):
        piece = Window(start, end)
        rows = _shaped_rows(open_it().read(entity, piece), entity)
        _is_within(rows, piece, time_of)
        for landed, found in rows.items():
            together[landed] |= set(found)
    assert together == {landed: set(found) for landed, found in whole.items()}, "adjacent windows lose rows"
