"""The files source: exports of a folder by their mapping, each read whole and once.

A file is known by its path below the folder and the SHA-256 of its bytes; one with the same content is not read again,
a changed one is. The window does not cut it (see sources.base).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from touchpoint.errors import SourceError, SourceUnavailable
from touchpoint.model import Entity, Window
from touchpoint.settings import Shop
from touchpoint.sources.base import FileMark, Malformed, Page
from touchpoint.sources.files.convert import landing_rows
from touchpoint.sources.files.lines import Block, Layout, Lines
from touchpoint.sources.files.mapping import EntityMapping, Mapping, entities_of
from touchpoint.sources.files.opening import ExportFile, digest_of, opened
from touchpoint.sources.files.synthetic import Customers


class FilesSource:
    """Exports in a folder.

    Args:
        shop: for the zone of times without offset.
        mapping: what the exports hold.
        folder: where they lie.
        already_read: (path below the folder, digest) of those read before.
    """

    def __init__(
        self, shop: Shop, mapping: Mapping, folder: Path, already_read: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        self._shop, self._mapping, self._folder, self._already_read = shop, mapping, folder, already_read

    def read(self, entity: Entity, window: Window) -> Iterator[Page]:
        """Pages of every file not read yet, the oldest file first; the last page of each carries its mark.

        Raises:
            SourceUnavailable: no folder, no file that fits, or a file still being written.
            SourceError: a file cannot be read as the mapping says; names the file and the column or line.
        """
        for file in self._due(entity):
            if self._is_synthetic(entity):
                yield from self._made_up(file)
            else:
                yield from self._pages(file, entities_of(file.export, entity))

    def snapshot_at(self, entity: Entity, window: Window) -> datetime:
        """The latest instant the files to be read speak of (the mapping's, else the file's), else the window's end."""
        due = [file.export.snapshot_at or file.modified_at for file in self._due(entity)]
        return max(due, default=window.end)

    def _is_synthetic(self, entity: Entity) -> bool:
        return entity is Entity.MEMBER and self._mapping.synthetic_contacts

    def _due(self, entity: Entity) -> list[ExportFile]:
        asked = Entity.ORDER if self._is_synthetic(entity) else entity
        exports = [export for export in self._mapping.exports if entities_of(export, asked)]
        if not exports:
            raise SourceError(
                f"the mapping holds no {entity}", place=f"shop {self._shop.id}", remedy="name a mapping that does"
            )
        try:
            found = [file for export in exports for file in self._files(export) if not self._was_read(file)]
        except OSError as error:
            raise SourceUnavailable(
                f"a file cannot be read ({type(error).__name__})",
                place=str(self._folder),
                remedy="check the folder and its rights; the next run tries again",
            ) from error
        return sorted(found, key=lambda file: (file.modified_at, file.name))

    def _files(self, export: Any) -> list[ExportFile]:
        if not self._folder.is_dir():
            raise SourceUnavailable(
                "no such folder", place=str(self._folder), remedy="correct extra.folder of the connection, or mount it"
            )
        paths = sorted(path for path in self._folder.glob(export.files) if path.is_file())
        if not paths:
            raise SourceUnavailable(
                f"no file {export.files!r}",
                place=str(self._folder),
                remedy="export one, or correct `files` of the mapping",
            )
        return [ExportFile.found(path, self._folder, export) for path in paths]

    def _was_read(self, file: ExportFile) -> bool:
        known = {digest for name, digest in self._already_read if name == file.name}
        return bool(known) and digest_of(file.path) in known

    def _made_up(self, file: ExportFile) -> Iterator[Page]:
        customers = Customers()
        mark = None
        for page in self._pages(file, {Entity.ORDER: file.export.order}):
            mark = page.file
            if Entity.ORDER in page.tables:
                customers.add(page.tables[Entity.ORDER])
        yield Page({Entity.MEMBER: customers.members()}, file=mark)

    def _pages(self, file: ExportFile, mappings: dict[Entity, EntityMapping]) -> Iterator[Page]:
        """Page after page; one is held back, so that the last can carry the mark."""
        held: Page | None = None
        with opened(file) as (stream, hashing):
            lines = Lines(stream, _layout(file))
            for block in lines.blocks(_used_columns(file, lines.headers, mappings)):
                if held is not None:
                    yield held
                held = self._page(block, file, mappings)
            digest = hashing.finish()
        yield Page(held.tables if held else {}, held.malformed if held else [], FileMark(file.name, digest))

    def _page(self, block: Block, file: ExportFile, mappings: dict[Entity, EntityMapping]) -> Page:
        zone = ZoneInfo(file.export.zone or self._shop.zone)
        main = next(iter(mappings))
        tables = {
            entity: landing_rows(block.table, entity, mapping, file.export, zone)
            for entity, mapping in mappings.items()
        }
        return Page(tables, [Malformed(main, bad.line_no, bad.text, bad.reason) for bad in block.bad])


def _layout(file: ExportFile) -> Layout:
    export = file.export
    return Layout(file.name, export.encoding, export.delimiter, export.quoted_newlines)


def _used_columns(file: ExportFile, headers: list[str], mappings: dict[Entity, EntityMapping]) -> list[str]:
    """The headers the mapping names, each once.

    Raises:
        SourceError: the file lacks one, has one twice, or has one too many where the mapping refuses others.
    """
    named: dict[str, str] = {}
    for entity, mapping in mappings.items():
        if mapping.where is not None:
            named.setdefault(mapping.where.column, f"{entity}.where")
        for name, given in mapping.given.items():
            if given.reads is not None:
                named.setdefault(given.reads, f"{entity}.{name}")
    found = f"columns found: {', '.join(headers)}"
    counts = Counter(headers)
    for header, use in named.items():
        if counts[header] != 1:
            thing = f"no column {header!r}" if not counts[header] else f"{counts[header]} columns {header!r}"
            raise SourceError(f"{thing}, which the mapping reads for {use}; {found}", place=file.name, remedy=_CORRECT)
    others = sorted(set(headers) - set(named))
    if others and file.export.other_columns == "refuse":
        raise SourceError(f"unknown column {others[0]!r}; {found}", place=file.name, remedy=_CORRECT)
    return list(named)


_CORRECT = "correct the mapping, or export the file again with the header it names"
