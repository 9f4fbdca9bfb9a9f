"""Loading what policy is told, set by set: the same few statements for ten candidates or for a million."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from touchpoint.campaigns.load import TEMPLATE_ROOT
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Row, Transaction
from touchpoint.decide.caps import WEEK
from touchpoint.decide.known import Address, AddressKey, CoverKey, Known, Load, Touch, TouchKey
from touchpoint.model import Candidate, Channel, Decision, Purpose, Run
from touchpoint.settings import Shop

NOW = "infinity"
"""As `before`: the ledger as it is."""


def load_known(
    tx: Transaction,
    *,
    run: Run,
    shop: Shop,
    campaigns: Mapping[str, Campaign],
    candidates: Sequence[Candidate],
    at: datetime,
    before: datetime | str = NOW,
) -> Known:
    """Everything policy is told about these candidates.

    Args:
        tx: the transaction that holds the decide lock, or that only looks.
        run: realm and shop.
        shop: its zone and holdout scope.
        campaigns: of the candidates.
        candidates: of the run.
        at: business time: addresses, consent and suppression as known then.
        before: the ledger as it was before this instant. With NOW, as it is.
    """
    identities = sorted({candidate.identity for candidate in candidates}, key=str)
    points = tx.many(
        "decide/addresses",
        shop_id=run.shop_id,
        customer_ids=sorted({candidate.customer_id for candidate in candidates}),
        at=at,
    )
    load = tx.many(
        "decide/message_load",
        realm=run.realm,
        identities=identities,
        from_on=at.astimezone(shop.tz).date() - timedelta(days=WEEK - 1),
        before=before,
    )
    drawn = tx.many(
        "decide/draws",
        realm=run.realm,
        holdout_scope=shop.holdout_scope,
        campaign_ids=sorted(campaigns),
        identities=identities,
        before=before,
    )
    touches, taken = _touches(tx, run, campaigns, candidates, before)
    known = Known(
        addresses=_addresses(points),
        locales={row["customer_id"]: row["locale"] for row in points if row["locale"]},
        touches=touches,
        also_taken=taken,
        load=_load(load),
        draws={(row["campaign_id"], row["identity"]): row["draw"] for row in drawn},
    )
    # As of a past instant the audience itself has left out what was covered then.
    return replace(known, covered=_covered(tx, run, campaigns, candidates)) if before == NOW else known


def written_locales(campaigns: Iterable[Campaign]) -> dict[str, frozenset[str]]:
    """Campaign id -> locales its templates exist in."""
    return {
        campaign.id: frozenset(
            folder.name for folder in (TEMPLATE_ROOT / "messages" / campaign.id).glob("*") if folder.is_dir()
        )
        for campaign in campaigns
    }


def _addresses(points: Iterable[Row]) -> dict[str, dict[Channel, Address]]:
    found: dict[str, dict[Channel, Address]] = {}
    for row in points:
        consent = {Purpose(purpose): bool(given) for purpose, given in (row["consents"] or {}).items()}
        address = Address(row["kind"], row["address_hash"], consent, row["is_suppressed"], row["holder_id"])
        found.setdefault(row["customer_id"], {})[Channel(row["channel"])] = address
    return found


def _load(rows: Iterable[Row]) -> Load:
    load = Load()
    for row in rows:
        load.add(row["identity"], row["planned_on"], Purpose(row["purpose"]), row["campaign_id"], row["messages"])
    return load


def _touches(
    tx: Transaction,
    run: Run,
    campaigns: Mapping[str, Campaign],
    candidates: Iterable[Candidate],
    before: datetime | str,
) -> tuple[dict[TouchKey, Touch], dict[AddressKey, UUID]]:
    """The touch that speaks for each key, and who has taken which address by any of them."""
    asked = sorted({(c.campaign_id, step, c.occasion) for c in candidates for step in _steps(c, campaigns)})
    rows = tx.many(
        "decide/touches",
        realm=run.realm,
        shop_id=run.shop_id,
        campaign_ids=[key[0] for key in asked],
        steps=[key[1] for key in asked],
        occasions=[key[2] for key in asked],
        before=before,
        freed_before=run.as_of,
    )
    touches: dict[TouchKey, Touch] = {}
    taken: dict[AddressKey, UUID] = {}
    for row in rows:
        key = (row["campaign_id"], row["step"], row["occasion"])
        other = touches.get((*key, row["identity"]))
        touch = Touch(
            Decision(row["decision"]),
            row["reason"],
            row["as_of"],
            row["dag_id"],
            row["planned_on"],
            row["address_hash"],
            row["is_freed"],
            max(row["round"] + row["is_freed"], other.next_round if other else 1),
        )
        touches[*key, row["identity"]] = touch
        if touch.has_won and touch.address_hash is not None:
            taken[*key, touch.address_hash] = row["identity"]
    return touches, taken


def _covered(
    tx: Transaction, run: Run, campaigns: Mapping[str, Campaign], candidates: Iterable[Candidate]
) -> dict[CoverKey, TouchKey]:
    asked = sorted(
        {(c.campaign_id, step, each) for c in candidates for step in _steps(c, campaigns) for each in c.covers}
    )
    rows = tx.many(
        "decide/covered",
        realm=run.realm,
        shop_id=run.shop_id,
        campaign_ids=[key[0] for key in asked],
        steps=[key[1] for key in asked],
        covered_ids=[key[2] for key in asked],
    )
    return {
        (row["campaign_id"], row["step"], row["covered_id"]): (
            row["campaign_id"],
            row["step"],
            row["occasion"],
            row["identity"],
        )
        for row in rows
    }


def _steps(candidate: Candidate, campaigns: Mapping[str, Campaign]) -> list[str]:
    """The candidate's step and those that follow it."""
    return [candidate.step, *(step.id for step in campaigns[candidate.campaign_id].steps if step.after is not None)]
