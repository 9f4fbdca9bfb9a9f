"""Local times of an export as instants with their offset, a column at a time.

The text of a time stays, its offset is put behind it: "2020-02-21 00:00:00" becomes 2020-02-21T00:00:00+08:00. A local
time the clocks show twice is the earlier of the two instants. One they skip is the first instant after the gap, written
with the offset that makes it so, or, since an offset has no seconds, as what the clocks show then. What no format fits
stays as it came, for the gate to see.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.compute as pc

from touchpoint.sources.files.time_formats import ISO, is_fast, parsed_one_by_one, with_their_offset

_FIXED_WIDTH = {"%Y-%m-%d %H:%M:%S": 19, "%Y-%m-%dT%H:%M:%S": 19, "%Y-%m-%d": 10}
_SECONDS = pyarrow.timestamp("s")
_MICROSECONDS = pyarrow.timestamp("us")
_MOMENT = pyarrow.timestamp("us", "UTC")
_WITH_OFFSET = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?[-+]\d\d:\d\d$"
_A_DAY = timedelta(days=1)
_CALENDAR = (datetime(1, 1, 3), datetime(9999, 12, 29))  # noqa: DTZ001 - local times; a zone moves them by a day at most
_LONGEST_WALK = timedelta(days=366 * 40)


def instants(column: Any, formats: list[str], zone: ZoneInfo, plus: timedelta | None = None) -> Any:
    """A column of times as ISO 8601 with offset.

    Args:
        column: strings, null where there is none.
        formats: strptime formats, tried in order; `iso` lets times with an offset through as they are, and one with %z
            keeps the offset it reads.
        zone: of times without one.
        plus: added to each, in real time (24 h after a clock change is another hour of the day).
    """
    carrying = [given for given in formats if "%z" in given]
    if carrying:
        rest = [given for given in formats if given not in carrying]
        theirs = with_their_offset(column, carrying, plus)
        return pc.coalesce(theirs, instants(column, rest, zone, plus) if rest else column)
    local, text = _local_times(column, [given for given in formats if given != ISO])
    if ISO in formats and plus is not None:
        column = _iso_plus(column, local, plus)
    if local.null_count == len(local):
        return column
    if text is None or plus is not None or _shown(local, zone) is not local:
        return pc.coalesce(written(local, zone, plus), column)
    return pc.coalesce(pc.binary_join_element_wise(text, _offsets(local, zone), ""), column)


def written(local: Any, zone: ZoneInfo, plus: timedelta | None = None) -> Any:
    """Naive timestamps of a zone as ISO 8601 with offset; of one no calendar holds, what Arrow prints.

    Args:
        local: timestamps of seconds to microseconds.
        zone: where they were read off a clock.
        plus: added to each, in real time.
    """
    sane = _of_the_calendar(local)
    if sane.null_count == len(sane):
        return local.cast(pyarrow.string())
    if plus is not None:
        found = carried(_utc(sane, zone), plus)  # never by way of the clock: it may show an hour twice
    else:
        shown = _shown(sane, zone)
        seconds = pc.floor_temporal(shown, unit="second").cast(_SECONDS)
        found = pc.binary_join_element_wise(iso_text(shown), _offsets(seconds, zone), "")
    return found if sane.null_count == local.null_count else pc.coalesce(found, local.cast(pyarrow.string()))


def carried(aware: Any, plus: timedelta | None = None) -> Any:
    """Timestamps that carry a time zone as ISO 8601 with the offset they have there; others as `written` does."""
    naive = aware.cast(pyarrow.timestamp(aware.type.unit, "UTC")).cast(pyarrow.timestamp(aware.type.unit))
    sane = _of_the_calendar(naive)
    if sane.null_count > naive.null_count:
        kept = pc.if_else(pc.is_valid(sane), aware, pyarrow.scalar(None, aware.type))
        return pc.coalesce(_carried(kept, plus), naive.cast(pyarrow.string()))
    return _carried(aware, plus)


def _carried(aware: Any, plus: timedelta | None) -> Any:
    if plus is not None:
        aware = pc.add(aware, _as_duration(plus, aware.type.unit))
    local = pc.local_timestamp(aware)
    unit = pyarrow.timestamp(aware.type.unit)
    seconds = pc.subtract(
        _whole_seconds(local), _whole_seconds(aware.cast(pyarrow.timestamp(aware.type.unit, "UTC")).cast(unit))
    )
    return pc.binary_join_element_wise(iso_text(local), _offset_texts(seconds), "")


def moments(texts: Any) -> Any:
    """Instants written as ISO 8601 with offset as timestamps; null for any other text."""
    written_so = pc.if_else(
        pc.match_substring_regex(texts, _WITH_OFFSET), texts, pyarrow.scalar(None, pyarrow.string())
    )
    try:
        return written_so.cast(_MOMENT)
    except pyarrow.ArrowInvalid:  # 30 February: one by one
        return pyarrow.array([_moment(text) for text in written_so.to_pylist()], _MOMENT)


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None


def iso_text(local: Any) -> Any:
    """Naive timestamps as 2020-02-21T00:00:00, with a fraction where they have one."""
    text = pc.replace_substring(local.cast(pyarrow.string()), pattern=" ", replacement="T")
    return text if local.type.unit == "s" else pc.utf8_rtrim(pc.utf8_rtrim(text, "0"), ".")


def _of_the_calendar(local: Any) -> Any:
    first, end = (pyarrow.scalar(at, local.type) for at in _CALENDAR)
    is_sane = pc.and_(pc.greater_equal(local, first), pc.less(local, end))
    return pc.if_else(is_sane, local, pyarrow.scalar(None, local.type))


def _as_duration(plus: timedelta, unit: str) -> Any:
    return pyarrow.scalar(plus, pyarrow.duration(unit))


def _whole_seconds(local: Any) -> Any:
    return pc.floor_temporal(local, unit="second").cast(_SECONDS).cast(pyarrow.int64())


def days(column: Any, formats: list[str]) -> Any:
    """A column of dates as YYYY-MM-DD; what no format fits stays as it came."""
    local, _ = _local_times(column, formats)
    if local.null_count == len(local):
        return column
    return pc.coalesce(local.cast(pyarrow.date32()).cast(pyarrow.string()), column)


def _local_times(column: Any, formats: list[str]) -> tuple[Any, Any]:
    """Naive timestamps, null where nothing fits, and the same as ISO text where that costs nothing."""
    for given in formats[:1]:
        width = _FIXED_WIDTH.get(given)
        if width and _all_of_width(column, width):
            try:
                return column.cast(_SECONDS), _iso_text(column, width)
            except pyarrow.ArrowInvalid:
                break
    found = pyarrow.nulls(len(column), _MICROSECONDS if any("%f" in given for given in formats) else _SECONDS)
    if not formats:
        return found, None
    trimmed = pc.utf8_trim_whitespace(column)
    for given in formats:
        found = pc.coalesce(found, _parsed(trimmed, given).cast(found.type))
    return found, None


def _all_of_width(column: Any, width: int) -> bool:
    seen = pc.min_max(pc.binary_length(column))
    return bool(seen["min"].as_py() == width == seen["max"].as_py())


def _iso_text(column: Any, width: int) -> Any:
    if width == 10:
        return pc.binary_join_element_wise(column, "T00:00:00", "")
    return pc.binary_replace_slice(column, start=10, stop=11, replacement="T")


def _parsed(column: Any, given: str) -> Any:
    if not is_fast(given):
        return parsed_one_by_one(column, given)
    found = pc.strptime(column, format=given, unit="s", error_is_null=True)
    # The C library makes 1 March of 30 February: early days of a month are looked at again.
    early = pc.fill_null(pc.less_equal(pc.day(found), 3), False)
    if not pc.any(early).as_py():
        return found
    return pc.replace_with_mask(found, early, parsed_one_by_one(column.filter(early), given).cast(_SECONDS))


def _iso_plus(column: Any, local: Any, plus: timedelta) -> Any:
    """Times that carry their offset, moved on; those without one are left to the other formats."""

    def moved(value: str | None, has_local: bool) -> str | None:
        try:
            at = None if value is None or has_local else datetime.fromisoformat(value)
        except ValueError:
            return value
        return value if at is None or at.tzinfo is None else (at + plus).isoformat()

    pairs = zip(column.to_pylist(), pc.is_valid(local).to_pylist(), strict=True)
    return pyarrow.array([moved(value, has_local) for value, has_local in pairs], pyarrow.string())


def _utc(local: Any, zone: ZoneInfo) -> Any:
    return pc.assume_timezone(local, zone.key, ambiguous="earliest", nonexistent="latest")


def _shown(local: Any, zone: ZoneInfo) -> Any:
    """The times themselves; of one with seconds that the clocks skip, what they show at the first instant after."""
    if _one_offset_of(local, zone) is not None:
        return local
    shown = pc.local_timestamp(_utc(local, zone))
    is_skipped = pc.and_(pc.not_equal(shown, local), pc.not_equal(pc.floor_temporal(local, unit="minute"), local))
    return pc.if_else(is_skipped, shown, local) if pc.any(is_skipped).as_py() else local


def _offsets(local: Any, zone: ZoneInfo) -> Any:
    """The offset of each local time, as +08:00; one value if the zone kept one over the whole span."""
    only = _one_offset_of(local, zone)
    if only is not None:
        return pyarrow.scalar(_offset_text(int(only.total_seconds())))
    naive_utc = _utc(local, zone).cast(pyarrow.timestamp("s", "UTC")).cast(pyarrow.int64())
    return _offset_texts(pc.subtract(local.cast(pyarrow.int64()), naive_utc))


def _offset_texts(seconds: Any) -> Any:
    known = pc.unique(seconds.drop_null())
    texts = pyarrow.array([_offset_text(value) for value in known.to_pylist()])
    return texts.take(pc.index_in(seconds, value_set=known))


def _one_offset_of(local: Any, zone: ZoneInfo) -> timedelta | None:
    seen = pc.min_max(local)
    return _one_offset(seen["min"].as_py(), seen["max"].as_py(), zone)


def _one_offset(first: datetime, last: datetime, zone: ZoneInfo) -> timedelta | None:
    if last - first > _LONGEST_WALK:
        return None
    begin, end = first.replace(tzinfo=UTC) - _A_DAY, last.replace(tzinfo=UTC) + _A_DAY
    found = {end.astimezone(zone).utcoffset()}
    while begin < end and len(found) == 1:
        found.add(begin.astimezone(zone).utcoffset())
        begin += _A_DAY
    return found.pop() if len(found) == 1 else None


def _offset_text(seconds: int) -> str:
    sign = "-" if seconds < 0 else "+"
    minutes, rest = divmod(abs(seconds), 60)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")
