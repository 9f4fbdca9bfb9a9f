"""Learned norms in what an audience is asked with: in force, or by the number a run was stored with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from touchpoint.db import Json
from touchpoint.decide import taught


@dataclass
class Version:
    no: int
    body: dict[str, Any]


class Lessons:
    def version(self, name: str, no: int | None = None) -> Version | None:
        days = {3: 5, 4: 6}
        kept = 4 if no is None else no
        body = {"groups": [{"carrier": None, "region": None, "days": days[kept]}]}
        return Version(kept, body) if name == "delivery_norms" else None


SAID = {"logistics": Json({"days": 7, "days_learned": True})}


def days(values: dict[str, object]) -> tuple[int, int | None]:
    rules = values["logistics"].adapted  # type: ignore[attr-defined]
    return rules["days"], rules.get("learned")


def test_the_version_in_force_is_put_in_and_named() -> None:
    values, versions = taught.put_in(SAID, Lessons(), None)
    assert (days(values), versions) == ((6, 4), {"delivery_norms": 4})
    assert SAID["logistics"].adapted["days"] == 7


def test_asked_as_then_the_version_of_then_is_put_in() -> None:
    assert days(taught.put_in(SAID, Lessons(), {"learned": {"delivery_norms": 3}})[0]) == (5, 3)
    for nothing_then in ({"learned": {"delivery_norms": None}}, {}):
        values, versions = taught.put_in(SAID, Lessons(), nothing_then)
        assert (days(values), versions) == ((7, None), {"delivery_norms": None})


def test_norms_written_by_hand_are_not_looked_up() -> None:
    by_hand = {"logistics": Json({"days": 7})}
    values, versions = taught.put_in(by_hand, Lessons(), None)
    assert (days(values), versions) == ((7, None), {})
