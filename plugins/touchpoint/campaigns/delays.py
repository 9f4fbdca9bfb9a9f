"""`delay` of an audience: how long after an order it is due, written by hand or `learned` from the shop's own data.

Keys are `default`, sources and kinds of payment; a kind goes before a source. A word is a duration, `learned`, or
`learned or 48h`: the latter holds until enough was learned. Pure; what was learned comes in as the body of a version of
`pay_delay` (record.pay_delay).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from touchpoint.settings import parse_duration

KEY, DEFAULT, LEARNED = "delay", "default", "learned"
UNTIL_LEARNED = timedelta(minutes=30)
"""Holds for a bare `default: learned`: most who pay do so within half an hour."""
NEVER = int(timedelta(days=3650).total_seconds())
"""No order is open for so long: those who pay by themselves do so until it closes, and nobody is reminded."""
UNTIL_ANSWERS = timedelta(days=3)
"""Holds for a bare `after: learned` of a step."""
_WORD = re.compile(r"^learned(?: or (\d+[smhd]))?$")


class LearnedAfter(timedelta):
    """`after: learned` of a step: what holds until enough was learned."""


def parse_after(value: object) -> timedelta | None:
    """`3d`, `learned` or `learned or 3d` of a step; None: it has none.

    Raises:
        ValueError: it is none of them.
    """
    if value is None or isinstance(value, timedelta):
        return value
    if _is_learned(value):
        match = _WORD.match(str(value))
        if not match:
            raise ValueError(f"{value!r} is no time after a step: write `learned`, or `learned or 3d`")
        until = parse_duration(match[1]) if match[1] else UNTIL_ANSWERS
        return LearnedAfter(seconds=until.total_seconds())
    return parse_duration(value)


def _written(value: timedelta | None) -> str | None:
    if value is None:
        return None
    seconds = f"{int(value.total_seconds())}s"
    return f"{LEARNED} or {seconds}" if isinstance(value, LearnedAfter) else seconds


After = Annotated[timedelta | None, PlainValidator(parse_after), PlainSerializer(_written, when_used="json")]


def check(given: object) -> None:
    """Refuse what is no delay.

    Raises:
        ValueError: naming the key and the remedy.
    """
    for key, word in _words(given).items():
        if key == LEARNED:
            raise ValueError("delay.learned is no source and no kind of payment: write `default: learned`")
        if isinstance(word, str) and word.startswith(LEARNED):
            if not _WORD.match(word):
                raise ValueError(f"delay.{key} is {word!r}: write `learned`, or `learned or 30m`")
        else:
            try:
                parse_duration(word)
            except ValueError as error:
                raise ValueError(f"delay.{key}: {error}, or `learned`, or `learned or 30m`") from error


def for_sql(given: object) -> Any:
    """As the audience statement takes it: seconds; words that are to be resolved as they stand."""
    if not isinstance(given, Mapping) and not _is_learned(given):
        return given if not isinstance(given, str) else _seconds(given)
    return {key: word if _is_learned(word) else _seconds(word) for key, word in _words(given).items()}


def is_learned(parameters: Mapping[str, Any]) -> bool:
    """Whether anything of an audience's parameters (as SQL takes them) is learned."""
    delay = parameters.get(KEY)
    return isinstance(delay, Mapping) and any(_is_learned(word) for word in delay.values())


def resolve(parameters: Mapping[str, Any], body: Mapping[str, Any] | None) -> dict[str, Any]:
    """The same parameters with seconds in place of every word; what is written by hand stays and wins.

    Args:
        parameters: as SQL takes them (`Audience.sql_parameters`).
        body: of the version of `pay_delay` in force; None: nothing was learned yet.

    Returns:
        Below `delay`: seconds by key as before, and below `learned` by source and kind, which goes before them; a
        source's own ('' for the kind) goes before its key.
    """
    delay = dict(parameters[KEY])
    taught = Taught.of(body)
    keys = [key for key in delay if key != DEFAULT]
    sources = sorted({*taught.sources, *taught.kinds, *keys})  # one may be called like the other
    kinds = sorted({*taught.kinds, *keys})
    flat = {DEFAULT: _value(delay, taught, None, None)}
    for key in sorted({*keys, *taught.kinds}):
        flat[key] = _value(delay, taught, None if key in taught.sources else key, key)
    cells: dict[str, dict[str, int]] = {}
    for source in sources:
        of_source = _value(delay, taught, source, None)
        own = {"": of_source} if of_source != flat.get(source, flat[DEFAULT]) else {}
        for kind in kinds:
            value = _value(delay, taught, source, kind)
            if value != flat.get(kind, of_source):
                own[kind] = value
        if own:
            cells[source] = own
    return {**parameters, KEY: {**flat, **({LEARNED: cells} if cells else {})}}


@dataclass(frozen=True)
class Taught:
    """What a version of `pay_delay` says.

    Attributes:
        groups: by (source, kind of payment); None: whatever it is.
        few: by kind of payment, of kinds too rare to go by: they make a reminder later, never sooner.
    """

    groups: Mapping[tuple[str | None, str | None], Mapping[str, Any]]
    few: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Taught:
        """Of a version's body; None: nothing."""
        told = body or {}
        return cls(
            {(group["source"], group["kind"]): group for group in told.get("groups", [])},
            {group["kind"]: group for group in told.get("few", [])},
        )

    @property
    def sources(self) -> set[str]:
        """Sources that speak, alone or by kind."""
        return {source for source, _ in self.groups if source is not None}

    @property
    def kinds(self) -> set[str]:
        """Kinds of payment that speak, alone or by source, be they rare."""
        return {*self.few, *(kind for _, kind in self.groups if kind is not None)}

    def knows(self, key: str, source: str | None, kind: str | None) -> bool:
        """Whether what a key of `delay` names was learned of itself: of all orders a rare kind says next to nothing."""
        if key == DEFAULT:
            return True
        alone = (None, kind) if key == kind else (source, None)
        return alone in self.groups or (source, kind) in self.groups

    def after(self, source: str | None, kind: str | None) -> int | None:
        """Seconds after an order of that source and kind; NEVER; None: nothing was learned.

        The narrowest group speaks. Where source and kind together have too few orders, and each of them has enough,
        the later of the two holds, so that nobody is nagged; but within the earlier closing. A kind too rare to go by
        counts as one of the two.
        """
        exact = self.groups.get((source, kind))
        if exact is not None:
            return NEVER if exact["after"] is None else int(exact["after"])
        wider = list(self._wider(source, kind))
        if not wider:
            return None
        after = max(NEVER if group["after"] is None else int(group["after"]) for group in wider)
        latest = min(int(group["latest"]) for group in wider)
        if after <= latest:
            return after
        return (
            latest if all(group["after"] is not None and group["least_paid_at"] <= latest for group in wider) else NEVER
        )

    def _wider(self, source: str | None, kind: str | None) -> Iterator[Mapping[str, Any]]:
        found = [self.groups[key] for key in {(source, None), (None, kind)} - {(None, None)} if key in self.groups]
        found = found or [self.groups[key] for key in [(None, None)] if key in self.groups]
        yield from found
        if found and kind is not None and kind in self.few and (None, kind) not in self.groups:
            yield self.few[kind]


def _value(delay: Mapping[str, Any], taught: Taught, source: str | None, kind: str | None) -> int:
    key = next((key for key in (kind, source) if key is not None and key in delay), DEFAULT)
    word = delay[key]
    if not _is_learned(word):
        return int(word)
    after = taught.after(source, kind) if taught.knows(key, source, kind) else None
    if after is not None:
        return after
    until = _WORD.match(word)[1]  # type: ignore[index]
    if until is not None:
        return _seconds(until)
    if key == DEFAULT:
        return int(UNTIL_LEARNED.total_seconds())
    return _value({DEFAULT: delay[DEFAULT]}, taught, source, kind)


def _words(given: object) -> dict[str, Any]:
    return dict(given) if isinstance(given, Mapping) else {DEFAULT: given}


def _is_learned(word: object) -> bool:
    return isinstance(word, str) and word.startswith(LEARNED)


def _seconds(word: object) -> int:
    return int(parse_duration(word).total_seconds())
