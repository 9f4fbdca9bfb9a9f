"""Tables made for the length of a refresh, or of a run: features, series bought and tags of the customers of a scope.

A scope says whose purchases, lines, refunds and events a statement reads (include/sql/scope): of `all` customers of a
shop, of those that `changed`, or of the people of a `brand`, whichever shop they bought at. `kept` is what `keep` read
of those that changed, once for all that is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from touchpoint.db import Json, Transaction
from touchpoint.settings import Shop, Tag

Scope = Literal["all", "changed", "brand", "kept"]
_READ = ("purchases", "lines", "refunds", "events", "members")
_KEPT = (*_READ, "price_differences")


@contextmanager
def table(tx: Transaction, what: str) -> Iterator[str]:
    """The name of a table to be made, dropped at the end of the block; other sessions never see it."""
    name = f"record.made_{what}_{uuid4().hex}"
    yield name
    tx.do("features/drop_made", made=name)


def keep(tx: Transaction, *, shop_id: str, as_of: datetime) -> None:
    """Read what the scope of changed customers gives, once; the scope `kept` gives it until the transaction ends."""
    given = {"shop_id": shop_id, "as_of": as_of, "since": since(as_of, None)}
    for name in _KEPT:
        kept, rows = f"pg_temp.kept_{name}", f"scope/changed/{name}"
        tx.do("features/drop_made", made=kept)
        tx.do("features/keep_rows", kept=kept, rows=rows, **given)
        tx.do("features/analyse_kept", kept=kept)


def features(
    tx: Transaction, made: str, *, shop_id: str, as_of: datetime, scope: Scope, window: timedelta | None = None
) -> None:
    """Make the features of the customers of a scope, of what they bought within `window` before `as_of`; None: ever."""
    tx.do(
        "features/make",
        made=made,
        shop_id=shop_id,
        as_of=as_of,
        since=since(as_of, window),
        **_scopes(scope, "purchases", "price_differences", "refunds"),
    )


def series(
    tx: Transaction, made: str, *, shop_id: str, as_of: datetime, scope: Scope, window: timedelta | None = None
) -> None:
    """Make what the customers of a scope bought of each product series."""
    tx.do(
        "features/make_series",
        made=made,
        shop_id=shop_id,
        as_of=as_of,
        since=since(as_of, window),
        **_scopes(scope, "lines"),
    )


def tags(
    tx: Transaction,
    made: str,
    *,
    shop: Shop,
    as_of: datetime,
    scope: Scope,
    wanted: Sequence[Tag],
    features: str,
    series: str,
) -> None:
    """Infer tags of the customers of a scope from what is known of them.

    Args:
        tx: an open transaction.
        made: the table to make.
        shop: the shop; of a brand, any of its shops.
        as_of: the instant looked from, aware.
        scope: whose.
        wanted: the tags, as config/tags.yaml has them.
        features: relation of the features of the same customers as of the same instant.
        series: relation of what they bought of each series.
    """
    queries = [tx.literal("features/no_tag")]
    queries += [
        tx.literal(
            "features/tag",
            tag=tag.statement,
            label=tag.name,
            rules=Json(tag.rules),
            features=features,
            series=series,
            shop_id=shop.id,
            as_of=as_of,
            since=since(as_of, tag.window),
            **_scopes(scope, *_READ),
        )
        for tag in wanted
    ]
    tx.do("features/make_tags", made=made, tags=queries, shop_id=shop.id, as_of=as_of)


def _scopes(scope: Scope, *read: str) -> dict[str, object]:
    return {name: f"scope/{scope}/{name}" for name in read}


def since(as_of: datetime, window: timedelta | None) -> str:
    """From when on a window looks that ends at `as_of`, as scopes take it."""
    return "-infinity" if window is None else (as_of - window).isoformat()
