"""A part of an export -> landing columns, whole columns at a time."""

from __future__ import annotations

from typing import Any

import pyarrow
import pyarrow.compute as pc

from touchpoint.model import Entity
from touchpoint.sources.columns import COLUMNS, Holds
from touchpoint.sources.files import typed
from touchpoint.sources.files.cells import Cells
from touchpoint.sources.files.given import Given
from touchpoint.sources.files.mapping import EntityMapping
from touchpoint.sources.files.numbers import product, total, with_point
from touchpoint.sources.files.times import days, instants, moments

_NOTHING = pyarrow.scalar(None, pyarrow.string())


def landing_rows(cells: Cells, entity: Entity, mapping: EntityMapping) -> Any:
    """The rows of one entity, all text, that some lines of an export hold; those of `where` are chosen already.

    Args:
        cells: the lines.
        entity: the landing entity.
        mapping: its columns.
    """
    holds = COLUMNS[entity]
    return pyarrow.table({name: _column(cells, given, holds[name]) for name, given in mapping.given.items()})


def _column(cells: Cells, given: Given, holds: Holds) -> Any:
    column = _value(cells, given, holds)
    return pc.if_else(cells.holds(given.when), column, _NOTHING) if given.when else column


def _value(cells: Cells, given: Given, holds: Holds) -> Any:
    if given.constant is not None:
        return pyarrow.repeat(pyarrow.scalar(given.constant), len(cells))
    if given.product is not None:
        return _product(cells, given)
    if given.digest is not None:
        return cells.numbered_digest(given.digest) if given.numbered else cells.digest(given.digest)
    if given.number_within is not None:
        return cells.number_within(given.number_within)
    if given.latest is not None:
        return _latest([_instants(cells, column, given) for column in cells.named(given)])
    columns = cells.named(given)
    if given.sum is not None:
        return total([_amount(cells, column, given) for column in columns])
    if given.first_of is not None:
        return pc.coalesce(*(_as_held(cells, column, given, holds) for column in columns))
    [column] = columns
    if given.present is not None:
        return pc.if_else(
            pc.is_valid(column), pyarrow.scalar(given.then), pyarrow.scalar(given.otherwise, pyarrow.string())
        )
    return _as_held(cells, column, given, holds)


def _as_held(cells: Cells, column: Any, given: Given, holds: Holds) -> Any:
    """A column of the file as landing holds it."""
    if given.words is not None:
        return _in_our_words(typed.text(column), given)
    if holds is Holds.INSTANT:
        return _instants(cells, column, given)
    if holds is Holds.DAY:
        is_time = typed.is_time(column)
        return typed.days(column, cells.zone) if is_time else days(typed.text(column), cells.export.date_formats)
    is_amount = holds is Holds.MONEY or given.take == "sum"
    return _amount(cells, column, given) if is_amount else typed.text(column)


def _amount(cells: Cells, column: Any, given: Given) -> Any:
    # A number, and the sum of a lookup, have no marks any more.
    is_plain = not pyarrow.types.is_string(column.type) or (given.lookup is not None and given.take == "sum")
    text = typed.text(column)
    return text if is_plain else with_point(text, cells.export)


def _instants(cells: Cells, column: Any, given: Given) -> Any:
    if typed.is_time(column):
        return typed.instants(column, cells.zone, given.plus)
    return instants(typed.text(column), cells.export.time_formats, cells.zone, given.plus)


def _latest(texts: list[Any]) -> Any:
    """The text of the latest instant of each row; what is none does not count, unless a row has nothing else."""
    best, best_at = texts[0], moments(texts[0])
    for text in texts[1:]:
        at = moments(text)
        is_later = pc.fill_null(pc.or_kleene(pc.is_null(best_at), pc.greater(at, best_at)), False)
        is_later = pc.and_(is_later, pc.is_valid(at))
        best = pc.if_else(pc.or_(is_later, pc.is_null(best)), text, best)
        best_at = pc.if_else(is_later, at, best_at)
    return best


def _in_our_words(column: Any, given: Given) -> Any:
    theirs, ours = list(given.words or {}), list((given.words or {}).values())
    known = pc.index_in(pc.utf8_trim_whitespace(column), value_set=pyarrow.array(theirs, pyarrow.string()))
    found = pyarrow.array(ours, pyarrow.string()).take(known)
    if given.otherwise is None:
        return pc.coalesce(found, column)
    return pc.coalesce(found, pc.if_else(pc.is_valid(column), given.otherwise, _NOTHING))


def _product(cells: Cells, given: Given) -> Any:
    factors, times = [], 1
    for factor in given.product or []:
        if isinstance(factor, int):
            times *= factor
        else:
            factors.append(with_point(cells.text(factor), cells.export))
    return product(factors, times, given.decimals or 0)
