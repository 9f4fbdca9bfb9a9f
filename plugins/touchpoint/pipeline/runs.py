"""Opening, finding and closing a run: its as_of, its mode, and whether it may write facts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from touchpoint.clock import mode_of, real_now, resolve_as_of
from touchpoint.db import Transaction
from touchpoint.errors import ConfigError, LedgerError, NotAtHead
from touchpoint.facts import head
from touchpoint.model import Cadence, Mode, Run
from touchpoint.record import refresh as record
from touchpoint.reports.summary import summary
from touchpoint.services import LIVE, Services, no_run, run_from_row
from touchpoint.settings import Shop, load_shop

TEST = "test"
"""The realm of test sends alone: no run of a DAG decides in it."""
HISTORY = "history"
"""Type of a run that only loads: a shop's declared history, from a shell. A rehearsal's facts come by it alone."""
UNNUMBERED = 0
"""Number of a run the ledger has no row for yet."""


@dataclass(frozen=True)
class Trigger:
    """What an entry point knows of a run before it is in the ledger."""

    shop_id: str
    dag_id: str
    run_id: str
    cadence: Cadence
    run_type: str = "manual"
    as_of: str | datetime | None = None
    logical_date: datetime | None = None
    run_after: datetime | None = None
    realm: str | None = None


def begin(services: Services, trigger: Trigger) -> Run:
    """Open the run: resolve its as_of, its mode and whether it is at the head.

    Raises:
        TimeError: as_of is missing, without a zone, or later than the clock.
        ConfigError: the shop does not load, or a realm was named for a live shop.
        LedgerError: the run looked from another instant before; it stays as it was.
    """
    shop = load_shop(trigger.shop_id, services.config)
    realm = _realm(shop, trigger.realm)
    clock = services.business_clock(LIVE)
    as_of = resolve_as_of(
        param=trigger.as_of, logical_date=trigger.logical_date, run_after=trigger.run_after, clock=clock
    )
    now = clock.now() if realm == LIVE else as_of
    mode = _mode(trigger.run_type, trigger.cadence, as_of, now)
    with services.db.transaction() as tx:
        may_write = trigger.run_type == HISTORY or (realm == LIVE and mode == Mode.SEND)
        at_head = may_write and _is_at_head(tx, shop.id, as_of)
        known = tx.maybe("runs/find_by_id", realm=realm, shop_id=shop.id, dag_id=trigger.dag_id, run_id=trigger.run_id)
        if known and known["as_of"] != as_of:
            raise LedgerError(
                f"run {trigger.run_id} looked from {known['as_of'].isoformat()} before, from {as_of.isoformat()} now",
                place=trigger.dag_id,
                remedy="start a new run for another as_of",
            )
        asked = Run(
            run_no=UNNUMBERED,
            realm=realm,
            shop_id=shop.id,
            dag_id=trigger.dag_id,
            run_id=trigger.run_id,
            cadence=trigger.cadence,
            run_type=trigger.run_type,
            as_of=as_of,
            mode=mode,
            is_at_head=at_head,
        )
        return _open(tx, asked)


def read_run(services: Services, run_no: int | None) -> Run:
    """The run, its mode judged again by the clock: one that sent, cleared long after, recomputes in a row of its own.

    Raises:
        TouchpointError: no such run.
    """
    run = _stored(services, run_no)
    mode = _mode(run.run_type, run.cadence, run.as_of, services.clock_of(run).now())
    if mode == run.mode or run.mode == Mode.RECOMPUTE:
        return run
    with services.db.transaction() as tx:
        return _open(tx, replace(run, mode=mode, is_at_head=False))


def report(services: Services, run_no: int | None) -> dict[str, object]:
    """Close the run: drop its scratch tables, stamp its end, and hand back its figures.

    Returns:
        The run's part of var/run-summary.json.
    """
    begun, run = _stored(services, run_no), read_run(services, run_no)
    with services.db.transaction() as tx:
        for number in {begun.run_no, run.run_no}:
            record.drop_scratch(tx, number)
        tx.count("runs/end", run_no=run.run_no, begun_run_no=begun.run_no, ended_real_at=real_now())
        return summary(tx, [run.run_no])


def gate_state(services: Services, run: Run) -> str | None:
    """What the gate said of this run, `passed` or `failed`; None: nothing, which is not passed."""
    with services.db.transaction() as tx:
        judged = tx.maybe("runs/gate_state", run_no=run.run_no)
    return str(judged["state"]) if judged else None


def lose_head(services: Services, run: Run) -> None:
    with services.db.transaction() as tx:
        tx.count("runs/lose_head", run_no=run.run_no)


def _open(tx: Transaction, run: Run) -> Run:
    """The row of a run in its mode, made where there is none; the ledger numbers it."""
    values = {name: value for name, value in asdict(run).items() if name != "run_no"}
    return run_from_row(tx.one("runs/begin", **values))


def _stored(services: Services, run_no: int | None) -> Run:
    if run_no is None:
        raise no_run(run_no)
    with services.db.transaction() as tx:
        row = tx.maybe("runs/read", run_no=run_no)
    if row is None:
        raise no_run(run_no)
    return run_from_row(row)


def _mode(run_type: str, cadence: Cadence, as_of: datetime, now: datetime) -> Mode:
    if run_type == HISTORY:
        return Mode.SEND  # it has nothing to send, and loads however long ago it looks from
    return Mode(mode_of(run_type=run_type, cadence=cadence, as_of=as_of, now=now))


def _realm(shop: Shop, asked: str | None) -> str:
    if asked in (None, shop.realm):
        return shop.realm
    if shop.realm == LIVE or asked in (LIVE, TEST):
        raise ConfigError(f"realm {asked!r} for shop {shop.id}", place="params.realm", remedy="name a rehearsal shop")
    return str(asked)


def _is_at_head(tx: Transaction, shop_id: str, as_of: datetime) -> bool:
    try:
        head.require(tx, shop_id, as_of)
    except NotAtHead:
        return False
    return True
