"""A Parquet export -> tables of its own types, record batch by record batch, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet

from touchpoint.errors import SourceError
from touchpoint.sources.files.forgiving import BadLine
from touchpoint.sources.files.lines import Block
from touchpoint.sources.files.typed import has_text

ROWS = 1 << 16
"""Rows a block: about what a block of a CSV export holds."""
_READ_AHEAD = 1 << 20
types = pyarrow.types
_NOTHING = pyarrow.scalar(None, pyarrow.string())
_REMEDY = "export it again, and let it be written whole before it is named .parquet"


class ParquetRows:
    """The rows of one Parquet export.

    Args:
        stream: the file, seekable.
        place: its name for messages.
        rows: rows read at once.

    Raises:
        SourceError: no Parquet, or damaged.
    """

    def __init__(self, stream: IO[bytes], place: str, *, rows: int = ROWS) -> None:
        self._place, self._rows = place, rows
        with self._whole():
            # Without a buffer a column of a row group is read whole.
            self._file: Any = pyarrow.parquet.ParquetFile(stream, buffer_size=_READ_AHEAD)
            self._schema = self._file.schema_arrow
        self._at = {name.strip(): name for name in reversed(self._schema.names)}
        self.headers = [name.strip() for name in self._schema.names]
        self._row_no = 0

    def blocks(self, used: list[str]) -> Iterator[Block]:
        """The rows, with the columns of `used` alone, typed as in the file; empty text is null.

        Raises:
            SourceError: the file is damaged, or a column holds what no text stands for.
        """
        for name in used:
            kind = self._schema.field(self._at[name]).type
            if not has_text(kind):
                raise SourceError(
                    f"column {name!r} holds {kind}, which no landing column takes",
                    place=self._place,
                    remedy="export it as text, a number or a time, or take it out of the mapping",
                )
        with self._whole():
            for batch in self._file.iter_batches(self._rows, columns=[self._at[name] for name in used]):
                yield self._block(pyarrow.table(batch), used)

    def _block(self, table: Any, used: list[str]) -> Block:
        columns = {name: _plain(table.column(self._at[name]).combine_chunks()) for name in used}
        bad = _undecodable(columns)
        if bad:
            good = pyarrow.array([number not in bad for number in range(table.num_rows)])
            columns = {name: column.filter(good) for name, column in columns.items()}
        first, self._row_no = self._row_no + 1, self._row_no + table.num_rows
        found = pyarrow.table({name: _without_empty_text(column) for name, column in columns.items()})
        return Block(found, [BadLine(first + number, text, "text that is not UTF-8") for number, text in bad.items()])

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except (pyarrow.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise SourceError("no Parquet, or damaged, or it breaks off", place=self._place, remedy=_REMEDY) from error


def _plain(column: Any) -> Any:
    """Fewer types: dictionaries spelled out, one kind of string, no times finer than PostgreSQL's."""
    kind = column.type
    if types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if types.is_large_string(kind) or types.is_null(kind):
        return column.cast(pyarrow.string())
    if types.is_timestamp(kind) and kind.unit == "ns":
        return column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    return column.cast(pyarrow.date32(), safe=False) if types.is_date64(kind) else column


def _without_empty_text(column: Any) -> Any:
    return pc.if_else(pc.equal(column, ""), _NOTHING, column) if types.is_string(column.type) else column


def _undecodable(columns: dict[str, Any]) -> dict[int, str]:
    """Row -> what it says, of rows with text that is not UTF-8: a writer may promise it and not keep it."""
    bad: set[int] = set()
    for column in columns.values():
        try:
            column.validate(full=True)
        except pyarrow.ArrowInvalid:
            values = column.cast(pyarrow.binary()).to_pylist()
            bad |= {number for number, value in enumerate(values) if value is not None and not _decodes(value)}
    return {
        number: ", ".join(f"{name}={_shown(column[number])}" for name, column in columns.items())
        for number in sorted(bad)
    }


def _decodes(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(value: Any) -> str:
    if types.is_string(value.type):
        raw = value.cast(pyarrow.binary()).as_py()
        return "" if raw is None else str(raw.decode(errors="backslashreplace")).replace("\0", "\\x00")
    try:
        return str(value.as_py())
    except (OverflowError, ValueError):  # a time that no calendar holds
        return str(value.value)
