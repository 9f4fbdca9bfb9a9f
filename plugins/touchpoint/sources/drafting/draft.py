"""A draft of a mapping: which entities the files of an export hold, and where each of their columns comes from.

What a header and its values say decides; what they leave open is guessed, and the doubt is kept beside the column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from touchpoint.sources.drafting.profiles import Profile
from touchpoint.sources.drafting.roles import roles_of
from touchpoint.sources.drafting.ties import Tie, lookup_name, ties_of

Given = str | dict[str, Any]
AMOUNTS = ("total", "paid", "price", "refund", "discount", "freight")


@dataclass
class Entity:
    """The columns of one entity; `notes`: column -> what is doubtful about it."""

    columns: dict[str, Given] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    where: list[dict[str, Any]] = field(default_factory=list)
    group_by: str | None = None
    distinct: list[str] = field(default_factory=list)

    def put(self, name: str, given: Given | None, note: str = "") -> None:
        """Fill a column; nothing happens if there is nothing to fill it with."""
        if given is not None:
            self.columns[name] = given
            if note:
                self.notes[name] = note


@dataclass
class Export:
    """A file, how it is written, what it is looked up in (`others`), and what it holds; `notes`: doubts."""

    profile: Profile
    entities: dict[str, Entity] = field(default_factory=dict)
    lookups: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    others: list[Profile] = field(default_factory=list)

    def look_up(self, tie: Tie, sequence: str | None = None) -> str:
        """The name of the lookup of a tie, listed once."""
        name = lookup_name(tie.other)
        found = {"files": tie.other.name, "key": tie.key}
        if tie.by != tie.key:
            found["by"] = tie.by
        if sequence:
            found["sorted_by"] = sequence
        found.update(_written_otherwise(self.profile, tie.other))
        if name not in self.lookups:
            self.lookups[name] = found
            self.others.append(tie.other)
        return name


def _written_otherwise(profile: Profile, other: Profile) -> dict[str, str]:
    """What a lookup has to say of its own text files, which else are read as those of the export."""
    if not other.is_text:
        return {}
    usual = {"encoding": "utf-8", "delimiter": ","}
    theirs, ours = ({key: each.written.get(key, word) for key, word in usual.items()} for each in (other, profile))
    return {key: word for key, word in theirs.items() if word != ours[key]}


def draft(profiles: Sequence[Profile], currency: str | None) -> list[Export]:
    """The exports of a mapping, products first and orders before what belongs to them; files of nobody are left out.

    Args:
        profiles: the files.
        currency: of all amounts; None: guessed, and said so.
    """
    from touchpoint.sources.drafting.entities import KINDS, kind_of

    drawn = {kind: [each for each in profiles if kind_of(each) == kind] for kind in KINDS}
    found: list[Export] = []
    for kind, make in KINDS.items():
        for each in drawn[kind]:
            found += make(Desk(each, profiles, currency))
    return found


class Desk:
    """What a maker of exports asks about its file: roles, ties, money."""

    def __init__(self, profile: Profile, profiles: Sequence[Profile], currency: str | None) -> None:
        self.profile, self.roles = profile, roles_of(profile)
        self.ties = ties_of(profile, profiles)
        self.export = Export(profile)
        self._currency = currency

    def column(self, role: str) -> str | None:
        """The column of a role."""
        return self.roles.get(role)

    def look_up(self, role: str, *, single: bool = True, take: str | None = None) -> dict[str, Any] | None:
        """A column of that role in another file this one is tied to."""
        for tie in self.ties:
            theirs = roles_of(tie.other)
            if (
                tie.is_single == single
                and role in theirs
                and theirs[role] != tie.key
                and self._is_read(role, tie.other)
            ):
                name = self.export.look_up(tie, theirs.get("sequence"))
                return {"lookup": name, "from": theirs[role], **({"take": take} if take else {})}
        return None

    def _is_read(self, role: str, other: Profile) -> bool:
        """Whether the marks of this file's amounts are those of the other's."""
        marks = [
            {key: each.written.get(key) for key in ("decimal_mark", "thousands_mark")} for each in (self.profile, other)
        ]
        return role not in AMOUNTS or not other.is_text or marks[0] == marks[1]

    def own_or_looked_up(self, role: str) -> Given | None:
        """The column of a role, here or in a file that knows each key once."""
        return self.column(role) or self.look_up(role)

    def money(self, entity: Entity) -> None:
        """The currency of an entity's amounts."""
        own = self.column("currency")
        if own is not None:
            entity.put("currency", own)
        elif self._currency is not None:
            entity.put("currency", {"constant": self._currency})
        else:
            is_chinese = any("\u4e00" <= letter <= "\u9fff" for header in self.profile.columns for letter in header)
            entity.put("currency", {"constant": "CNY" if is_chinese else "EUR"}, "a guess: no column says it")
