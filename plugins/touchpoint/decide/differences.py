"""What differs between an audience the ledger stored and the same one asked again, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from touchpoint.model import Candidate

EXAMPLES = 5
"""Occasions a report names; the counts are of all."""
LONGEST_VALUE = 80
"""Characters of a configured value a report shows."""


@dataclass(frozen=True)
class Changes:
    """How one set of candidates differs from another.

    Attributes:
        only_then: returned then and not now.
        only_now: returned now and not then.
        changed: returned both times, with another customer, time, cover, reason, stage or variant.
        occasions: some of them, sorted: ids of orders, parcels or periods, never of people.
    """

    only_then: int = 0
    only_now: int = 0
    changed: int = 0
    occasions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only_then or self.only_now or self.changed)

    def as_dict(self) -> dict[str, Any]:
        """For the ledger."""
        return {**asdict(self), "occasions": list(self.occasions)}


@dataclass(frozen=True)
class Hashes:
    """What an audience came from, and what it came to (see decide.audience.Audience)."""

    audience: str
    campaign: str
    parameters: str
    statement: str


def changes(then: Iterable[Candidate], now: Iterable[Candidate]) -> Changes:
    """How the candidates of two answers differ, by (step, occasion, identity)."""
    before = {(c.step, c.occasion, c.identity): c for c in then}
    after = {(c.step, c.occasion, c.identity): c for c in now}
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    other = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    named = sorted({occasion for _, occasion, _ in gone | come | other})
    return Changes(len(gone), len(come), len(other), tuple(named[:EXAMPLES]))


def causes(then: Hashes | None, now: Hashes, as_configured_then: str | None, has_corrections: bool) -> list[str]:
    """Why today's answer differs from the stored one; empty if it does not.

    Args:
        then: as stored; None: nothing was decided at that instant.
        now: with today's configuration and statement, from what was known at that instant.
        as_configured_then: hash of the audience with the configuration of then and today's statement; None: not asked.
        has_corrections: facts learned long after the instant change the answer.

    Returns:
        Of `no_ledger`, `config` (campaign file, parameters, thresholds), `code` (the statement), `data` (the facts).
        While the statement differs, a difference of the answer is put down to it and not to the data, unless
        corrections show.
    """
    if then is None:
        return ["no_ledger"]
    found = []
    if (then.campaign, then.parameters) != (now.campaign, now.parameters):
        found.append("config")
    if then.statement != now.statement:
        found.append("code")
    # With the configuration of then it is the data, where it cannot be the statement.
    asked = as_configured_then if "config" in found and as_configured_then else now.audience
    is_explained = "code" in found or ("config" in found and as_configured_then is None)
    if has_corrections or (asked != then.audience and not is_explained):
        found.append("data")
    return found


def changed_keys(then: Any, now: Any, place: str = "") -> list[dict[str, str]]:
    """Keys whose values differ between two configurations, with both values shortened; a missing one is empty."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        found: list[dict[str, str]] = []
        for key in [*then, *(key for key in now if key not in then)]:
            inner = f"{place}.{key}" if place else str(key)
            found += changed_keys(then.get(key), now.get(key), inner)
        return found
    return [] if then == now else [{"key": place, "then": _shown(then), "now": _shown(now)}]


def _shown(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
