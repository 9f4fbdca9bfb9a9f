"""The slow reader of a block that is not clean: one line after the other, and no line costs another."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field

WHITESPACE = "whitespace"
"""The delimiter of files whose columns stand apart by blanks or tabs, however many."""
LONGEST_RECORD = 50
"""Lines a quoted value may run on before its quote counts as stray."""


@dataclass(frozen=True)
class BadLine:
    """A line that is no row."""

    line_no: int
    text: str
    reason: str


@dataclass(frozen=True)
class Shape:
    """How a record is written."""

    codec: str
    delimiter: str
    width: int
    quoted_newlines: bool


@dataclass
class Records:
    """What the lines of a block came to.

    Attributes:
        consumed: lines used; those after them begin a record that the next block ends.
    """

    rows: list[list[str]] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    consumed: int = 0


def read_records(lines: list[bytes], shape: Shape, *, first_line: int, is_last: bool) -> Records:
    """The records of some lines.

    Args:
        lines: without their ends.
        shape: delimiter, number of columns, encoding.
        first_line: the number of the first of them in the file.
        is_last: no lines follow these in the file.
    """
    texts = [decode(line, shape.codec) for line in lines]
    found = Records()
    while found.consumed < len(texts):
        at = found.consumed
        row, taken, reason = _record(texts, at, shape)
        if reason and _may_go_on(row, texts, at, shape, is_last):
            break
        if reason:
            raw = lines[at].decode(shape.codec, "backslashreplace").replace("\0", "\\x00")
            found.bad.append(BadLine(first_line + at, raw, reason))
        elif row:
            found.rows.append(row)
        found.consumed += taken
    return found


def decode(line: bytes, codec: str) -> str | None:
    """A line as text, None where its bytes are not of that encoding."""
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return None


_OPEN = ["\0open"]
"""Stands for a record whose quote is still open at the end of the lines at hand."""


def _may_go_on(row: list[str], texts: list[str | None], at: int, shape: Shape, is_last: bool) -> bool:
    return row is _OPEN and shape.quoted_newlines and not is_last and len(texts) - at < LONGEST_RECORD


def _record(texts: list[str | None], at: int, shape: Shape) -> tuple[list[str], int, str]:
    """The record that starts at a line: its values, how many lines it takes, and what is wrong with it if anything."""
    first = texts[at]
    if first is None:
        return [], 1, "bytes that do not decode"
    if "\0" in first:
        return [], 1, "a NUL byte"
    if not first:
        return [], 1, ""
    row, reason = split(first, shape.delimiter)
    taken = 1
    if row is None and shape.quoted_newlines:
        row, taken, reason = _continued(texts, at, shape)
    if row is None:
        return _OPEN, 1, reason
    if not reason and len(row) != shape.width:
        reason = f"{len(row)} columns where the header has {shape.width}"
    return row, 1 if reason else taken, reason


def _continued(texts: list[str | None], at: int, shape: Shape) -> tuple[list[str] | None, int, str]:
    text = texts[at] or ""
    for taken, line in enumerate(texts[at + 1 : at + LONGEST_RECORD], start=2):
        if line is None or "\0" in line:
            return [], 1, "a quote that is still open before a line that cannot be read"
        text = f"{text}\n{line}"
        row, reason = split(text, shape.delimiter)
        if row is not None:
            return row, taken, reason
    return None, 1, f"a quote that is not closed within {LONGEST_RECORD} lines"


def split(text: str, delimiter: str) -> tuple[list[str] | None, str]:
    """The values of one record and the parser's complaint; None for the values if a quote is still open at its end."""
    try:
        # The second line is swallowed by a quote left open.
        records = list(csv.reader([text + "\n", "\n"], delimiter=delimiter))
    except csv.Error as error:
        return [], f"not CSV: {error}"
    return (records[0], "") if len(records) == 2 else (None, "a quote that is not closed")
