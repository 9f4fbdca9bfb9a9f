"""How an export writes its times: strptime formats, those a mapping may name, and the slow way to read any of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pyarrow
import pyarrow.compute as pc

ISO = "iso"
"""The time format of instants that carry their offset: they are taken as they stand."""
_SLOW = re.compile(r"%(?![YmdHMSyIpbB%])")
"""What Arrow's strptime does not read as Python's does."""
_MICROSECONDS = pyarrow.timestamp("us")
_SAMPLE = datetime.fromisoformat("2001-11-23T22:47:35.123456+05:30")


def trouble(given: str) -> str | None:
    """What is wrong with a time format, in a clause with its remedy; None: it can be read."""
    if given == ISO:
        return None
    if "%Z" in given:
        return "%Z is no offset: write the letters of the zone as they stand, and name it as `zone`"
    if "%I" in given and "%p" not in given:
        return "%I counts to 12, so it needs %p (or write %H)"
    try:
        found = datetime.strptime(_SAMPLE.strftime(given), given)  # noqa: DTZ007 - only its date is looked at
    except ValueError as error:
        return f"{error}: use iso, or what Python's strptime reads"
    return None if found.date() == _SAMPLE.date() else "it names no whole date: use iso, or %Y %m %d and the like"


def is_fast(given: str) -> bool:
    """Whether Arrow reads a format, whole columns at a time."""
    return _SLOW.search(given) is None


def parsed_one_by_one(column: Any, given: str) -> Any:
    """Text read by Python's strptime, each different text once, as naive timestamps of microseconds; else null."""

    def read(text: str) -> datetime | None:
        try:
            return datetime.strptime(text, given)  # noqa: DTZ007 - local on purpose, the zone comes later
        except ValueError:
            return None

    return _each(column, read, _MICROSECONDS)


def with_their_offset(column: Any, formats: list[str], plus: timedelta | None) -> Any:
    """Text that carries its offset in one of the formats (%z), as ISO 8601 with it; null where none fits."""

    def read(text: str) -> str | None:
        for given in formats:
            try:
                return (datetime.strptime(text, given) + (plus or timedelta(0))).isoformat()  # noqa: DTZ007 - by %z
            except (ValueError, OverflowError):
                continue
        return None

    return _each(pc.utf8_trim_whitespace(column), read, pyarrow.string())


def _each(column: Any, read: Callable[[str], Any], kind: Any) -> Any:
    known = pc.unique(column.drop_null())
    return pyarrow.array(map(read, known.to_pylist()), kind).take(pc.index_in(column, value_set=known))
