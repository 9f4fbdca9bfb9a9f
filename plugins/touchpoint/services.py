"""What every use case stands on: database, resolver of connection ids, configuration, business clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from touchpoint.clock import Clock, RealClock, StoppedClock, stopwatch
from touchpoint.db import Database
from touchpoint.errors import TouchpointError
from touchpoint.model import Cadence, Mode, Run
from touchpoint.settings import (
    CONFIG_ROOT,
    TOUCHPOINT_CONNECTION,
    ConnectionInfo,
    Resolver,
    database_url,
    hash_key,
)

LIVE = "live"


@dataclass(frozen=True)
class Services:
    """One installation, opened by an entry point: Airflow tasks, the command line, the pages."""

    db: Database
    resolve: Resolver
    connection: ConnectionInfo = field(repr=False)
    config: Path = CONFIG_ROOT

    @property
    def key(self) -> bytes:
        """The key of address hashes and identities."""
        return hash_key(self.connection)

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the Touchpoint database."""
        return self.db.url

    def business_clock(self, realm: str) -> Clock:
        """The clock of a realm: stopped where someone stopped it, else the real one."""
        with self.db.transaction() as tx:
            row = tx.maybe("runs/clock_read", realm=realm)
        return StoppedClock(row["at"]) if row else RealClock()

    def clock_of(self, run: Run) -> Clock:
        """A run's clock: a rehearsal's stands at the instant it looks from."""
        return self.business_clock(LIVE) if run.realm == LIVE else StoppedClock(run.as_of)

    @contextmanager
    def timed(self, run_no: int, stage: str) -> Iterator[None]:
        """Add what the block took, in seconds, to the run's stage."""
        started = stopwatch()
        try:
            yield
        finally:
            with self.db.transaction() as tx:
                tx.count("runs/stage_seconds", run_no=run_no, stage=stage, seconds=stopwatch() - started)


@contextmanager
def open_services(resolve: Resolver, *, config: Path = CONFIG_ROOT) -> Iterator[Services]:
    """Services for the length of a block; connections are closed at its end."""
    connection = resolve(TOUCHPOINT_CONNECTION)
    db = Database(database_url(connection))
    try:
        yield Services(db=db, resolve=resolve, connection=connection, config=config)
    finally:
        db.close()


def run_from_row(row: dict[str, object]) -> Run:
    """A run as the ledger has it."""
    values = dict(row)
    values["cadence"] = Cadence(str(values["cadence"]))
    values["mode"] = Mode(str(values["mode"]))
    return Run(**values)  # type: ignore[arg-type]


def stop_clock(db: Database, realm: str, at: datetime | None) -> None:
    """Stop a realm's business clock at an instant, or with None let it follow the real one again."""
    with db.transaction() as tx:
        if at is None:
            tx.count("runs/clock_release", realm=realm)
        else:
            tx.count("runs/clock_stop", realm=realm, at=at)


def no_run(run_no: int | None) -> TouchpointError:
    """The error of a task whose run was never begun."""
    return TouchpointError(
        f"no run {run_no}", place="ledger.run", remedy="clear the task `begin` of this DAG run, and what follows it"
    )
