"""From decisions to waiting messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from touchpoint.db import Json, Transaction
from touchpoint.model import Run

PAGE = 5_000
"""Rows in one statement: a few megabytes of it."""


def enqueue(tx: Transaction, run: Run, rows: Sequence[Mapping[str, object]]) -> int:
    """Put a run's enqueued decisions into the outbox, waiting.

    Args:
        tx: the transaction decide works in: decision and message are committed together.
        run: whose gate the messages will depend on.
        rows: columns of ledger.outbox by name: touch_id, campaign_id, step, purpose, channel, identity, customer_id,
            address_kind, address_hash, template, variant, locale, valid_while, max_staleness, needs_approval,
            not_before, not_after (instants aware), planned_on (shop-local day), round, is_held_out, holdout_percent.

    Returns:
        How many messages were new: a touch has one on a channel in a round, whoever asks again. What people are held
        out of is put beside them and not counted.
    """
    added = sum(
        tx.count(
            "outbox/enqueue",
            realm=run.realm,
            shop_id=run.shop_id,
            run_no=run.run_no,
            as_of=run.as_of,
            rows=Json([{key: _plain(value) for key, value in row.items()} for row in rows[start : start + PAGE]]),
        )
        for start in range(0, len(rows), PAGE)
    )
    if any(row.get("needs_approval") for row in rows):
        tx.count("outbox/approval_batches", run_no=run.run_no)
    return added


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds()} seconds"
    if isinstance(value, UUID):
        return str(value)
    return list(value) if isinstance(value, tuple | set | frozenset) else value
