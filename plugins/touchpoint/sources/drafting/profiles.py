"""What a file of an export holds, column by column: type, nulls, distinct values, how times and amounts are written."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from touchpoint.errors import ConfigError
from touchpoint.sources.files.forgiving import WHITESPACE
from touchpoint.sources.files.workbooks import DATES, ENDINGS

TIME_FORMATS = tuple(
    f"{day}{hour}"
    for day in (
        *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"),
        *("%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
    )
    for hour in (*(" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S", " %H:%M:%S.%f"), "")
)
"""How times are looked for, in this order."""
_SAMPLE = 400
_NUMBER = {
    ".": r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?",
    ",": r"[-+]?\d{1,3}(?:\.\d{3})+(?:,\d+)?|[-+]?\d+(?:,\d+)?",
}
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([-+]\d\d:\d\d|Z)")


@dataclass(frozen=True)
class Column:
    """A column of a file.

    Attributes:
        name: its header.
        kind: time, number, text, or empty.
        nulls: share of rows where it is empty.
        distinct: different values.
        formats: of times in text, each of which fits every value looked at; more than one is a doubt.
    """

    name: str
    kind: str
    nulls: float
    distinct: int
    formats: tuple[str, ...] = ()


@dataclass
class Profile:
    """A file.

    Attributes:
        name: below the folder.
        frame: its rows, a column per header.
        columns: by header.
        written: keys of a mapping that say how it is written: encoding, delimiter, marks.
        is_text: whether it is CSV or the like.
    """

    name: str
    frame: Any
    columns: dict[str, Column]
    written: dict[str, Any] = field(default_factory=dict)
    is_text: bool = False

    def __len__(self) -> int:
        return len(self.frame)

    def texts(self, name: str) -> Any:
        """The values of a column that are not empty, as text."""
        series = self.frame[name].dropna()
        if series.dtype.kind == "f" and (series == series.round()).all():
            series = series.astype("int64")
        return series.astype(str).str.strip()

    def numbers(self, name: str) -> Any:
        """A column as numbers, NaN where it is empty or none."""
        import pandas as pd

        series = self.frame[name]
        if series.dtype.kind in "ifu":
            return series.astype(float)
        thousands = self.written.get("thousands_mark", "")
        text = series.astype("string").str.strip()
        text = text.str.replace(thousands, "", regex=False) if thousands else text
        return pd.to_numeric(text.str.replace(self.written.get("decimal_mark", "."), ".", regex=False), errors="coerce")

    def is_unique(self, name: str) -> bool:
        """Whether no value of a column stands twice, and none is empty."""
        return len(self) > 0 and self.columns[name].nulls == 0 and self.columns[name].distinct == len(self)

    @cached_property
    def time_formats(self) -> list[str]:
        """The first format of every time in text, the commonest first."""
        found = [column.formats[0] for column in self.columns.values() if column.formats]
        return sorted(dict.fromkeys(found), key=lambda each: -found.count(each))


def profile(path: Path, name: str) -> Profile:
    """Look at a file.

    Raises:
        ConfigError: it is not there, or cannot be read.
    """
    import pandas as pd

    written: dict[str, Any] = {}
    is_text = False
    try:
        if path.name.endswith(".parquet"):
            frame = pd.read_parquet(path)
        elif path.name.lower().endswith(ENDINGS):
            frame = pd.read_excel(path, engine="calamine", dtype=object)
        else:
            is_text, written = True, _layout(path)
            separator = r"\s+" if written.get("delimiter") == WHITESPACE else written.get("delimiter", ",")
            frame = pd.read_csv(
                path,
                dtype="string",
                sep=separator,
                encoding="gb18030" if "encoding" in written else "utf-8-sig",
                keep_default_na=False,
                na_values=[""],
                on_bad_lines="skip",
                compression="gzip" if _is_packed(path) else None,
            )
    except Exception as error:  # whatever a parser makes of bytes nobody has seen
        why = "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read ({type(error).__name__})"
        raise ConfigError(f"the file {why}", place=name, remedy="name a CSV, Parquet or Excel export") from error
    frame.columns = [str(header).strip() for header in frame.columns]
    if is_text:
        written.update(_marks(frame))
    columns = {header: _column(header, frame[header], written) for header in frame.columns}
    return Profile(name, frame, columns, written, is_text)


def _is_packed(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _layout(path: Path) -> dict[str, Any]:
    """Encoding and delimiter where they are not what a mapping takes for granted."""
    with gzip.open(path, "rb") if _is_packed(path) else path.open("rb") as stream:
        raw = bytes(stream.read(1 << 16))
    raw = raw[: raw.rfind(b"\n") + 1] or raw
    found: dict[str, Any] = {}
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text, found["encoding"] = raw.decode("gb18030", "replace"), "gbk"
    lines = [line for line in text.splitlines() if line.strip()][:50]
    delimiter = _delimiter(lines)
    return found if delimiter == "," else {**found, "delimiter": delimiter}


def _delimiter(lines: Sequence[str]) -> str:
    def widths(mark: str) -> set[int]:
        return {len(row) for row in csv.reader(lines, delimiter=mark)}

    alike = [(mark, seen) for mark in ",;\t|" if len(seen := widths(mark)) == 1 and seen != {1}]
    if alike:
        return max(alike, key=lambda each: max(each[1]))[0]
    parts = {len(line.split()) for line in lines}
    if len(parts) == 1 and parts != {1} and not any(mark in lines[0] for mark in ",;\t|"):
        return WHITESPACE
    return max(",;\t|", key=lambda mark: lines[0].count(mark)) if lines else ","


def _marks(frame: Any) -> dict[str, str]:
    """Decimal and thousands mark, told by the columns that only a comma makes numbers."""
    commas = re.compile(r"[-+]?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}")
    thousands = re.compile(r"[-+]?\d{1,3}(,\d{3})+\.\d+")
    for header in frame.columns:
        values = _sample(frame[header])
        with_comma = [value for value in values if commas.fullmatch(value)]
        if with_comma and all(commas.fullmatch(value) or value.isdigit() for value in values):
            grouped = any("." in value for value in values)
            return {"decimal_mark": ",", **({"thousands_mark": "."} if grouped else {})}
        if any(thousands.fullmatch(value) for value in values):
            return {"thousands_mark": ","}
    return {}


def _column(name: str, series: Any, written: dict[str, Any]) -> Column:
    full = series.dropna()
    nulls, distinct = float(series.isna().mean()) if len(series) else 0.0, int(full.nunique())
    kind, formats = "text", tuple[str, ...]()
    if not len(full):
        kind = "empty"
    elif full.dtype.kind == "M":
        kind = "time"
    elif full.dtype.kind in "ifu":
        kind = "number"
    else:
        values = _sample(full)
        kind, formats = _kind(values, written.get("decimal_mark", "."), in_cells=_are_times(full))
    return Column(name, kind, nulls, distinct, formats)


def _are_times(full: Any) -> bool:
    return bool(full.head(_SAMPLE).map(lambda value: isinstance(value, datetime)).all())


def _kind(values: list[str], mark: str, *, in_cells: bool) -> tuple[str, tuple[str, ...]]:
    if in_cells:
        return "time", (DATES[0],)
    if all(map(_ISO.fullmatch, values)):
        return "time", ("iso",)
    formats = tuple(written for written in TIME_FORMATS if _reads(written, values))
    is_number = all(re.fullmatch(_NUMBER[mark], value) for value in values)
    if formats and not (is_number and len({len(value) for value in values} - {8})):
        return "time", formats
    return ("number", ()) if is_number else ("text", ())


def _reads(written: str, values: Iterable[str]) -> bool:
    try:
        for value in values:
            datetime.strptime(value, written)  # noqa: DTZ007 - only whether it can be read is asked
    except ValueError:
        return False
    return True


def _sample(series: Any) -> list[str]:
    """Different values from all over a column."""
    known = series.dropna().astype(str).str.strip().drop_duplicates()
    step = max(1, len(known) // _SAMPLE)
    return [value for value in known.iloc[::step].head(_SAMPLE).tolist() if value]
