"""Writing verdicts into the ledger: a decision row whenever a touch's decision changes, else nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Json, Row, Transaction
from touchpoint.decide.known import Known, TouchKey, touch_key
from touchpoint.decide.verdicts import Verdict
from touchpoint.errors import LedgerError
from touchpoint.model import Candidate, Decision, Run
from touchpoint.settings import Shop

PAGE = 5_000
"""Rows in one statement: a few megabytes of it."""


def write(
    tx: Transaction,
    run: Run,
    shop: Shop,
    campaigns: Mapping[str, Campaign],
    known: Known,
    verdicts: Sequence[Verdict],
) -> list[Row]:
    """Write the touches whose decision changed, with their decisions, covers and holdout draws.

    Returns:
        The messages to enqueue, those that people are held out of among them: columns of ledger.outbox by name.

    Raises:
        LedgerError: somebody wrote the ledger without the decide lock.
    """
    changed = {touch_key(verdict.candidate): verdict for verdict in verdicts if _is_change(verdict, known)}
    touch_ids = _write_touches(tx, run, changed, known)
    if len(touch_ids) != len(changed):
        raise LedgerError(
            f"{len(changed) - len(touch_ids)} touches became final while they were decided",
            place=f"shop {run.shop_id}",
            remedy="decide again: someone wrote the ledger without the lock",
        )
    by_touch = [(touch_ids[key], verdict) for key, verdict in changed.items()]
    for page in _pages([_decision_row(number, verdict, campaigns, known) for number, verdict in by_touch]):
        tx.count("decide/store_decisions", run_no=run.run_no, as_of=run.as_of, rows=page)
    covers = [row for number, verdict in by_touch if verdict.has_won for row in _cover_rows(number, verdict.candidate)]
    for page in _pages(covers):
        tx.count("decide/store_covers", realm=run.realm, shop_id=run.shop_id, as_of=run.as_of, rows=page)
    draws = {
        (verdict.candidate.campaign_id, str(verdict.candidate.identity)): verdict.draw
        for verdict in verdicts
        if verdict.is_first_draw
    }
    for page in _pages([{"campaign_id": c, "identity": i, "draw": draw} for (c, i), draw in draws.items()]):
        tx.count(
            "decide/store_draws",
            realm=run.realm,
            holdout_scope=shop.holdout_scope,
            as_of=run.as_of,
            rows=page,
        )
    return [_message_row(number, verdict, campaigns, known) for number, verdict in by_touch if verdict.has_won]


def _is_change(verdict: Verdict, known: Known) -> bool:
    if verdict.decision == Decision.REPEATED:
        return False
    before = known.touches.get(touch_key(verdict.candidate))
    return before is None or before.is_freed or (before.decision, before.reason) != (verdict.decision, verdict.reason)


def _write_touches(tx: Transaction, run: Run, changed: Mapping[TouchKey, Verdict], known: Known) -> dict[TouchKey, int]:
    written: dict[TouchKey, int] = {}
    rows = [
        {
            **_key_row(verdict.candidate),
            "customer_id": verdict.candidate.customer_id,
            "address_hash": verdict.address_hash,
            "round": known.round_of(verdict.candidate),
            "decision": verdict.decision.value,
            "reason": verdict.reason,
            "variant": verdict.variant,
        }
        for verdict in changed.values()
    ]
    for page in _pages(rows):
        for row in tx.many(
            "decide/store_touches",
            realm=run.realm,
            shop_id=run.shop_id,
            run_no=run.run_no,
            dag_id=run.dag_id,
            as_of=run.as_of,
            rows=page,
        ):
            written[row["campaign_id"], row["step"], row["occasion"], row["identity"]] = row["touch_id"]
    return written


def _key_row(candidate: Candidate) -> Row:
    return {
        "campaign_id": candidate.campaign_id,
        "step": candidate.step,
        "occasion": candidate.occasion,
        "identity": str(candidate.identity),
    }


def _decision_row(touch_id: int, verdict: Verdict, campaigns: Mapping[str, Campaign], known: Known) -> Row:
    """The decision; for a message, or one held out, with its day and window, and what chance said.

    Kept here because a message moves: planned anew it has another day, put off it begins later.
    """
    detail = None
    if verdict.has_won and verdict.slot and verdict.way:
        detail = {
            "planned_on": verdict.slot.planned_on.isoformat(),
            "purpose": campaigns[verdict.candidate.campaign_id].purpose.value,
            "channel": verdict.way.channel.value,
            "not_before": verdict.slot.not_before.isoformat(),
            "not_after": verdict.slot.not_after.isoformat(),
            "draw": verdict.draw,
            "holdout_percent": verdict.percent,
        }
    return {
        "touch_id": touch_id,
        "round": known.round_of(verdict.candidate),
        "decision": verdict.decision.value,
        "reason": verdict.reason,
        "detail": detail,
    }


def _cover_rows(touch_id: int, candidate: Candidate) -> list[Row]:
    return [
        {"campaign_id": candidate.campaign_id, "step": candidate.step, "covered_id": covered, "touch_id": touch_id}
        for covered in candidate.covers
    ]


def _message_row(touch_id: int, verdict: Verdict, campaigns: Mapping[str, Campaign], known: Known) -> Row:
    way, slot = verdict.way, verdict.slot
    if way is None or way.address is None or slot is None:
        raise LedgerError("enqueued or held out without an address", place=f"touch {touch_id}", remedy="report it")
    candidate, campaign = verdict.candidate, campaigns[verdict.candidate.campaign_id]
    return {
        "touch_id": touch_id,
        "campaign_id": campaign.id,
        "step": candidate.step,
        "purpose": campaign.purpose.value,
        "channel": way.channel.value,
        "identity": candidate.identity,
        "customer_id": way.address.holder_id or candidate.customer_id,
        "address_kind": way.address.kind,
        "address_hash": way.address.address_hash,
        "template": campaign.step(candidate.step).template,
        "variant": verdict.variant,
        "locale": verdict.locale,
        "valid_while": list(campaign.valid_while),
        "max_staleness": campaign.max_staleness,
        "needs_approval": campaign.approval != "none",
        "offer_id": campaign.offer_id if candidate.step in campaign.offer_steps else None,
        "not_before": slot.not_before,
        "not_after": slot.not_after,
        "planned_on": slot.planned_on,
        "round": known.round_of(candidate),
        "is_held_out": verdict.decision == Decision.HELD_OUT,
        "holdout_percent": verdict.percent,
    }


def _pages(rows: Sequence[Row]) -> Iterator[Any]:
    for start in range(0, len(rows), PAGE):
        yield Json(list(rows[start : start + PAGE]))
