"""Lines of an export as the mapping looks at them: by column, as text or typed, their own or looked up elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.compute as pc

from touchpoint.sources.files import typed
from touchpoint.sources.files.digests import digests
from touchpoint.sources.files.given import Given, Lookup, Where
from touchpoint.sources.files.numbers import NUMBER, with_point

_NOTHING = pyarrow.scalar(None, pyarrow.string())


@dataclass(frozen=True)
class Sheet:
    """A lookup that was read: the column of this export with the key, the keys, each once, and what stands beside them.

    Attributes:
        values: (column, take) -> one value per key.
    """

    by: str
    keys: Any
    values: Mapping[tuple[str, str | None], Any]

    @classmethod
    def of(cls, lookup: Lookup, keys: Any, values: Mapping[tuple[str, str | None], Any]) -> Sheet:
        """The sheet of a lookup."""
        return cls(lookup.ours, keys, values)


class Numbers:
    """How many lines of a file there were so far for each value; a file is numbered from its first line to its last."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, ...], dict[str, int]] = {}

    def of(self, names: tuple[str, ...], values: Any) -> Any:
        """The numbers of the next lines, by the values they have in some columns."""
        seen, found = self._seen.setdefault(names, {}), []
        for value in values.to_pylist():
            seen[value] = seen.get(value, 0) + 1
            found.append(seen[value])
        return pyarrow.array(found, pyarrow.int64())


class Cells:
    """The values of some lines of an export.

    Args:
        table: a column per header, text or typed.
        export: formats of times and money.
        zone: of times without offset.
        sheets: the lookups by name.
        numbers: of the file, what its lines so far were numbered by.
    """

    def __init__(
        self,
        table: Any,
        export: Any,
        zone: ZoneInfo,
        sheets: Mapping[str, Sheet] | None = None,
        numbers: Numbers | None = None,
    ) -> None:
        self.export, self.zone = export, zone
        self._table, self._sheets, self._numbers = table, sheets or {}, numbers or Numbers()
        self._whole: tuple[Cells, Any] | None = None
        self._known: dict[tuple[str, ...], Any] = {}

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def where(self, mask: Any) -> Cells:
        """Those lines alone for which a mask holds."""
        if pc.all(mask, min_count=0).as_py():
            return self
        part = Cells(self._table.filter(mask), self.export, self.zone, self._sheets, self._numbers)
        part._whole = (self, mask)
        return part

    def typed(self, name: str) -> Any:
        """A column as it came."""
        column = self._table.column(name)
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

    def text(self, name: str) -> Any:
        """A column as text; null where it is empty."""
        return self._once(("text", name), lambda cells: typed.text(cells.typed(name)))

    def digest(self, names: list[str]) -> Any:
        """SHA-256 of the named columns of each line, as 32 hex digits; empty differs from any text."""
        return self._once(("digest", *names), lambda cells: digests([cells.text(name) for name in names]))

    def number_within(self, names: list[str]) -> Any:
        """The number of each line among those of the file with the same values in the named columns, from 1."""
        return self._once(
            ("number", *names), lambda cells: self._numbers.of(tuple(names), cells.digest(names)).cast(pyarrow.string())
        )

    def numbered_digest(self, names: list[str]) -> Any:
        """As `digest`, but of lines that say the same each has its own; that of the first is the same."""
        plain, number = self.digest(names), self.number_within(names)
        return pc.if_else(pc.equal(number, "1"), plain, digests([plain, number]))

    def _once(self, key: tuple[str, ...], make: Callable[[Cells], Any]) -> Any:
        """What is made of all lines of a block serves every part of it."""
        if key not in self._known:
            if self._whole is None:
                self._known[key] = make(self)
            else:
                whole, mask = self._whole
                self._known[key] = whole._once(key, make).filter(mask)
        return self._known[key]

    def named(self, given: Given) -> list[Any]:
        """The columns that `Given.named` lists, typed, looked up if they are in a lookup."""
        return [self._named(name, given) for name in given.named]

    def _named(self, name: str, given: Given) -> Any:
        if given.lookup is None:
            return self.typed(name)
        sheet = self._sheets[given.lookup]
        found = self._once(
            ("lookup", given.lookup), lambda cells: pc.index_in(cells.text(sheet.by), value_set=sheet.keys)
        )
        return sheet.values[name, given.take].take(found)

    def holds(self, conditions: list[Where]) -> Any:
        """For each line, whether all conditions hold; never null."""
        mask = pyarrow.repeat(pyarrow.scalar(True), len(self))
        for where in conditions:
            mask = pc.and_(mask, self._holds(where))
        return mask

    def _holds(self, where: Where) -> Any:
        column = self.text(where.column)
        if where.above is not None or where.below is not None:
            return self._compares(column, where)
        if where.present is not None:
            return pc.is_valid(column) if where.present else pc.is_null(column)
        trimmed = pc.utf8_trim_whitespace(column)
        words = where.one_of if where.one_of is not None else where.none_of
        if words is not None:
            found = pc.is_in(trimmed, value_set=pyarrow.array(words, pyarrow.string()))
        else:
            pattern = where.prefix if where.prefix is not None else where.no_prefix
            found = pc.fill_null(pc.starts_with(trimmed, pattern=pattern), False)
        return pc.invert(found) if where.none_of is not None or where.no_prefix is not None else found

    def _compares(self, column: Any, where: Where) -> Any:
        number = pc.utf8_trim_whitespace(with_point(column, self.export))
        is_number = pc.match_substring_regex(number, NUMBER)
        value = pc.if_else(is_number, number, _NOTHING).cast(pyarrow.float64())
        found = pc.greater(value, where.above) if where.above is not None else pc.less(value, where.below)
        # Not empty and no number: nobody knows whether it is one of these rows, so the gate shall say.
        return pc.coalesce(found, pc.is_valid(column))
