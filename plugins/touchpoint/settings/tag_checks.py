"""What config/tags.yaml must keep to: rules are those its statements read; needs and labels are known, told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from touchpoint import statements
from touchpoint.errors import ConfigError, StatementError
from touchpoint.settings.needs import NEEDS

if TYPE_CHECKING:
    from touchpoint.settings.tags import ManualTag, TagLine

ASKED_FOR = {
    **dict.fromkeys(("purchases", "lines", "refunds", "events", "members"), "statement"),
    **dict.fromkeys(("features", "series"), "relation"),
    "shop_id": "text",
    "as_of": "timestamptz",
    "since": "timestamptz",
    "rules": "jsonb",
}
"""What a tag's statement may ask for by header."""
_READS = re.compile(r"%\(rules\)s::jsonb\s*(?:->>?\s*'(\w+)'|#>>?\s*'\{(\w+),(\w+)\}')")
_BY = ("shop", "currency", "zone")


def problems(lines: Mapping[str, TagLine], manual: Mapping[str, ManualTag], path: str) -> Iterator[ConfigError]:
    """All that is wrong with the tags of a file, each naming the key and the remedy."""
    for name, line in lines.items():
        yield from _of_line(name, line, path)
    yield from _doubled_labels(manual, path)


def _of_line(name: str, line: TagLine, path: str) -> Iterator[ConfigError]:
    place = f"{path}: tags.{name}"
    for key in ("needs", "uses"):
        for need in getattr(line, key):
            if need not in NEEDS:
                yield ConfigError(
                    f"unknown need {need!r}", place=f"{place}.{key}", remedy=f"one of: {', '.join(sorted(NEEDS))}"
                )
    if not line.needs and not line.uses:
        yield ConfigError("missing key 'needs'", place=place, remedy="name what it is inferred from, as in [order]")
    try:
        statement = statements.load(f"tags/{line.statement or name}")
    except StatementError as error:
        yield ConfigError(error.thing, place=f"{place}: {error.place}", remedy=error.remedy)
        return
    file = f"include/sql/{statement.name}.sql"
    for param, kind in statement.params.items():
        if ASKED_FOR.get(param) != kind:
            asked = ", ".join(f"{one} {of}" for one, of in ASKED_FOR.items())
            yield ConfigError(f"asks for `{param} {kind}`", place=file, remedy=f"a tag may ask for: {asked}")
    if "window" in line.model_fields_set and "since" not in statement.params:
        yield ConfigError("a window does nothing", place=f"{place}.window", remedy=f"{file} reads no `since`")
    yield from _wrong_rules(line, place, file, statement.body)


def _doubled_labels(manual: Mapping[str, ManualTag], path: str) -> Iterator[ConfigError]:
    """A file of agents may write labels: one must not stand for two things."""
    lists: dict[str, Mapping[str, Mapping[Any, str]]] = {"manual": {name: tag.label for name, tag in manual.items()}}
    for name, tag in manual.items():
        if tag.values != "any":
            lists[f"manual.{name}.values"] = tag.values
    for place, known in lists.items():
        owner: dict[str, str] = {}
        for word, labels in known.items():
            for label in {word, *(text.casefold() for text in labels.values())}:
                if owner.setdefault(label, word) != word:
                    yield ConfigError(
                        f"{label!r} stands for {owner[label]} and {word}",
                        place=f"{path}: {place}",
                        remedy="give each labels of its own",
                    )


def _wrong_rules(line: TagLine, place: str, file: str, text: str) -> Iterator[ConfigError]:
    found = _READS.findall(text)
    reads = {one or other for one, other, _ in found} - {"zone"}
    rules = line.model_extra or {}
    for key, value in rules.items():
        if key not in reads:
            known = ", ".join(sorted(reads)) or "no rules"
            yield ConfigError(f"unknown rule {key!r}", place=place, remedy=f"{file} reads {known}")
        for one in _each(value):
            yield from _wrong_value(key, one, place)
            parts = [part for _, rule, part in found if rule == key]
            yield from _wrong_parts(key, one, parts, f"{place}.{key}", file)
        if isinstance(value, Mapping) and "by" in value and value["by"] not in _BY:
            yield ConfigError(f"differs by {value['by']!r}", place=f"{place}.{key}", remedy=f"one of: {', '.join(_BY)}")
    for key in sorted(reads - set(rules)):
        yield ConfigError(f"missing rule {key!r}", place=place, remedy=f"add it: {file} reads it")
    yield from _wrong_lengths(rules, place)
    for cause in rules.get("causes", ()):
        if f"'{cause}'" not in text:
            yield ConfigError(
                f"unknown cause {cause!r}", place=f"{place}.causes", remedy=f"{file} names those it knows"
            )


def _wrong_lengths(rules: Mapping[str, Any], place: str) -> Iterator[ConfigError]:
    for amounts in _each(rules["band_amounts"]) if "band_amounts" in rules and "bands" in rules else ():
        if isinstance(amounts, list) and len(amounts) + 1 != len(rules["bands"]):
            yield ConfigError(
                f"{len(rules['bands'])} bands and {len(amounts)} amounts",
                place=f"{place}.bands",
                remedy="name one band more than there are amounts between them",
            )


def _each(value: object) -> list[object]:
    """The values of a rule: one, or one for each shop, currency or zone."""
    is_split = isinstance(value, Mapping) and "by" in value
    return [one for key, one in value.items() if key != "by"] if is_split else [value]  # type: ignore[attr-defined]


def _wrong_value(key: str, value: object, place: str) -> Iterator[ConfigError]:
    if key == "minimum" and not (type(value) is int and value >= 1):
        yield ConfigError(f"minimum is {value!r}", place=place, remedy="write a whole number from 1")
    if key == "share" and not (type(value) in (int, float) and 0.5 <= value < 1):  # type: ignore[operator]
        yield ConfigError(f"share is {value!r}", place=place, remedy="write 0.5 or more, below 1")
    if value is None or value in ("", [], {}):
        yield ConfigError(f"{key} is empty", place=place, remedy="give it a value")
    if key == "begins" or key.endswith("_amounts"):
        numbers: list[Any] = list(value.values()) if isinstance(value, Mapping) else [value]
        numbers = list(value) if isinstance(value, list) else numbers
        is_rising = all(type(each) in (int, float) for each in numbers)
        if not is_rising or any(one >= other for one, other in pairwise(numbers)):
            yield ConfigError(f"{key} must be numbers that rise", place=place, remedy="put them in order")


def _wrong_parts(key: str, value: object, parts: list[str], place: str, file: str) -> Iterator[ConfigError]:
    """A statement that reads parts of a rule one by one reads exactly those."""
    if not parts:
        return
    if not isinstance(value, Mapping | list):
        yield ConfigError(f"{key} is one value", place=place, remedy="write a list, or words with a value each")
        return
    given = list(value) if isinstance(value, Mapping) else [str(at) for at in range(len(value))]
    if set(given) != set(parts):
        asked = ", ".join(dict.fromkeys(parts)) if isinstance(value, Mapping) else f"{len(set(parts))} of them"
        yield ConfigError(f"{key} has {', '.join(given) or 'nothing'}", place=place, remedy=f"{file} reads {asked}")
