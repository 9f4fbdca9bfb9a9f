"""The use cases of one run of one shop, as plain functions.

An entry point opens Services and calls them in this order: begin, extract (per entity), validate, load, refresh,
choose, plan (per campaign), decide, dispatch (per shard), reconcile, report. Each takes the run's number alone, so that
any of them can be run again; each asks anew whether it may still write.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from touchpoint.campaigns.due import due_campaigns
from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.channels import Channel as OpenChannel
from touchpoint.channels import open_channel
from touchpoint.clock import Clock, mode_of, real_now, resolve_as_of
from touchpoint.db import Transaction
from touchpoint.decide import audience as audiences
from touchpoint.decide import plan as decisions
from touchpoint.decide import recompute
from touchpoint.errors import ConfigError, GateFailed, LedgerError, NotAtHead, TimeError, TouchpointError
from touchpoint.facts import head, landing, merge
from touchpoint.model import Cadence, Channel, Entity, Mode, Run
from touchpoint.outbox import dispatch as outgoing
from touchpoint.outbox import leases, resolve, sweep
from touchpoint.outbox.enqueue import enqueue
from touchpoint.quality import gate
from touchpoint.record import refresh as record
from touchpoint.render.messages import Renderer
from touchpoint.reports.summary import summary
from touchpoint.services import LIVE, Services, no_run, run_from_row
from touchpoint.settings import Shop, load_policy, load_segments, load_shop
from touchpoint.sources import open_source

EXTRACTED = (Entity.MEMBER, Entity.ORDER, Entity.SHIPMENT)
"""What is asked of a source; lines and refunds come with orders, scans with parcels."""
SHARDS = 2
"""Dispatch is mapped over this many shards: one a core of the smallest machine."""
HISTORY = "history"
"""Type of a run that only loads: a shop's declared history, from a shell. A rehearsal's facts come by it alone."""
FEATURES = "record.customer_features"


@dataclass(frozen=True)
class Trigger:
    """What an entry point knows of a run before it is in the ledger."""

    shop_id: str
    dag_id: str
    run_id: str
    cadence: Cadence
    run_type: str = "manual"
    as_of: str | datetime | None = None
    logical_date: datetime | None = None
    run_after: datetime | None = None
    realm: str | None = None


def begin(services: Services, trigger: Trigger) -> Run:
    """Open the run: resolve its as_of, its mode and whether it is at the head.

    Raises:
        TimeError: as_of is missing, without a zone, or later than the clock.
        ConfigError: the shop does not load, or a realm was named for a live shop.
    """
    shop = load_shop(trigger.shop_id, services.config)
    realm = _realm(shop, trigger.realm)
    clock = services.business_clock(LIVE)
    as_of = resolve_as_of(
        param=trigger.as_of, logical_date=trigger.logical_date, run_after=trigger.run_after, clock=clock
    )
    now = clock.now() if realm == LIVE else as_of
    mode = mode_of(run_type=trigger.run_type, cadence=trigger.cadence, as_of=as_of, now=now)
    with services.db.transaction() as tx:
        may_write = trigger.run_type == HISTORY or (realm == LIVE and mode == Mode.SEND)
        at_head = may_write and _is_at_head(tx, shop.id, as_of)
        row = tx.one(
            "runs/begin",
            realm=realm,
            shop_id=shop.id,
            dag_id=trigger.dag_id,
            run_id=trigger.run_id,
            cadence=str(trigger.cadence),
            run_type=trigger.run_type,
            as_of=as_of,
            mode=mode,
            is_at_head=at_head,
        )
    run = run_from_row(row)
    if run.as_of != as_of:
        raise LedgerError(
            f"run {run.run_id} looked from {run.as_of.isoformat()} before, and from {as_of.isoformat()} now",
            place=run.dag_id,
            remedy="start a new run for another as_of",
        )
    return run


def read_run(services: Services, run_no: int | None) -> Run:
    """The run, its mode judged again by the clock: a run cleared long after is `recompute`, whatever it was.

    Raises:
        TouchpointError: no such run.
    """
    if run_no is None:
        raise no_run(run_no)
    with services.db.transaction() as tx:
        row = tx.maybe("runs/read", run_no=run_no)
    if row is None:
        raise no_run(run_no)
    run = run_from_row(row)
    now = services.clock_of(run).now()
    mode = Mode(mode_of(run_type=run.run_type, cadence=run.cadence, as_of=run.as_of, now=now))
    return replace(run, mode=mode, is_at_head=run.is_at_head and mode == Mode.SEND)


def extract(services: Services, run_no: int | None, entity: Entity) -> dict[str, int]:
    """Pull one entity from the stored watermark to as_of, and land it. Runs not at the head pull nothing.

    Returns:
        Rows landed, per landing entity.

    Raises:
        SourceError: the source does not answer or refuses; nothing moved.
    """
    run = read_run(services, run_no)
    shop = load_shop(run.shop_id, services.config)
    if not run.is_at_head or entity not in shop.sources:
        return {}
    with services.timed(run.run_no, f"extract_{entity}"):
        try:
            return ingest(services, shop, entity, as_of=run.as_of, run_no=run.run_no)
        except NotAtHead:
            _lose_head(services, run)
            return {}


def ingest(services: Services, shop: Shop, entity: Entity, *, as_of: datetime, run_no: int | None) -> dict[str, int]:
    """Read a source's window and land it, the watermark moving in the same transaction.

    Raises:
        NotAtHead: another run went past as_of meanwhile; nothing is landed.
    """
    with services.db.transaction() as tx:
        window = landing.next_window(tx, shop, entity, as_of)
        history = landing.is_history(tx, shop.id, entity)
        read = landing.files_read(tx, shop.id, entity)
    source = open_source(shop, entity, services.resolve, already_read=read, config=services.config)
    pages = source.read(entity, window)
    if shop.sources[entity.value].adapter != "files":
        pages = iter(list(pages))  # a slow platform must not hold the ingest lock
    with services.db.transaction() as tx:
        landing.lock_ingest(tx, shop.id)
        head.require(tx, shop.id, as_of)
        batches = landing.land(
            tx,
            shop=shop,
            entity=entity,
            pages=pages,
            window=window,
            snapshot_at=source.snapshot_at(entity, window),
            as_of=as_of,
            run_no=run_no,
            is_history=history,
            key=services.key,
        )
        return {row["entity"]: row["landed"] for row in tx.many("load/landed", batch_ids=batches)}


def validate(services: Services, run_no: int | None) -> int:
    """Judge every pending batch and write the run's gate row: `passed` where there is nothing to judge.

    Returns:
        How many batches were judged.

    Raises:
        GateFailed: a critical expectation failed; the batches stay pending.
    """
    run = read_run(services, run_no)
    if run.mode == Mode.RECOMPUTE:
        return 0
    with services.timed(run.run_no, "validate"):
        with services.db.transaction() as tx:
            batches = landing.pending(tx, run.shop_id) if run.is_at_head else []
        findings = gate.judge(services.url, run.shop_id, batches, run.as_of)
        with services.db.transaction() as tx:
            passed = gate.record(tx, run.run_no, findings)
    if not passed:
        failed = sorted({f"{f.entity}: {f.rule}" for f in findings if not f.success and f.severity == "critical"})
        raise GateFailed(
            f"{len(failed)} critical expectation(s) failed: {'; '.join(failed)}",
            place=f"shop {run.shop_id}",
            remedy=f"look with `touchpoint gate show --shop {run.shop_id}`, then release or reject",
        )
    return len(batches)


def load(services: Services, run_no: int | None) -> dict[str, int]:
    """Quarantine the rows that broke a rule, merge the others into facts, oldest batch first, in one transaction.

    Returns:
        Rows loaded, unchanged, superseded and quarantined, in all.
    """
    run = read_run(services, run_no)
    if not run.is_at_head:
        return {}
    shop = load_shop(run.shop_id, services.config)
    with services.timed(run.run_no, "load"):
        try:
            with services.db.transaction() as tx:
                landing.lock_ingest(tx, shop.id)
                head.require(tx, shop.id, run.as_of)
                counts = _load_judged(tx, services, shop, run)
                head.advance_loaded(tx, shop.id, run.as_of)
                return counts
        except NotAtHead:
            _lose_head(services, run)
            return {}


def refresh(services: Services, run_no: int | None) -> int:
    """Bring the customer record to as_of: the stored one at the head, else a run-scoped one.

    Returns:
        Customers written.
    """
    run = read_run(services, run_no)
    with services.timed(run.run_no, "refresh"):
        if run.is_at_head:
            try:
                return _refresh_head(services, run)
            except NotAtHead:
                _lose_head(services, run)
        with services.db.transaction() as tx:
            record.scratch(tx, shop_id=run.shop_id, as_of=run.as_of, run_no=run.run_no)
    return 0


def choose(services: Services, run_no: int | None) -> list[str]:
    """Ids of the campaigns due at the run's as_of."""
    run = read_run(services, run_no)
    shop = load_shop(run.shop_id, services.config)
    return due_campaigns(load_campaigns(services.config).by_id, run.cadence, run.as_of, shop)


def load_history(services: Services, trigger: Trigger) -> Run:
    """Bring a shop's facts and record to as_of without any campaign: begin, extract, validate, load, refresh, report.

    Raises:
        TimeError: as_of lies before the shop's head.
        GateFailed, SourceError: as validate and extract do.
    """
    run = begin(services, replace(trigger, run_type=HISTORY))
    if not run.is_at_head:
        raise TimeError(
            f"{run.as_of.isoformat()} lies before what shop {run.shop_id} knows",
            place="--as-of",
            remedy="name a later instant, or start over with `make reset`",
        )
    for entity in EXTRACTED:
        extract(services, run.run_no, entity)
    validate(services, run.run_no)
    load(services, run.run_no)
    refresh(services, run.run_no)
    report(services, run.run_no)
    return run


def run_once(services: Services, trigger: Trigger, *, only: str | None = None) -> Run:
    """A whole run from a shell: what the DAG does, one task after another; with `only`, for one campaign."""
    run = begin(services, trigger)
    for entity in EXTRACTED:
        extract(services, run.run_no, entity)
    validate(services, run.run_no)
    load(services, run.run_no)
    refresh(services, run.run_no)
    for campaign_id in [due for due in choose(services, run.run_no) if only in (None, due)]:
        plan(services, run.run_no, campaign_id)
    decide(services, run.run_no)
    dispatch(services, run.run_no, 0, 1)
    reconcile(services, run.run_no)
    report(services, run.run_no)
    return run


def config_check(services: Services) -> int:
    """How many campaign files load.

    Raises:
        ConfigError: one or more do not; every one is named.
    """
    loaded = load_campaigns(services.config)
    if loaded.broken:
        raise ConfigError(
            f"{len(loaded.broken)} campaign file(s) left out: " + " | ".join(str(error) for error in loaded.broken),
            place="config/campaigns",
            remedy="correct them; the other campaigns run",
        )
    return len(loaded.by_id)


def plan(services: Services, run_no: int | None, campaign_id: str) -> int:
    """Store the audience of a campaign for this run.

    Returns:
        How many candidates it has.
    """
    run = read_run(services, run_no)
    shop = load_shop(run.shop_id, services.config)
    campaign = _campaign(services, campaign_id)
    with services.timed(run.run_no, f"plan_{campaign_id}"), services.db.transaction() as tx:
        stored = audiences.store(
            tx,
            run=run,
            shop=shop,
            campaign=campaign,
            relation=_features_relation(tx, run),
            segments=load_segments(services.config),
        )
        return stored.candidate_count


def decide(services: Services, run_no: int | None) -> dict[str, int]:
    """Decide once for all campaigns whose audience was stored for this run, in one transaction per shop.

    In mode `recompute` the decisions are compared with the ledger and nothing is enqueued.

    Returns:
        Decisions by kind, over all campaigns.
    """
    run = read_run(services, run_no)
    shop = load_shop(run.shop_id, services.config)
    policy = load_policy(services.config)
    clock = services.clock_of(run)
    loaded = load_campaigns(services.config).by_id
    with services.timed(run.run_no, "decide"), services.db.transaction() as tx:
        if run.mode == Mode.RECOMPUTE:
            return recompute.compare(
                tx,
                run=run,
                shop=shop,
                policy=policy,
                campaigns={due: loaded[due] for due in due_campaigns(loaded, run.cadence, run.as_of, shop)},
                relation=_features_relation(tx, run),
                segments=load_segments(services.config),
            )
        decisions.lock(tx, realm=run.realm, shop_id=shop.id)
        sweep.sweep(tx, realm=run.realm, shop=shop, at=clock.now(), policy=policy)
        made = decisions.decide(tx, run=run, shop=shop, policy=policy, campaigns=loaded, at=run.as_of)
        enqueue(tx, run, made.enqueue)
        total: Counter[str] = Counter()
        for counts in made.counts.values():
            total.update(counts)
        return dict(total)


def dispatch(services: Services, run_no: int | None, shard: int, shards: int = SHARDS) -> dict[str, int]:
    """Send what is claimable in one shard of the outbox, whichever run enqueued it.

    Only a run in mode `send` whose own gate passed sends anything.

    Returns:
        Messages by what became of them.
    """
    run = read_run(services, run_no)
    with services.db.transaction() as tx:
        judged = tx.maybe("runs/gate_state", run_no=run.run_no)
    if run.mode != Mode.SEND or judged is None or judged["state"] != "passed":
        return {}
    shop = load_shop(run.shop_id, services.config)
    with services.timed(run.run_no, "dispatch"):
        return send(services, run.realm, shop, services.clock_of(run), shard=shard, shards=shards)


def send(
    services: Services, realm: str, shop: Shop, clock: Clock, *, shard: int = 0, shards: int = 1
) -> dict[str, int]:
    """Claim, send and settle one shard of a shop's outbox.

    Returns:
        Messages by what became of them.
    """
    campaigns = load_campaigns(services.config).by_id
    words = {campaign.id: campaign.message_values() for campaign in campaigns.values()}
    with ExitStack() as stack:
        opened = _open_channels(services, shop, realm, stack)
        tally = outgoing.dispatch(
            services.db,
            realm=realm,
            shop=shop,
            channels=opened,
            renderer=Renderer(campaign_values=words),
            clock=clock,
            shard=shard,
            shards=shards,
            policy=load_policy(services.config),
            campaigns=campaigns,
            environment_id=services.connection.extra.get("environment_id"),
        )
        return tally.as_dict()


def reconcile(services: Services, run_no: int | None) -> dict[str, int]:
    """Return expired leases, resolve what is unknown by asking the providers, and prove that the ledger adds up.

    Raises:
        LedgerError: it does not.
    """
    run = read_run(services, run_no)
    if run.mode == Mode.RECOMPUTE:
        return {}
    shop = load_shop(run.shop_id, services.config)
    clock = services.clock_of(run)
    with services.timed(run.run_no, "reconcile"), ExitStack() as stack:
        opened = _open_channels(services, shop, run.realm, stack)
        recovered = leases.recover(services.db, realm=run.realm, shop=shop, clock=clock)
        resolved = resolve.resolve(services.db, realm=run.realm, shop=shop, channels=opened, clock=clock)
        with services.db.transaction() as tx:
            faults = tx.many("checks/ledger/does_not_add_up", run_no=run.run_no)
        if faults:
            raise LedgerError(
                f"the ledger of run {run.run_id} does not add up: {'; '.join(row['fault'] for row in faults)}",
                place=f"shop {shop.id}",
                remedy="nothing more is sent for it; see docs/operate.md",
            )
        return {**recovered.as_dict(), **resolved.as_dict()}


def report(services: Services, run_no: int | None) -> dict[str, object]:
    """Close the run: drop its scratch tables, stamp its end, and hand back its figures.

    Returns:
        The run's part of var/run-summary.json.
    """
    run = read_run(services, run_no)
    with services.db.transaction() as tx:
        record.drop_scratch(tx, run.run_no)
        tx.count("runs/end", run_no=run.run_no, ended_real_at=real_now())
        return summary(tx, [run.run_no])


def _realm(shop: Shop, asked: str | None) -> str:
    if asked in (None, shop.realm):
        return shop.realm
    if shop.realm == LIVE or asked == LIVE:
        raise ConfigError(f"realm {asked!r} for shop {shop.id}", place="params.realm", remedy="name a rehearsal shop")
    return str(asked)


def _is_at_head(tx: Transaction, shop_id: str, as_of: datetime) -> bool:
    try:
        head.require(tx, shop_id, as_of)
    except NotAtHead:
        return False
    return True


def _lose_head(services: Services, run: Run) -> None:
    with services.db.transaction() as tx:
        tx.count("runs/lose_head", run_no=run.run_no)


def _load_judged(tx: Transaction, services: Services, shop: Shop, run: Run) -> dict[str, int]:
    total: Counter[str] = Counter()
    findings = gate.findings(tx, run.run_no)
    for batch in merge.in_order(landing.pending(tx, shop.id)):
        if batch.verdict not in ("passed", "released"):
            continue
        gate.quarantine_rows(tx, batch, findings)
        total.update(merge.load(tx, shop=shop, batch=batch, as_of=run.as_of, key=services.key).as_dict())
    return dict(total)


def _refresh_head(services: Services, run: Run) -> int:
    with services.db.transaction() as tx:
        landing.lock_ingest(tx, run.shop_id)
        head.require(tx, run.shop_id, run.as_of)
        batches = [row["batch_id"] for row in tx.many("runs/loaded_since_refresh", shop_id=run.shop_id)]
        written = record.refresh(tx, shop_id=run.shop_id, as_of=run.as_of, batch_ids=batches)
        head.advance_refreshed(tx, run.shop_id, run.as_of)
        return written


def _features_relation(tx: Transaction, run: Run) -> str:
    if run.is_at_head:
        return FEATURES
    return record.scratch(tx, shop_id=run.shop_id, as_of=run.as_of, run_no=run.run_no)


def _campaign(services: Services, campaign_id: str) -> Campaign:
    loaded = load_campaigns(services.config).by_id
    if campaign_id not in loaded:
        raise ConfigError(
            f"no campaign {campaign_id!r} loads",
            place="config/campaigns",
            remedy=f"one of: {', '.join(sorted(loaded))}",
        )
    return loaded[campaign_id]


def _open_channels(services: Services, shop: Shop, realm: str, stack: ExitStack) -> dict[Channel, OpenChannel]:
    opened: dict[Channel, OpenChannel] = {}
    for kind, configured in ((Channel.SMS, shop.sms), (Channel.EMAIL, shop.email)):
        if configured is not None:
            opened[kind] = open_channel(kind, shop, services.resolve, realm)
            stack.callback(opened[kind].close)
    if not opened:
        raise TouchpointError("no channel", place=f"config of shop {shop.id}", remedy="configure sms or email")
    return opened
