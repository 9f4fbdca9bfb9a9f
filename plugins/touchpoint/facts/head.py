"""The head of a shop: only a run not before it writes facts, watermark and record.

A row is read after `landing.lock_ingest` alone, so that what is tested is still true when the transaction writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from touchpoint.db import Transaction
from touchpoint.errors import NotAtHead


@dataclass(frozen=True)
class Head:
    """How far a shop's facts (loaded) and record (refreshed) have come, in business time; None: never yet.

    Attributes:
        confirmed_as_of: when the facts of single orders, asked about one by one, came in. Not how fresh the others are.
    """

    loaded_as_of: datetime | None = None
    refreshed_as_of: datetime | None = None
    confirmed_as_of: datetime | None = None

    @property
    def at(self) -> datetime | None:
        """The instant a writer must not lie before: known_at and record both only move forward."""
        known = (self.loaded_as_of, self.refreshed_as_of, self.confirmed_as_of)
        return max((instant for instant in known if instant is not None), default=None)


def read(tx: Transaction, shop_id: str) -> Head:
    """The head of a shop; an empty one before its first load."""
    row = tx.maybe("load/head", shop_id=shop_id)
    return Head(**row) if row else Head()


def require(tx: Transaction, shop_id: str, as_of: datetime) -> None:
    """Refuse to go on unless a run looking from `as_of` may write this shop.

    Raises:
        NotAtHead: another run has loaded or refreshed a later instant.
    """
    at = read(tx, shop_id).at
    if at is not None and as_of < at:
        raise NotAtHead(
            f"as_of {as_of.isoformat()} lies before the head {at.isoformat()}",
            place=f"shop {shop_id}",
            remedy="the run goes on in run-scoped tables; what it landed is loaded by the next run at the head",
        )


def advance_loaded(tx: Transaction, shop_id: str, as_of: datetime) -> None:
    """Facts are loaded up to `as_of`; never moves back."""
    tx.count("load/advance_loaded", shop_id=shop_id, as_of=as_of)


def advance_confirmed(tx: Transaction, shop_id: str, as_of: datetime) -> None:
    """Facts of single orders are loaded as of `as_of`; never moves back."""
    tx.count("load/advance_confirmed", shop_id=shop_id, as_of=as_of)


def advance_refreshed(tx: Transaction, shop_id: str, as_of: datetime) -> None:
    """The record is refreshed as of `as_of`; never moves back."""
    tx.count("load/advance_refreshed", shop_id=shop_id, as_of=as_of)
