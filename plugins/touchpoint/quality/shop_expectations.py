"""A shop's own expectations: Great Expectations' types by name, with their arguments, over landed columns, all text.

They stand in config/quality.yaml and run in the suite of each batch of their entity. What the library does not know, or
cannot evaluate over an empty batch inside PostgreSQL, is refused before anything is judged by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from touchpoint.column_rules import RULES
from touchpoint.errors import ConfigError
from touchpoint.model import Entity
from touchpoint.settings import Strict, shop_ids, shown

_OF_COLUMNS = ("column", "column_A", "column_B", "column_list", "column_set")
_OF_OTHER_TABLES = ("expect_query_results_to_match_comparison", "expect_table_row_count_to_equal_other_table")
RESERVED = ("meta", "severity", "batch_id", "id", "rendered_content", "notes")


class ShopExpectation(Strict):
    """One line of `expectations` in config/quality.yaml.

    Attributes:
        expect: the library's name of it, as in expect_column_values_to_be_in_set.
        entity: whose batches it judges.
        severity: critical stops the run, warning tells.
        shops: those it holds for; empty: all.
        arguments: what the library takes with it (`with` in the file).
    """

    expect: Annotated[str, Field(pattern=r"^expect_[a-z_A-Z]+$", max_length=100)]
    entity: Entity
    severity: Literal["critical", "warning"]
    shops: list[str] = Field(default_factory=list)
    arguments: dict[str, Any] = Field(default_factory=dict, alias="with")

    @property
    def columns(self) -> list[str]:
        """The landed columns it names."""
        named = [self.arguments[key] for key in _OF_COLUMNS if key in self.arguments]
        return [str(one) for each in named for one in (each if isinstance(each, list) else [each])]

    @property
    def rule(self) -> str:
        """What findings and reports call it."""
        return " ".join([self.expect, *(["of", ", ".join(self.columns)] if self.columns else [])])

    def holds_for(self, shop_id: str) -> bool:
        """Whether it is asked of a shop's batches."""
        return not self.shops or shop_id in self.shops


def problems(expected: list[ShopExpectation], path: Path, config: Path) -> Iterator[ConfigError]:
    """What is wrong with them as far as the file and the library's own shapes tell."""
    known = [*shop_ids(config), *shop_ids(config, "rehearsals")]
    for number, each in enumerate(expected):
        place = f"{shown(path)}: expectations.{number}"
        for shop_id in each.shops:
            if shop_id not in known:
                yield ConfigError(f"unknown shop {shop_id!r}", place=place, remedy=f"one of: {', '.join(known)}")
        for column in each.columns:
            if column not in RULES[each.entity]:
                remedy = f"{each.entity} lands: {', '.join(RULES[each.entity])}"
                yield ConfigError(f"unknown column {column!r}", place=place, remedy=remedy)
        for key in RESERVED:
            if key in each.arguments:
                yield ConfigError(f"argument {key!r} is not its own", place=f"{place}.with", remedy="leave it out")
        if each.expect in _OF_OTHER_TABLES:
            yield ConfigError(f"{each.expect} reads other tables", place=place, remedy="ask about the batch itself")


def built(gx: Any, each: ShopExpectation, place: str, meta: Mapping[str, Any]) -> Any:
    """The library's object of it.

    Raises:
        ConfigError: it knows no such type, or the type does not take these arguments.
    """
    name = "".join(part.capitalize() for part in each.expect.split("_"))
    kind = getattr(gx.expectations, name, None)
    if kind is None:
        remedy = "write a name of Great Expectations' gallery, as in expect_column_values_to_be_in_set"
        raise ConfigError(f"unknown expectation {each.expect!r}", place=place, remedy=remedy)
    try:
        return kind(**each.arguments, severity=each.severity, meta=dict(meta))
    except Exception as error:  # pydantic's of the library, and what single types raise by themselves
        said = " ".join(str(error).split())[:300]
        remedy = f"give it the arguments Great Expectations names for it: {said}"
        raise ConfigError(
            f"{each.expect} does not take these arguments", place=f"{place}.with", remedy=remedy
        ) from None


def trouble(result: Any) -> str | None:
    """What kept an expectation from being evaluated, in a line; None: it was evaluated."""
    told = result.exception_info or {}
    for each in [told, *(value for value in told.values() if isinstance(value, Mapping))]:
        if each.get("raised_exception"):
            return " ".join(str(each.get("exception_message", "")).split())[:300] or "no reason given"
    return None
