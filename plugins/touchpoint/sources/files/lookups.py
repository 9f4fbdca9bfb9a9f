"""Other exports of the folder, found by key: customers of orders, payments of an order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute as pc

from touchpoint.errors import SourceError, SourceUnavailable
from touchpoint.sources.files import typed
from touchpoint.sources.files.cells import Sheet
from touchpoint.sources.files.given import Lookup, Take
from touchpoint.sources.files.groups import Gathered
from touchpoint.sources.files.mapping import EntityMapping
from touchpoint.sources.files.numbers import NUMBER, with_point
from touchpoint.sources.files.opening import ExportFile
from touchpoint.sources.files.reading import reading

Wanted = set[tuple[str, Take | None]]
"""Columns of a lookup, each with what to take of several lines."""


def wanted_of(mappings: Iterable[EntityMapping]) -> dict[str, Wanted]:
    """What some mappings look up: lookup -> columns."""
    found: dict[str, Wanted] = {}
    for mapping in mappings:
        for given in mapping.given.values():
            if given.lookup is not None:
                found.setdefault(given.lookup, set()).update((name, given.take) for name in given.named)
    return found


def files_of(glob: str, folder: Path, export: Any) -> list[ExportFile]:
    """The files of a folder that fit, by name.

    Raises:
        SourceUnavailable: no folder.
    """
    if not folder.is_dir():
        raise SourceUnavailable(
            "no such folder", place=str(folder), remedy="correct extra.folder of the connection, or mount it"
        )
    paths = sorted(path for path in folder.glob(glob) if path.is_file())
    return [ExportFile.found(path, folder, export) for path in paths]


def sheet_of(lookup: Lookup, wanted: Wanted, folder: Path, export: Any) -> Sheet:
    """Read a lookup.

    Raises:
        SourceError: a file cannot be read, lacks a column, or repeats a key of which one value is asked for.
        SourceUnavailable: there is no file.
    """
    order = sorted(wanted, key=str)
    names = {lookup.key, *(column for column, _ in order), *([lookup.sorted_by] if lookup.sorted_by else [])}
    export = export.model_copy(update=lookup.layout())
    files = files_of(lookup.files, folder, export)
    if not files:
        # Read without it, every row would lack what it is to be looked up for.
        raise SourceUnavailable(
            f"no file {lookup.files!r}, which is looked up",
            place=str(folder),
            remedy="export one, or correct `lookups` of the mapping",
        )
    table = _together([_whole(file, sorted(names)) for file in files], lookup)
    if lookup.sorted_by is not None:
        table = _sorted(table, lookup.sorted_by)
    keys = typed.text(_flat(table, lookup.key))
    gathered = Gathered({_name(column, take): take or "first" for column, take in order})
    gathered.add(keys, {_name(column, take): _shown(_flat(table, column), take, export) for column, take in order})
    single, columns = gathered.result()
    if len(single) < len(keys) - keys.null_count and any(take is None for _, take in order):
        raise SourceError(
            f"{len(keys) - keys.null_count - len(single)} lines repeat a {lookup.key!r}, which is looked up",
            place=lookup.files,
            remedy="say `take: first`, `sum` or `count` in the mapping, or export each key once",
        )
    return Sheet.of(lookup, single, {(column, take): columns[_name(column, take)] for column, take in order})


def _name(column: str, take: Take | None) -> str:
    return f"{take}:{column}"


def _shown(column: Any, take: Take | None, export: Any) -> Any:
    return with_point(typed.text(column), export) if take == "sum" else column


def _together(tables: list[Any], lookup: Lookup) -> Any:
    try:
        return pyarrow.concat_tables(tables, promote_options="permissive")
    except pyarrow.ArrowException as error:
        raise SourceError(
            f"a column has one type in one file and another in the next: {error}",
            place=lookup.files,
            remedy="export the files alike, or name fewer of them",
        ) from error


def _whole(file: ExportFile, names: list[str]) -> Any:
    with reading(file) as (rows, _):
        missing = [name for name in names if rows.headers.count(name) != 1]
        if missing:
            raise SourceError(
                f"no single column {missing[0]!r}, which a lookup reads; columns found: {', '.join(rows.headers)}",
                place=file.name,
                remedy="correct the mapping, or export the file again with the header it names",
            )
        blocks = list(rows.blocks(names))
    bad = [line for block in blocks for line in block.bad]
    if bad:
        # Left out, it would be a value missing in another file's rows, and nobody would know why.
        raise SourceError(
            f"line {bad[0].line_no} of a file that is looked up cannot be read: {bad[0].reason}",
            place=file.name,
            remedy="correct the line, or export the file again",
        )
    tables = [block.table for block in blocks]
    return (
        pyarrow.concat_tables(tables)
        if tables
        else pyarrow.table({name: pyarrow.array([], pyarrow.string()) for name in names})
    )


def _sorted(table: Any, name: str) -> Any:
    column = _flat(table, name)
    if pyarrow.types.is_string(column.type) and pc.all(pc.match_substring_regex(column, NUMBER), min_count=0).as_py():
        column = column.cast(pyarrow.float64())
    order = pc.sort_indices(
        pyarrow.table({"by": column, "row": pyarrow.array(range(len(column)))}),
        [("by", "ascending"), ("row", "ascending")],
    )
    return table.take(order)


def _flat(table: Any, name: str) -> Any:
    column = table.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
