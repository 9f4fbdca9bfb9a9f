"""Segments at the head, with the time each held: only customers whose data, clock or bounds changed are looked at.

A segment changes because a customer did something, because time passed (`next_change_at` says when it next will),
because the shop's other customers moved a bound past them, or because an agent says why they left. Each is found by an
index.
"""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Any

from touchpoint import statements
from touchpoint.db import Json, Transaction
from touchpoint.learning.dormancy import dormancy_rules
from touchpoint.record import made, rfm
from touchpoint.settings import Segments, Shop, content_hash

FEATURES, TAGS = "record.customer_features", "record.customer_tags"
SAID = "segments/said"
_MEASURES = ("recency", "frequency", "monetary", "tier_from")


def refresh(tx: Transaction, *, shop: Shop, as_of: datetime, segments: Segments, is_news: bool) -> int:
    """Bring the stored segments of a shop to `as_of`, after its features and tags.

    Reads pg_temp.changed_customers.

    Args:
        tx: the transaction of the refresh.
        shop: the shop.
        as_of: its instant, aware.
        segments: the rules of scores, stages and dormancy.
        is_news: whether anything of the features was written; if not, nobody moved a bound.

    Returns:
        Rows written or removed.
    """
    dormancy = dormancy_rules(tx, shop=shop, as_of=as_of, segments=segments)
    made_from = _made_from(segments, dormancy)
    stood = tx.maybe("segments/bounds_in_force", shop_id=shop.id)
    if is_news or stood is None or stood["made_from"] != made_from:
        bounds = rfm.bounds(tx, shop=shop, as_of=as_of, relation=None, segments=segments)
    else:
        bounds = rfm.renewed(stood["bounds"], shop=shop, as_of=as_of, segments=segments)
    tx.do("segments/forget_listed")
    if stood is None or stood["made_from"] != made_from or not _is_comparable(stood["bounds"], bounds):
        tx.do("segments/list_all", shop_id=shop.id)
    else:
        tx.do("segments/list_due", said=SAID, shop_id=shop.id, as_of=as_of, **_moved(stood["bounds"], bounds))
    tx.do("segments/analyse_listed")
    written = _write(tx, shop, as_of, parameters(as_of, bounds, dormancy, segments))
    kept = _lasting(bounds)
    if stood is None or (stood["bounds"], stood["made_from"]) != (kept, made_from):
        tx.count("segments/keep_bounds", shop_id=shop.id, bounds=Json(kept), made_from=made_from, as_of=as_of)
    return written


def parameters(
    as_of: datetime, bounds: dict[str, Any], dormancy: dict[str, Any], segments: Segments
) -> dict[str, object]:
    """What segments/make takes beside its relations."""
    return {
        "as_of": as_of,
        "rfm": Json(bounds),
        "segments": Json(segments.seconds()),
        "dormancy": Json(dormancy),
        "silences": silences(segments, bounds),
    }


def silences(segments: Segments, bounds: dict[str, Any]) -> list[float]:
    """Seconds of silence at which a stage, or a score by thresholds, changes; rising."""
    begin = {segments.drifting_after, segments.dormant_after, segments.lost_after}
    if bounds["rule"] == "thresholds":
        begin.update(segments.rfm.thresholds.recency)
    return sorted(each.total_seconds() for each in begin)


def _write(tx: Transaction, shop: Shop, as_of: datetime, given: dict[str, object]) -> int:
    with made.table(tx, "features") as features, made.table(tx, "segments") as new:
        tx.do("segments/features_of_listed", made=features, shop_id=shop.id)
        tx.do("features/analyse_made", made=features)
        tx.do("segments/make", made=new, features=features, tags=TAGS, said=SAID, shop_id=shop.id, **given)
        tx.do("features/analyse_made", made=new)
        tx.count("segments/keep_history", made=new, shop_id=shop.id, as_of=as_of)
        return tx.count("segments/retract", made=new, shop_id=shop.id) + tx.count("segments/upsert", made=new)


def _lasting(bounds: dict[str, Any]) -> dict[str, Any]:
    # What the rules say stands there; by thresholds recency begins elsewhere at each instant: the clock's business.
    left_out = {"groups", "tiers", *({"recency"} if bounds["rule"] == "thresholds" else ())}
    return {key: value for key, value in bounds.items() if key not in left_out}


def _is_comparable(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return all(old[key] == new[key] for key in ("rule", "tier_rule"))


def _moved(old: dict[str, Any], new: dict[str, Any]) -> dict[str, object]:
    """Between where a bound was and where it is: whose score is no longer the same."""
    found = [
        ("monetary" if key == "tier_from" else key, min(pair), max(pair))
        for key in _MEASURES
        for pair in zip(old.get(key, ()), new[key], strict=False)
        if pair[0] != pair[1]
    ]
    measures, lows, highs = zip(*found, strict=True) if found else ((), (), ())
    return {"measures": list(measures), "lows": list(lows), "highs": list(highs)}


def _made_from(segments: Segments, dormancy: dict[str, Any]) -> str:
    read = chain(statements.names("segments"), ("features/make",))
    return content_hash(
        {
            "segments": segments.model_dump(mode="json"),
            "dormancy": dormancy,
            "statements": {name: statements.load(name).digest for name in read},
            "schema": statements.schema_digest(),
        }
    )
