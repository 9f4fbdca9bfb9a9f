"""Learning: what a daily run learns from its shop's own data, and the norms a run works by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from touchpoint.campaigns.spec import Campaign
from touchpoint.clock import stopwatch
from touchpoint.db import Transaction
from touchpoint.learning import answer_delay, delivery, kept, learners
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.model import Run
from touchpoint.pipeline.runs import read_run
from touchpoint.services import Services
from touchpoint.settings import Shop, load_logistics, load_segments, load_shop, norms
from touchpoint.settings.learning import load_learning


def learn(services: Services, run_no: int | None) -> list[str]:
    """Learn as of the run's instant what is due, and keep what differs.

    Due is what was never learned, and what neither a run looked at nor a person kept since the last learning day began:
    a day that was missed is made up by the next run. A run not at the head learns nothing (a backfill never is). Where
    other runs have worked without it meanwhile, it counts after the last of them.

    Returns:
        Names of what a new version was kept of.
    """
    run = read_run(services, run_no)
    if not run.is_at_head:
        return []
    shop = load_shop(run.shop_id, services.config)
    rules, versions = rules_of(services, shop), []
    for name in _due(services, run, shop, rules):
        started = stopwatch()
        with services.db.transaction() as tx:
            found = learners.learn(tx, shop=shop, as_of=run.as_of, rules=rules, keep=True, or_head=True, only=[name])
            versions += [name for name, (_, is_kept) in found.items() if is_kept]
            # In the same transaction: it says that this was looked at, too.
            tx.count("runs/stage_seconds", run_no=run.run_no, stage=f"learn_{name}", seconds=stopwatch() - started)
    return versions


def teach(
    tx: Transaction,
    services: Services,
    shop: Shop,
    as_of: datetime,
    *,
    keep: bool,
    only: list[str] | None = None,
) -> dict[str, tuple[Lesson | None, bool]]:
    """What a shop's data teach as of an instant; see `learning.learners.learn`.

    Raises:
        ConfigError: `only` names something nobody learns.
        LedgerError: `keep`, and something was learned, or the record made, as of a later instant.
    """
    return learners.learn(tx, shop=shop, as_of=as_of, rules=rules_of(services, shop), keep=keep, only=only)


def rules_of(services: Services, shop: Shop) -> Rules:
    """What people configured a shop's learning by."""
    return Rules(
        learning=load_learning(shop.id, services.config),
        segments=load_segments(services.config),
        logistics=load_logistics(services.config),
    )


def taught(tx: Transaction, shop: Shop, as_of: datetime, campaigns: Mapping[str, Campaign]) -> dict[str, Campaign]:
    """Campaigns with what was learned before an instant in the place of `after: learned` of their steps."""
    if not any(campaign.is_learned for campaign in campaigns.values()):
        return dict(campaigns)
    version = kept.Lessons(tx, shop.id, as_of).version(answer_delay.NAME)
    no, body = (version.no, version.body) if version else (None, None)
    return {name: campaign.taught(no, body) for name, campaign in campaigns.items()}


def norms_of(tx: Transaction, services: Services, shop: Shop, as_of: datetime) -> dict[str, Any]:
    """The norms of config/logistics.yaml a shop works by at an instant, what was learned before it put in."""
    version = kept.Lessons(tx, shop.id, as_of).version(delivery.NAME)
    rules = load_logistics(services.config).rules(shop)
    return norms.taught(rules, version.body if version else None, version.no if version else None)


def _due(services: Services, run: Run, shop: Shop, rules: Rules) -> list[str]:
    names = [name for name, _ in learners.LEARNERS]
    since = rules.learning.day_before(run.as_of.astimezone(shop.tz))
    with services.db.transaction() as tx:
        latest = {name: kept.in_force(tx, shop.id, name, kept.END_OF_TIME) for name in names}
        rows = tx.many("learn/looked", realm=run.realm, shop_id=shop.id, names=names, since=since, before=run.as_of)
    looked = {row["name"] for row in rows}
    return [
        name for name, last in latest.items() if last is None or (last.learned_as_of < since and name not in looked)
    ]
