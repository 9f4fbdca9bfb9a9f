"""Which words of a template for whom: by lifecycle stage, or by the product series a customer prefers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Field, StrictStr, Tag

from touchpoint.settings import Strict

Name = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
NO_SERIES, SEVERAL_SERIES = "none", "several"
"""Keys beside the series: a customer without a preferred one (or with one the file does not name), and with several."""


class SeriesWords(Strict):
    """The words for who prefers a series, and those for its VIPs (None: the same)."""

    words: Name
    vip: Name | None = None


def _kind(value: object) -> str:
    return "name" if isinstance(value, str) else "words"


Variant = Annotated[Annotated[Name, Tag("name")] | Annotated[SeriesWords, Tag("words")], Discriminator(_kind)]
Variants = dict[StrictStr, Variant]


def check(variants: Variants) -> Variants:
    """The variants of a campaign file as they are.

    Raises:
        ValueError: neither by stage nor by series, or a line is missing or means nothing there.
    """
    if not variants:
        return variants
    lines = {key: words for key, words in variants.items() if key != "by"}
    if variants.get("by") == "stage" and lines:
        if not all(isinstance(words, str) for words in lines.values()):
            raise ValueError("by stage, write one variant a stage: words and vip belong to a series")
        return variants
    if variants.get("by") != "series" or not lines:
        raise ValueError("write by: stage, then a line for each stage; or by: series, then series; or {} for none")
    for rule in (NO_SERIES, SEVERAL_SERIES):
        if not isinstance(lines.pop(rule, None), str):
            raise ValueError(f"by series, add {rule}: the variant for a customer with {_RULES[rule]}")
    if not lines:
        raise ValueError("no series is named: add a line for each, as the shop's product export names it")
    return variants


_RULES = {NO_SERIES: "no preferred series", SEVERAL_SERIES: "several equally preferred ones"}


def by_stage(variants: Variants) -> dict[str, str]:
    """Lifecycle stage -> variant; empty where they go by series."""
    if variants.get("by") != "stage":
        return {}
    return {stage: str(words) for stage, words in variants.items() if stage != "by"}


def every(variants: Variants) -> list[str | None]:
    """Each variant a template must exist in, sorted; [None] where it has none."""
    found: set[str] = set()
    for key, words in variants.items():
        if isinstance(words, SeriesWords):
            found |= {words.words} | ({words.vip} if words.vip else set())
        elif key != "by":
            found.add(words)
    return [*sorted(found)] or [None]


def for_sql(variants: Variants) -> Mapping[str, object]:
    """What an audience statement chooses by: `none`, `several`, and below `series` each one's words and VIP words."""
    if variants.get("by") != "series":
        return {}
    rules = {key: words for key, words in variants.items() if key in _RULES}
    return {**rules, "series": {series: _both(words) for series, words in _by_series(variants).items()}}


def _both(words: str | SeriesWords) -> dict[str, str]:
    if isinstance(words, str):
        return {"words": words, "vip": words}
    return {"words": words.words, "vip": words.vip or words.words}


def series_of(variants: Variants) -> dict[str, str]:
    """Variant -> the one series it speaks of; without those that several series share."""
    found: dict[str, set[str]] = {}
    for series, words in _by_series(variants).items():
        for variant in _both(words).values():
            found.setdefault(variant, set()).add(series)
    rules = {variants.get(rule) for rule in _RULES}
    return {name: min(series) for name, series in found.items() if len(series) == 1 and name not in rules}


def _by_series(variants: Variants) -> dict[str, str | SeriesWords]:
    if variants.get("by") != "series":
        return {}
    return {series: words for series, words in variants.items() if series not in _RULES and series != "by"}
