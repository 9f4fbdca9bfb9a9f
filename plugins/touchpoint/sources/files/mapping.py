"""config/mappings/<name>.yaml: how the exports of a folder become landing rows. Read strictly.

One mapping holds the exports of a shop; one export may hold several entities (orders, and the refunds in the same
lines). A landing column is given the header it comes from, or an object: `from` with `words` or `plus`, `constant`, or
`present`.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field, create_model, field_validator, model_validator

from touchpoint.errors import ConfigError
from touchpoint.model import Entity
from touchpoint.settings import CONFIG_ROOT, Duration, Strict, parse_config, read_yaml, shown
from touchpoint.sources.base import READ_TOGETHER
from touchpoint.sources.columns import COLUMNS, REQUIRED, Holds

ISO = "iso"
"""The time format of instants that carry their offset: they are taken as they stand."""
_DIRECTIVES = re.compile(r"%(?![YmdHMSyIp%])")


class Given(Strict):
    """Where the value of one landing column comes from: exactly one of `from`, `constant` and `present`.

    Attributes:
        header: `from`, a column of the file, by its header without surrounding spaces.
        constant: the same value in every row.
        present: a column of the file: `then` where it holds anything, else `otherwise`.
        words: the file's words -> ours; a word not listed becomes `otherwise`, or stays as it came without it.
        plus: for an instant: so much later.
    """

    header: str | None = Field(default=None, alias="from")
    constant: str | None = None
    present: str | None = None
    then: str | None = None
    words: dict[str, str] | None = None
    otherwise: str | None = None
    plus: Duration | None = None

    @model_validator(mode="after")
    def _fits(self) -> Given:
        if sum(value is not None for value in (self.header, self.constant, self.present)) != 1:
            raise ValueError("give exactly one of from, constant and present")
        if (self.then is not None) != (self.present is not None):
            raise ValueError("`then` goes with `present`, and `present` with `then`")
        if self.header is None and (self.words is not None or self.plus is not None):
            raise ValueError("`words` and `plus` go with `from`")
        if self.otherwise is not None and self.words is None and self.present is None:
            raise ValueError("`otherwise` goes with `words` or `present`")
        return self

    @property
    def reads(self) -> str | None:
        """The header it needs in the file, if any."""
        return self.header or self.present


def _given(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


_Column = Annotated[Given, BeforeValidator(_given)]


class Where(Strict):
    """Which lines of the file hold a row of this entity; a value that is no number is kept for the gate to judge."""

    column: str
    above: float | None = None
    one_of: list[str] | None = None

    @model_validator(mode="after")
    def _one(self) -> Where:
        if (self.above is None) == (self.one_of is None):
            raise ValueError("give exactly one of above and one_of")
        return self


class EntityMapping(Strict):
    """The landing columns of one entity."""

    where: Where | None = None
    columns: Any

    @property
    def given(self) -> dict[str, Given]:
        """Landing column -> where it comes from; columns the mapping leaves out are not in it."""
        named = ((name, getattr(self.columns, name)) for name in type(self.columns).model_fields)
        return {name: given for name, given in named if given is not None}


def _columns_model(entity: Entity) -> type[Strict]:
    fields: dict[str, Any] = {}
    for name in COLUMNS[entity]:
        required = name in REQUIRED[entity]
        kind = _Column if required else _Column | None
        fields[name] = (kind, ... if required else None)

    def plus_is_for_instants(self: Any) -> Any:
        for name, holds in COLUMNS[entity].items():
            given = getattr(self, name)
            if given is not None and given.plus is not None and holds is not Holds.INSTANT:
                raise ValueError(f"{name} is no instant, so it takes no `plus`")
        return self

    checks: dict[str, Any] = {"_plus": model_validator(mode="after")(plus_is_for_instants)}
    return create_model(f"{entity.title()}Columns", __base__=Strict, __validators__=checks, **fields)


def _entity_model(entity: Entity) -> type[EntityMapping]:
    return create_model(f"{entity.title()}Mapping", __base__=EntityMapping, columns=(_columns_model(entity), ...))


class _Format(Strict):
    """How the lines of an export are written.

    Attributes:
        files: glob below the folder of the connection; all that match are read, each once.
        quoted_newlines: a quoted value may hold line breaks. Off, a record is one line; a quote left open costs it.
        zone: of times without offset; the shop's if not given. A time the clocks show twice is the earlier of the two;
            one they skip is moved to the first instant after the gap.
        time_formats: tried in order; `iso` takes times that carry their offset as they stand.
        snapshot_at: what the export speaks of; the file's modification time if not given.
        other_columns: what to do with columns of the file that the mapping does not name.
    """

    files: str
    encoding: Literal["utf-8", "gbk"] = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quoted_newlines: bool = False
    zone: str | None = None
    time_formats: list[str] = Field(default=["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"])
    date_formats: list[str] = Field(default=["%Y-%m-%d"])
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal["", ",", ".", " "] = ""
    snapshot_at: datetime | None = None
    other_columns: Literal["ignore", "refuse"] = "ignore"

    @field_validator("files")
    @classmethod
    def _stays_below(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError(f"{value!r} leaves the folder: write a glob below it, as in orders_*.csv.gz")
        return value

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone: write one as in Asia/Shanghai")
        return value

    @field_validator("time_formats", "date_formats")
    @classmethod
    def _formats_known(cls, value: list[str]) -> list[str]:
        if not value:
            raise ValueError("give at least one format")
        for given in value:
            if given != ISO and ("%" not in given or _DIRECTIVES.search(given)):
                raise ValueError(f"{given!r}: use iso, or %Y %y %m %d %H %I %M %S %p")
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
    def _marks_differ(self) -> _Format:
        if self.decimal_mark == self.thousands_mark:
            raise ValueError("decimal_mark and thousands_mark are the same")
        return self


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
