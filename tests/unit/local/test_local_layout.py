"""What an installation remembers, and its secrets."""

from __future__ import annotations

import json
import shutil
import socket

import pytest

from touchpoint.errors import TouchpointError
from touchpoint.local import load_environment
from touchpoint.local.layout import Layout, load_secrets, load_state, save_state
from touchpoint.local.ports import HOST, USUAL, choose_ports, is_free
from touchpoint.local.postgres import LONGEST_SOCKET_PATH, PORT, Server


@pytest.fixture
def layout(tmp_path):
    made = Layout(var=tmp_path / "var")
    made.make_folders()
    return made


def test_secrets_are_made_once_and_only_their_owner_reads_them(layout):
    first = load_secrets(layout)
    assert load_secrets(layout) == first
    files = (layout.var / "secrets.json", layout.passwords)
    assert [oct(path.stat().st_mode & 0o777) for path in files] == ["0o600", "0o600"]
    lines = [line.split() for line in layout.passwords.read_text().splitlines()]
    assert lines == [[user, first[f"password_{user}"]] for user in ("engineer", "marketer", "ops")]
    assert len({value for name, value in first.items()}) == len(first)


def test_state_is_remembered_and_a_moved_folder_keeps_its_database(layout, tmp_path):
    state = load_state(layout)
    state.ports = {"api": 1}
    save_state(layout, state)
    shutil.move(layout.var, tmp_path / "moved")
    found = load_state(Layout(var=tmp_path / "moved"))
    assert (found.installation, found.database_folder, found.ports) == (
        state.installation,
        state.database_folder,
        {"api": 1},
    )


def test_a_copied_folder_is_refused_while_the_original_exists(layout, tmp_path):
    save_state(layout, load_state(layout))
    shutil.copytree(layout.var, tmp_path / "copy")
    with pytest.raises(TouchpointError, match="this is a copy of"):
        load_state(Layout(var=tmp_path / "copy"))


def test_two_fresh_installations_in_one_folder_have_two_databases(layout):
    assert load_state(layout).database_folder != load_state(Layout(var=layout.var.parent / "other")).database_folder


def test_a_taken_port_is_avoided_and_a_remembered_one_kept():
    with socket.socket() as holder:
        holder.bind((HOST, 0))
        holder.listen()
        taken = holder.getsockname()[1]
        assert not is_free(taken)
        chosen = choose_ports({"api": taken})
    assert chosen["api"] != taken
    assert len(set(chosen.values())) == len(USUAL)
    assert choose_ports(chosen) == chosen


def test_a_socket_path_too_long_for_the_system_moves_to_a_temporary_folder(tmp_path):
    short, long = Server(tmp_path / "a"), Server(tmp_path / ("x" * 120))
    assert len(str(short.socket_dir)) <= LONGEST_SOCKET_PATH
    assert len(f"{long.socket_dir}/.s.PGSQL.{PORT}") <= LONGEST_SOCKET_PATH
    assert long.socket_dir != Server(tmp_path / ("y" * 120)).socket_dir


def test_a_shell_takes_over_the_installations_variables_unless_it_has_its_own(layout, monkeypatch):
    (layout.var / "environment.json").write_text(json.dumps({"AIRFLOW_CONN_TOUCHPOINT": "kept", "X_OF_TEST": "1"}))
    monkeypatch.setenv("AIRFLOW_CONN_TOUCHPOINT", "mine")
    assert not load_environment(layout.var)
    monkeypatch.delenv("AIRFLOW_CONN_TOUCHPOINT")
    monkeypatch.setenv("X_OF_TEST", "2")
    assert load_environment(layout.var)
    import os

    assert (os.environ["AIRFLOW_CONN_TOUCHPOINT"], os.environ["X_OF_TEST"]) == ("kept", "2")
    monkeypatch.delenv("AIRFLOW_CONN_TOUCHPOINT")
