"""Bytes of a CSV export -> tables of strings, block by block, fast where the block is clean and line by line where not.

No line is lost and none fails the file: what cannot be split comes out as (line number, text, reason). A block is clean
if Arrow splits it into exactly as many rows as it has lines. NUL bytes, lone carriage returns, stray quotes, bytes that
do not decode and wrong column counts break that, and the block is then read again by the slow, forgiving reader.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import pyarrow
import pyarrow.csv

from touchpoint.errors import HeaderError, SourceError
from touchpoint.sources.files.forgiving import WHITESPACE, BadLine, Shape, decode, read_records

BLOCK = 6 << 20
"""Bytes a block: some 50,000 rows, a COPY's worth, and small enough to read again."""
_GAPS = re.compile(rb"[ \t]+")
_GAPS_BESIDE_QUOTES = re.compile(rb'("[^"\n]*")|[ \t]+')
_OUTER = re.compile(rb"^\t+|\t+$", re.MULTILINE)
_BOM = b"\xef\xbb\xbf"
_STRAY_SHARE = 0.2
"""Up to this part of a block, lines that do not decode are bad lines; beyond it the mapping names another encoding."""
_AGAIN = "export it again"
_CODECS = {"utf-8": "utf-8", "gbk": "gb18030"}  # its superset: newer exports hold characters GBK lacks


@dataclass
class Block:
    """Rows of a part of the file, a column per header asked for, and the lines that are none."""

    table: pyarrow.Table
    bad: list[BadLine] = field(default_factory=list)


@dataclass(frozen=True)
class Layout:
    """What the reader has to know of a file; `place` is its name for messages, `headers` if it has no line of them."""

    place: str
    encoding: str
    delimiter: str
    quoted_newlines: bool
    headers: tuple[str, ...] | None = None


class Lines:
    """The lines of one export.

    Args:
        stream: the bytes, unpacked.
        layout: encoding and delimiter.
        block: bytes read at once.

    Raises:
        SourceError: no header, or not in the encoding the layout says.
    """

    def __init__(self, stream: IO[bytes], layout: Layout, *, block: int = BLOCK) -> None:
        self._stream, self._layout, self._size = stream, layout, block
        self._tail = b""
        self._ended = False
        self._codec = _CODECS[layout.encoding]
        self._delimiter = "\t" if layout.delimiter == WHITESPACE else layout.delimiter
        self._waiting = self._first_chunk()
        self._line_no = 1
        self.headers = list(layout.headers) if layout.headers else self._header_line()

    def _header_line(self) -> list[str]:
        line, _, self._waiting = self._waiting.partition(b"\n")
        text = self._header_text(line.rstrip(b"\r"))
        self._line_no = 2
        try:
            return [name.strip() for name in next(csv.reader([text], delimiter=self._delimiter), [])]
        except csv.Error as error:
            raise HeaderError(f"the header is not CSV: {error}", place=self._layout.place, remedy=_AGAIN) from error

    def blocks(self, used: list[str]) -> Iterator[Block]:
        """The rows, with the columns of `used` alone; an empty value is null.

        Raises:
            SourceError: the bytes are not in the encoding the mapping says.
        """
        positions = {name: self.headers.index(name) for name in used}
        while chunk := self._next_chunk():
            lines = chunk.count(b"\n")
            table = self._clean(chunk, lines, positions)
            if table is None:
                yield self._forgiving(chunk, positions)
            else:
                self._line_no += lines
                yield Block(table)

    def _first_chunk(self) -> bytes:
        chunk = self._next_chunk()
        if not chunk:
            raise SourceError("the file is empty", place=self._layout.place, remedy="export it again")
        if chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise self._not_encoded(1, "UTF-16", "utf-8")
        return self._parted(chunk.removeprefix(_BOM))

    def _next_chunk(self) -> bytes:
        """Whole lines: what waits, else the next block; CR LF as LF, the last line with its end."""
        waiting, self._waiting = getattr(self, "_waiting", b""), b""
        if waiting:
            return waiting
        chunk, self._tail = self._tail, b""
        while not self._ended:
            more = self._stream.read(self._size)
            self._ended = not more
            cut = more.rfind(b"\n") + 1
            if cut:
                chunk, self._tail = chunk + more[:cut], more[cut:]
                break
            chunk += more
        if chunk and not chunk.endswith(b"\n"):
            chunk += b"\n"
        return self._parted(chunk.replace(b"\r\n", b"\n") if b"\r" in chunk else chunk)

    def _parted(self, chunk: bytes) -> bytes:
        """Lines whose columns stand apart by white space, parted by one tab each."""
        if self._layout.delimiter != WHITESPACE:
            return chunk
        if b'"' in chunk:
            chunk = _GAPS_BESIDE_QUOTES.sub(lambda gap: gap[1] or b"\t", chunk)
        else:
            chunk = _GAPS.sub(b"\t", chunk)
        return _OUTER.sub(b"", chunk)

    def _header_text(self, line: bytes) -> str:
        said = self._layout.encoding
        if said == "gbk" and not line.isascii() and decode(line, "utf-8") is not None:
            raise self._not_encoded(1, "UTF-8", "utf-8")
        text = decode(line, self._codec)
        if text is None:
            raise self._wrong_encoding(1, line)
        return text

    def _wrong_encoding(self, line_no: int, line: bytes) -> SourceError:
        other = "gbk" if self._layout.encoding == "utf-8" else "utf-8"
        reads = decode(line, _CODECS[other]) is not None
        return self._not_encoded(line_no, other.upper() if reads else "something else", other)

    def _not_encoded(self, line_no: int, looks: str, other: str) -> SourceError:
        return SourceError(
            f"line {line_no} is not {self._layout.encoding.upper()}, it reads as {looks}",
            place=self._layout.place,
            remedy=f"set encoding: {other} in the mapping, or export the file again as UTF-8",
        )

    def _clean(self, chunk: bytes, lines: int, positions: dict[str, int]) -> pyarrow.Table | None:
        """The block as Arrow reads it, None unless every line became one row."""
        if b"\0" in chunk or b"\r" in chunk or chunk.startswith(b"\n") or b"\n\n" in chunk:
            return None
        if self._layout.encoding == "gbk" and not chunk.isascii():
            self._refuse_utf8(chunk)
            text = decode(chunk, self._codec)
            if text is None:
                return None
            chunk = text.encode()
        # A quote left open in the last line would swallow this row of nothing, and the count tells.
        guard = int(b'"' in chunk and len(self.headers) > 1)
        if guard:
            chunk += self._delimiter.encode() * (len(self.headers) - 1) + b"\n"
        table = _arrow_csv(chunk, self._delimiter, len(self.headers), positions)
        if table is None or table.num_rows != lines + guard:
            return None
        return table.slice(0, lines)

    def _refuse_utf8(self, chunk: bytes) -> None:
        foreign = [line for line in chunk[: 1 << 16].split(b"\n")[:-1] if not line.isascii()]
        if len(foreign) >= 3 and all(decode(line, "utf-8") is not None for line in foreign):
            raise self._not_encoded(self._line_no, "UTF-8", "utf-8")

    def _forgiving(self, chunk: bytes, positions: dict[str, int]) -> Block:
        lines = chunk.split(b"\n")[:-1]
        self._refuse_mostly_undecodable(lines)
        shape = Shape(self._codec, self._delimiter, len(self.headers), self._layout.quoted_newlines)
        is_last = self._ended and not self._tail
        found = read_records(lines, shape, first_line=self._line_no, is_last=is_last)
        self._line_no += found.consumed
        if found.consumed < len(lines):
            self._tail = b"".join(line + b"\n" for line in lines[found.consumed :]) + self._tail
        by_column = list(zip(*found.rows, strict=True)) or [()] * len(self.headers)
        columns = {
            name: pyarrow.array([value or None for value in by_column[position]], pyarrow.string())
            for name, position in positions.items()
        }
        return Block(pyarrow.table(columns), found.bad)

    def _refuse_mostly_undecodable(self, lines: list[bytes]) -> None:
        foreign = [(number, line) for number, line in enumerate(lines) if not line.isascii()]
        wrong = [(number, line) for number, line in foreign if decode(line, self._codec) is None]
        # A stray line of another encoding goes to quarantine alone, in an export of plain English too.
        if 2 * len(wrong) > len(foreign) and len(wrong) > _STRAY_SHARE * len(lines):
            number, line = wrong[0]
            raise self._wrong_encoding(self._line_no + number, line)


def _arrow_csv(chunk: bytes, delimiter: str, width: int, positions: dict[str, int]) -> pyarrow.Table | None:
    names = [str(number) for number in range(width)]
    wanted = [str(position) for position in positions.values()]
    try:
        table: Any = pyarrow.csv.read_csv(
            pyarrow.BufferReader(chunk),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=names, block_size=len(chunk) + 1),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, pyarrow.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pyarrow.ArrowInvalid:
        return None
    return table.rename_columns(list(positions)).combine_chunks()
