"""Where every shop stands: the figures of the overview."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from touchpoint.db import Row, Transaction
from touchpoint.model import Cadence, Mode
from touchpoint.reports.run import MESSAGE_STATES

MESSAGE_DAYS = 7
"""The overview counts messages of the runs of so many days, looking back from the business clock."""


WENT_OUT_DAYS = 31
"""What went out is told of the runs of so many days: a monthly campaign is among them until the next one."""


@dataclass(frozen=True)
class WentOut:
    """What went out of a campaign, whichever run enqueued it.

    Attributes:
        last_at: when the provider took the latest; None if none went yet.
        dag_id, run_id: the latest run that enqueued some of it.
    """

    campaign_id: str
    accepted: int
    waiting: int
    last_at: datetime | None
    dag_id: str
    run_id: str


@dataclass(frozen=True)
class LatestRun:
    """The latest run of a shop and cadence, by as_of."""

    run_no: int
    realm: str
    shop_id: str
    cadence: Cadence
    dag_id: str
    run_id: str
    as_of: datetime
    mode: Mode
    ended_real_at: datetime | None
    gate_state: str | None
    candidates: int
    enqueued: int


@dataclass(frozen=True)
class ShopState:
    """A shop in a realm, at one moment.

    Attributes:
        messages: by MESSAGE_STATES, of runs of the last MESSAGE_DAYS days.
        unknown: campaign_id, unknown_messages, oldest_at: unresolved messages of any age.
        loaded_as_of: how far the facts have come; None before the first load, and for rehearsals that share none.
        watermarks: entity, extracted_until, succeeded_at.
    """

    realm: str
    shop_id: str
    now: datetime
    messages: dict[str, int]
    unknown: list[Row]
    loaded_as_of: datetime | None
    refreshed_as_of: datetime | None
    watermarks: list[Row]
    pending_rows: int
    failed_batches: int
    quarantined_rows: int


def latest_runs(tx: Transaction) -> list[LatestRun]:
    """The latest run of every realm, shop and cadence."""
    return [
        LatestRun(**{**row, "cadence": Cadence(row["cadence"]), "mode": Mode(row["mode"])})
        for row in tx.many("reports/latest_runs")
    ]


def went_out(tx: Transaction, realm: str, shop_id: str, at: datetime) -> list[WentOut]:
    """What went out of a shop in the WENT_OUT_DAYS before an instant, a campaign each."""
    since = at - timedelta(days=WENT_OUT_DAYS)
    return [WentOut(**row) for row in tx.many("reports/went_out", realm=realm, shop_id=shop_id, since=since)]


def shops_with_data(tx: Transaction, shop_ids: list[str]) -> set[str]:
    """Those of some shops that ever ran, or have a customer record."""
    return {row["shop_id"] for row in tx.many("reports/shops_with_data", shop_ids=shop_ids)}


def shop_state(tx: Transaction, realm: str, shop_id: str, now: datetime) -> ShopState:
    """Where a shop stands.

    Args:
        tx: an open transaction, best one that called `run.snapshot`.
        realm: the shop's realm.
        shop_id: the shop.
        now: the wall clock; a realm whose business clock stands still is seen from that instant.
    """
    clock = tx.maybe("runs/clock_read", realm=realm)
    at = clock["at"] if clock else now
    row = tx.one("reports/shop_messages", realm=realm, shop_id=shop_id, since=at - timedelta(days=MESSAGE_DAYS))
    head = tx.maybe("reports/head", shop_id=shop_id) or {"loaded_as_of": None, "refreshed_as_of": None}
    pending = tx.many("reports/pending", shop_id=shop_id)
    return ShopState(
        realm=realm,
        shop_id=shop_id,
        now=at,
        messages={name: row[f"messages_{name}"] for name in MESSAGE_STATES},
        unknown=tx.many("reports/unknown", realm=realm, shop_id=shop_id),
        loaded_as_of=head["loaded_as_of"],
        refreshed_as_of=head["refreshed_as_of"],
        watermarks=tx.many("reports/watermarks", shop_id=shop_id),
        pending_rows=sum(found["pending_rows"] for found in pending),
        failed_batches=sum(found["failed_batches"] for found in pending),
        quarantined_rows=tx.one("reports/quarantined", shop_id=shop_id)["open_rows"],
    )


def stops(tx: Transaction) -> list[Row]:
    """Every stop switch in force."""
    return tx.many("reports/stops")
