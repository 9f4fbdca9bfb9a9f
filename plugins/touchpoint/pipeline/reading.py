"""What an extraction reads of a source: its window, and what a long pause has put out of the window's reach."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from touchpoint.db import Transaction
from touchpoint.model import Entity, Window
from touchpoint.services import Services
from touchpoint.settings import Shop
from touchpoint.sources.base import OrderPlatform, Page, Source

UNDER_WAY = timedelta(days=30)
"""Within so many days of its making nearly every order is over: those are re-read as a list, the others one by one."""


def pages_of(
    services: Services, shop: Shop, source: Source, entity: Entity, window: Window, *, is_history: bool
) -> Iterator[Page]:
    """Pages of a window.

    A platform lists changes for some months. After a longer pause its orders are read by creation, which tells nothing
    of those made before the pause: they are read again as far back as orders are under way, and older ones that we know
    for unsettled are asked about one by one.

    Raises:
        SourceError: as the source does.
    """
    if (
        entity is not Entity.ORDER
        or is_history
        or not isinstance(source, OrderPlatform)
        or window.end - window.start <= source.changes_kept
    ):
        yield from source.read(entity, window)
        return
    wider = Window(window.start - UNDER_WAY, window.end)
    with services.db.transaction() as tx:
        older = tx.many("load/unsettled_orders", shop_id=shop.id, made_before=wider.start)
    yield from source.read(entity, wider)
    yield from source.read_orders([str(row["order_id"]) for row in older])


def open_parcels(tx: Transaction, shop_id: str) -> dict[str, frozenset[str]]:
    """Order id -> ids of its parcels that are on their way as far as we know."""
    found: dict[str, set[str]] = {}
    for row in tx.many("load/open_parcels", shop_id=shop_id):
        found.setdefault(row["order_id"], set()).add(row["shipment_id"])
    return {order_id: frozenset(parcels) for order_id, parcels in found.items()}
