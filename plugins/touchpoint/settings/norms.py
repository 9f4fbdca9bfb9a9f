"""`days: learned` of config/logistics.yaml: normal days from the shop's own parcels, below what is written by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainValidator

LEARNED = "learned"
LONGEST_DAYS = 120
_WORD = re.compile(r"^learned(?: or (\d+))?$")


def _days_or_learned(value: object) -> int | str:
    if isinstance(value, str) and _WORD.match(value):
        if (until := until_learned(value)) is not None:
            _days(until)
        return value
    return _days(value)


def _days(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST_DAYS:
        raise ValueError(f"{value!r} is no number of days: write 0 to {LONGEST_DAYS}, or learned, or learned or 7")
    return value


DaysOrLearned = Annotated[int | str, PlainValidator(_days_or_learned)]
"""Whole days, or `learned`, or `learned or 7`: what holds until enough was learned."""


def is_learned(days: object) -> bool:
    """Whether a value is the word and no number."""
    return isinstance(days, str)


def until_learned(word: str) -> int | None:
    """The days after `or`; None: there are none."""
    match = _WORD.match(word)
    return int(match[1]) if match and match[1] else None


def taught(rules: Mapping[str, Any], body: Mapping[str, Any] | None, no: int | None) -> dict[str, Any]:
    """A shop's rules (`Logistics.rules`) with learned days where they say `learned`; all else is as it was.

    What is written by hand stays and wins, in the order it always had: a carrier's region, the carrier, the region.
    Below it what was learned speaks in the same order, and last the days of all parcels.

    Args:
        rules: with `days_learned` where the days are; `days` is what holds until then.
        body: of the version of `delivery_norms` in force; None: nothing was learned yet.
        no: of that version; stands in the rules as `learned`.
    """
    if not rules.get("days_learned") or body is None:
        return dict(rules)
    days = {(group["carrier"], group["region"]): int(group["days"]) for group in body["groups"]}
    by_hand: Mapping[str, int] = rules.get("regions", {})
    regions = {region for _, region in days if region is not None} | set(by_hand)
    carriers = {carrier for carrier, _ in days if carrier is not None}
    own: Mapping[str, Mapping[str, Any]] = rules.get("carriers", {})
    return {
        **rules,
        "days": days.get((None, None), rules["days"]),
        "regions": {**{region: found for (one, region), found in days.items() if one is None and region}, **by_hand},
        "carriers": {name: _carrier(name, own.get(name, {}), by_hand, days, regions) for name in {*carriers, *own}},
        LEARNED: no,
    }


def _carrier(
    name: str,
    own: Mapping[str, Any],
    by_hand: Mapping[str, int],
    days: Mapping[tuple[str | None, str | None], int],
    regions: set[str],
) -> dict[str, Any]:
    if "days" in own:
        return dict(own)
    every = days.get((name, None))
    said = {**by_hand, **own.get("regions", {})}
    of_region = {region: said.get(region, days.get((name, region), every)) for region in sorted(regions | set(said))}
    differ = {region: found for region, found in of_region.items() if found is not None and found != every}
    return {**own, **({} if every is None else {"days": every}), "regions": differ}


__all__ = ["DaysOrLearned", "is_learned", "taught", "until_learned"]
