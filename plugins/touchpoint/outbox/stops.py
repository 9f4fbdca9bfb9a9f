"""Kill switches: everything, a shop, a campaign, a campaign of one shop. In every realm, from the next claim on."""

from __future__ import annotations

from touchpoint.db import Row, Transaction
from touchpoint.render.mask import star_addresses


def stop(
    tx: Transaction, *, who: str, shop_id: str | None = None, campaign_id: str | None = None, note: str | None = None
) -> None:
    """Stop sending; with neither shop nor campaign, everything."""
    _switch(tx, True, who, shop_id, campaign_id, note)


def resume(
    tx: Transaction, *, who: str, shop_id: str | None = None, campaign_id: str | None = None, note: str | None = None
) -> None:
    """Take back a stop of exactly this scope; a wider one goes on standing."""
    _switch(tx, False, who, shop_id, campaign_id, note)


def lock(tx: Transaction) -> None:
    """Wait until nobody else is at the switches: for who looks before switching. Held to the end of the transaction."""
    tx.do("outbox/lock_stops")


def state(tx: Transaction) -> list[Row]:
    """The latest word on each scope: scope, shop_id, campaign_id, is_stopped, who, note, recorded_real_at."""
    return tx.many("outbox/stops_in_force")


def _switch(
    tx: Transaction, is_stopped: bool, who: str, shop_id: str | None, campaign_id: str | None, note: str | None
) -> None:
    scope = "campaign" if campaign_id else "shop" if shop_id else "everything"
    tx.count(
        "outbox/stop",
        scope=scope,
        shop_id=shop_id,
        campaign_id=campaign_id,
        is_stopped=is_stopped,
        who=who,
        note=star_addresses(note) if note else note,
    )
