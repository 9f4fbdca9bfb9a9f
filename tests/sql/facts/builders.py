"""Rows, pages and batches for tests of the way from a source to the facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from touchpoint.db import Transaction
from touchpoint.facts import landing, merge
from touchpoint.facts.landing import PendingBatch
from touchpoint.model import Entity, Window
from touchpoint.quality import gate
from touchpoint.settings import Shop

KEY = b"a key for tests alone"
AS_OF = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


@dataclass
class Mark:
    path: str
    digest: str


@dataclass
class Line:
    entity: Entity
    line_no: int
    text: str
    reason: str = "column_count"


@dataclass
class Page:
    tables: dict[Entity, Any]
    malformed: list[Any] = field(default_factory=list)
    file: Any = None


def shop(**changes: object) -> Shop:
    """A shop on a platform whose buyer key is the customer id."""
    source = {"adapter": "taobao", "connection": "none"}
    content: dict[str, object] = {
        "id": "shop",
        "name": "Shop",
        "platform": "taobao",
        "zone": "Asia/Shanghai",
        "locale": "zh-CN",
        "currency": "CNY",
        "signature": "Shop",
        "agent_contact": "nobody",
        "cut_off": "16:00",
        "sending": "off",
        "sources": {"member": source, "order": source, "shipment": source},
    }
    return Shop.model_validate({**content, **changes})


def order(order_id: str = "o1", **changes: str | None) -> dict[str, str | None]:
    """An unpaid order as it lands."""
    row: dict[str, str | None] = {
        "order_id": order_id,
        "customer_id": "buyer-1",
        "source": "app",
        "kind": "normal",
        "payment_state": "none",
        "created_at": "2026-11-20T09:00:00+08:00",
        "total": "129.90",
        "currency": "CNY",
        "modified_at": "2026-11-20T09:00:00+08:00",
    }
    return {**row, **changes}


def member(customer_id: str = "buyer-1", **changes: str | None) -> dict[str, str | None]:
    """A member as they land."""
    row: dict[str, str | None] = {
        "customer_id": customer_id,
        "display_name": "Li",
        "phone": "13812345678",
        "email": "li@sandbox.invalid",
        "joined_at": "2026-01-01T00:00:00+08:00",
        "sms_promotional": "true",
        "sms_promotional_at": "2026-01-01T00:00:00+08:00",
        "sms_promotional_method": "checkout",
        "modified_at": "2026-11-01T00:00:00+08:00",
    }
    return {**row, **changes}


def table(rows: Iterable[Mapping[str, str | None]]) -> pa.Table:
    """Rows as an arrow table of strings."""
    found = list(rows)
    names = list(dict.fromkeys(name for row in found for name in row))
    return pa.table({name: pa.array([row.get(name) for row in found], pa.string()) for name in names})


def land(
    tx: Transaction,
    rows: Mapping[Entity, Iterable[Mapping[str, str | None]]] | None = None,
    *,
    entity: Entity = Entity.ORDER,
    as_of: datetime = AS_OF,
    pages: list[Page] | None = None,
    is_history: bool = False,
    of: Shop | None = None,
) -> list[int]:
    """Land rows of an extraction as one page."""
    made = pages if pages is not None else [Page({name: table(given) for name, given in (rows or {}).items()})]
    return landing.land(
        tx,
        shop=of or shop(),
        entity=entity,
        pages=made,
        window=Window(as_of - timedelta(hours=1), as_of),
        snapshot_at=as_of,
        as_of=as_of,
        run_no=None,
        is_history=is_history,
        key=KEY,
    )


def load_pending(tx: Transaction, *, as_of: datetime = AS_OF, of: Shop | None = None) -> dict[int, merge.Counts]:
    """Quarantine and merge everything pending, without a judgement."""
    given = of or shop()
    counts = {}
    for batch in landing.pending(tx, given.id):
        gate.quarantine_rows(tx, batch, [])
        counts[batch.batch_id] = merge.load(tx, shop=given, batch=batch, as_of=as_of, key=KEY)
    return counts


def load(
    tx: Transaction, rows: Mapping[Entity, Iterable[Mapping[str, str | None]]], **options: Any
) -> list[merge.Counts]:
    """Land and load rows; the counts per batch."""
    as_of = options.get("as_of", AS_OF)
    land(tx, rows, **options)
    return list(load_pending(tx, as_of=as_of, of=options.get("of")).values())


def batch_of(tx: Transaction, entity: Entity = Entity.ORDER) -> PendingBatch:
    """The newest pending batch of an entity."""
    return [batch for batch in landing.pending(tx, "shop") if batch.entity == entity][-1]
