"""Mode recompute: what a run would have decided, from what was known at its as_of, beside what the ledger says.

The decisions are made against the ledger as it was then: touches and draws of an earlier as_of, messages by their
times. Every difference of the audience is named (decide.differences). To name them rightly the audience is asked again:
with the configuration of then, where that has changed; and with hindsight, for facts corrected since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from touchpoint.campaigns.load import campaign_of_text
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Json, Row, Transaction
from touchpoint.decide.audience import Audience
from touchpoint.decide.candidates import candidate_from_row
from touchpoint.decide.counts import Counts, count_reasons, count_verdicts, require_sum
from touchpoint.decide.differences import Changes, Hashes, causes, changed_keys, changes
from touchpoint.decide.loading import load_known, written_locales
from touchpoint.decide.policy import decide_all
from touchpoint.decide.verdicts import Setting
from touchpoint.errors import ConfigError
from touchpoint.model import Run
from touchpoint.settings import Policy, Shop, yaml_of_text

SETTLED_AFTER = timedelta(days=1)
"""What is learned later than this after an instant is a correction; before, it merely came late."""
ALL_KNOWN = "infinity"
"""As `known_by`: everything known today."""


@dataclass(frozen=True)
class Question:
    """How an audience is to be asked.

    Attributes:
        campaign: as configured now, or then.
        known_by: facts learned later do not count; None: as of the run's instant.
        configured: values in place of today's configuration, by parameter of the statement.
    """

    campaign: Campaign
    known_by: str | None = None
    configured: Mapping[str, object] | None = None


Ask = Callable[[Question], Audience]
"""Asks an audience as of the run's instant; pipeline knows where the record of that instant comes from."""


def compare(
    tx: Transaction,
    *,
    run: Run,
    shop: Shop,
    policy: Policy,
    campaigns: Mapping[str, Campaign],
    ask: Ask,
    now: datetime,
) -> dict[str, int]:
    """Recompute the decisions of a run and compare its audiences with those stored for the same DAG and as_of.

    Writes ledger.recomputation and nothing else: no fact, no record, no touch, no message.

    Args:
        tx: an open transaction.
        run: whose as_of is looked from; its DAG's stored run is what is compared with, its own if it sent once.
        shop: its shop.
        policy: as configured now.
        campaigns: due at that instant.
        ask: asks an audience.
        now: business time, aware: until when corrections are looked for.

    Returns:
        Recomputed decisions by kind, over all campaigns.
    """
    audiences = {campaign.id: ask(Question(campaign)) for campaign in campaigns.values()}
    counts, reasons = judge_as_of(tx, run=run, shop=shop, policy=policy, campaigns=campaigns, audiences=audiences)
    total: Counter[str] = Counter()
    for campaign_id, audience in audiences.items():
        stored = _stored(tx, run, campaign_id)
        found, detail = _explain(tx, run, campaigns[campaign_id], audience, stored, ask, now)
        tx.count(
            "decide/store_recomputation",
            run_no=run.run_no,
            campaign_id=campaign_id,
            compared_run_no=stored["run_no"] if stored else None,
            candidate_count=audience.candidate_count,
            audience_hash=audience.audience_hash,
            differs_by=found,
            decisions=Json({**counts[campaign_id], "reasons": reasons[campaign_id]}),
            detail=Json(detail),
        )
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


def _stored(tx: Transaction, run: Run, campaign_id: str) -> Row | None:
    return tx.maybe(
        "decide/stored_audience",
        realm=run.realm,
        shop_id=run.shop_id,
        dag_id=run.dag_id,
        as_of=run.as_of,
        campaign_id=campaign_id,
    )


def _explain(
    tx: Transaction, run: Run, campaign: Campaign, audience: Audience, stored: Row | None, ask: Ask, now: datetime
) -> tuple[list[str], dict[str, Any]]:
    """The causes by which an audience differs from the stored one, and what a report says of them."""
    today = Hashes(audience.audience_hash, audience.campaign_hash, audience.parameter_hash, audience.statement_hash)
    if stored is None:
        return causes(None, today, None, False), {}
    then = Hashes(stored["audience_hash"], stored["campaign_hash"], stored["parameter_hash"], stored["statement_hash"])
    corrections = _corrections(run, campaign, ask, now)
    has_config = (then.campaign, then.parameters) != (today.campaign, today.parameters)
    as_configured_then = _asked_as_then(stored, ask) if has_config and then.statement == today.statement else None
    named = causes(then, today, as_configured_then, bool(corrections))
    detail: dict[str, Any] = {}
    if has_config:
        detail["config"] = _changed_config(stored, campaign, audience)
    if "code" in named:
        detail["code"] = [f"include/sql/audiences/{campaign.audience.statement}.sql"]
    if then.audience != today.audience:
        detail["audience"] = _changes_since(tx, run, stored, audience).as_dict()
    if corrections:
        detail["corrections"] = corrections.as_dict()
    return named, detail


def _corrections(run: Run, campaign: Campaign, ask: Ask, now: datetime) -> Changes:
    settled = run.as_of + SETTLED_AFTER
    if now <= settled:
        return Changes()
    before = ask(Question(campaign, known_by=settled.isoformat()))
    return changes(before.candidates, ask(Question(campaign, known_by=ALL_KNOWN)).candidates)


def _asked_as_then(stored: Row, ask: Ask) -> str | None:
    """Hash of the audience by the campaign file and values of then; None where they cannot be read any more."""
    if stored["body"] is None or stored["configured"] is None:
        return None
    try:
        return ask(Question(campaign_of_text(stored["body"]), configured=stored["configured"])).audience_hash
    except ConfigError:
        return None


def _changed_config(stored: Row, campaign: Campaign, audience: Audience) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    if stored["body"] is not None and stored["campaign_hash"] != audience.campaign_hash:
        found += changed_keys(yaml_of_text(stored["body"]), yaml_of_text(campaign.body))
    values = changed_keys(stored["configured"] or {}, audience.configured) if stored["configured"] is not None else []
    # What the file itself says is named as it stands there.
    return found + [each for each in values if not each["key"].startswith("parameters.")]


def _changes_since(tx: Transaction, run: Run, stored: Row, audience: Audience) -> Changes:
    rows = tx.many("decide/candidates", run_no=stored["run_no"])
    then = [candidate for row in rows if (candidate := candidate_from_row(row)).campaign_id == audience.campaign_id]
    # Candidates are forgotten after a while; the hash is not.
    return changes(then, audience.candidates) if then or not stored["candidate_count"] else Changes()
