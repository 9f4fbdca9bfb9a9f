"""A copy of a database sends nothing: real copies, made as people make them, with what waits in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from tests.faults.server import own_server
from tests.faults.world import World
from tests.sql.outbox.conftest import Recorder

from touchpoint.db import Database
from touchpoint.errors import LedgerError
from touchpoint.local.postgres import Server
from touchpoint.model import Channel
from touchpoint.outbox import environment

SMS = Channel.SMS


@contextmanager
def opened(server: Server, name: str, world: World) -> Iterator[World]:
    """The same shop and run on another database, which holds them already."""
    database = Database(server.url(name))
    other = object.__new__(World)
    other.__dict__.update({**world.__dict__, "db": database})
    try:
        yield other
    finally:
        database.close()


def differs(world: World) -> list[str]:
    with world.db.transaction() as tx:
        return [row["difference"] for row in environment.differences(tx, world.environment_id)]


def adopt(world: World) -> bool:
    with world.db.transaction() as tx:
        return environment.adopt(tx, world.environment_id, who="ops", note="moved, says anna@example.com")


def test_a_database_made_from_a_template_sends_nothing_again(
    server: Server, database: Database, channel: Recorder
) -> None:
    world = World(database)
    ids = world.add(20)
    database.close()  # a template must have nobody on it
    name = f"copy_{uuid4().hex}"
    server.create_database(name, template=str(database.engine.url.database))
    try:
        with opened(server, name, world) as copy:
            assert copy.dispatch({SMS: channel}).held == {"other_environment": 20}
            assert (channel.messages, differs(copy)) == ([], ["database"])
            told = r"differs: database\).*touchpoint environment adopt"
            with copy.db.transaction() as tx, pytest.raises(LedgerError, match=told):
                environment.demand_seat(tx, copy.environment_id)
            assert world.dispatch({SMS: channel})["accepted"] == 20
            assert channel.messages == ids
            assert adopt(copy)
            assert copy.dispatch({SMS: channel}).held == {}, "whoever adopts a copy sends what waits in it"
    finally:
        server.drop_database(name)


def test_a_copied_data_folder_sends_nothing_again(tmp_path: Path, channel: Recorder) -> None:
    with own_server() as server:
        server.create_database("shop", template="template_touchpoint")
        copied = Server(server.folder.with_name(f"{server.folder.name}-copy"))
        database = Database(server.url("shop"))
        try:
            world = World(database)
            ids = world.add(20)
            database.close()
            server.stop()
            copied._prepare_folder()
            shutil.rmtree(copied.data)
            copy_with_owners(server.data, copied.data)
            copied.start()
            server.start()
            with opened(copied, "shop", world) as copy:
                assert copy.dispatch({SMS: channel}).held == {"other_environment": 20}
                assert (channel.messages, differs(copy)) == ([], ["data_directory", "address"])
            assert world.dispatch({SMS: channel})["accepted"] == 20
            assert channel.messages == ids
        finally:
            database.close()
            copied.stop()
            shutil.rmtree(copied.folder, ignore_errors=True)


def test_a_promoted_standby_sends_nothing_until_somebody_adopts_it(channel: Recorder) -> None:
    with own_server() as server:
        server.create_database("shop", template="template_touchpoint")
        database = Database(server.url("shop"))
        try:
            world = World(database)
            world.add(20)
            database.close()
            server.stop()
            (server.data / "standby.signal").touch()
            server.start()
            server._run("pg_ctl", "-D", str(server.data), "-w", "promote")
            assert world.dispatch({SMS: channel}).held == {"other_environment": 20}
            assert differs(world) == ["timeline"]
            assert adopt(world)
            assert not adopt(world), "it sits there already"
            assert world.dispatch({SMS: channel})["accepted"] == 20
            seats = world.sql("SELECT who, note, timeline FROM ledger.environment ORDER BY seat_no")
            assert [(row["who"], row["timeline"]) for row in seats] == [(None, 1), ("ops", 2)]
            assert "anna@example.com" not in seats[1]["note"]
        finally:
            database.close()


def copy_with_owners(source: Path, target: Path) -> None:
    """A file-level copy, as `cp -a` makes it."""
    shutil.copytree(source, target)
    owner = source.stat()
    for path in (target, *target.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    target.chmod(0o700)


def test_a_server_reached_by_another_name_is_another_seat(world: World, channel: Recorder) -> None:
    world.add(1)
    reached = world.db.engine.url
    other_name = reached.update_query_dict({"host": f"{reached.query['host']}/."})
    by_other_name = Database(other_name.render_as_string(hide_password=False))
    try:
        other = object.__new__(World)
        other.__dict__.update({**world.__dict__, "db": by_other_name})
        assert other.dispatch({SMS: channel}).held == {"other_environment": 1}
        assert differs(other) == ["address"]
    finally:
        by_other_name.close()


def test_a_seat_from_before_it_was_recorded_whole_is_completed_by_its_own_installation_alone(world: World) -> None:
    world.sql("ALTER TABLE ledger.environment DISABLE TRIGGER ALL")
    world.sql(
        "UPDATE ledger.environment SET database_oid = NULL, data_directory = NULL, timeline = NULL, host = NULL,"
        " port = NULL"
    )
    assert differs(world) == ["database", "data_directory", "timeline", "address"]
    with world.db.transaction() as tx:
        assert not environment.register_environment(tx, str(uuid4()))
        assert environment.register_environment(tx, world.environment_id)
        assert not environment.register_environment(tx, world.environment_id)
    assert differs(world) == []


def test_a_database_keyed_by_another_installation_is_never_adopted(world: World) -> None:
    with world.db.transaction() as tx, pytest.raises(LedgerError, match="another installation's"):
        environment.adopt(tx, str(uuid4()), who="ops", note="mine now")


@pytest.mark.parametrize("change", ["UPDATE ledger.environment SET port = 1", "DELETE FROM ledger.environment"])
def test_a_seat_taken_cannot_be_written_over(world: World, change: str) -> None:
    with pytest.raises(Exception, match="append-only"):
        world.sql(change)
