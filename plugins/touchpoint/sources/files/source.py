"""The files source: exports of a folder by their mapping, each read whole and once.

A file is known by its path below the folder and the SHA-256 of its bytes (and of those it is looked up in); one
with the same content is not read again, a changed one is. The window does not cut it (see sources.base).
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.compute as pc

from touchpoint.errors import HeaderError, SourceError, SourceUnavailable
from touchpoint.model import Entity, Window
from touchpoint.settings import Shop
from touchpoint.sources.base import FileMark, Malformed, Page
from touchpoint.sources.files.cells import Cells, Numbers, Sheet
from touchpoint.sources.files.convert import landing_rows
from touchpoint.sources.files.groups import Groups
from touchpoint.sources.files.lookups import files_of, sheet_of, wanted_of
from touchpoint.sources.files.mapping import EntityMapping, Mapping, entities_of
from touchpoint.sources.files.opening import ExportFile, digest_of
from touchpoint.sources.files.reading import reading
from touchpoint.sources.files.synthetic import Customers

log = logging.getLogger(__name__)


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

        An export without a file is empty, and warned of.

        Raises:
            SourceUnavailable: no folder, no file of a lookup, or a file still being written.
            SourceError: a file cannot be read as the mapping says; names the file and the column or line.
        """
        for glob in self.without_file(entity):
            log.warning(
                "shop %s: no file %r below the folder of its exports, so no %s from there; put one there, or correct"
                " `files` of the mapping",
                self._shop.id,
                glob,
                entity,
            )
        for file in self._due(entity):
            try:
                if self._is_synthetic(entity):
                    yield from self._made_up(file)
                else:
                    yield from self._pages(file, entities_of(file.export, entity))
            except HeaderError as error:
                yield self._left_out(file, entity, error)

    def snapshot_at(self, entity: Entity, window: Window) -> datetime:
        """The latest instant the files to be read speak of (the mapping's, else the file's), else the window's end."""
        due = [file.export.snapshot_at or file.modified_at for file in self._due(entity)]
        return max(due, default=window.end)

    def without_file(self, entity: Entity) -> list[str]:
        """Globs of the exports of an entity that no file fits."""
        return [
            glob
            for glob in dict.fromkeys(export.files for export in self._exports(entity))
            if not files_of(glob, self._folder, None)
        ]

    def _is_synthetic(self, entity: Entity) -> bool:
        return entity is Entity.MEMBER and self._mapping.synthetic_contacts

    def _exports(self, entity: Entity) -> list[Any]:
        if self._is_synthetic(entity):
            exports = [export for export in self._mapping.exports if export.order is not None]
        else:
            exports = [export for export in self._mapping.exports if entities_of(export, entity)]
        if not exports:
            raise SourceError(
                f"the mapping holds no {entity}", place=f"shop {self._shop.id}", remedy="name a mapping that does"
            )
        return exports

    def _due(self, entity: Entity) -> list[ExportFile]:
        exports = self._exports(entity)
        try:
            found = [
                file
                for export in exports
                for file in files_of(export.files, self._folder, export)
                if not self._was_read(file)
            ]
        except OSError as error:
            raise SourceUnavailable(
                f"a file cannot be read ({type(error).__name__})",
                place=str(self._folder),
                remedy="check the folder and its rights; the next run tries again",
            ) from error
        return sorted(found, key=lambda file: (file.modified_at, file.name))

    def _was_read(self, file: ExportFile) -> bool:
        known = {digest for name, digest in self._already_read if name == file.name}
        return bool(known) and self._with_lookups(file, digest_of(file.path)) in known

    def _with_lookups(self, file: ExportFile, digest: str) -> str:
        """The digest of a file, and of those it is looked up in: one of them changed, and its rows are others.

        An export that is listed several times has one digest.
        """
        listed = [export for export in self._mapping.exports if export.files == file.export.files]
        globs = sorted({lookup.files for export in listed for lookup in export.lookups.values()})
        found = [digest_of(other.path) for glob in globs for other in files_of(glob, self._folder, file.export)]
        return hashlib.sha256("".join([digest, *found]).encode()).hexdigest() if found else digest

    def _left_out(self, file: ExportFile, entity: Entity, error: HeaderError) -> Page:
        """Of a file that is left out whole, one line for quarantine, and its mark: corrected, it is read again."""
        log.warning("%s", error)
        line = Malformed(entity, 1, "(the whole file)", error.thing)
        return Page({}, [line], FileMark(file.name, self._with_lookups(file, digest_of(file.path))))

    def _made_up(self, file: ExportFile) -> Iterator[Page]:
        # Of an order two columns are wanted here, and not every line is one.
        file = replace(file, export=file.export.model_copy(update={"every_line_lands": False}))
        customers = Customers()
        mark = None
        for page in self._pages(file, {Entity.ORDER: file.export.order.only(("customer_id", "created_at"))}):
            mark = page.file
            if Entity.ORDER in page.tables:
                customers.add(page.tables[Entity.ORDER])
        yield Page({Entity.MEMBER: customers.members()}, file=mark)

    def _pages(self, file: ExportFile, mappings: dict[Entity, EntityMapping]) -> Iterator[Page]:
        """Page after page, the rows of groups last; one is held back, so that the last can carry the mark."""
        groups = {entity: Groups(entity, made) for entity, made in mappings.items() if made.group_by is not None}
        held = Page({})
        with reading(file) as (rows, digest):
            used = used_columns(file, rows.headers, mappings)
            sheets, numbers = self._sheets(file, mappings), Numbers()
            zone = ZoneInfo(file.export.zone or self._shop.zone)
            export = file.export.formats_of(file.name)
            for block in rows.blocks(used):
                if held.tables or held.malformed:
                    yield held
                cells = Cells(block.table, export, zone, sheets, numbers)
                for entity, group in groups.items():
                    group.add(cells.where(cells.holds(mappings[entity].where)))
                bad = [Malformed(next(iter(mappings)), line.line_no, line.text, line.reason) for line in block.bad]
                held = Page(_tables(cells, mappings, file), bad)
            mark = FileMark(file.name, self._with_lookups(file, digest()))
        if groups:
            if held.tables or held.malformed:
                yield held
            held = Page({entity: group.rows() for entity, group in groups.items()})
        yield Page(held.tables, held.malformed, mark)

    def _sheets(self, file: ExportFile, mappings: dict[Entity, EntityMapping]) -> dict[str, Sheet]:
        lookups = file.export.lookups
        return {
            name: sheet_of(lookups[name], wanted, self._folder, file.export)
            for name, wanted in wanted_of(mappings.values()).items()
        }


def _tables(cells: Cells, mappings: dict[Entity, EntityMapping], file: ExportFile) -> dict[Entity, Any]:
    """The rows of the entities that are not made of groups."""
    masks = {entity: cells.holds(mapping.where) for entity, mapping in mappings.items()}
    if file.export.every_line_lands:
        # Where order lines are mapped, being part of an order's sum does not make a line one.
        has_lines = Entity.ORDER_LINE in mappings
        counted = {entity: mask for entity, mask in masks.items() if not (has_lines and mappings[entity].group_by)}
        _refuse_left_out(counted, len(cells), file)
    return {
        entity: landing_rows(cells.where(masks[entity]), entity, mapping)
        for entity, mapping in mappings.items()
        if mapping.group_by is None
    }


def _refuse_left_out(masks: dict[Entity, Any], lines: int, file: ExportFile) -> None:
    lands = reduce(pc.or_, masks.values(), pyarrow.repeat(pyarrow.scalar(False), lines))
    left_out = lines - (pc.sum(lands).as_py() or 0)
    if left_out:
        raise SourceError(
            f"{left_out} lines fit no `where` of {', '.join(masks)}, and every line has to land",
            place=file.name,
            remedy="correct `where` in the mapping, or take every_line_lands out",
        )


def used_columns(file: ExportFile, headers: list[str], mappings: dict[Entity, EntityMapping]) -> list[str]:
    """The headers the mapping names, each once.

    Raises:
        HeaderError: the file has one twice.
        SourceError: the file lacks one, or has one too many where the mapping refuses others.
    """
    named: dict[str, str] = {}
    for use, header in _uses(file, mappings):
        named.setdefault(header, use)
    found = f"columns found: {', '.join(headers)}"
    counts = Counter(headers)
    for header, use in named.items():
        if counts[header] != 1:
            thing = f"no column {header!r}" if not counts[header] else f"{counts[header]} columns {header!r}"
            kind = HeaderError if counts[header] else SourceError
            raise kind(f"{thing}, which the mapping reads for {use}; {found}", place=file.name, remedy=_CORRECT)
    others = sorted(set(headers) - set(named))
    if others and file.export.other_columns == "refuse":
        raise SourceError(f"unknown column {others[0]!r}; {found}", place=file.name, remedy=_CORRECT)
    return list(named)


def _uses(file: ExportFile, mappings: dict[Entity, EntityMapping]) -> Iterator[tuple[str, str]]:
    """(what for, header) of every column the mapping reads."""
    for entity, mapping in mappings.items():
        for where in mapping.where:
            yield f"{entity}.where", where.column
        if mapping.group_by is not None:
            yield f"{entity}.group_by", mapping.group_by
        for header in mapping.distinct:
            yield f"{entity}.distinct", header
        for name, given in mapping.given.items():
            for header in given.reads:
                yield f"{entity}.{name}", header
            if given.lookup is not None:
                yield f"lookups.{given.lookup}", file.export.lookups[given.lookup].ours


_CORRECT = "correct the mapping, or export the file again with the header it names"
