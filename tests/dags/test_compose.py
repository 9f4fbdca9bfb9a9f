"""docker-compose.yml runs the very processes of `make run`, with the same settings."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from touchpoint.local.layout import Layout, load_secrets, load_state, new_secrets
from touchpoint.local.ports import USUAL
from touchpoint.local.table import COMMON, PYTHON_FOLDERS, commands, settings
from touchpoint.sandbox.credentials import connections
from touchpoint.statements import ROOT

STATE = "/touchpoint/var/sandbox"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert found["services"]
    return found


@pytest.fixture
def native(tmp_path) -> dict[str, str]:
    """The environment of the native processes, the sandbox having told its connections."""
    layout = Layout(var=tmp_path / "var")
    layout.make_folders()
    told = connections(f"http://sandbox:{USUAL['sandbox']}", "sandbox", USUAL["smtp"], f"{STATE}/exports")
    (layout.sandbox_state / "connections.json").write_text(json.dumps(told), encoding="utf-8")
    state = load_state(layout)
    state.ports = dict(USUAL)
    return settings(layout, state, load_secrets(layout))


def test_every_native_process_stands_there_with_the_same_command(compose):
    table = commands(host="0.0.0.0", ports=USUAL, sandbox_state=STATE, sandbox_host="sandbox")
    found = {name: service.get("command") for name, service in compose["services"].items()}
    assert {name: found.get(name) for name in table} == table
    assert set(found) - set(table) == {"postgres", "init"}


@pytest.mark.parametrize("name", list(commands(host="", ports=USUAL, sandbox_state="")))
def test_every_process_gets_the_native_settings(compose, native, name):
    found = compose["services"][name]["environment"]
    assert set(found) == set(native)
    assert {key: found[key] for key in COMMON} == COMMON


def test_settings_that_name_addresses_name_the_same_ones(compose, native):
    found = compose["services"]["scheduler"]["environment"]
    same = ["AIRFLOW__API__BASE_URL", "AIRFLOW__API__PORT"]
    assert {key: found[key] for key in same} == {key: native[key] for key in same}
    execution = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
    assert found[execution] == native[execution].replace("127.0.0.1", "api-server")


def test_connections_are_the_native_ones(compose, native):
    found = compose["services"]["scheduler"]["environment"]
    names = [key for key in native if key.startswith("AIRFLOW_CONN_SANDBOX")]
    assert len(names) == 4
    assert {key: json.loads(found[key]) for key in names} == {key: json.loads(native[key]) for key in names}
    touchpoint = json.loads(found["AIRFLOW_CONN_TOUCHPOINT"])
    assert set(touchpoint["extra"]) == set(json.loads(native["AIRFLOW_CONN_TOUCHPOINT"])["extra"]) - {"socket_dir"}


def test_the_image_finds_modules_where_the_native_processes_do():
    stated = re.search(r"^ENV PYTHONPATH=(.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert stated
    assert [PurePosixPath(path) for path in stated[1].split(":")] == [
        PurePosixPath("/touchpoint") / folder for folder in PYTHON_FOLDERS
    ]


def test_nothing_is_published_beyond_this_machine(compose):
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8080:8080"]


def test_every_secret_it_asks_for_is_printed_by_compose_secrets():
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(TOUCHPOINT_\w+)", text))
    assert asked == {f"TOUCHPOINT_{name.upper()}" for name in new_secrets()}


def test_whatever_a_service_waits_for_is_a_service(compose):
    services = compose["services"]
    waited = {name for service in services.values() for name in service.get("depends_on", {})}
    assert waited == {"postgres", "sandbox", "init"}
    assert all("healthcheck" in services[name] for name in ("postgres", "sandbox"))
