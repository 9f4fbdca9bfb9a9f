"""Asking the platform about single orders just before a message about them goes, and loading what it says."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from touchpoint.clock import Clock, stopwatch
from touchpoint.errors import ConfigError, NotAtHead, SourceError
from touchpoint.facts import head, landing, merge
from touchpoint.model import Entity
from touchpoint.outbox.ports import Confirmer
from touchpoint.pipeline.rescan import differing
from touchpoint.quality import gate
from touchpoint.services import LIVE, Services
from touchpoint.settings import Shop
from touchpoint.sources import open_source
from touchpoint.sources.base import OrderPlatform, Page

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds a claim's questions may take in all: its lease is five minutes, and others may be confirmed by the next."""


def confirmer(services: Services, realm: str, shop: Shop, clock: Clock) -> Confirmer | None:
    """What asks the platform of a shop's orders; None where there is none to ask: a rehearsal, or orders from files."""
    source = shop.sources.get(Entity.ORDER.value)
    if realm != LIVE or source is None or source.adapter == "files":
        return None
    return _Confirmation(services, shop, clock)


class _Confirmation:
    def __init__(self, services: Services, shop: Shop, clock: Clock) -> None:
        self._services, self._shop, self._clock = services, shop, clock

    def __call__(self, order_ids: Sequence[str]) -> frozenset[str]:
        """The orders that are now known as the platform knows them."""
        try:
            pages = self._answers(order_ids)
            told = {order_id: modified for page in pages for order_id, modified in _versions(page)}
            with self._services.db.transaction() as tx:
                changed = differing(tx, self._shop.id, told)
            loaded = self._load([_only(page, changed) for page in pages]) if changed else frozenset()
        except (ConfigError, SourceError, NotAtHead) as error:
            log.warning("no order of shop %s could be confirmed: %s", self._shop.id, error)
            return frozenset()
        return frozenset(told.keys() - set(changed)) | loaded

    def _answers(self, order_ids: Sequence[str]) -> list[Page]:
        source = open_source(self._shop, Entity.ORDER, self._services.resolve, config=self._services.config)
        if not isinstance(source, OrderPlatform):
            return []
        began, pages = stopwatch(), []
        try:
            for page in source.read_orders(order_ids):
                pages.append(page)
                if stopwatch() - began > PATIENCE:
                    break
        except SourceError as error:  # what was answered before it holds
            log.warning("the platform of shop %s stopped answering: %s", self._shop.id, error)
        return pages

    def _load(self, pages: list[Page]) -> frozenset[str]:
        """The ordinary way in: landed, judged, merged under the ingest lock. The watermark stays where it is."""
        services, shop = self._services, self._shop
        with services.db.transaction() as tx:
            at = self._clock.now()
            batch_ids = landing.land(
                tx,
                shop=shop,
                entity=Entity.ORDER,
                pages=pages,
                window=None,
                snapshot_at=at,
                as_of=at,
                run_no=None,
                is_history=False,
                key=services.key,
                origin=landing.CONFIRM,
            )
        with services.db.transaction() as tx:
            batches = [batch for batch in landing.pending(tx, shop.id) if batch.batch_id in batch_ids]
        findings = gate.judge(services.url, shop.id, batches, at)
        with services.db.transaction() as tx:
            landing.lock_ingest(tx, shop.id)
            if not gate.keep_verdicts(tx, findings):
                return frozenset()  # pending, for the next run to say why and for a person to release
            at = self._clock.now()
            head.require(tx, shop.id, at)
            still_pending = {batch.batch_id for batch in landing.pending(tx, shop.id)}
            for batch in merge.in_order(batch for batch in batches if batch.batch_id in still_pending):
                gate.quarantine_rows(tx, batch, findings)
                merge.load(tx, shop=shop, batch=batch, as_of=at, key=services.key)
            return frozenset(row["order_id"] for row in tx.many("load/loaded_orders", batch_ids=batch_ids))


def _versions(page: Page) -> list[tuple[str, str]]:
    rows = page.tables[Entity.ORDER].select(["order_id", "modified_at"]).to_pylist()
    return [(str(row["order_id"]), row["modified_at"] or "") for row in rows]


def _only(page: Page, order_ids: Collection[str]) -> Page:
    import pyarrow
    import pyarrow.compute

    wanted = pyarrow.array(sorted(order_ids), pyarrow.string())
    return Page(
        {
            entity: table.filter(pyarrow.compute.is_in(table["order_id"], value_set=wanted))
            for entity, table in page.tables.items()
        }
    )
