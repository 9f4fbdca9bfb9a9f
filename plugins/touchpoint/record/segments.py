"""Segments of a shop as of an instant: made anew from what was known then, or as the record said at the time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from touchpoint.db import Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.learning.dormancy import dormancy_rules
from touchpoint.money import EXPONENTS
from touchpoint.record import made, memberships, rfm
from touchpoint.record.availability import reach
from touchpoint.settings import Segments, Shop, Tags

Kind = Literal["rfm_group", "value_tier", "stage", "dormancy", "cause"]
CAUSE = "leaving_cause"


@dataclass(frozen=True)
class Everybody:
    """Every customer of a shop, or person of a brand, with a paid order as of an instant; guests left out.

    Attributes:
        features, series, tags, standing: relations shaped like the stored ones (record.customer_features,
            customer_series, customer_tags, customer_segments).
        bounds: where scores and tiers begin; see `rfm.bounds`.
        dormancy: when silence becomes dormancy; see `dormancy_rules`.
        scope: whose customers they are.
    """

    features: str
    series: str
    tags: str
    standing: str
    bounds: dict[str, Any]
    dormancy: dict[str, Any]
    scope: made.Scope = "all"


@contextmanager
def everybody(
    tx: Transaction,
    *,
    shop: Shop,
    as_of: datetime,
    segments: Segments,
    tags: Tags,
    scope: made.Scope = "all",
    wanted: tuple[str, ...] | None = None,
    others: Sequence[Shop] = (),
) -> Iterator[Everybody]:
    """The whole record as of an instant, made from the narrow facts, while the block lasts.

    Args:
        tx: an open transaction.
        shop: the shop; of a brand, the one by whose rules, zone and lessons all its people are looked at.
        as_of: the instant looked from, aware: by what had happened, and was known, then.
        segments: the rules of scores, stages and dormancy.
        tags: the tags there are.
        scope: `all` customers, or the people of a `brand` (`brands.people` lists them first).
        wanted: the tags to infer; None: every one the shop, or the brand, has the facts and one rule for.
        others: the other shops of the brand.
    """
    found = reach(tx, shops=(shop, *others), as_of=as_of, tags=tags).tags if wanted != () else ()
    chosen = tuple(tag for tag in found if wanted is None or tag.name in wanted)
    at: dict[str, Any] = {"shop_id": shop.id, "as_of": as_of, "scope": scope, "window": segments.window}
    with (
        made.table(tx, "features") as features,
        made.table(tx, "series") as series,
        made.table(tx, "tags") as inferred,
        made.table(tx, "standing") as standing,
    ):
        tx.one("features/hold_plan")
        made.features(tx, features, **at)
        made.series(tx, series, **at)
        tx.do("features/analyse_made", made=features)
        tx.do("features/analyse_made", made=series)
        made.tags(tx, inferred, shop=shop, as_of=as_of, scope=scope, wanted=chosen, features=features, series=series)
        bounds = rfm.bounds(tx, shop=shop, as_of=as_of, relation=features, segments=segments)
        dormancy = dormancy_rules(tx, shop=shop, as_of=as_of, segments=segments)
        tx.many("features/free_plan")
        tx.one("features/hold_memory")
        given = memberships.parameters(as_of, bounds, dormancy, segments)
        said = "segments/said_of_brand" if scope == "brand" else memberships.SAID
        tx.do("segments/make", made=standing, features=features, tags=inferred, said=said, shop_id=shop.id, **given)
        tx.many("features/free_plan")
        yield Everybody(features, series, inferred, standing, bounds, dormancy, scope)


def stored(tx: Transaction, *, shop: Shop, as_of: datetime, segments: Segments) -> Everybody:
    """The record as the last refresh left it: no fact is read, nothing is made.

    Args:
        tx: an open transaction.
        shop: the shop.
        as_of: the instant of the last refresh (record.heads), which the stored record looks from.
        segments: the rules it was refreshed by.
    """
    return Everybody(
        features="record.customer_features",
        series="record.customer_series",
        tags="record.customer_tags",
        standing="record.customer_segments",
        bounds=rfm.bounds(tx, shop=shop, as_of=as_of, relation=None, segments=segments),
        dormancy=dormancy_rules(tx, shop=shop, as_of=as_of, segments=segments),
    )


def counts(tx: Transaction, *, shop: Shop, as_of: datetime, everyone: Everybody) -> list[Row]:
    """Customers, share in percent, orders and net amount (major units) of each segment; guests are in none.

    Who has not paid yet is a prospect: of a shop, or of all shops of the brand.
    """
    found = tx.many("segments/counts", features=everyone.features, standing=everyone.standing, shop_id=shop.id)
    found += _prospects(tx, shop, as_of, everyone)
    in_all: Counter[str] = Counter()
    for row in found:
        in_all[row["kind"]] += row["customers"]
    found.sort(key=lambda row: (row["kind"], -row["customers"], row["segment"]))
    return [
        {
            "kind": row["kind"],
            "segment": row["segment"],
            "customers": row["customers"],
            "percent": round(100 * row["customers"] / in_all[row["kind"]], 1),
            "orders": row["orders"],
            "net": major(row["net_minor"], shop),
        }
        for row in found
    ]


def _prospects(tx: Transaction, shop: Shop, as_of: datetime, everyone: Everybody) -> list[Row]:
    if everyone.scope == "brand":
        asked = tx.one("segments/prospects_of_brand", features=everyone.features, as_of=as_of)
    else:
        asked = tx.one("segments/prospects", features=everyone.features, shop_id=shop.id, as_of=as_of)
    found = asked["customers"]
    row = {"kind": "stage", "segment": "prospect", "customers": found, "orders": 0, "net_minor": 0}
    return [row] if found else []


def digest(tx: Transaction, everyone: Everybody) -> list[Row]:
    """One number for all features, series, tags and segments: the same whenever the same is known."""
    relations = {
        "features": everyone.features,
        "series": everyone.series,
        "tags": everyone.tags,
        "segments": everyone.standing,
    }
    return [{"what": what, **tx.one("segments/digest", made=made)} for what, made in relations.items()]


def begins(tx: Transaction, *, shop_id: str) -> datetime | None:
    """The first refresh of a shop: from when on its record keeps its segments; None: there was none yet."""
    found: datetime | None = tx.one("segments/first_refresh", shop_id=shop_id)["begins"]
    return found


def require_reached(tx: Transaction, *, shop_id: str, at: datetime) -> None:
    """Refuse an instant before the record of a shop begins, or was recalled to.

    Raises:
        TouchpointError: it says from when on there is one.
    """
    reaches = tx.one("segments/first_refresh", shop_id=shop_id)["reaches"]
    if reaches is None or at < reaches:
        raise TouchpointError(
            f"the record kept no segments at {at.isoformat()}",
            place=f"shop {shop_id}" + (f", whose record begins at {reaches.isoformat()}" if reaches else ""),
            remedy="recall them: `touchpoint segments recall --since …`" if reaches else "run a refresh first",
        )


def members(tx: Transaction, *, shop_id: str, at: datetime) -> list[Row]:
    """Customers in each segment at an instant, as the record said then."""
    return tx.many("segments/members", shop_id=shop_id, at=at)


def who(tx: Transaction, *, shop_id: str, at: datetime, kind: Kind, segment: str) -> list[Row]:
    """Who was in a segment at an instant, as the record said then: customer ids, since when, their other segments."""
    return tx.many("segments/who", shop_id=shop_id, at=at, kind=kind, segment=segment)


def moves(tx: Transaction, *, shop_id: str, begins: datetime, ends: datetime, kind: Kind) -> list[Row]:
    """How many customers moved from which segment to which between two instants, as the record said at each."""
    return tx.many("segments/moves", shop_id=shop_id, begins=begins, ends=ends, kind=kind)


def major(minor: int, shop: Shop) -> Decimal:
    """Minor units of the shop's currency as an amount in major units."""
    return Decimal(minor).scaleb(-EXPONENTS.get(shop.currency, 2))
