"""Which parcels are open at the head, so that what is due costs what is open and not what was ever shipped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from touchpoint.db import Json, Transaction
from touchpoint.settings import content_hash


def refresh(tx: Transaction, *, shop_id: str, as_of: datetime, batch_ids: list[int]) -> int:
    """Bring the stored parcels of a shop to `as_of`; call it at the head, before the head is advanced.

    Those that came in, or whose scans, orders or refunds did, and those a known instant has now been reached of, are
    looked at anew, each from the facts: the outcome is the same in any order of arrival.

    Args:
        tx: the transaction that holds the shop's ingest lock.
        shop_id: the shop.
        as_of: the run's instant, aware; not before the last refresh.
        batch_ids: batches loaded since the last refresh; naming one again does no harm.

    Returns:
        Rows written or removed.
    """
    tx.do("parcels/forget_changed")
    tx.do("parcels/list_changed", shop_id=shop_id, as_of=as_of, batch_ids=batch_ids)
    tx.do("parcels/analyse_changed")
    tx.do("parcels/find_open", shop_id=shop_id, as_of=as_of)
    return tx.count("parcels/drop_over", shop_id=shop_id, as_of=as_of) + tx.count("parcels/upsert")


def keep_norms(tx: Transaction, *, shop_id: str, as_of: datetime, rules: Mapping[str, Any]) -> bool:
    """Keep the norms a shop works by from `as_of` on (config/logistics.yaml, `Logistics.rules`).

    What is asked of a past instant later is answered by the norms of that instant.

    Returns:
        Whether they differ from those in force before.
    """
    return bool(
        tx.count("parcels/keep_rules", shop_id=shop_id, as_of=as_of, digest=content_hash(rules), rules=Json(rules))
    )
