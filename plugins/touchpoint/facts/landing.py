"""From a source's pages to landing rows: batches, line numbers, watermark and file marks, in one transaction.

What is landed is pending until a run at the head has judged and loaded it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from touchpoint.db import Transaction
from touchpoint.errors import LedgerError
from touchpoint.facts import head
from touchpoint.facts.encode import Encoder, Page, Piece, Refused, made_ahead
from touchpoint.model import Entity, Window
from touchpoint.settings import Shop

LANDS: dict[Entity, tuple[Entity, ...]] = {
    Entity.MEMBER: (Entity.MEMBER,),
    Entity.PRODUCT: (Entity.PRODUCT,),
    Entity.ORDER: (Entity.ORDER, Entity.ORDER_LINE, Entity.REFUND),
    Entity.PAYMENT: (Entity.PAYMENT,),
    Entity.SHIPMENT: (Entity.SHIPMENT, Entity.TRACKING_EVENT),
    Entity.REVIEW: (Entity.REVIEW,),
    Entity.INQUIRY: (Entity.INQUIRY,),
    Entity.VISIT: (Entity.VISIT,),
}
"""What a source reads -> what lands from it."""

MERGE_ORDER = tuple(entity for landed in LANDS.values() for entity in landed)
"""Members before orders (identities are made from the best address), orders before what belongs to them."""

_TOLD_ROWS = 1_000
"""From here on the planner is told at once what landed; smaller batches wait for autovacuum."""


RESCAN, CONFIRM = "rescan", "confirm"
"""Origins of batches that are part of no window: orders the platform listed late, and orders asked about one by one."""


@dataclass(frozen=True)
class PendingBatch:
    """A landed batch that is not loaded yet. `verdict`: what the gate or a person said of it so far."""

    batch_id: int
    shop_id: str
    entity: Entity
    is_history: bool
    snapshot_at: datetime
    as_of: datetime
    landed: int
    verdict: str | None = None
    origin: str = "extract"


def relation_of(entity: Entity) -> str:
    """The landing table of an entity."""
    return f"landing.{Entity(entity).value}"


def lock_ingest(tx: Transaction, shop_id: str) -> None:
    """Wait for the shop's ingest lock; held until the transaction ends."""
    tx.do("load/lock_ingest", shop_id=shop_id)


def is_history(tx: Transaction, shop_id: str, entity: Entity) -> bool:
    """Whether the next load of an entity is declared history: a shop's first one is."""
    return tx.maybe("load/watermark", shop_id=shop_id, entity=entity) is None


def next_window(tx: Transaction, shop: Shop, entity: Entity, as_of: datetime) -> Window:
    """What to read next: from the watermark, less the overlap, to as_of, less the settle lag.

    Without a watermark it begins as long ago as the shop's history reaches.
    """
    source = shop.sources[entity.value]  # type: ignore[index]
    end = as_of - source.settle_lag
    mark = tx.maybe("load/watermark", shop_id=shop.id, entity=entity)
    start = mark["extracted_until"] - source.overlap if mark else as_of - source.history
    return Window(min(start, end), end)


def files_read(tx: Transaction, shop_id: str, entity: Entity) -> frozenset[tuple[str, str]]:
    """(path, digest) of the exports that have been read whole."""
    return frozenset((row["path"], row["digest"]) for row in tx.many("load/files", shop_id=shop_id, entity=entity))


def pending(tx: Transaction, shop_id: str) -> list[PendingBatch]:
    """Batches to judge and load: by entity in the order of merging, within an entity the oldest first."""
    found = [
        PendingBatch(**{**row, "entity": Entity(row["entity"])}) for row in tx.many("load/pending", shop_id=shop_id)
    ]
    return sorted(found, key=lambda batch: (MERGE_ORDER.index(batch.entity), batch.batch_id))


def land(
    tx: Transaction,
    *,
    shop: Shop,
    entity: Entity,
    pages: Iterable[Page],
    window: Window | None,
    snapshot_at: datetime,
    as_of: datetime,
    run_no: int | None,
    is_history: bool,
    key: bytes,
    origin: str = "extract",
) -> list[int]:
    """Land every page of an extraction and move the watermark to the window's end.

    Without a window (orders read one by one) the watermark stays, and no head is needed: they are pending until a run
    at the head loads them.

    The pages are read in another thread while rows are copied; `key` is not needed to land, and kept for sources that
    bring addresses already hashed.

    Returns:
        The batches made, in the order of `LANDS[entity]`; the first is there even if nothing came.

    Raises:
        NotAtHead: a later run has taken the head (declared history needs none).
    """
    lock_ingest(tx, shop.id)
    if window is not None and not is_history:
        head.require(tx, shop.id, as_of)
    batches = {
        landed: open_batch(
            tx, shop=shop, entity=landed, window=window, snapshot_at=snapshot_at, as_of=as_of, run_no=run_no,
            is_history=is_history, origin=origin,
        )
        for landed in LANDS[entity]
    }  # fmt: skip
    encoder = Encoder(batches, shop.currency)
    with made_ahead(encoder.pieces(pages)) as pieces:
        for piece in pieces:
            _take(tx, shop.id, entity, batches, piece, as_of)
    for landed, batch_id in batches.items():
        _close_batch(tx, landed, batch_id, encoder.lines[landed])
    if window is not None:
        tx.count("load/move_watermark", shop_id=shop.id, entity=entity, extracted_until=window.end)
    kept = [batch_id for landed, batch_id in batches.items() if landed == entity or encoder.lines[landed]]
    tx.count("load/drop_batches", batch_ids=sorted(set(batches.values()) - set(kept)))
    return kept


def open_batch(
    tx: Transaction,
    *,
    shop: Shop,
    entity: Entity,
    window: Window | None,
    snapshot_at: datetime,
    as_of: datetime,
    run_no: int | None,
    is_history: bool = False,
    origin: str = "extract",
) -> int:
    """A new, empty, pending batch; its id."""
    source = next(read for read, landed in LANDS.items() if entity in landed)
    config = shop.sources.get(source.value)  # type: ignore[call-overload]
    row = tx.one(
        "load/open_batch",
        shop_id=shop.id,
        entity=entity,
        source=config.adapter if config else "none",
        origin=origin,
        window_from=window.start if window else None,
        window_until=window.end if window else None,
        snapshot_at=snapshot_at,
        is_history=is_history,
        run_no=run_no,
        as_of=as_of,
    )
    return int(row["batch_id"])


def _take(
    tx: Transaction, shop_id: str, read: Entity, batches: dict[Entity, int], piece: Piece, as_of: datetime
) -> None:
    if piece.file is not None:
        tx.count("load/mark_file", shop_id=shop_id, entity=read, path=piece.file.path, digest=piece.file.digest)
    if piece.entity is None:
        return
    if piece.rows:
        copied = tx.copy_in(relation_of(piece.entity), piece.columns, io.BytesIO(piece.csv))
        if copied != piece.rows:
            raise LedgerError(
                f"{piece.rows} rows were sent and {copied} landed",
                place=relation_of(piece.entity),
                remedy="nothing was kept; report the source and its adapter",
            )
    if piece.refused:
        _quarantine(tx, shop_id, piece.entity, batches[piece.entity], piece.refused, as_of)


def _quarantine(
    tx: Transaction, shop_id: str, entity: Entity, batch_id: int, refused: list[Refused], as_of: datetime
) -> None:
    text = io.StringIO()
    rows = csv.writer(text, quoting=csv.QUOTE_ALL)
    for line in refused:
        reasons = "{" + json.dumps(line.reason, ensure_ascii=False) + "}"  # a one-element array literal
        payload = json.dumps(line.payload, ensure_ascii=False)
        rows.writerow([shop_id, entity, batch_id, line.line_no, reasons, payload, as_of.isoformat()])
    columns = ["shop_id", "entity", "batch_id", "line_no", "reasons", "payload", "as_of"]
    tx.copy_in("landing.quarantine", columns, io.BytesIO(text.getvalue().encode()))


def _close_batch(tx: Transaction, entity: Entity, batch_id: int, landed: int) -> None:
    tx.count("load/close_batch", batch_id=batch_id, landed=landed)
    if landed >= _TOLD_ROWS:
        tx.do("load/analyze", relation=relation_of(entity))
