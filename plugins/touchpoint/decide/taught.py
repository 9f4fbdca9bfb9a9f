"""Putting what was learned in the place of the word `learned` in what an audience statement is asked with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from touchpoint.campaigns import delays
from touchpoint.db import Json
from touchpoint.settings import norms

KEY = "learned"
"""Among the configured values a run is stored with: name -> number of the version, null where there was none."""


class Version(Protocol):
    """A version of something learned."""

    @property
    def no(self) -> int:
        """Names it."""

    @property
    def body(self) -> dict[str, Any]:
        """What is worked by."""


class Lessons(Protocol):
    """What the shop had learned by the run's instant."""

    def version(self, name: str, no: int | None = None) -> Version | None:
        """The version in force there, or the one of that number."""


def put_in(
    given: Mapping[str, object], lessons: Lessons | None, then: Mapping[str, object] | None
) -> tuple[dict[str, object], dict[str, int | None]]:
    """What a statement is given, with values for the words; and the versions they come from, by name.

    Args:
        given: by parameter; jsonb values as Json.
        lessons: of the run's instant; None: nothing was learned.
        then: the configured values of another time: the versions they name are taken.
    """
    values, versions = dict(given), dict[str, int | None]()
    if isinstance(parameters := _content(given, "parameters"), Mapping) and delays.is_learned(parameters):
        found = _version("pay_delay", lessons, then)
        versions["pay_delay"] = found.no if found else None
        values["parameters"] = Json(delays.resolve(parameters, found.body if found else None))
    if isinstance(rules := _content(given, "logistics"), Mapping) and rules.get("days_learned"):
        found = _version("delivery_norms", lessons, then)
        versions["delivery_norms"] = found.no if found else None
        values["logistics"] = Json(norms.taught(rules, found.body if found else None, found.no if found else None))
    return values, versions


def _content(given: Mapping[str, object], name: str) -> object:
    return getattr(given.get(name), "adapted", None)


def _version(name: str, lessons: Lessons | None, then: Mapping[str, object] | None) -> Version | None:
    if lessons is None:
        return None
    if then is None:
        return lessons.version(name)
    named = then.get(KEY)
    no = named.get(name) if isinstance(named, Mapping) else None
    return None if no is None else lessons.version(name, no)
