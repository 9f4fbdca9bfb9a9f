"""The sandbox as a process: the same world twice, forced facts, member exports, connections, and the clock."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.sandbox_calls import call, modified_between, tids
from tests.sandbox_process import ANCHOR, Sandbox, running_sandbox

from touchpoint.errors import TouchpointError
from touchpoint.sandbox.exports import HEADER, latest_export, write_due_export
from touchpoint.sandbox.journal import Journal
from touchpoint.sandbox.process import PLUGINS
from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world.catalogue import HOSTILE_NICKS
from touchpoint.sandbox.world.shop import World

FIELDS = "tid,status,type,created,pay_time,modified,payment,ouid,receiver_state,orders"


def rows_of(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_two_processes_of_one_seed_tell_the_same(tmp_path: Path) -> None:
    window = (ANCHOR - timedelta(hours=3), ANCHOR)
    told = []
    one_folder, other_folder = tmp_path / "one", tmp_path / "other"
    one_folder.mkdir()
    other_folder.mkdir()
    with (
        running_sandbox(one_folder, seed=7, anchor=ANCHOR) as one,
        running_sandbox(other_folder, seed=7, anchor=ANCHOR) as other,
    ):
        for each in (one, other):
            each.control("POST", "/control/clock", {"at": ANCHOR.isoformat()})
            told.append(modified_between(each, *window, fields=FIELDS)["trades"])
        paths = [Path(each.control("POST", "/control/exports", {})["path"]) for each in (one, other)]
    assert told[0] == told[1]
    assert rows_of(paths[0]) == rows_of(paths[1])


def test_another_seed_tells_another_world_and_keeps_it(tmp_path: Path) -> None:
    window = (ANCHOR - timedelta(hours=3), ANCHOR)
    with running_sandbox(tmp_path, seed=8, anchor=ANCHOR) as other:
        first = tids(modified_between(other, *window))
        assert first
    with running_sandbox(tmp_path) as again:
        assert tids(modified_between(again, *window)) == first
        assert again.control("GET", "/health")["seed"] == 8


def test_a_world_is_not_started_under_another_seed(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, seed=8, anchor=ANCHOR):
        pass
    arguments = ["--port", "0", "--smtp-port", "0", "--state-dir", str(tmp_path), "--seed", "9"]
    command = [sys.executable, "-m", "touchpoint.sandbox", *arguments]
    ended = subprocess.run(command, cwd=PLUGINS, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "seed 9 is not the stored 8" in ended.stderr


def test_an_order_can_be_made_paid_and_closed_and_stays_so(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, seed=7, anchor=ANCHOR) as sandbox:
        member = sandbox.control("POST", "/control/world/member", {"nickname": "甲", "phone": "19000990001"})
        orders = [
            sandbox.control("POST", "/control/world/order", {"ouid": member["ouid"], "source": "TAOBAO"})["tid"]
            for _ in range(3)
        ]
        sandbox.control("POST", "/control/clock", {"at": (ANCHOR + timedelta(hours=1)).isoformat()})
        sandbox.control("POST", "/control/world/pay", {"tid": orders[0]})
        sandbox.control("POST", "/control/world/close", {"tid": orders[1]})
        with pytest.raises(TouchpointError, match="is not open then"):
            sandbox.control("POST", "/control/world/pay", {"tid": orders[1]})
    at = (ANCHOR + timedelta(hours=1)).isoformat()
    with running_sandbox(tmp_path, clock=at) as sandbox:
        trades = [
            call(sandbox, "taobao.trade.fullinfo.get", tid=tid, fields="status,ouid,trade_from,pay_time")["trade"]
            for tid in orders
        ]
        assert [trade["status"] for trade in trades] == [
            "WAIT_SELLER_SEND_GOODS",
            "TRADE_CLOSED_BY_TAOBAO",
            "WAIT_BUYER_PAY",
        ]
        assert {trade["ouid"] for trade in trades} == {member["ouid"]}
        assert trades[0]["pay_time"] == "2026-11-20 11:30:00"
        listed = sandbox.control("GET", "/control/world/open")
        assert orders[2] in {each["tid"] for each in listed}
        assert orders[0] not in {each["tid"] for each in listed}
        assert all(each["has_phone"] for each in listed if each["ouid"] == member["ouid"])


def test_the_first_export_is_the_whole_list_as_at_the_anchor(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, seed=7, anchor=ANCHOR) as sandbox:
        (path,) = (sandbox.exports_dir / "members").iterdir()
        assert path.name == "members_20261120T103000.csv.gz"
        assert path.stat().st_mtime == ANCHOR.timestamp()
        rows = rows_of(path)
        assert tuple(rows[0]) == HEADER
        assert 1_950 <= len(rows) <= 2_250
        assert {row["会员昵称"] for row in rows} >= set(HOSTILE_NICKS)
        assert {row["短信营销授权"] for row in rows} == {"是", "否", ""}
        sandbox.control("POST", "/control/world/member", {"nickname": "乙", "email": "b@sandbox.invalid", "sms": True})
        later = Path(sandbox.control("POST", "/control/exports", {"at": "2026-11-20T12:00:00+08:00"})["path"])
        assert later.name == "members_20261120T120000.csv.gz"
        assert rows_of(later)[-1]["会员昵称"] == "乙"
        assert len(rows_of(later)) > len(rows)


def test_later_exports_hold_what_has_changed_and_none_is_written_for_nothing(tmp_path: Path) -> None:
    world = World(Origin(7, ANCHOR), Journal(tmp_path / "forced.jsonl"))
    first = write_due_export(world, tmp_path, ANCHOR + timedelta(hours=5))
    assert first is not None
    assert latest_export(tmp_path) == ANCHOR
    assert write_due_export(world, tmp_path, ANCHOR) is None
    later = write_due_export(world, tmp_path, ANCHOR + timedelta(hours=5))
    assert later is not None
    changed, whole = rows_of(later), {row["ouid"]: row for row in rows_of(first)}
    assert 0 < len(changed) < 200
    assert all(whole.get(row["ouid"]) != row for row in changed)


def test_the_running_sandbox_exports_by_itself(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, seed=7, anchor=ANCHOR, clock=None, export_every=0.05) as sandbox:
        folder = sandbox.exports_dir / "members"
        while len(list(folder.glob("*.csv.gz"))) < 2:  # the clock is the wall clock, days after the anchor
            sandbox.control("GET", "/health")
        assert len(rows_of(max(folder.glob("*.csv.gz")))) > 100


def test_the_clock_stands_runs_from_an_instant_or_is_the_wall_clock(sandbox: Sandbox) -> None:
    at = (ANCHOR + timedelta(days=1)).isoformat()
    assert sandbox.control("POST", "/control/clock", {"at": at}) == {"now": at, "is_stopped": True}
    running = sandbox.control("POST", "/control/clock", {"at": at, "runs": True})
    assert not running["is_stopped"]
    assert timedelta(0) <= datetime.fromisoformat(running["now"]) - datetime.fromisoformat(at) < timedelta(seconds=5)
    with pytest.raises(TouchpointError, match="no time zone"):
        sandbox.control("POST", "/control/clock", {"at": "2026-11-20T10:30:00"})


def test_it_hands_out_its_connections_to_its_owner_alone(sandbox: Sandbox) -> None:
    told = {name: json.loads(text) for name, text in sandbox.connections().items()}
    assert set(told) == {"sandbox_platform", "sandbox_files", "sandbox_sms", "sandbox_smtp"}
    assert all(connection["extra"]["sandbox"] is True for connection in told.values())
    assert told["sandbox_platform"]["extra"]["url"] == sandbox.platform_url
    assert told["sandbox_files"]["extra"]["folder"] == str(sandbox.exports_dir)
    assert told["sandbox_smtp"]["port"] == sandbox.smtp_port
    assert (sandbox.state_dir / "connections.json").stat().st_mode & 0o777 == 0o600
    assert sandbox.control("GET", "/control/connections") == sandbox.connections()


def test_it_listens_on_this_machine_alone(sandbox: Sandbox) -> None:
    sockets = Path(f"/proc/{sandbox.process.pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    listening = {line.split()[1] for line in sockets if line.split()[3] == "0A"}
    ours = {f"{port:04X}" for port in (sandbox.port, sandbox.smtp_port)}
    assert {address for address in listening if address.split(":")[1] in ours} == {f"0100007F:{port}" for port in ours}
