"""From due campaigns to decisions: choose, plan, decide."""

from __future__ import annotations

from collections import Counter

from touchpoint.campaigns.due import due_campaigns
from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Transaction
from touchpoint.decide import audience as audiences
from touchpoint.decide import plan as decisions
from touchpoint.decide import recompute
from touchpoint.errors import ConfigError, LedgerError
from touchpoint.facts import head
from touchpoint.model import Mode, Run
from touchpoint.outbox import sweep
from touchpoint.outbox.enqueue import enqueue
from touchpoint.pipeline import people
from touchpoint.pipeline.learning import taught
from touchpoint.pipeline.runs import read_run
from touchpoint.quality import gate
from touchpoint.record import refresh as record
from touchpoint.record.derived import Derived
from touchpoint.services import Services
from touchpoint.settings import Shop, load_logistics, load_policy, load_segments, load_shop, load_tags


def config_check(services: Services) -> int:
    """How many campaign files load.

    Raises:
        ConfigError: one or more do not, every one is named; or config/quality.yaml holds what cannot be evaluated.
    """
    gate.check(services.url, services.config)
    loaded = load_campaigns(services.config)
    if loaded.broken:
        raise ConfigError(
            f"{len(loaded.broken)} campaign file(s) left out: " + " | ".join(str(error) for error in loaded.broken),
            place="config/campaigns",
            remedy="correct them; the other campaigns run",
        )
    return len(loaded.by_id)


def choose(services: Services, run_no: int | None) -> list[str]:
    """Ids of the campaigns due at the run's as_of."""
    run = read_run(services, run_no)
    shop = load_shop(run.shop_id, services.config)
    return due_campaigns(load_campaigns(services.config).by_id, run.cadence, run.as_of, shop)


def plan(services: Services, run_no: int | None, campaign_id: str) -> int:
    """Store the audience of a campaign for this run.

    Returns:
        How many candidates it has; 0 in mode `recompute`, where `decide` asks and compares.
    """
    run = read_run(services, run_no)
    shop = load_shop(run.shop_id, services.config)
    campaign = _campaign(services, campaign_id)
    if run.mode == Mode.RECOMPUTE:
        return 0
    with services.timed(run.run_no, f"plan_{campaign_id}"), services.db.transaction() as tx:
        derived = _record(tx, services, run, shop)
        stored = audiences.store(
            tx,
            run=run,
            shop=shop,
            campaign=taught(tx, shop, run.as_of, {campaign_id: campaign})[campaign_id],
            relation=derived.features,
            segments=derived.segments,
            derived=derived,
            logistics=load_logistics(services.config).rules(shop),
        )
        return stored.candidate_count


def decide(services: Services, run_no: int | None) -> dict[str, int]:
    """Decide once for all campaigns whose audience was stored for this run, in one transaction per shop.

    In mode `recompute` the decisions are compared with the ledger and nothing is enqueued.

    Returns:
        Decisions by kind, over all campaigns.

    Raises:
        LedgerError: a campaign whose audience was stored could not be decided; the others were.
    """
    run = read_run(services, run_no)
    shop = load_shop(run.shop_id, services.config)
    policy = load_policy(services.config)
    clock = services.clock_of(run)
    loaded = load_campaigns(services.config).by_id
    with services.timed(run.run_no, "decide"), services.db.transaction() as tx:
        loaded = taught(tx, shop, run.as_of, loaded)
        if run.mode == Mode.RECOMPUTE:
            return recompute.compare(
                tx,
                run=run,
                shop=shop,
                policy=policy,
                campaigns={due: loaded[due] for due in due_campaigns(loaded, run.cadence, run.as_of, shop)},
                ask=_asker(tx, services, run, shop),
                now=clock.now(),
            )
        decisions.lock(tx, realm=run.realm, shop_id=shop.id)
        sweep.sweep(tx, realm=run.realm, shop=shop, at=clock.now(), policy=policy, campaigns=loaded)
        made = decisions.decide(tx, run=run, shop=shop, policy=policy, campaigns=loaded, at=clock.now())
        enqueue(tx, run, made.enqueue)
        people.open_tasks(tx, services, run, shop)
    people.tell(services, run, shop)
    _require_all_decided(made)
    total: Counter[str] = Counter()
    for counts in made.counts.values():
        total.update(counts)
    return dict(total)


def _require_all_decided(made: decisions.Plan) -> None:
    if made.left_out:
        raise LedgerError(
            "; ".join(f"{campaign_id} was not decided: {why}" for campaign_id, why in sorted(made.left_out.items())),
            place="config/campaigns",
            remedy="the others were decided; clear its task `plan` with all that follows, to ask and decide it anew",
        )


def _record(tx: Transaction, services: Services, run: Run, shop: Shop) -> Derived:
    """The stored record where it stands at the run's own instant, else one of the run's own."""
    segments = load_segments(services.config)
    if run.is_at_head and head.read(tx, run.shop_id).refreshed_as_of == run.as_of:
        features = record.FEATURES
    else:
        features = record.scratch(tx, shop_id=run.shop_id, as_of=run.as_of, run_no=run.run_no, segments=segments)
    return Derived(tx, shop, run.as_of, run.run_no, features, segments, load_tags(services.config))


def _asker(tx: Transaction, services: Services, run: Run, shop: Shop) -> recompute.Ask:
    """Asks audiences as of the run's instant, with the record of that instant; with hindsight in a block undone."""
    as_known_then = _record(tx, services, run, shop)

    def ask(question: recompute.Question) -> audiences.Audience:
        if question.known_by is None:
            return asked(question, as_known_then)
        with tx.undone():
            record.drop_scratch(tx, run.run_no)
            tx.one("decide/know_by", known_by=question.known_by)
            return asked(question, _record(tx, services, run, shop))

    def asked(question: recompute.Question, derived: Derived) -> audiences.Audience:
        return audiences.ask(
            tx,
            run=run,
            shop=shop,
            campaign=question.campaign,
            relation=derived.features,
            segments=derived.segments,
            derived=derived,
            logistics=load_logistics(services.config).rules(shop),
            configured=question.configured,
        )

    return ask


def _campaign(services: Services, campaign_id: str) -> Campaign:
    loaded = load_campaigns(services.config).by_id
    if campaign_id not in loaded:
        raise ConfigError(
            f"no campaign {campaign_id!r} loads",
            place="config/campaigns",
            remedy=f"one of: {', '.join(sorted(loaded))}",
        )
    return loaded[campaign_id]
