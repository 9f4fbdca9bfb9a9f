"""Pages of a source as CSV that COPY takes, made in a thread beside the COPY that sends them.

Text is written unquoted where nothing in a piece needs quotes: both sides are faster. Empty text is NULL. A row that
PostgreSQL cannot store (a NUL byte, broken UTF-8) is taken out and handed over to be quarantined; the others land.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Protocol

from touchpoint.model import Entity

ROWS_PER_PIECE = 1 << 15
_READY_PIECES = 4  # made ahead of the COPY: about 10 MB each
_MONEY_ENTITIES = (Entity.PRODUCT, Entity.ORDER, Entity.ORDER_LINE, Entity.REFUND, Entity.PAYMENT)


class Malformed(Protocol):
    """A line no parser could split; as in sources.base."""

    @property
    def entity(self) -> Entity: ...
    @property
    def line_no(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def reason(self) -> str: ...


class FileMark(Protocol):
    """A fully read export; as in sources.base."""

    @property
    def path(self) -> str: ...
    @property
    def digest(self) -> str: ...


class Page(Protocol):
    """What a source yields; as in sources.base."""

    @property
    def tables(self) -> Mapping[Entity, Any]: ...
    @property
    def malformed(self) -> Sequence[Malformed]: ...
    @property
    def file(self) -> FileMark | None: ...


@dataclass(frozen=True)
class Refused:
    """A line that cannot even land: goes to quarantine at once."""

    line_no: int
    reason: str
    payload: dict[str, object]


@dataclass
class Piece:
    """Some lines of one entity, ready to be copied; `file` marks the end of an export."""

    entity: Entity | None
    columns: Sequence[str] = ()
    rows: int = 0
    csv: bytes = b""
    refused: list[Refused] = field(default_factory=list)
    file: FileMark | None = None


class Encoder:
    """Numbers the lines of each batch and turns pages into pieces."""

    def __init__(self, batches: Mapping[Entity, int], currency: str) -> None:
        self.batches, self.currency = batches, currency
        self.lines = dict.fromkeys(batches, 0)

    def pieces(self, pages: Iterable[Page]) -> Iterator[Piece]:
        """All pieces of all pages, in order."""
        for page in pages:
            for entity, table in page.tables.items():
                for start in range(0, table.num_rows, ROWS_PER_PIECE):
                    yield self._piece(Entity(entity), table.slice(start, ROWS_PER_PIECE))
            for line in page.malformed:
                yield self._malformed(line)
            if page.file is not None:
                yield Piece(entity=None, file=page.file)

    def _piece(self, entity: Entity, table: Any) -> Piece:
        import pyarrow as pa

        first, rows = self.lines[entity] + 1, table.num_rows
        self.lines[entity] += rows
        names = table.column_names
        arrays = [self._text(entity, name, table.column(name)) for name in names]
        if "currency" not in names and entity in _MONEY_ENTITIES:
            names, arrays = [*names, "currency"], [*arrays, pa.repeat(self.currency, rows)]
        numbered = pa.table(
            [
                pa.repeat(self.batches[entity], rows),
                pa.array(range(first, first + rows)) if rows < 64 else _numbers(first, rows),
                *arrays,
            ],
            names=["batch_id", "line_no", *names],
        )
        return _encode(entity, numbered)

    def _text(self, entity: Entity, name: str, column: Any) -> Any:
        import pyarrow as pa

        text = column if column.type == pa.string() else column.cast(pa.string())
        # A shop has one currency; a source that does not repeat it on every row means that one.
        return text.fill_null(self.currency) if name == "currency" and entity in _MONEY_ENTITIES else text

    def _malformed(self, line: Malformed) -> Piece:
        entity = Entity(line.entity)
        self.lines[entity] += 1
        payload = {"line": _visible(line.text), "file_line": line.line_no}
        return Piece(entity=entity, refused=[Refused(self.lines[entity], line.reason, payload)])


def _numbers(first: int, rows: int) -> Any:
    import numpy
    import pyarrow as pa

    return pa.array(numpy.arange(first, first + rows))


def _encode(entity: Entity, table: Any) -> Piece:
    import pyarrow as pa

    refused: list[Refused] = []
    data = b""
    try:
        table.validate(full=True)
        data = _csv(table)
        is_storable = b"\0" not in data and b"\n\\." not in data
    except pa.ArrowInvalid:
        is_storable = False
    if not is_storable:
        table, refused = _without_unstorable(table)
        data = _csv(table)
    return Piece(entity, table.column_names, table.num_rows, data, refused)


def _csv(table: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    def written(rows: Any, style: str) -> bytes:
        sink = pa.BufferOutputStream()
        csv.write_csv(rows, sink, csv.WriteOptions(include_header=False, batch_size=8192, quoting_style=style))
        return bytes(memoryview(sink.getvalue()))

    try:
        return written(table, "none")
    except pa.ArrowInvalid:  # a quote, comma or line break somewhere
        columns = [
            pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
            if column.type == pa.string()
            else column
            for column in table.columns
        ]
        return written(pa.table(columns, names=table.column_names), "needed")


def _without_unstorable(table: Any) -> tuple[Any, list[Refused]]:
    import pyarrow as pa

    names = table.column_names[2:]
    columns = [table.column(name).cast(pa.binary()).to_pylist() for name in names]
    lines = table.column("line_no").to_pylist()
    keep, refused = [], []
    for line_no, *values in zip(lines, *columns, strict=True):
        keep.append(all(value is None or _is_storable(value) for value in values))
        if not keep[-1]:
            payload: dict[str, object] = {
                name: value if value is None else _visible(value.decode(errors="backslashreplace"))
                for name, value in zip(names, values, strict=True)
            }
            refused.append(Refused(line_no, "unstorable_text", payload))
    return table.filter(pa.array(keep)), refused


def _is_storable(value: bytes) -> bool:
    # A line of \. alone ends a COPY before PostgreSQL 18, even inside quotes.
    if b"\0" in value or b"\n\\." in value:
        return False
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _visible(text: str) -> str:
    """Text that jsonb takes: NUL as its picture, what is no Unicode as its escape."""
    return text.replace("\0", "\u2400").encode(errors="backslashreplace").decode()


@dataclass(frozen=True)
class _Failure:
    error: BaseException


_END = object()


@contextmanager
def made_ahead(pieces: Iterable[Piece]) -> Iterator[Iterator[Piece]]:
    """The same pieces, made in a thread a few ahead of their use; an error of the maker is raised at the taker."""
    ready: Queue[object] = Queue(_READY_PIECES)
    stop = Event()

    def make() -> None:
        try:
            for piece in pieces:
                ready.put(piece)
                if stop.is_set():
                    return
            ready.put(_END)
        except BaseException as error:  # handed over, whatever it is
            ready.put(_Failure(error))

    def taken() -> Iterator[Piece]:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            assert isinstance(item, Piece)  # noqa: S101 - for the type checker
            yield item

    maker = Thread(target=make, name="landing", daemon=True)
    maker.start()
    try:
        yield taken()
    finally:
        stop.set()
        while maker.is_alive():
            with suppress(Empty):
                ready.get(timeout=0.05)
        maker.join()
