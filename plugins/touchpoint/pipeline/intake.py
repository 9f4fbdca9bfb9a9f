"""From the source to the customer record: extract, validate, load, refresh. Only a run at the head writes."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import chain

from touchpoint.db import Transaction, naming_place
from touchpoint.errors import GateFailed, NotAtHead
from touchpoint.facts import head, landing, merge
from touchpoint.model import Entity, Mode, Run
from touchpoint.pipeline.learning import norms_of
from touchpoint.pipeline.reading import open_parcels, pages_of
from touchpoint.pipeline.runs import gate_state, lose_head, read_run
from touchpoint.quality import gate
from touchpoint.record import parcels
from touchpoint.record import refresh as record
from touchpoint.services import LIVE, Services
from touchpoint.settings import Shop, load_segments, load_shop, load_tags
from touchpoint.sources import open_source

EXTRACTED = tuple(landing.LANDS)
"""What is asked of a source; lines and refunds come with orders, scans with parcels."""


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
            lose_head(services, run)
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
        parcels = open_parcels(tx, shop.id) if entity is Entity.SHIPMENT else None
    source = open_source(
        shop, entity, services.resolve, already_read=read, open_parcels=parcels, config=services.config
    )
    pages = pages_of(services, shop, source, entity, window, is_history=history)
    if shop.sources[entity.value].adapter == "files":  # type: ignore[index]
        first = next(pages, None)
        if first is None and history:
            return {}  # no file yet: the first that comes is the shop's history
        pages = chain([first] if first else [], pages)
    else:
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

    A run whose gate is not passed loads nothing, whoever marked its failed task successful.

    Returns:
        Rows loaded, unchanged, superseded and quarantined, in all.
    """
    run = read_run(services, run_no)
    if not run.is_at_head or gate_state(services, run) != "passed":
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
            lose_head(services, run)
            return {}


def refresh(services: Services, run_no: int | None) -> int:
    """Bring the customer record to as_of: the stored one at the head, else a run-scoped one.

    Returns:
        Rows of features, series, tags and segments written.
    """
    run = read_run(services, run_no)
    with services.timed(run.run_no, "refresh"):
        if run.mode == Mode.SEND:
            _keep_norms(services, run)
        if run.is_at_head:
            try:
                return _refresh_head(services, run)
            except NotAtHead:
                lose_head(services, run)
        if run.mode == Mode.SEND and run.realm == LIVE:
            _refresh_for_the_head(services, run.shop_id)
        with services.db.transaction() as tx:
            record.scratch(
                tx,
                shop_id=run.shop_id,
                as_of=run.as_of,
                run_no=run.run_no,
                segments=load_segments(services.config),
            )
    return 0


def _keep_norms(services: Services, run: Run) -> None:
    shop = load_shop(run.shop_id, services.config)
    with services.db.transaction() as tx:
        rules = norms_of(tx, services, shop, run.as_of)
        parcels.keep_norms(tx, shop_id=run.shop_id, as_of=run.as_of, rules=rules)


def _load_judged(tx: Transaction, services: Services, shop: Shop, run: Run) -> dict[str, int]:
    total: Counter[str] = Counter()
    findings = gate.findings(tx, run.run_no)
    for batch in merge.in_order(landing.pending(tx, shop.id)):
        if batch.verdict not in ("passed", "released"):
            continue
        with naming_place(f"shop {shop.id}: loading batch {batch.batch_id} ({batch.entity})"):
            gate.quarantine_rows(tx, batch, findings)
            counts = merge.load(tx, shop=shop, batch=batch, as_of=run.as_of, key=services.key, run_no=run.run_no)
            total.update(counts.as_dict())
    return dict(total)


def _refresh_head(services: Services, run: Run) -> int:
    with services.db.transaction() as tx:
        landing.lock_ingest(tx, run.shop_id)
        head.require(tx, run.shop_id, run.as_of)
        return _refresh_at(tx, services, run.shop_id, run.as_of)


def _refresh_for_the_head(services: Services, shop_id: str) -> None:
    """Bring the record to what is loaded, for the run at the head, before another run looks from its own instant.

    Facts this run loaded reach what a record is made from at a refresh alone, and a later run has loaded meanwhile:
    without it, this run would decide without facts that were known at its instant.
    """
    with services.db.transaction() as tx:
        landing.lock_ingest(tx, shop_id)
        known = head.read(tx, shop_id)
        if known.at is not None and known.refreshed_as_of != known.at:
            _refresh_at(tx, services, shop_id, known.at)


def _refresh_at(tx: Transaction, services: Services, shop_id: str, as_of: datetime) -> int:
    batches = [row["batch_id"] for row in tx.many("runs/loaded_since_refresh", shop_id=shop_id)]
    written = record.refresh(
        tx,
        shop=load_shop(shop_id, services.config),
        as_of=as_of,
        batch_ids=batches,
        segments=load_segments(services.config),
        tags=load_tags(services.config),
    )
    head.advance_refreshed(tx, shop_id, as_of)
    return written
