"""`touchpoint migrate`: an empty database becomes an installation's own, with no `make run` about."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from touchpoint import cli
from touchpoint.db import Database
from touchpoint.local.postgres import Server
from touchpoint.migrations import newest

OURS, ANOTHER = "6b1f6f0e-0000-4000-8000-00000000000a", "6b1f6f0e-0000-4000-8000-00000000000b"
Told = tuple[int, str, str]


@pytest.fixture
def empty(server: Server) -> Iterator[Database]:
    name = f"empty_{os.getpid()}_{uuid4().hex[:8]}"
    server.create_database(name)
    database = Database(server.url(name))
    yield database
    database.close()
    server.drop_database(name)


@pytest.fixture
def migrate(
    empty: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Told]:
    def run(*words: str, **extra: str) -> Told:
        url = make_url(empty.url)
        own = {
            "conn_type": "postgres", "host": url.host, "login": url.username, "schema": url.database,
            "extra": {"socket_dir": url.query["host"], "hash_key": "0" * 64, "environment_id": OURS, **extra},
        }  # fmt: skip
        monkeypatch.setenv("AIRFLOW_CONN_TOUCHPOINT", json.dumps(own))
        monkeypatch.setattr(sys, "argv", ["touchpoint", "migrate", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def test_an_empty_database_is_migrated_and_registered_once(empty: Database, migrate: Callable[..., Told]) -> None:
    code, out, _ = migrate("--json")
    assert (code, json.loads(out)) == (0, {"schema": newest(), "registered": True})
    with empty.transaction() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM ledger.environment").scalar() == 1
    code, out, _ = migrate()
    assert code == 0
    assert f"Schema {newest()}; this installation's already." in out


def test_another_installation_s_database_is_left_to_it(migrate: Callable[..., Told]) -> None:
    migrate()
    code, _, err = migrate(environment_id=ANOTHER)
    assert code == 1
    assert "the database belongs to another installation" in err


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"environment_id": ""}, "no environment_id"),
        ({"environment_id": "prod"}, "environment_id is no UUID"),
        ({"hash_key": ""}, "no hash_key"),
    ],
)
def test_what_the_connection_lacks_is_named_before_anything_is_done(
    empty: Database, migrate: Callable[..., Told], extra: dict[str, str], said: str
) -> None:
    code, _, err = migrate(**extra)
    assert code == 1
    assert said in err
    with empty.transaction() as tx:
        assert tx.connection.exec_driver_sql("SELECT to_regnamespace('ledger')").scalar() is None
