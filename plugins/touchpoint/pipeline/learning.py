"""Learning: what a daily run learns from its shop's own data, and the norms a run works by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Transaction
from touchpoint.learning import answer_delay, delivery, kept, learners
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.model import Mode, Run
from touchpoint.pipeline.runs import read_run
from touchpoint.services import Services
from touchpoint.settings import Shop, load_logistics, load_segments, load_shop, norms
from touchpoint.settings.learning import WEEKDAYS, load_learning


def learn(services: Services, run_no: int | None) -> list[str]:
    """Learn as of the run's instant and keep what differs, if it is the day for it or something is not learned yet.

    A run that recomputes learns nothing, nor does one of an instant that something was learned later than. Where other
    runs have worked without it meanwhile, it counts after the last of them.

    Returns:
        Names of what a new version was kept of.
    """
    run = read_run(services, run_no)
    if run.mode == Mode.RECOMPUTE:
        return []
    shop = load_shop(run.shop_id, services.config)
    with services.timed(run.run_no, "learn"):
        kept = []
        for name in _due(services, run, shop):
            with services.db.transaction() as tx:
                found = teach(tx, services, shop, run.as_of, keep=True, or_head=True, only=[name])
            kept += [name for name, (_, is_kept) in found.items() if is_kept]
        return kept


def teach(
    tx: Transaction,
    services: Services,
    shop: Shop,
    as_of: datetime,
    *,
    keep: bool,
    or_head: bool = False,
    only: list[str] | None = None,
) -> dict[str, tuple[Lesson | None, bool]]:
    """What a shop's data teach as of an instant; see `learning.learners.learn`.

    Raises:
        ConfigError: `only` names something nobody learns.
        LedgerError: `keep`, and something was learned, or the record made, as of a later instant.
    """
    rules = Rules(
        learning=load_learning(shop.id, services.config),
        segments=load_segments(services.config),
        logistics=load_logistics(services.config),
    )
    return learners.learn(tx, shop=shop, as_of=as_of, rules=rules, keep=keep, or_head=or_head, only=only)


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


def _due(services: Services, run: Run, shop: Shop) -> list[str]:
    weekday = WEEKDAYS[run.as_of.astimezone(shop.tz).weekday()]
    is_day = weekday in load_learning(shop.id, services.config).weekdays
    with services.db.transaction() as tx:
        latest = {name: kept.in_force(tx, shop.id, name, kept.END_OF_TIME) for name, _ in learners.LEARNERS}
    return [name for name, last in latest.items() if last is None or (is_day and last.learned_as_of < run.as_of)]
