"""Rows that broke a rule: looked at, and driven again."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from touchpoint.db import Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.settings import Shop

_PLAIN = """
order_id line_id refund_id payment_id shipment_id review_id inquiry_id
visit_id product_id series category score status line_digest priced
kind source payment_state payment_kind state currency total paid discount coupon amount price net
quantity item_count seconds pages device size scenario
listed_at created_at paid_at closes_at closed_at shipped_at finished_at happened_at promised_at joined_at
modified_at carrier file_line sms_promotional email_promotional sms_promotional_at email_promotional_at
"""
_SHOWN_AS_THEY_ARE = frozenset(_PLAIN.split())
"""Columns that hold no address, name or free text. Everything else is masked wherever a person looks."""

# In a line whose columns have slipped anything may stand anywhere.
_LIKE_AN_ADDRESS = re.compile(r"@|\+\d{6}|(?<!\d)1[3-9]\d{9}(?!\d)|[^\x00-\x7f]")


def list_open(
    tx: Transaction, shop_id: str | None, *, entity: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Open rows of a shop, or of all, with reasons and the columns they are about; newest first, without content."""
    return tx.many("load/quarantine_open", shop_id=shop_id, entity=entity, most=limit)


def show(tx: Transaction, quarantine_id: int) -> dict[str, Any]:
    """One quarantined row, its payload masked but for the columns that say nothing about a person.

    Raises:
        TouchpointError: no such row, or its payload was deleted after 30 days.
    """
    row = _row(tx, quarantine_id)
    return {**row, "payload": {name: masked(name, value) for name, value in row["payload"].items()}}


def show_unmasked(tx: Transaction, quarantine_id: int, *, who: str, note: str, allowed: Collection[str]) -> Row:
    """One quarantined row as it came, for whoever has to repair it; the look is written to the audit log.

    Args:
        tx: an open transaction: a look that is not logged shows nothing.
        quarantine_id: the row.
        who: looks.
        note: why.
        allowed: who may (config/operations.yaml).

    Raises:
        TouchpointError: they may not, or do not say why, or there is no such row.
    """
    place = f"quarantine {quarantine_id}"
    if who not in allowed:
        raise TouchpointError(
            f"{who} may not see it unmasked",
            place=place,
            remedy="whoever answers for the data adds the name to may_see_unmasked in config/operations.yaml",
        )
    if not note.strip():
        raise TouchpointError("no note", place=place, remedy="say why with --note: the look is kept with it")
    row = _row(tx, quarantine_id)
    tx.count("load/log_look", quarantine_id=quarantine_id, who=who, note=note.strip())
    return row


def _row(tx: Transaction, quarantine_id: int) -> Row:
    row = tx.maybe("load/quarantine_row", quarantine_id=quarantine_id)
    if row is None:
        raise TouchpointError(
            "no such row", place=f"quarantine {quarantine_id}", remedy="see `touchpoint quarantine list`"
        )
    return row


def retry(
    tx: Transaction, shop: Shop, ids: list[int] | None = None, entity: str | None = None, *, as_of: datetime
) -> list[int]:
    """Land open rows of a shop again, one new batch an entity and snapshot; the next run at the head loads them.

    Lines no parser could split are left where they are: correct the file or its mapping, and it is read again.

    `ids` and `entity` choose among the open rows, None means all; `as_of` is the business time of the new batches.

    Returns:
        The new batches.
    """
    tx.do("load/lock_ingest", shop_id=shop.id)
    found = tx.many("load/retryable", shop_id=shop.id, ids=ids, entity=entity)
    made = []
    for group in found:
        config = shop.sources.get(group["source"])
        batch = tx.one(
            "load/open_batch",
            shop_id=shop.id,
            entity=group["entity"],
            source=config.adapter if config else "none",
            origin="retry",
            window_from=None,
            window_until=None,
            snapshot_at=group["snapshot_at"],
            is_history=False,
            run_no=None,
            as_of=as_of,
        )
        made.append(int(batch["batch_id"]))
        relation = f"landing.{group['entity']}"
        landed = tx.count("load/land_again", batch_id=made[-1], ids=group["ids"], relation=relation)
        tx.count("load/close_batch", batch_id=made[-1], landed=landed)
        tx.count("load/mark_retried", batch_id=made[-1], ids=group["ids"])
    return made


def masked(name: str, value: Any) -> Any:
    """A value of a landing column as anybody may see it."""
    text = str(value)
    if value is None or (name in _SHOWN_AS_THEY_ARE and not _LIKE_AN_ADDRESS.search(text)):
        return value
    return f"{text[:1]}*** ({len(text)} characters)"
