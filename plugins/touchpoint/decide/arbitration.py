"""Arbitration: of all that could reach a person on a day, one wins. Within a run alone; between runs caps speak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from touchpoint.decide.known import Known, touch_key
from touchpoint.decide.verdicts import Contender, Setting, Verdict
from touchpoint.model import Candidate, Decision, Purpose


def kept_wins(
    candidates: Iterable[Candidate], known: Known, setting: Setting
) -> dict[tuple[UUID, date], dict[Purpose, str]]:
    """Places held by what this DAG and as_of decided before: purpose -> campaign. Others stand outside arbitration."""
    kept: dict[tuple[UUID, date], dict[Purpose, str]] = defaultdict(dict)
    for candidate in candidates:
        touch = known.touches.get(touch_key(candidate))
        if touch is None or not touch.has_won or touch.planned_on is None:
            continue
        if (touch.dag_id, touch.as_of) == (setting.dag_id, setting.as_of):
            purpose = setting.campaigns[candidate.campaign_id].purpose
            kept[candidate.identity, touch.planned_on][purpose] = candidate.campaign_id
    return kept


def arbitrate(
    contenders: Sequence[Contender], kept: Mapping[tuple[UUID, date], Mapping[Purpose, str]]
) -> tuple[list[Contender], list[Verdict]]:
    """One winner per identity and planned day, and the others as outranked by the winner's campaign.

    A transactional contender loses to transactional ones alone, to one that kept its win too.
    """
    winners: dict[tuple[UUID, date], Contender] = {}
    losers: list[Verdict] = []
    for contender in sorted(contenders, key=lambda each: (each.rank, str(each.candidate.identity))):
        holder = _holder(contender, kept.get(contender.place, {}))
        if holder is None and contender.place in winners:
            holder = winners[contender.place].campaign.id
        if holder is None:
            winners[contender.place] = contender
        else:
            losers.append(contender.becomes(Decision.OUTRANKED, holder))
    return list(winners.values()), losers


def _holder(contender: Contender, kept: Mapping[Purpose, str]) -> str | None:
    if Purpose.TRANSACTIONAL in kept:
        return kept[Purpose.TRANSACTIONAL]
    return kept.get(Purpose.PROMOTIONAL) if contender.campaign.purpose == Purpose.PROMOTIONAL else None
