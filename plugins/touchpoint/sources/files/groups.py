"""A row per group of lines: the values of its first line, sums and counts; grown block by block, small in between."""

from __future__ import annotations

from typing import Any

import pyarrow
import pyarrow.compute as pc

from touchpoint.model import Entity
from touchpoint.sources.files.cells import Cells
from touchpoint.sources.files.convert import landing_rows
from touchpoint.sources.files.given import Take
from touchpoint.sources.files.mapping import EntityMapping
from touchpoint.sources.files.numbers import decimals, plain_number

_KEY, _ROW = "\0key", "\0row"
_UNREADABLE = "\0unreadable "
_PARTS = 16
_FIRST = pc.ScalarAggregateOptions(skip_nulls=False)
_NOTHING = pyarrow.scalar(None, pyarrow.string())


class Gathered:
    """Rows with a key, taken together.

    Args:
        takes: column -> first, sum or count of the key's rows. A sum with a value that is no number is that value, for
            the gate to judge; empty values add nothing, and a sum of nothing is empty.
    """

    def __init__(self, takes: dict[str, Take]) -> None:
        self._takes = takes
        self._parts: list[Any] = []
        self._count = 0

    def add(self, keys: Any, columns: dict[str, Any]) -> None:
        """Take in rows; those without a key belong nowhere."""
        rows = pyarrow.array(range(self._count, self._count + len(keys)), pyarrow.int64())
        self._count += len(keys)
        made = {_KEY: keys, _ROW: rows}
        for name, column in columns.items():
            take = self._takes[name]
            if take == "sum":
                number = decimals(column)
                made[name] = number
                made[_UNREADABLE + name] = pc.if_else(pc.is_null(number), column, _NOTHING)
            else:
                made[name] = pc.is_valid(column).cast(pyarrow.int64()) if take == "count" else column
        table = pyarrow.table(made)
        self._parts.append(self._grouped(table.filter(pc.is_valid(table.column(_KEY)))))
        if len(self._parts) > _PARTS:
            self._parts = [self._grouped(pyarrow.concat_tables(self._parts))]

    def _grouped(self, table: Any) -> Any:
        wanted: list[Any] = [(_ROW, "min")]
        for name, take in self._takes.items():
            wanted.append((name, "first", _FIRST) if take == "first" else (name, "sum"))
            if take == "sum":
                wanted.append((_UNREADABLE + name, "first"))
        # One thread: `first` has to be the first.
        found = table.group_by(_KEY, use_threads=False).aggregate(wanted)
        return found.rename_columns({f"{name}_{what}": name for name, what, *_ in wanted})

    def result(self) -> tuple[Any, dict[str, Any]]:
        """The keys in the order they came first, and each column."""
        if not self._parts:
            return pyarrow.array([], pyarrow.string()), {n: pyarrow.array([], pyarrow.string()) for n in self._takes}
        table = self._grouped(pyarrow.concat_tables(self._parts)).sort_by(_ROW).combine_chunks()
        return _flat(table, _KEY), {name: self._finished(table, name, take) for name, take in self._takes.items()}

    def _finished(self, table: Any, name: str, take: Take) -> Any:
        column = _flat(table, name)
        if take == "count":
            return column.cast(pyarrow.string())
        return pc.coalesce(_flat(table, _UNREADABLE + name), plain_number(column)) if take == "sum" else column


def _flat(table: Any, name: str) -> Any:
    column = table.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


class Groups:
    """The rows of an entity that a mapping makes of groups of lines.

    Args:
        entity: the landing entity.
        mapping: its columns, `group_by` and `distinct`.
    """

    def __init__(self, entity: Entity, mapping: EntityMapping) -> None:
        self._entity, self._mapping = entity, mapping
        self._rows = Gathered({name: given.take or "first" for name, given in mapping.given.items()})
        self._seen: set[str] = set()

    def add(self, cells: Cells) -> None:
        """Take in lines; those that do not fit `where` are left out already."""
        if self._mapping.distinct:
            cells = cells.where(self._not_seen(cells))
        if len(cells):
            rows = landing_rows(cells, self._entity, self._mapping)
            keys = cells.text(self._mapping.group_by or "")
            self._rows.add(keys, {name: rows.column(name).combine_chunks() for name in rows.column_names})

    def rows(self) -> Any:
        """One landing row per group, in the order of their first lines."""
        _, columns = self._rows.result()
        return pyarrow.table(columns)

    def _not_seen(self, cells: Cells) -> Any:
        fresh = []
        for digest in cells.digest(self._mapping.distinct).to_pylist():
            fresh.append(digest not in self._seen)
            self._seen.add(digest)
        return pyarrow.array(fresh, pyarrow.bool_())
