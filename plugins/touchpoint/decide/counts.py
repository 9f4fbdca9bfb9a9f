"""Counting a run's verdicts: every candidate once, by its first reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from touchpoint.decide.verdicts import Verdict
from touchpoint.errors import LedgerError
from touchpoint.model import Candidate, Decision

Counts = dict[str, dict[str, int]]


def count_verdicts(campaign_ids: Iterable[str], verdicts: Iterable[Verdict]) -> Counts:
    """Campaign -> candidates and each decision -> how many; a campaign without candidates counts 0."""
    counts: Counts = {each: {"candidates": 0, **dict.fromkeys(map(str, Decision), 0)} for each in campaign_ids}
    for verdict in verdicts:
        if verdict.is_counted:
            counts[verdict.candidate.campaign_id]["candidates"] += 1
            counts[verdict.candidate.campaign_id][verdict.decision.value] += 1
    return counts


def count_reasons(campaign_ids: Iterable[str], verdicts: Iterable[Verdict]) -> Counts:
    """Campaign -> "decision: reason" -> how many."""
    reasons: dict[str, Counter[str]] = {each: Counter() for each in campaign_ids}
    for verdict in verdicts:
        if verdict.is_counted and verdict.reason:
            reasons[verdict.candidate.campaign_id][f"{verdict.decision}: {verdict.reason}"] += 1
    return {campaign: dict(sorted(found.items())) for campaign, found in reasons.items()}


def require_sum(candidates: Iterable[Candidate], counts: Mapping[str, Mapping[str, int]]) -> None:
    """Prove that every candidate is accounted for.

    Raises:
        LedgerError: one is not.
    """
    given = Counter(candidate.campaign_id for candidate in candidates)
    for campaign, found in counts.items():
        decided = sum(found[decision] for decision in Decision)
        if not given[campaign] == found["candidates"] == decided:
            raise LedgerError(
                f"{given[campaign]} candidates, {decided} accounted for",
                place=f"campaign {campaign}",
                remedy="nothing of this run was written; report it",
            )
