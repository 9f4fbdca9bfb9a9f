"""A sandbox shop and an empty Touchpoint database beside it, driven through the pipeline's use cases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.sandbox_process import Sandbox, running_sandbox

from touchpoint import pipeline
from touchpoint.db import Database, Row, Transaction
from touchpoint.local.postgres import Server
from touchpoint.model import Cadence, Entity, Run
from touchpoint.outbox import environment
from touchpoint.reports.summary import summary
from touchpoint.services import LIVE, Services, stop_clock
from touchpoint.settings import CONFIG_ROOT, ConnectionInfo, environment_connection, load_shop

SHOP = "sandbox"
ANCHOR = datetime.fromisoformat("2026-11-20T10:30:00+08:00")
SEED = 7
OPS = "ops@sandbox.invalid"
ENVIRONMENT = "6b1f6f0e-0000-4000-8000-000000000001"
TABLES = ("facts.orders", "facts.order_lines", "facts.refunds", "facts.shipments", "facts.tracking_events")


@dataclass
class Flow:
    """One installation with its sandbox, at a business clock that the test sets."""

    services: Services
    sandbox: Sandbox
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def at(self, instant: datetime) -> datetime:
        """Set the business clock, ours and the sandbox's."""
        stop_clock(self.services.db, LIVE, instant)
        self.sandbox.control("POST", "/control/clock", {"at": instant.isoformat()})
        return instant

    def trigger(self, as_of: datetime, *, cadence: Cadence = Cadence.INTRADAY, **options: Any) -> pipeline.Trigger:
        options.setdefault("run_id", f"manual__{as_of.isoformat()}__{next(self.numbers)}")
        return pipeline.Trigger(
            shop_id=SHOP, dag_id=f"touchpoints_{cadence}__{SHOP}", cadence=cadence, as_of=as_of, **options
        )

    def history(self, as_of: datetime) -> None:
        """The shop's first load."""
        self.at(as_of)
        pipeline.load_history(self.services, self.trigger(as_of))

    def run(self, as_of: datetime, **options: Any) -> Run:
        """A whole run, clock included."""
        self.at(as_of)
        return pipeline.run_once(self.services, self.trigger(as_of, **options))

    def decided(self, run: Run, campaign: str = "unpaid_reminder") -> dict[str, Any]:
        """A campaign's part of the run's summary."""
        with self.services.db.transaction() as tx:
            return summary(tx, [run.run_no])["campaigns"][campaign]

    def sms(self) -> list[Row]:
        """What the SMS gateway accepted."""
        return self.sandbox.control("GET", "/control/sms/log")

    def mails(self) -> list[Row]:
        """What the mailbox took for buyers."""
        return [mail for mail in self.sandbox.control("GET", "/control/mail/log") if OPS not in mail["to"]]

    def alarms(self) -> list[Row]:
        """What the mailbox took for the people who run the shop."""
        return [mail for mail in self.sandbox.control("GET", "/control/mail/log") if OPS in mail["to"]]

    def accepted(self) -> int:
        """Messages the ledger holds for accepted, of all campaigns."""
        return int(self.rows("SELECT count(*) FROM ledger.message WHERE state = 'accepted'")[0][0])

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query of the test's own."""
        with self.services.db.transaction() as tx:
            return [tuple(row) for row in tx.connection.exec_driver_sql(query, values)]

    def execute(self, query: str, *values: object) -> None:
        """A change of the test's own."""
        with self.services.db.transaction() as tx:
            tx.connection.exec_driver_sql(query, values)

    def digest(self, *tables: str, without: tuple[str, ...] = ()) -> dict[str, str]:
        """A hash of each table's rows, some columns left out."""
        found = {}
        for table in tables:
            dropped = " ".join(f"- '{column}'" for column in without)
            rows = f"SELECT (to_jsonb(t) {dropped})::text AS r FROM {table} AS t"
            query = f"SELECT md5(coalesce(string_agg(r, '|' ORDER BY r), '')) FROM ({rows}) AS rows"
            found[table] = self.rows(query)[0][0]
        return found


def take_seat(tx: Transaction, environment_id: str) -> None:
    """Let a test send from its database, a clone of one that was another's seat."""
    environment.register_environment(tx, environment_id)
    environment.adopt(tx, environment_id, who="tests", note="a clone")


def services_for(database: Database, sandbox: Sandbox, config: Path = CONFIG_ROOT) -> Services:
    """Services on a test database and a running sandbox."""
    connections = {name: _connection(name, text) for name, text in sandbox.connections().items()}
    with database.transaction() as tx:
        take_seat(tx, ENVIRONMENT)
    own = ConnectionInfo(conn_id="touchpoint", extra={"hash_key": "0" * 64, "environment_id": ENVIRONMENT})
    return Services(db=database, resolve=connections.__getitem__, connection=own, config=config)


def _connection(name: str, text: str) -> ConnectionInfo:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"AIRFLOW_CONN_{name.upper()}", text)
        return environment_connection(name)


@pytest.fixture(scope="session")
def loaded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the sandbox shop's history at the anchor, made once: tests clone it."""
    server.create_database("template_loaded", template="template_touchpoint")
    database = Database(server.url("template_loaded"))
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), seed=SEED, anchor=ANCHOR) as sandbox:
        Flow(services=services_for(database, sandbox), sandbox=sandbox).history(ANCHOR)
    database.close()
    return "template_loaded"


@contextmanager
def opened_flow(server: Server, loaded: str, folder: Path) -> Iterator[Flow]:
    """An installation that has just loaded its shop's history, at the sandbox's anchor."""
    name = f"flow_{uuid4().hex}"  # a count would begin anew: pytest and the test modules each import this file
    server.create_database(name, template=loaded)
    database = Database(server.url(name))
    try:
        with running_sandbox(folder, seed=SEED, anchor=ANCHOR) as sandbox:
            made = Flow(services=services_for(database, sandbox), sandbox=sandbox)
            made.at(ANCHOR)
            register_templates(made)
            yield made
    finally:
        database.close()
        server.drop_database(name)


@pytest.fixture
def flow(server: Server, loaded: str, tmp_path: Path) -> Iterator[Flow]:
    """One such installation."""
    with opened_flow(server, loaded, tmp_path / "sandbox") as made:
        yield made


@pytest.fixture
def undisturbed(server: Server, loaded: str, tmp_path: Path) -> Iterator[Flow]:
    """Another one of the same shop."""
    with opened_flow(server, loaded, tmp_path / "undisturbed") as made:
        yield made


def register_templates(made: Flow) -> None:
    """Tell the SMS gateway the shop's templates, as one does in a provider's console."""
    from touchpoint.render.messages import provider_templates

    made.sandbox.control("POST", "/control/sms/templates", provider_templates(load_shop(SHOP, made.services.config)))


def five_minutes_later(instant: datetime) -> datetime:
    """The next intraday slot."""
    return instant + timedelta(minutes=5)


__all__ = ["ANCHOR", "SHOP", "TABLES", "Entity", "Flow", "five_minutes_later"]
