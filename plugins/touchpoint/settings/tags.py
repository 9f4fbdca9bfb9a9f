"""config/tags.yaml: which tags are inferred, by which statement and rules, from which facts; what agents may say.

A tag is one statement below include/sql/tags and one line here: its rules are whatever the statement reads, compared
with it at load, in both directions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from touchpoint.money import EXPONENTS
from touchpoint.settings.load import CONFIG_ROOT
from touchpoint.settings.reading import parse_config, read_yaml, shown
from touchpoint.settings.shapes import Shop
from touchpoint.settings.tag_checks import problems
from touchpoint.settings.values import Strict, Window, parse_duration

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
_DURATION = re.compile(r"^\d+[smhd]$")


class TagLine(BaseModel):
    """One tag as config/tags.yaml has it; every other key is a rule its statement reads."""

    model_config = ConfigDict(extra="allow", frozen=True)

    statement: Word | None = None
    window: Window = None
    needs: list[str] = Field(default_factory=list)
    uses: list[str] = Field(default_factory=list)


Label = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class ManualTag(Strict):
    """A tag agents give by hand.

    Attributes:
        label: what it is called, by locale.
        values: value -> what it is called, by locale; `any`: whatever the agent writes, as with a size.
    """

    label: dict[Literal["en", "zh-CN"], Label]
    values: dict[Word, dict[Literal["en", "zh-CN"], Label]] | Literal["any"]


class TagsFile(Strict):
    """config/tags.yaml as it is written."""

    window: Window
    min_customers: Annotated[StrictInt, Field(ge=1)]
    tags: Annotated[dict[Word, TagLine], Field(min_length=1)]
    manual: dict[Word, ManualTag] = Field(default_factory=dict)


@dataclass(frozen=True)
class Tag:
    """A tag as one shop has it.

    Attributes:
        statement: below include/sql, as in tags/payday.
        rules: what the statement reads: durations in seconds, amounts in minor units of the shop's currency, values
            that differ by shop resolved; and `zone`, the shop's.
        needs, uses: facts or columns of facts it stands on: all of needs, one at least of uses. See NEEDS.
        window: how far back it looks; None: everything.
        unset: a rule that says nothing for this shop: the tag is not inferred. None: all are there.
    """

    name: str
    statement: str
    rules: dict[str, Any]
    needs: tuple[str, ...]
    uses: tuple[str, ...] = ()
    window: timedelta | None = None
    unset: str | None = None


@dataclass(frozen=True)
class Tags:
    """All tags there are."""

    lines: dict[str, TagLine]
    window: timedelta | None
    min_customers: int
    manual: dict[str, ManualTag] = field(default_factory=dict)

    def of(self, shop: Shop) -> tuple[Tag, ...]:
        """The tags inferred for a shop, in the order of the file."""
        return tuple(tag for tag in self.all_of(shop) if tag.unset is None)

    def all_of(self, shop: Shop) -> tuple[Tag, ...]:
        """Every tag; one whose rules say nothing for this shop names the rule in `unset`."""
        return tuple(self._tag(name, line, shop) for name, line in self.lines.items())

    def _tag(self, name: str, line: TagLine, shop: Shop) -> Tag:
        rules: dict[str, Any] = {"zone": shop.zone}
        unset = None
        for key, value in (line.model_extra or {}).items():
            found = _for_shop(value, shop)
            if found is None:
                unset = unset or key
            else:
                rules[key] = _for_sql(key, found, shop)
        return Tag(
            name=name,
            statement=f"tags/{line.statement or name}",
            rules=rules,
            needs=tuple(line.needs),
            uses=tuple(line.uses),
            window=line.window if "window" in line.model_fields_set else self.window,
            unset=unset,
        )


def load_tags(config: Path = CONFIG_ROOT) -> Tags:
    """config/tags.yaml, held against the statements it names.

    Raises:
        ConfigError: naming the file, the tag, the key and the remedy.
    """
    path = config / "tags.yaml"
    file = parse_config(TagsFile, read_yaml(path), path)
    for problem in problems(file.tags, file.manual, shown(path)):
        raise problem
    return Tags(lines=file.tags, window=file.window, min_customers=file.min_customers, manual=file.manual)


def _for_shop(value: Any, shop: Shop) -> Any:
    """A rule as one shop has it; None: it says nothing for this one."""
    if not (isinstance(value, Mapping) and "by" in value):
        return value
    word = {"shop": shop.id, "currency": shop.currency, "zone": shop.zone}[value["by"]]
    return value.get(word, value.get("default"))


def _for_sql(key: str, value: Any, shop: Shop) -> Any:
    """Durations in seconds, amounts in minor units."""
    if isinstance(value, str) and _DURATION.match(value):
        return int(parse_duration(value).total_seconds())
    if key.endswith(("_amount", "_amounts")):
        amounts = value if isinstance(value, list) else [value]
        minor = [int(Decimal(str(amount)).scaleb(EXPONENTS.get(shop.currency, 2))) for amount in amounts]
        return minor if isinstance(value, list) else minor[0]
    return value
