"""The nightly look at all recent orders: what a platform listed late, or never, is read all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from touchpoint.db import Transaction
from touchpoint.facts import head, landing
from touchpoint.model import Entity, Mode, Window
from touchpoint.pipeline.runs import read_run
from touchpoint.services import LIVE, Services
from touchpoint.settings import Shop, load_shop
from touchpoint.sources import open_source
from touchpoint.sources.base import OrderPlatform, Page


def rescan(services: Services, run_no: int | None) -> dict[str, int]:
    """Compare every order made or changed in the last days with the facts, and land those that differ.

    The shop file says how many days (sources.order.rescan_days). What is landed is pending like any other batch: this
    run loads it, or the next one at the head. Orders of files are not looked at again, nor any before the first load.

    Returns:
        Rows landed, per landing entity.

    Raises:
        SourceError: the platform does not answer or refuses; nothing landed.
    """
    run = read_run(services, run_no)
    shop = load_shop(run.shop_id, services.config)
    config = shop.sources.get(Entity.ORDER.value)
    if run.mode != Mode.SEND or run.realm != LIVE or config is None or not config.rescan_days:
        return {}
    source = open_source(shop, Entity.ORDER, services.resolve, config=services.config)
    if not isinstance(source, OrderPlatform):
        return {}
    with services.timed(run.run_no, "rescan"):
        with services.db.transaction() as tx:
            if head.read(tx, shop.id).loaded_as_of is None:
                return {}
        end = run.as_of - config.settle_lag
        window = Window(end - timedelta(days=config.rescan_days), end)
        pages = list(_late(services, shop, source, window))
        with services.db.transaction() as tx:
            batches = landing.land(
                tx,
                shop=shop,
                entity=Entity.ORDER,
                pages=pages,
                window=None,
                snapshot_at=window.end,
                as_of=run.as_of,
                run_no=run.run_no,
                is_history=False,
                key=services.key,
                origin=landing.RESCAN,
            )
            return {row["entity"]: row["landed"] for row in tx.many("load/landed", batch_ids=batches)}


def _late(services: Services, shop: Shop, source: OrderPlatform, window: Window) -> Iterator[Page]:
    listed: dict[str, str] = {}
    for versions in source.versions(window):
        listed.update(versions)
    with services.db.transaction() as tx:
        late = differing(tx, shop.id, listed)
    yield from source.read_orders(late)
    yield from source.read_refunds(window)


def differing(tx: Transaction, shop_id: str, listed: dict[str, str]) -> list[str]:
    """Of orders as a platform tells them (id -> last change), those the facts lack or have an older version of."""
    readable = {order_id: at for order_id, text in listed.items() if (at := _instant(text))}
    found = tx.many(
        "load/differing_orders", shop_id=shop_id, order_ids=list(readable), modified=list(readable.values())
    )
    return [*(str(row["order_id"]) for row in found), *(listed.keys() - readable.keys())]


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None  # read all the same: the gate says what is wrong with it
