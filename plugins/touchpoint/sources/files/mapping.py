"""config/mappings/<name>.yaml: how the exports of a folder become landing rows. Read strictly.

One mapping holds the exports of a shop; one export may hold several entities (orders, and the refunds in the same
lines), and may be listed twice where a line holds two rows of one entity. A landing column is given the header it comes
from, or an object: see given.Given.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model, field_validator, model_validator

from touchpoint.errors import ConfigError
from touchpoint.model import Entity
from touchpoint.settings import CONFIG_ROOT, Strict, parse_config, read_yaml, shown
from touchpoint.settings.values import time_zones
from touchpoint.sources.base import READ_TOGETHER
from touchpoint.sources.columns import COLUMNS, REQUIRED, Holds
from touchpoint.sources.files.forgiving import WHITESPACE
from touchpoint.sources.files.given import Column, Conditions, Given, Lookup
from touchpoint.sources.files.time_formats import trouble
from touchpoint.sources.files.workbooks import DATES, ENDINGS

_OF_LINES = ("encoding", "delimiter", "quoted_newlines")
_OF_WORKBOOKS = ("sheet", "header_row")
_OF_TEXT_FILES = ("encoding", "headers", "delimiter", "quoted_newlines", "decimal_mark", "thousands_mark")


class EntityMapping(Strict):
    """The landing columns of one entity.

    Attributes:
        where: which lines of the file hold a row of this entity; all of them if not given.
        group_by: a row per value of this column: each landing column is that of the group's first line, or what `take`
            says. A line where it is empty belongs to no group.
        distinct: in a group, lines that say the same in these columns count once.
    """

    where: Conditions = Field(default_factory=list)
    group_by: str | None = None
    distinct: list[str] = Field(default_factory=list)
    columns: Any

    @model_validator(mode="after")
    def _takes_of_several(self) -> EntityMapping:
        if self.distinct and self.group_by is None:
            raise ValueError("`distinct` goes with `group_by`")
        for name, given in self.given.items():
            if given.take is not None and (given.lookup is None) == (self.group_by is None):
                raise ValueError(f"{name}: `take` goes with either a `lookup` or a `group_by`")
        return self

    @property
    def given(self) -> dict[str, Given]:
        """Landing column -> where it comes from; columns the mapping leaves out are not in it."""
        named = ((name, getattr(self.columns, name)) for name in type(self.columns).model_fields)
        return {name: given for name, given in named if given is not None}

    def only(self, names: tuple[str, ...]) -> EntityMapping:
        """The same with some of its columns alone."""
        others = dict.fromkeys(set(type(self.columns).model_fields) - set(names))
        columns = self.columns.model_copy(update=others)
        return self.model_copy(update={"columns": columns, "distinct": []})


def _columns_model(entity: Entity) -> type[Strict]:
    fields: dict[str, Any] = {}
    for name in COLUMNS[entity]:
        required = name in REQUIRED[entity]
        kind = Column if required else Column | None
        fields[name] = (kind, ... if required else None)

    def instants_are_instants(self: Any) -> Any:
        for name, holds in COLUMNS[entity].items():
            given = getattr(self, name)
            if given is None:
                continue
            if given.sum is not None and holds in (Holds.INSTANT, Holds.DAY):
                raise ValueError(f"{name} is a time, so it takes no `sum`")
            if holds is Holds.INSTANT:
                continue
            for key in ("plus", "latest"):
                if getattr(given, key) is not None:
                    raise ValueError(f"{name} is no instant, so it takes no `{key}`")
        return self

    checks: dict[str, Any] = {"_instants": model_validator(mode="after")(instants_are_instants)}
    return create_model(f"{entity.title()}Columns", __base__=Strict, __validators__=checks, **fields)


def _entity_model(entity: Entity) -> type[EntityMapping]:
    return create_model(f"{entity.title()}Mapping", __base__=EntityMapping, columns=(_columns_model(entity), ...))


def _stays_below(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"{value!r} leaves the folder: write a glob below it, as in orders_*.csv.gz")
    return value


def _parts(value: str) -> str:
    if value != WHITESPACE and (len(value) != 1 or value in '"\r\n\0'):
        raise ValueError(f'{value!r} is none: write one character, as in ";" or "\\t", or {WHITESPACE}')
    return value


Delimiter = Annotated[str, AfterValidator(_parts)]


class _Lookup(Lookup):
    files: Annotated[str, AfterValidator(_stays_below)]
    delimiter: Delimiter | None = None


class _Format(Strict):
    """How the lines of an export are written.

    Attributes:
        files: glob below the folder of the connection; all that match are read, each once.
        format: csv (gzip is recognised by itself), parquet or xlsx; files named *.parquet, *.xlsx and *.xlsm are what
            their names say without it.
        sheet: of a workbook, by name; the first if not given.
        header_row: of a workbook, the row that holds the headers; what stands above it is no data.
        headers: names of the columns, of a file whose first line is a row already.
        delimiter: one character, or `whitespace`: any run of blanks and tabs (outside quotes) parts two columns.
        quoted_newlines: a quoted value may hold line breaks. Off, a record is one line; a quote left open costs it.
        zone: of times without offset; the shop's if not given. A time the clocks show twice is the earlier of the two;
            one they skip is moved to the first instant after the gap.
        time_formats: of times in text, as Python's strptime reads them, tried in order; `iso` takes times that carry
            their offset as they stand. %b and %B are English month names, %y is 1969 to 2068, %z keeps the offset.
        snapshot_at: what the export speaks of; the file's modification time if not given.
        other_columns: what to do with columns of the file that the mapping does not name.
        every_line_lands: a line that becomes a row of no entity (a group is none) is an error; else `where` may leave
            lines out.
        lookups: other exports that columns may be looked up in, by name.
    """

    files: Annotated[str, AfterValidator(_stays_below)]
    format: Literal["csv", "parquet", "xlsx"] | None = None
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)
    encoding: Literal["utf-8", "gbk"] = "utf-8"
    headers: list[str] | None = Field(default=None, min_length=1)
    delimiter: Delimiter = ","
    quoted_newlines: bool = False
    zone: str | None = None
    time_formats: list[str] = Field(default=["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"])
    date_formats: list[str] = Field(default=["%Y-%m-%d"])
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal["", ",", ".", " "] = ""
    snapshot_at: datetime | None = None
    other_columns: Literal["ignore", "refuse"] = "ignore"
    every_line_lands: bool = False
    lookups: dict[str, _Lookup] = Field(default_factory=dict)

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None and value not in time_zones():
            raise ValueError(f"{value!r} is no IANA time zone: write one as in Asia/Shanghai")
        return value

    @field_validator("time_formats", "date_formats")
    @classmethod
    def _formats_known(cls, value: list[str]) -> list[str]:
        if not value:
            raise ValueError("give at least one format")
        for given in value:
            if wrong := trouble(given):
                raise ValueError(f"{given!r}: {wrong}")
        return value

    @field_validator("snapshot_at", mode="before")
    @classmethod
    def _instant(cls, value: object) -> object:
        try:
            at = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError as error:
            raise ValueError(f"{value!r} is no instant: write 2020-03-01T00:00:00+08:00, quoted") from error
        if isinstance(at, datetime) and at.tzinfo is None:
            raise ValueError(f"{value!r} has no offset: write 2020-03-01T00:00:00+08:00, quoted")
        return at

    @model_validator(mode="after")
    def _fits(self) -> _Format:
        if self.decimal_mark == self.thousands_mark:
            raise ValueError("decimal_mark and thousands_mark are the same")
        if self.headers and self.lookups:
            raise ValueError("`headers` beside `lookups`: the files looked up have others; write them into the file")
        if self.files.lower().endswith(".xls"):
            raise ValueError("old workbooks (.xls) are not read: save them as .xlsx")
        is_workbook = self.is_workbook(self.files)
        if is_workbook and (said := [key for key in _OF_LINES if key in self.model_fields_set]):
            raise ValueError(f"a workbook has no {said[0]}: remove it")
        if not is_workbook and (said := [key for key in _OF_WORKBOOKS if key in self.model_fields_set]):
            raise ValueError(f"{said[0]} is of workbooks alone: remove it, or say format: xlsx")
        if self.is_parquet(self.files) and (said := [key for key in _OF_TEXT_FILES if key in self.model_fields_set]):
            raise ValueError(f"a Parquet file has no {said[0]}: remove it")
        return self

    @model_validator(mode="after")
    def _lookups_exist(self) -> _Format:
        entities = [(entity, getattr(self, entity.value, None)) for entity in Entity]
        for entity, mapping in entities:
            for name, given in mapping.given.items() if mapping else ():
                if given.lookup is not None and given.lookup not in self.lookups:
                    known = ", ".join(self.lookups) or "none"
                    raise ValueError(f"{entity}.{name}: no lookup {given.lookup!r}; known lookups: {known}")
        return self

    def is_parquet(self, name: str) -> bool:
        """Whether a file of this name is read as Parquet."""
        return self.format == "parquet" or (self.format is None and name.endswith(".parquet"))

    def is_workbook(self, name: str) -> bool:
        """Whether a file of this name is read as a workbook."""
        return self.format == "xlsx" or (self.format is None and name.lower().endswith(ENDINGS))

    def formats_of(self, name: str) -> _Format:
        """The export as the cells of a file of this name are written: dates of workbooks in a way of their own."""
        if not any(map(self.is_workbook, (name, *(lookup.files for lookup in self.lookups.values())))):
            return self
        both = {key: [*getattr(self, key), *DATES] for key in ("time_formats", "date_formats")}
        return self.model_copy(update=both)


Export: Any = create_model(
    "Export",
    __base__=_Format,
    **{entity.value: (_entity_model(entity) | None, None) for entity in Entity},  # type: ignore[call-overload]
)
"""One glob of files with what its lines hold: _Format, and an EntityMapping per entity."""


class Mapping(Strict):
    """A mapping file.

    Attributes:
        synthetic_contacts: a rehearsal's: members are made up from the customers of the order export.
    """

    exports: list[Export] = Field(min_length=1)
    synthetic_contacts: bool = False


def entities_of(export: Any, asked: Entity) -> dict[Entity, EntityMapping]:
    """What an export holds of an entity and of those that come with it."""
    found = {entity: getattr(export, entity.value) for entity in READ_TOGETHER[asked]}
    return {entity: mapping for entity, mapping in found.items() if mapping is not None}


def load_mapping(name: str, config: Path = CONFIG_ROOT) -> Mapping:
    """The mapping config/mappings/<name>.yaml, or the file itself if `name` is a path that ends in .yaml.

    Raises:
        ConfigError: naming the file, the key and the remedy.
    """
    path = Path(name) if name.endswith(".yaml") else config / "mappings" / f"{name}.yaml"
    mapping = parse_config(Mapping, read_yaml(path), path)
    for number, export in enumerate(mapping.exports):
        if not any(getattr(export, entity.value) for entity in Entity):
            raise ConfigError(
                "holds no entity",
                place=f"{shown(path)}: exports.{number}",
                remedy=f"give one of: {', '.join(Entity)}",
            )
    if mapping.synthetic_contacts and any(export.member for export in mapping.exports):
        raise ConfigError("synthetic_contacts beside a member list", place=shown(path), remedy="keep one of the two")
    return mapping
