"""What ties the files of an export together: a column of one whose values are keys of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from touchpoint.sources.drafting.profiles import Profile
from touchpoint.sources.drafting.roles import roles_of, words_of

_MOST = 0.9
"""Share of one side's different values that the other has to know."""
_KEYS = ("order_id", "customer_id", "product_id", "category")


@dataclass(frozen=True)
class Tie:
    """A column of a file whose values stand in a column of another.

    Attributes:
        by: the column here.
        other: the other file.
        key: its column.
        is_single: no value of it stands twice there.
        known: share of the values here that the other knows.
    """

    by: str
    other: Profile
    key: str
    is_single: bool
    known: float


def ties_of(profile: Profile, others: Sequence[Profile]) -> list[Tie]:
    """What a file can be looked up in, by columns of the same name or the same role."""
    return [tie for other in others if other is not profile for tie in _ties(profile, other)]


def _ties(profile: Profile, other: Profile) -> Iterator[Tie]:
    ours, theirs = roles_of(profile), roles_of(other)
    for role in _KEYS:
        by, key = ours.get(role), theirs.get(role)
        if by is None or key is None:
            continue
        here, there = set(profile.texts(by)), set(other.texts(key))
        known = len(here & there) / len(here) if here else 0.0
        # Parcels of some orders know few of them; what they know are orders all the same.
        known_there = len(here & there) / len(there) if there else 0.0
        if max(known, known_there) >= _MOST:
            yield Tie(by, other, key, other.is_unique(key), known)


def lookup_name(profile: Profile) -> str:
    """A short name for a file that is looked up in."""
    stem = profile.name.rsplit("/", 1)[-1].split(".", 1)[0]
    return words_of(stem).replace(" ", "_") or "other"
