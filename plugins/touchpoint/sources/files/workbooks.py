"""A sheet of a workbook (.xlsx) -> rows of text, as a text file would hold them.

Cells keep what they say, not how the sheet shows it: whole numbers without .0 and without an exponent (beyond 15 digits
Excel itself knows no more), other numbers with the mapping's decimal mark, dates as 2020-02-21 10:05:00, which the
mapping's formats need not name. A cell with an error is empty.
"""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO, Any

import pyarrow

from touchpoint.errors import SourceError
from touchpoint.sources.files.forgiving import BadLine
from touchpoint.sources.files.lines import Block
from touchpoint.sources.files.numbers import plain_number

ENDINGS = (".xlsx", ".xlsm")
ROWS = 1 << 16
"""Rows a block, as of the other formats."""
LARGEST = 2 << 30
"""Bytes of a workbook once unpacked: a sheet is held in memory whole."""
DATES = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"]
"""How cells that hold dates are written."""
_DAMAGED = "no workbook, damaged, or locked by a password"


class WorkbookRows:
    """The rows of one sheet.

    Args:
        stream: the file, seekable.
        place: its name for messages.
        export: the mapping's: sheet, header_row, headers, decimal_mark.

    Raises:
        SourceError: no workbook, no such sheet, or nothing where the headers should be.
    """

    def __init__(self, stream: IO[bytes], place: str, export: Any) -> None:
        self._place, self._mark = place, export.decimal_mark
        rows = _sheet(stream, place, export.sheet)
        if export.headers:
            self.headers, first = list(export.headers), 0
        else:
            first = export.header_row
            self.headers = [str(name).strip() for name in _trimmed(rows[first - 1])] if len(rows) >= first else []
        if not self.headers:
            raise SourceError(
                f"row {export.header_row} holds no headers",
                place=place,
                remedy="say `header_row` or `sheet` in the mapping, or export it again",
            )
        self._rows, self._first = rows[first:], first + 1

    def blocks(self, used: list[str]) -> Iterator[Block]:
        """The rows, with the columns of `used` alone, all text; an empty cell is null, an empty row is none."""
        at = {name: self.headers.index(name) for name in used}
        for start in range(0, len(self._rows), ROWS):
            good, bad = self._sorted_out(start)
            columns = {name: self._text([row[position] for row in good]) for name, position in at.items()}
            yield Block(pyarrow.table(columns), bad)

    def _sorted_out(self, start: int) -> tuple[list[Sequence[Any]], list[BadLine]]:
        """The rows of a block that fit under the headers, and those that do not."""
        width = len(self.headers)
        good: list[Sequence[Any]] = []
        bad: list[BadLine] = []
        for number, row in enumerate(self._rows[start : start + ROWS], start=self._first + start):
            cells = _trimmed(row)
            if len(cells) > width:
                text = ", ".join(str(cell).replace("\0", "\\x00") for cell in cells)
                bad.append(BadLine(number, text, f"{len(cells)} columns where the header has {width}"))
            elif cells:
                good.append([*cells, *[""] * (width - len(cells))])
        return good, bad

    def _text(self, cells: list[Any]) -> Any:
        numbers = {number: cell for number, cell in enumerate(cells) if isinstance(cell, float)}
        spelled = plain_number(pyarrow.array(list(numbers.values()), pyarrow.float64())).to_pylist()
        marked = (text.replace(".", self._mark) for text in spelled)
        found = [_written(cell) for cell in cells]
        for number, text in zip(numbers, marked, strict=True):
            found[number] = text
        return pyarrow.array(found, pyarrow.string())


def _written(cell: Any) -> str | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime.datetime):
        # Excel counts days in a double: what lies below a millisecond is noise.
        at = cell + datetime.timedelta(microseconds=500)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        return at.strftime(DATES[1] if at.microsecond else DATES[0])
    if isinstance(cell, datetime.time):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        return str(cell)
    return str(cell) or None


def _trimmed(row: Sequence[Any]) -> list[Any]:
    """Cells up to the last that holds anything; a whole number of a sheet is a double like any other."""
    cells = [float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell for cell in row]
    while cells and (cells[-1] == "" or cells[-1] is None):
        cells.pop()
    return cells


def _sheet(stream: IO[bytes], place: str, name: str | None) -> list[Sequence[Any]]:
    """The rows of a sheet from its first on, as pandas reads them, no cell made into another type."""
    import pandas as pd

    try:
        with zipfile.ZipFile(stream) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > LARGEST:
            raise SourceError(
                f"{size >> 20:,} MB once unpacked, and {LARGEST >> 20:,} are read at most",
                place=place,
                remedy="export it in parts, or as CSV or Parquet",
            )
        with pd.ExcelFile(stream, engine="calamine") as book:
            if name is not None and name not in book.sheet_names:
                raise SourceError(
                    f"no sheet {name!r}; sheets: {', '.join(map(str, book.sheet_names))}",
                    place=place,
                    remedy="correct `sheet` in the mapping, or export it again",
                )
            sheet = 0 if name is None else name
            frame = pd.read_excel(book, sheet_name=sheet, header=None, dtype=object, na_filter=False)
    except (SourceError, OSError):
        raise
    except Exception as error:  # whatever a parser makes of damaged bytes: each of the three has errors of its own
        raise SourceError(_DAMAGED, place=place, remedy="save it again as .xlsx without a password") from error
    return list(frame.itertuples(index=False, name=None))
