"""An export opened by its format: its headers, its blocks, and the digest of its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol, cast

from touchpoint.sources.files.lines import Block, Layout, Lines
from touchpoint.sources.files.opening import ExportFile, LineFeeds, digest_of, opened, opened_whole


class Rows(Protocol):
    """What every format gives."""

    headers: list[str]

    def blocks(self, used: list[str]) -> Iterator[Block]:
        """The rows, with the columns of `used` alone."""
        ...


@contextmanager
def reading(file: ExportFile) -> Iterator[tuple[Rows, Callable[[], str]]]:
    """The rows of an export, and what gives the SHA-256 of its bytes once they are read.

    Raises:
        SourceError: the file is not what the mapping says, or damaged.
        SourceUnavailable: it cannot be opened, or is still being written.
    """
    if not (file.export.is_parquet(file.name) or file.export.is_workbook(file.name)):
        with opened(file) as (stream, hashing):
            yield Lines(cast("IO[bytes]", LineFeeds(stream)), _layout(file)), hashing.finish
        return
    with opened_whole(file) as raw:
        digest = digest_of(file.path)
        yield _columnar(raw, file), lambda: digest


def _columnar(raw: IO[bytes], file: ExportFile) -> Rows:
    if file.export.is_workbook(file.name):
        from touchpoint.sources.files.workbooks import WorkbookRows

        return WorkbookRows(raw, file.name, file.export)
    from touchpoint.sources.files.parquet import ParquetRows

    return ParquetRows(raw, file.name)


def _layout(file: ExportFile) -> Layout:
    export: Any = file.export
    headers = tuple(export.headers) if export.headers else None
    return Layout(file.name, export.encoding, export.delimiter, export.quoted_newlines, headers)
