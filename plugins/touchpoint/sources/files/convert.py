"""Tables of an export's own columns -> tables of landing columns, whole columns at a time."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.compute as pc

from touchpoint.model import Entity
from touchpoint.sources.columns import COLUMNS, Holds
from touchpoint.sources.files.mapping import EntityMapping, Given, Where
from touchpoint.sources.files.times import days, instants

_NUMBER = r"^[-+]?\d+(\.\d+)?$"


def landing_rows(table: Any, entity: Entity, mapping: EntityMapping, export: Any, zone: ZoneInfo) -> Any:
    """The rows of one entity that a part of an export holds, all text.

    Args:
        table: the export's columns as they came, by header.
        entity: the landing entity.
        mapping: its columns.
        export: formats of times and money.
        zone: of times without offset.
    """
    if mapping.where is not None:
        table = table.filter(_holds(table, mapping.where, export))
    columns = {
        name: _column(table, given, COLUMNS[entity][name], export, zone) for name, given in mapping.given.items()
    }
    return pyarrow.table(columns)


def _column(table: Any, given: Given, holds: Holds, export: Any, zone: ZoneInfo) -> Any:
    if given.constant is not None:
        return pyarrow.repeat(pyarrow.scalar(given.constant), table.num_rows)
    column = _flat(table.column(given.reads))
    if given.present is not None:
        text = pyarrow.scalar(given.otherwise, pyarrow.string())
        return pc.if_else(pc.is_valid(column), pyarrow.scalar(given.then), text)
    if given.words is not None:
        return _in_our_words(column, given)
    if holds is Holds.INSTANT:
        return instants(column, export.time_formats, zone, given.plus)
    if holds is Holds.DAY:
        return days(column, export.date_formats)
    return _decimal(column, export) if holds is Holds.MONEY else column


def _flat(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _in_our_words(column: Any, given: Given) -> Any:
    theirs, ours = list(given.words or {}), list((given.words or {}).values())
    known = pc.index_in(pc.utf8_trim_whitespace(column), value_set=pyarrow.array(theirs, pyarrow.string()))
    found = pyarrow.array(ours, pyarrow.string()).take(known)
    if given.otherwise is None:
        return pc.coalesce(found, column)
    return pc.coalesce(found, pc.if_else(pc.is_valid(column), given.otherwise, pyarrow.scalar(None, pyarrow.string())))


def _decimal(column: Any, export: Any) -> Any:
    """Decimal text with a point; what would be no number afterwards stays as it came."""
    if export.decimal_mark == "." and not export.thousands_mark:
        return column
    plain = pc.utf8_trim_whitespace(column)
    if export.thousands_mark:
        plain = pc.replace_substring(plain, pattern=export.thousands_mark, replacement="")
    if export.decimal_mark != ".":
        plain = pc.replace_substring(plain, pattern=export.decimal_mark, replacement=".")
    return pc.if_else(pc.match_substring_regex(plain, _NUMBER), plain, column)


def _holds(table: Any, where: Where, export: Any) -> Any:
    column = _flat(table.column(where.column))
    if where.one_of is not None:
        return pc.is_in(pc.utf8_trim_whitespace(column), value_set=pyarrow.array(where.one_of, pyarrow.string()))
    number = pc.utf8_trim_whitespace(_decimal(column, export))
    is_number = pc.match_substring_regex(number, _NUMBER)
    value = pc.if_else(is_number, number, pyarrow.scalar(None, pyarrow.string())).cast(pyarrow.float64())
    above = pc.greater(value, where.above)
    # Not empty and no number: nobody knows whether it is one of these rows, so the gate shall say.
    return pc.coalesce(above, pc.is_valid(column))
