"""Columns with types (Parquet) as landing takes them: text, instants with their offset, days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.compute as pc

from touchpoint.sources.files.numbers import plain_number
from touchpoint.sources.files.times import carried, iso_text, written

types = pyarrow.types


def has_text(kind: Any) -> bool:
    """Whether values of a type can stand in a landing column."""
    if types.is_dictionary(kind):
        kind = kind.value_type
    scalar = (types.is_boolean, types.is_integer, types.is_floating, types.is_decimal, types.is_temporal, types.is_null)
    return types.is_string(kind) or types.is_large_string(kind) or any(test(kind) for test in scalar)


def text(column: Any) -> Any:
    """A column as strings: numbers plain, true and false, times as ISO 8601."""
    kind = column.type
    if types.is_string(kind):
        return column
    if types.is_dictionary(kind):
        return text(column.cast(kind.value_type))
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return plain_number(column)
    if types.is_timestamp(kind):
        return instants(column, None)
    return column.cast(pyarrow.string())


def is_time(column: Any) -> bool:
    """Whether a column holds timestamps or days."""
    return bool(types.is_timestamp(column.type) or types.is_date(column.type))


def instants(column: Any, zone: ZoneInfo | None, plus: timedelta | None = None) -> Any:
    """Timestamps or days as ISO 8601 with offset.

    Args:
        column: timestamps; with a time zone they are instants and keep it.
        zone: of those without one; a day is its midnight there. None: they stay without offset.
        plus: added to each, in real time.
    """
    if types.is_timestamp(column.type) and column.type.tz:
        return carried(column, plus)
    if types.is_date(column.type):
        column = column.cast(pyarrow.timestamp("s"))
    return iso_text(column) if zone is None else written(column, zone, plus)


def days(column: Any, zone: ZoneInfo) -> Any:
    """Timestamps or days as YYYY-MM-DD; of an instant, the day it has in `zone`."""
    if types.is_timestamp(column.type):
        if column.type.tz:
            column = pc.local_timestamp(column.cast(pyarrow.timestamp(column.type.unit, zone.key)))
        column = pc.floor_temporal(column, unit="day")
    return column.cast(pyarrow.date32()).cast(pyarrow.string())
