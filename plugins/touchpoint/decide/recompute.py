"""Mode recompute: what a run would have decided, from what was known at its as_of, beside what the ledger says.

The decisions are made against the ledger as it was then: touches and draws of an earlier as_of, messages by their
times. Every difference of the audience is named: `config` (campaign file, its parameters, thresholds), `code` (the
statement), `data` (the facts: neither of the others differs, and yet the audience does), `no_ledger` (none stored).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Json, Row, Transaction
from touchpoint.decide.audience import Audience, ask
from touchpoint.decide.counts import Counts, count_reasons, count_verdicts, require_sum
from touchpoint.decide.loading import load_known, written_locales
from touchpoint.decide.policy import decide_all
from touchpoint.decide.verdicts import Setting
from touchpoint.model import Run
from touchpoint.settings import Policy, Segments, Shop


def compare(
    tx: Transaction,
    *,
    run: Run,
    shop: Shop,
    policy: Policy,
    campaigns: Mapping[str, Campaign],
    relation: str,
    segments: Segments,
) -> dict[str, int]:
    """Recompute the decisions of a run and compare its audiences with those stored for the same DAG and as_of.

    Writes ledger.recomputation and nothing else: no fact, no record, no touch, no message.

    Args:
        tx: an open transaction.
        run: whose as_of is looked from; its DAG's stored run is what is compared with, its own if it sent once.
        shop: its shop.
        policy: as configured now.
        campaigns: due at that instant.
        relation: customer features as of that instant (record.refresh.scratch).
        segments: as configured now.

    Returns:
        Recomputed decisions by kind, over all campaigns.
    """
    audiences = {
        campaign.id: ask(tx, run=run, shop=shop, campaign=campaign, relation=relation, segments=segments)
        for campaign in campaigns.values()
    }
    counts, reasons = judge_as_of(tx, run=run, shop=shop, policy=policy, campaigns=campaigns, audiences=audiences)
    total: Counter[str] = Counter()
    for campaign_id, audience in audiences.items():
        _store(tx, run, audience, {**counts[campaign_id], "reasons": reasons[campaign_id]})
        total.update(counts[campaign_id])
    return dict(total)


def judge_as_of(
    tx: Transaction,
    *,
    run: Run,
    shop: Shop,
    policy: Policy,
    campaigns: Mapping[str, Campaign],
    audiences: Mapping[str, Audience],
) -> tuple[Counts, Counts]:
    """What would become of audiences as of the run's instant, against the ledger as it was then; nothing is written.

    Returns:
        Campaign -> decision -> how many, and campaign -> "decision: reason" -> how many.

    Raises:
        LedgerError: the candidates do not add up.
    """
    candidates = [candidate for audience in audiences.values() for candidate in audience.candidates]
    known = load_known(
        tx, run=run, shop=shop, campaigns=campaigns, candidates=candidates, at=run.as_of, before=run.as_of
    )
    setting = Setting(shop, policy, campaigns, run.as_of, run.as_of, run.dag_id, written_locales(campaigns.values()))
    verdicts = decide_all(candidates, known, setting)
    counts, reasons = count_verdicts(campaigns, verdicts), count_reasons(campaigns, verdicts)
    require_sum(candidates, counts)
    return counts, reasons


def differences(audience: Audience, stored: Row | None) -> list[str]:
    """By what an audience differs from the stored one; empty if by nothing."""
    if stored is None:
        return ["no_ledger"]
    found = []
    if (audience.campaign_hash, audience.parameter_hash) != (stored["campaign_hash"], stored["parameter_hash"]):
        found.append("config")
    if audience.statement_hash != stored["statement_hash"]:
        found.append("code")
    if audience.audience_hash != stored["audience_hash"] and not found:
        found.append("data")
    return found


def _store(tx: Transaction, run: Run, audience: Audience, decisions: Mapping[str, object]) -> None:
    stored = tx.maybe(
        "decide/stored_audience",
        realm=run.realm,
        shop_id=run.shop_id,
        dag_id=run.dag_id,
        as_of=run.as_of,
        campaign_id=audience.campaign_id,
    )
    tx.count(
        "decide/store_recomputation",
        run_no=run.run_no,
        campaign_id=audience.campaign_id,
        compared_run_no=stored["run_no"] if stored else None,
        candidate_count=audience.candidate_count,
        audience_hash=audience.audience_hash,
        differs_by=differences(audience, stored),
        decisions=Json(dict(decisions)),
    )
