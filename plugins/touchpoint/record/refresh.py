"""Bringing the record to an instant: the stored one at the head, incrementally; a run's own one anywhere else, whole.

At the head only the customers whose facts came in, or were reached by the head, are recomputed, each from all that is
known of them: the outcome is the same in any order of arrival, and a replay writes nothing. Where the rules or a
statement changed, everybody is. The same statements make both, and any past instant, from other scopes (`made`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from touchpoint import statements
from touchpoint.db import Transaction
from touchpoint.record import made, memberships, narrow, parcels
from touchpoint.record.availability import within_reach
from touchpoint.settings import Segments, Shop, Tag, Tags, content_hash

FEATURES, SERIES, TAGS = "record.customer_features", "record.customer_series", "record.customer_tags"
SCRATCH = "record.scratch_{run_no}"
_EVERYBODY_FROM = 0.2  # share of the customers from which one pass over all is cheaper than a look at each


def refresh(
    tx: Transaction, *, shop: Shop, as_of: datetime, batch_ids: list[int], segments: Segments, tags: Tags
) -> int:
    """Bring the stored record of a shop to `as_of`; call it at the head, before the head is advanced.

    Args:
        tx: the transaction that holds the shop's ingest lock.
        shop: the shop.
        as_of: the run's instant, aware; not before the last refresh.
        batch_ids: batches loaded since the last refresh; naming one again does no harm.
        segments: rules of config/segments.yaml.
        tags: those of config/tags.yaml.

    Returns:
        Rows of features, series bought, tags and segments written or removed.
    """
    wanted = within_reach(tx, shop=shop, as_of=as_of, tags=tags.of(shop))
    tx.one("features/hold_memory")
    parcels.refresh(tx, shop_id=shop.id, as_of=as_of, batch_ids=batch_ids)
    windows = {window for window in (segments.window, *(tag.window for tag in wanted)) if window is not None}
    narrow.collect(tx, shop=shop, as_of=as_of, batch_ids=batch_ids, windows=windows)
    scope = _scope(tx, shop.id, segments, wanted)
    written = _renew(tx, shop, as_of, scope, segments, wanted) if scope else 0
    standing = memberships.refresh(tx, shop=shop, as_of=as_of, segments=segments, is_news=written > 0)
    tx.many("features/free_plan")
    return written + standing


def _scope(tx: Transaction, shop_id: str, segments: Segments, wanted: Sequence[Tag]) -> made.Scope | None:
    """Whose record to make: of those that changed, if any did, or of all, if many did or the rules did."""
    made_from = content_hash(
        {
            "window": str(segments.window),
            "tags": [(tag.name, tag.statement, tag.rules, str(tag.window)) for tag in wanted],
            "statements": {name: statements.load(name).digest for name in _read(wanted)},
            "schema": statements.schema_digest(),
        }
    )
    is_news = tx.count("features/keep_rules", shop_id=shop_id, made_from=made_from)
    share = tx.one("features/share_changed", shop_id=shop_id)["share"]
    if is_news or share >= _EVERYBODY_FROM:
        narrow.everybody(tx, shop_id)
        return "all"
    return "kept" if share else None


def _read(wanted: Sequence[Tag]) -> list[str]:
    own = ("features/make", "features/make_series")
    return sorted({*own, *(tag.statement for tag in wanted), *chain(statements.names("scope"))})


def _renew(
    tx: Transaction, shop: Shop, as_of: datetime, scope: made.Scope, segments: Segments, wanted: Sequence[Tag]
) -> int:
    at: dict[str, Any] = {"shop_id": shop.id, "as_of": as_of}
    if scope == "all":
        tx.one("features/hold_plan")
    else:
        made.keep(tx, **at)
    with made.table(tx, "features") as features, made.table(tx, "series") as series, made.table(tx, "tags") as tags:
        made.features(tx, features, scope=scope, window=segments.window, **at)
        made.series(tx, series, scope=scope, window=segments.window, **at)
        tx.do("features/analyse_made", made=features)
        tx.do("features/analyse_made", made=series)
        made.tags(tx, tags, shop=shop, as_of=as_of, scope=scope, wanted=wanted, features=features, series=series)
        tx.do("features/analyse_made", made=tags)
        tx.many("features/free_plan")
        tx.one("features/hold_memory")
        written = tx.count("features/retract", made=features, shop_id=shop.id)
        written += tx.count("features/upsert", made=features)
        written += tx.count("features/retract_series", made=series, shop_id=shop.id)
        written += tx.count("features/upsert_series", made=series)
        tx.count("features/keep_tags", made=tags, **at)
        written += tx.count("features/retract_tags", made=tags, shop_id=shop.id)
        return written + tx.count("features/upsert_tags", made=tags)


def scratch(tx: Transaction, *, shop_id: str, as_of: datetime, run_no: int, segments: Segments) -> str:
    """Make the features of a run that is not at the head, as they were known at `as_of`.

    Asked again by the same run it answers with the table it has.

    Returns:
        The relation's name, of the shape of record.customer_features; `drop_scratch` removes it.
    """
    relation = SCRATCH.format(run_no=run_no)
    tx.do("features/scratch_lock", scratch=relation)
    tx.one("features/hold_plan")
    made.features(tx, relation, shop_id=shop_id, as_of=as_of, scope="all", window=segments.window)
    tx.many("features/free_plan")
    tx.do("features/scratch_index", scratch=relation, scratch_key=[f"scratch_{run_no}_key"])
    tx.do("features/analyse_made", made=relation)
    return relation


def scratch_series(tx: Transaction, *, shop_id: str, as_of: datetime, run_no: int, segments: Segments) -> str:
    """Make what customers bought of each series for a run that is not at the head, as `scratch` makes the features.

    Returns:
        The relation's name, of the shape of record.customer_series; `drop_scratch` removes it.
    """
    relation = f"{SCRATCH.format(run_no=run_no)}_series"
    tx.do("features/scratch_lock", scratch=relation)
    tx.one("features/hold_plan")
    made.series(tx, relation, shop_id=shop_id, as_of=as_of, scope="all", window=segments.window)
    tx.many("features/free_plan")
    tx.do("features/scratch_series_index", scratch=relation, scratch_key=[f"scratch_{run_no}_series_key"])
    tx.do("features/analyse_made", made=relation)
    return relation


def scratch_tags(
    tx: Transaction, *, shop: Shop, as_of: datetime, run_no: int, features: str, series: str, tags: Tags
) -> str:
    """Infer tags for a run that is not at the head, from its features and series.

    Returns:
        The relation's name, of the shape of record.customer_tags; `drop_scratch` removes it.
    """
    relation = f"{SCRATCH.format(run_no=run_no)}_tags"
    tx.do("features/scratch_lock", scratch=relation)
    if tx.one("features/is_made", made=relation)["is_made"]:
        return relation
    wanted = within_reach(tx, shop=shop, as_of=as_of, tags=tags.of(shop))
    tx.one("features/hold_plan")
    made.tags(tx, relation, shop=shop, as_of=as_of, scope="all", wanted=wanted, features=features, series=series)
    tx.many("features/free_plan")
    tx.do("features/analyse_made", made=relation)
    return relation


def scratch_effective(tx: Transaction, *, shop_id: str, as_of: datetime, run_no: int, tags: str) -> str:
    """Put what agents said by `as_of` before the inferred tags of a relation, for one run.

    Returns:
        The relation's name, of the shape of record.customer_tags; `drop_scratch` removes it. Where agents said nothing,
        the relation given.
    """
    if not tx.one("tagging/is_said", shop_id=shop_id, as_of=as_of)["is_said"]:
        return tags
    relation = f"{SCRATCH.format(run_no=run_no)}_effective"
    tx.do("features/scratch_lock", scratch=relation)
    held = {"held": "tagging/effective", "said": "tagging/said", "tags": tags, "customer_no": None}
    tx.do("tagging/make_effective", made=relation, shop_id=shop_id, as_of=as_of, **held)
    tx.do("features/analyse_made", made=relation)
    return relation


def drop_scratch(tx: Transaction, run_no: int) -> None:
    """Drop a run's own record, if it made any."""
    for relation in (SCRATCH, f"{SCRATCH}_series", f"{SCRATCH}_tags", f"{SCRATCH}_effective"):
        tx.do("features/drop_made", made=relation.format(run_no=run_no))
