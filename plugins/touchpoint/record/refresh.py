"""Bringing the record to an instant: the stored one at the head, incrementally; a run's own one anywhere else, whole.

At the head only the customers whose orders, lines, refunds or products came in, or whose payment or refund the head has
just passed, are recomputed, each from all they bought: the outcome is the same in any order of arrival, and a replay
writes nothing.
"""

from __future__ import annotations

from datetime import datetime

from touchpoint.db import Transaction
from touchpoint.record import parcels

FEATURES, SERIES = "record.customer_features", "record.customer_series"
SCRATCH = "record.scratch_{run_no}"


def refresh(tx: Transaction, *, shop_id: str, as_of: datetime, batch_ids: list[int]) -> int:
    """Bring the stored record of a shop to `as_of`; call it at the head, before the head is advanced.

    Args:
        tx: the transaction that holds the shop's ingest lock.
        shop_id: the shop.
        as_of: the run's instant, aware; not before the last refresh.
        batch_ids: batches loaded since the last refresh; naming one again does no harm.

    Returns:
        Rows of customer features, and of series bought, written or removed.
    """
    tx.one("features/hold_memory")
    tx.do("features/forget_changed_customers")
    tx.do("features/list_changed_customers", shop_id=shop_id, as_of=as_of, batch_ids=batch_ids)
    tx.do("features/index_changed_customers")
    tx.do("features/analyse_changed_customers")
    tx.count("features/retract_paid_orders", shop_id=shop_id, batch_ids=batch_ids)
    tx.count("features/upsert_paid_orders", shop_id=shop_id, batch_ids=batch_ids)
    tx.count("features/retract_refunds", shop_id=shop_id, batch_ids=batch_ids)
    tx.count("features/upsert_refunds", shop_id=shop_id, batch_ids=batch_ids)
    parcels.refresh(tx, shop_id=shop_id, as_of=as_of, batch_ids=batch_ids)
    written = tx.count("features/upsert_customer_features", shop_id=shop_id, as_of=as_of)
    written += tx.count("features/retract_customer_features", shop_id=shop_id, as_of=as_of)
    written += _refresh_series(tx, shop_id, as_of, batch_ids)
    tx.many("features/free_plan")
    return written


def _refresh_series(tx: Transaction, shop_id: str, as_of: datetime, batch_ids: list[int]) -> int:
    tx.count("features/retract_product_series", shop_id=shop_id, batch_ids=batch_ids)
    tx.count("features/upsert_product_series", shop_id=shop_id, batch_ids=batch_ids)
    tx.do("features/forget_changed_series")
    tx.do("features/list_changed_series", shop_id=shop_id, as_of=as_of)
    written = tx.count("features/upsert_customer_series", shop_id=shop_id)
    return written + tx.count("features/retract_customer_series", shop_id=shop_id)


def scratch(tx: Transaction, *, shop_id: str, as_of: datetime, run_no: int) -> str:
    """Make the features of a run that is not at the head, from the facts as they were known at `as_of`.

    Asked again by the same run it answers with the table it has.

    Returns:
        The relation's name, of the shape of record.customer_features; `drop_scratch` removes it.
    """
    relation = SCRATCH.format(run_no=run_no)
    tx.do("features/scratch_lock", scratch=relation)
    tx.one("features/hold_memory")
    tx.do("features/scratch", scratch=relation, features="features/of_facts", shop_id=shop_id, as_of=as_of)
    tx.many("features/free_plan")
    tx.do("features/scratch_index", scratch=relation, scratch_key=[f"scratch_{run_no}_key"])
    tx.do("features/scratch_analyse", scratch=relation)
    return relation


def scratch_series(tx: Transaction, *, shop_id: str, as_of: datetime, run_no: int) -> str:
    """Make what customers bought of each series for a run that is not at the head, as `scratch` makes the features.

    Returns:
        The relation's name, of the shape of record.customer_series; `drop_scratch` removes it.
    """
    relation = f"{SCRATCH.format(run_no=run_no)}_series"
    tx.do("features/scratch_lock", scratch=relation)
    tx.one("features/hold_memory")
    tx.do("features/scratch_series", scratch=relation, shop_id=shop_id, as_of=as_of)
    tx.many("features/free_plan")
    tx.do("features/scratch_series_index", scratch=relation, scratch_key=[f"scratch_{run_no}_series_key"])
    tx.do("features/scratch_analyse", scratch=relation)
    return relation


def drop_scratch(tx: Transaction, run_no: int) -> None:
    """Drop a run's own record, if it made any."""
    for made in (SCRATCH, f"{SCRATCH}_series"):
        tx.do("features/scratch_drop", scratch=made.format(run_no=run_no))
