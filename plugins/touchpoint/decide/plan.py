"""Decide once for all campaigns of a run, in one transaction: load, judge, write, and say what is to be enqueued."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Json, Row, Transaction
from touchpoint.decide.candidates import candidate_from_row
from touchpoint.decide.counts import Counts, count_reasons, count_verdicts, require_sum
from touchpoint.decide.loading import load_known, written_locales
from touchpoint.decide.policy import decide_all
from touchpoint.decide.verdicts import Setting
from touchpoint.decide.writing import write
from touchpoint.errors import LedgerError
from touchpoint.model import Mode, Run
from touchpoint.settings import Policy, Shop

CHANGED = "its file has changed since its audience was stored"
GONE = "its file does not load any more"


@dataclass(frozen=True)
class Plan:
    """What a run decided.

    Attributes:
        counts: campaign -> candidates, enqueued, repeated, held_out, suppressed, capped, outranked, expired.
        reasons: campaign -> "decision: reason" -> how many.
        enqueue: rows for the outbox, columns of ledger.outbox by name: messages, and what people were held out of.
        left_out: campaign -> why its stored audience was not decided.
    """

    counts: Counts = field(default_factory=dict)
    reasons: Counts = field(default_factory=dict)
    enqueue: list[Row] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def lock(tx: Transaction, *, realm: str, shop_id: str) -> None:
    """Wait until nobody else decides for this realm and shop; held to the end of the transaction."""
    tx.do("decide/lock", realm=realm, scope=f"shop:{shop_id}")


def decide(
    tx: Transaction, *, run: Run, shop: Shop, policy: Policy, campaigns: Mapping[str, Campaign], at: datetime
) -> Plan:
    """Decide all candidates whose audience was stored for this run.

    Deciding a run again finds its touches `repeated` and adds only what was missed.

    Args:
        tx: a transaction the outbox is filled in as well.
        run: in mode `send`.
        shop: its shop.
        policy: caps, quiet hours, holdout shares.
        campaigns: those that load; a stored audience of any other is left out and named.
        at: business time; nothing is planned before it.

    Raises:
        LedgerError: the run recomputes, a salt has changed, or the candidates do not add up; nothing is written.
    """
    if run.mode != Mode.SEND:
        raise LedgerError("a run in mode recompute decides nothing", place=run.run_id, remedy="use decide.recompute")
    lock(tx, realm=run.realm, shop_id=shop.id)
    if shop.brand:  # shops of one brand share identities, and with them caps
        tx.do("decide/lock", realm=run.realm, scope=shop.identity_scope)
    deciding, left_out = _deciding(tx, run, campaigns)
    keep_salts(tx, run, shop, deciding.values())
    stored = (candidate_from_row(row) for row in tx.many("decide/candidates", run_no=run.run_no))
    candidates = [candidate for candidate in stored if candidate.campaign_id in deciding]
    known = load_known(tx, run=run, shop=shop, campaigns=deciding, candidates=candidates, at=at)
    setting = Setting(shop, policy, deciding, at, run.as_of, run.dag_id, written_locales(deciding.values()))
    verdicts = decide_all(candidates, known, setting)
    counts, reasons = count_verdicts(deciding, verdicts), count_reasons(deciding, verdicts)
    require_sum(candidates, counts)
    enqueue = write(tx, run, shop, deciding, known, verdicts)
    for campaign_id, count in counts.items():
        tx.count(
            "decide/store_count",
            run_no=run.run_no,
            campaign_id=campaign_id,
            reasons=Json(reasons[campaign_id]),
            **count,
        )
    return Plan(counts, reasons, enqueue, left_out)


def keep_salts(tx: Transaction, run: Run, shop: Shop, campaigns: Iterable[Campaign]) -> None:
    """Store each campaign's salt at its first decision, and hold it to it from then on.

    Raises:
        LedgerError: a campaign file says another salt than at the first decision.
    """
    for campaign in campaigns:
        kept = tx.one(
            "decide/keep_salt",
            realm=run.realm,
            holdout_scope=shop.holdout_scope,
            campaign_id=campaign.id,
            salt=campaign.holdout.salt,
        )
        if kept["salt"] != campaign.holdout.salt:
            raise LedgerError(
                "the salt has changed after the first decision",
                place=f"config/campaigns/{campaign.id}.yaml: holdout.salt",
                remedy=f"write {kept['salt']!r} again: another salt would mix who was held out with who was not",
            )


def _deciding(
    tx: Transaction, run: Run, campaigns: Mapping[str, Campaign]
) -> tuple[dict[str, Campaign], dict[str, str]]:
    deciding: dict[str, Campaign] = {}
    left_out: dict[str, str] = {}
    for row in tx.many("decide/audiences", run_no=run.run_no):
        campaign = campaigns.get(row["campaign_id"])
        if campaign is None:
            left_out[row["campaign_id"]] = GONE
        elif campaign.file_hash != row["campaign_hash"]:
            left_out[row["campaign_id"]] = CHANGED
        else:
            deciding[campaign.id] = campaign
    return deciding, left_out
