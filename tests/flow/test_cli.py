"""`touchpoint` from a shell, on AIRFLOW_CONN_* variables as a user sets them: every command, every error."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from tests.flow.conftest import ANCHOR, ENVIRONMENT, SHOP, Flow, five_minutes_later, opened_flow

from touchpoint import cli
from touchpoint.local.postgres import Server
from touchpoint.services import LIVE, stop_clock
from touchpoint.statements import ROOT

AT = ANCHOR.isoformat()
LATER = (ANCHOR + timedelta(minutes=1)).isoformat()


@dataclass
class Shell:
    """Runs `touchpoint` and tells its exit code, output and errors."""

    flow: Flow
    run: Callable[..., tuple[int, str, str]]

    def good(self, *words: object) -> str:
        """The output of a command that has to succeed."""
        code, out, err = self.run(*words)
        assert (code, err) == (0, ""), (words, out, err)
        return out

    def rows(self, *words: object) -> Any:
        """The same as --json."""
        return json.loads(self.good(*words, "--json"))

    def refused(self, *words: object) -> str:
        """The one line a command that has to fail leaves."""
        code, out, err = self.run(*words)
        assert (code, out) == (1, ""), (words, out, err)
        assert err.startswith("touchpoint: "), err
        assert err.count("\n") == 1, err
        return err


@pytest.fixture(scope="module")
def installed(server: Server, loaded: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """One installation for the whole module, with one run behind it."""
    with opened_flow(server, loaded, tmp_path_factory.mktemp("cli") / "sandbox") as made:
        made.run(ANCHOR)
        yield made


def connections(flow: Flow) -> dict[str, str]:
    """The variables as the launcher, or a person, sets them."""
    url = flow.services.db.engine.url
    own = {
        "conn_type": "postgres",
        "host": url.host,
        "login": url.username,
        "schema": url.database,
        "extra": {
            "socket_dir": url.query["host"],
            "hash_key": flow.services.connection.extra["hash_key"],
            "environment_id": ENVIRONMENT,
        },
    }
    found = {f"AIRFLOW_CONN_{name.upper()}": text for name, text in flow.sandbox.connections().items()}
    return {**found, "AIRFLOW_CONN_TOUCHPOINT": json.dumps(own)}


@pytest.fixture
def shell(installed: Flow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line on the module's installation."""
    return shell_on(installed, monkeypatch, capsys)


def shell_on(flow: Flow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    for name, text in connections(flow).items():
        monkeypatch.setenv(name, text)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["touchpoint", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return Shell(flow, run)


def quarantined(flow: Flow, order_id: str = "bad-1", **payload: str) -> int:
    """A quarantined order of the shop, as the gate would have left it; its number."""
    flow.execute(
        "WITH batches AS (INSERT INTO landing.batch (shop_id, entity, source, snapshot_at, as_of, state, landed,"
        " quarantined) VALUES (%s, 'order', 'taobao', %s, %s, 'loaded', 1, 1) RETURNING batch_id)"
        " INSERT INTO landing.quarantine (shop_id, entity, batch_id, line_no, reasons, payload, as_of)"
        " SELECT %s, 'order', batch_id, 1, '{unreadable_amount}', %s::jsonb, %s FROM batches",
        SHOP,
        ANCHOR,
        ANCHOR,
        SHOP,
        json.dumps(
            {
                "order_id": order_id,
                "customer_id": "somebody",
                "created_at": AT,
                "total": "x",
                "currency": "CNY",
                "region": "浙江省",
                **payload,
            }
        ),
        ANCHOR,
    )
    return int(flow.rows("SELECT max(quarantine_id) FROM landing.quarantine")[0][0])


def held_back(flow: Flow) -> int:
    """A pending batch the gate has failed; its number."""
    flow.execute(
        "INSERT INTO landing.batch (shop_id, entity, source, snapshot_at, as_of, landed, verdict, judged_by)"
        " VALUES (%s, 'order', 'taobao', %s, %s, 1, 'failed', 'gate')",
        SHOP,
        ANCHOR,
        ANCHOR,
    )
    (number,) = flow.rows("SELECT max(batch_id) FROM landing.batch")[0]
    flow.execute(
        'INSERT INTO landing."order" (batch_id, line_no, order_id, customer_id, created_at, total, currency)'
        " VALUES (%s, 1, %s, 'somebody', %s, '5', 'CNY')",
        number,
        f"held-{number}",
        AT,
    )
    return int(number)


@pytest.mark.parametrize(
    "command",
    [
        ("ingest",),
        ("dispatch",),
        ("reconcile",),
        ("report",),
        ("why", "--order", "1"),
        ("stop",),
        ("resume",),
        ("campaign", "preview", "unpaid_reminder"),
        ("campaign", "run", "unpaid_reminder"),
        ("quarantine", "list"),
        ("quarantine", "retry"),
        ("gate", "show"),
    ],
)
def test_a_shop_that_does_not_exist_is_named_with_those_that_do(shell: Shell, command: tuple[str, ...]) -> None:
    said = shell.refused(*command, "--shop", "sandbx")
    assert "no shop 'sandbx'" in said
    assert "sandbox" in said
    assert shell.flow.rows("SELECT count(*) FROM ledger.stop") == [(0,)]


@pytest.mark.parametrize(
    "command",
    [
        ("campaign", "preview", "unpaid"),
        ("campaign", "run", "unpaid"),
        ("campaign", "lint", "unpaid"),
        ("stop", "--campaign", "unpaid"),
        ("resume", "--campaign", "unpaid"),
    ],
)
def test_a_campaign_that_does_not_exist_is_named_with_those_that_do(shell: Shell, command: tuple[str, ...]) -> None:
    before = shell.flow.rows("SELECT count(*) FROM ledger.run")
    said = shell.refused(*command)
    assert "'unpaid'" in said
    assert "unpaid_reminder" in said
    assert shell.flow.rows("SELECT count(*) FROM ledger.run") == before
    assert shell.flow.rows("SELECT count(*) FROM ledger.stop") == [(0,)]


@pytest.mark.parametrize("command", [("quarantine", "list"), ("quarantine", "retry")])
def test_an_entity_that_does_not_exist_is_named_with_those_that_do(shell: Shell, command: tuple[str, ...]) -> None:
    said = shell.refused(*command, "--entity", "orders")
    assert "'orders'" in said
    assert "order_line" in said


@pytest.mark.parametrize(
    ("instant", "told"),
    [
        ("yesterday", "no ISO 8601 instant"),
        ("2026-11-20T10:30:00", "no time zone"),
        ("2199-01-01T00:00:00Z", "later than the clock"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("ingest",),
        ("why", "--order", "1"),
        ("campaign", "preview", "unpaid_reminder"),
        ("campaign", "run", "unpaid_reminder"),
        ("quarantine", "retry"),
    ],
)
def test_an_instant_that_cannot_be_used_is_refused(
    shell: Shell, command: tuple[str, ...], instant: str, told: str
) -> None:
    assert told in shell.refused(*command, "--as-of", instant)


def test_why_wants_one_of_order_and_customer(shell: Shell) -> None:
    assert "--order" in shell.refused("why")
    assert "--order" in shell.refused("why", "--order", "1", "--customer", "2")


@pytest.mark.parametrize("command", [("gate", "show"), ("why", "--order", "1"), ("dispatch",), ("ingest",)])
def test_a_database_that_is_down_is_one_line_without_its_password(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    down = {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "schema": "x", "login": "u", "password": "sesame"}
    monkeypatch.setenv("AIRFLOW_CONN_TOUCHPOINT", json.dumps({**down, "extra": {"hash_key": "also-secret"}}))
    said = shell.refused(*command)
    assert "database" in said
    assert "AIRFLOW_CONN_TOUCHPOINT" in said
    assert "sesame" not in said
    assert "also-secret" not in said


@pytest.mark.parametrize("text", ["{broken", '{"extra": "{broken"}', "[1]", '{"port": "many"}', "postgres://u@h:x/d"])
def test_a_connection_that_cannot_be_read_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TOUCHPOINT", text)
    assert "AIRFLOW_CONN_TOUCHPOINT" in shell.refused("gate", "show")


def test_a_database_that_was_never_migrated_is_told_so(
    shell: Shell, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.create_database("cli_empty")
    own = json.loads(connections(shell.flow)["AIRFLOW_CONN_TOUCHPOINT"])
    monkeypatch.setenv("AIRFLOW_CONN_TOUCHPOINT", json.dumps({**own, "schema": "cli_empty"}))
    assert "migrat" in shell.refused("gate", "show")


def test_a_preview_counts_and_writes_nothing(shell: Shell) -> None:
    tables = ("ledger.run", "ledger.touch", "ledger.decision", "ledger.message", "ledger.audience", "ledger.run_count")
    before = shell.flow.digest(*tables)
    later = five_minutes_later(ANCHOR)
    shell.flow.at(later)
    found = shell.rows("campaign", "preview", "unpaid_reminder", "--as-of", AT)
    shell.flow.at(ANCHOR)
    assert next(row["candidates"] for row in found if row["decision"] == "candidates") >= 40
    assert shell.flow.digest(*tables) == before


def test_a_preview_of_a_past_instant_decides_by_the_ledger_as_it_was_then(shell: Shell) -> None:
    """The run of that instant has long enqueued and sent: its own touches repeat and cap nothing here."""
    (decided,) = shell.flow.rows(
        "SELECT counts.candidates, counts.enqueued, counts.suppressed FROM ledger.run_count AS counts"
        " JOIN ledger.run USING (run_no) WHERE run.as_of = %s AND run.mode = 'send'"
        " AND campaign_id = 'unpaid_reminder' ORDER BY run_no LIMIT 1",
        ANCHOR,
    )
    shell.flow.at(five_minutes_later(ANCHOR))
    found = shell.rows("campaign", "preview", "unpaid_reminder", "--as-of", AT)
    shell.flow.at(ANCHOR)
    told = {row["decision"]: row["candidates"] for row in found if not row["reason"]}
    assert (told["candidates"], told["enqueued"], told["suppressed"]) == decided
    assert "repeated" not in told


def test_a_campaign_file_is_linted(shell: Shell) -> None:
    assert isinstance(shell.rows("campaign", "lint"), list)
    assert isinstance(shell.rows("campaign", "lint", "unpaid_reminder"), list)


def test_why_tells_each_decision_and_what_became_of_the_message(shell: Shell) -> None:
    (occasion, customer) = shell.flow.rows(
        "SELECT occasion, customer_id FROM ledger.touch"
        " WHERE decision = 'enqueued' AND campaign_id = 'unpaid_reminder' ORDER BY touch_id LIMIT 1"
    )[0]
    (row,) = shell.rows("why", "--order", occasion)
    assert (row["campaign_id"], row["decision"], row["message_state"]) == ("unpaid_reminder", "enqueued", "accepted")
    assert row in shell.rows("why", "--customer", customer)
    (occasion,) = shell.flow.rows("SELECT occasion FROM ledger.touch WHERE reason = 'no_offer' LIMIT 1")[0]
    assert [row["reason"] for row in shell.rows("why", "--order", occasion)] == ["no_offer"]
    for asked in (("--order", "no-such-order"), ("--customer", "nobody")):
        assert f"nobody knew {asked[0][2:]} {asked[1]} by then" in shell.refused("why", *asked)
    [(quiet,)] = shell.flow.rows(
        "SELECT order_id FROM facts.orders WHERE order_id NOT IN (SELECT covered_id FROM ledger.touch_cover)"
        " AND order_id NOT IN (SELECT occasion FROM ledger.touch) ORDER BY created_at LIMIT 1"
    )
    assert "No decision" in shell.good("why", "--order", quiet)
    day_before = (ANCHOR - timedelta(days=1)).isoformat()
    assert "nobody knew" in shell.refused("why", "--order", occasion, "--as-of", day_before)  # not made yet


def test_a_table_is_whole_however_narrow_the_terminal(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    (occasion,) = shell.flow.rows("SELECT occasion FROM ledger.touch WHERE reason = 'no_offer' LIMIT 1")[0]
    told = shell.good("why", "--order", occasion)
    assert occasion in told
    assert "suppressed" in told
    assert "no_offer" in told


def test_hostile_text_in_a_table_is_shown_as_text(shell: Shell) -> None:
    rows = [{"order": "[/red] [bold]x {{7*7}}", "note": "a\x1b[2J\rb\n=cmd()"}]
    told = cli.as_table(rows)
    assert "[/red] [bold]x {{7*7}}" in told
    assert "\x1b" not in told
    assert "\r" not in told


def test_the_report_of_a_run_is_the_newest_one_by_default(shell: Shell) -> None:
    (number,) = shell.flow.rows("SELECT min(run_no) FROM ledger.run WHERE run_type = 'manual'")[0]
    found = json.loads(shell.good("report", "--run", number))
    assert found["campaigns"]["unpaid_reminder"]["decisions"]["candidates"] >= 40
    assert set(json.loads(shell.good("report"))) == {"campaigns", "entities", "seconds"}
    assert "no run 999999" in shell.refused("report", "--run", 999999)


def test_a_quarantined_row_is_listed_shown_masked_and_driven_again(shell: Shell) -> None:
    number = quarantined(shell.flow, region="王小明 13812345678")
    listed = shell.rows("quarantine", "list", "--entity", "order", "--most", "1")
    assert [(row["quarantine_id"], row["reasons"]) for row in listed] == [(number, ["unreadable_amount"])]
    assert "unreadable_amount" in shell.good("quarantine", "list")
    shown = shell.good("quarantine", "show", number)
    assert "13812345678" not in shown
    assert "王小明" not in shown
    assert json.loads(shown)["payload"]["order_id"] == "bad-1"
    (made,) = shell.rows("quarantine", "retry", number)
    assert made["landed"] == 1
    assert [row["batch_id"] for row in shell.rows("gate", "show")] == [made["batch_id"]]
    assert number not in [row["quarantine_id"] for row in shell.rows("quarantine", "list")]
    assert "Nothing to retry" in shell.good("quarantine", "retry", number)
    assert "no such row" in shell.refused("quarantine", "show", 999999)
    shell.good("gate", "reject", made["batch_id"], "--note", "made by a test")


def test_a_number_that_is_no_open_row_of_the_shop_is_told_of(shell: Shell) -> None:
    assert "999999" in shell.good("quarantine", "retry", 999999)


def test_a_held_back_batch_is_released_and_another_one_rejected(shell: Shell) -> None:
    released, rejected = held_back(shell.flow), held_back(shell.flow)
    assert {row["batch_id"]: row["verdict"] for row in shell.rows("gate", "show")} == {
        released: "failed",
        rejected: "failed",
    }
    code, _, err = shell.run("gate", "release", released)
    assert code != 0
    assert "--note" in err
    assert "no note" in shell.refused("gate", "release", released, "--note", " ")
    assert str(released) in shell.good("gate", "release", released, "--note", "looked at")
    assert [row["verdict"] for row in shell.rows("gate", "show") if row["batch_id"] == released] == ["released"]
    assert str(rejected) in shell.good("gate", "reject", rejected, "--note", "another shop's")
    assert [row["batch_id"] for row in shell.rows("gate", "show")] == [released]
    assert "no such pending batch" in shell.refused("gate", "reject", 999999, "--note", "x")
    shell.good("gate", "reject", released, "--note", "made by a test")


def test_stop_and_resume_are_written_with_who_and_why(shell: Shell) -> None:
    assert "unpaid_reminder" in shell.good("stop", "--campaign", "unpaid_reminder", "--note", "wrong words")
    assert "sandbox" in shell.good("stop", "--shop", SHOP)
    assert "everything" in shell.good("stop", "--yes", "--note", "fire")
    switches = shell.flow.rows("SELECT scope, is_stopped, note FROM ledger.stop ORDER BY stop_id")
    assert switches == [("campaign", True, "wrong words"), ("shop", True, ""), ("everything", True, "fire")]
    stopped = shell.good("dispatch")
    assert "Nothing" in stopped or "stopped" in stopped
    told = shell.good("resume", "--shop", SHOP)
    assert "sandbox" in told
    assert "everything" in told  # what still stands is told
    shell.good("resume")
    shell.good("resume", "--campaign", "unpaid_reminder")
    shell.flow.execute("DELETE FROM ledger.stop")


def test_everything_is_stopped_by_nobody_s_slip(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no note" in shell.refused("stop", "--yes")
    for answer in ("n\n", ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        code, _, err = shell.run("stop", "--note", "a slip")
        assert code == 1
        assert "Stop everything?" in err
    assert shell.flow.rows("SELECT count(*) FROM ledger.stop") == [(0,)]
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert shell.run("stop", "--note", "meant")[0] == 0
    assert shell.flow.rows("SELECT scope, note FROM ledger.stop") == [("everything", "meant")]
    shell.flow.execute("DELETE FROM ledger.stop")


def test_nothing_is_sent_from_a_database_that_lies_elsewhere_until_it_is_adopted(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell.rows("environment", "show") == []
    shell.flow.execute(
        "INSERT INTO ledger.environment"
        " (environment_id, system_identifier, database_oid, data_directory, timeline, host, port)"
        " SELECT environment_id, system_identifier, database_oid, data_directory, timeline + 1, host, port"
        " FROM ledger.environment ORDER BY seat_no DESC LIMIT 1"
    )
    assert [row["difference"] for row in shell.rows("environment", "show")] == ["timeline"]
    assert "(differs: timeline). a copy: leave it" in shell.refused("dispatch")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, _, err = shell.run("environment", "adopt", "--note", "the old server is gone")
    assert code == 1
    assert "the server's timeline" in err
    assert "no note" in shell.refused("environment", "adopt", "--yes", "--note", " ")
    assert shell.rows("environment", "adopt", "--yes", "--note", "the old server is gone")["adopted"]
    assert not shell.rows("environment", "adopt", "--yes", "--note", "again")["adopted"]
    shell.good("dispatch")
    [(who, note)] = shell.flow.rows("SELECT who, note FROM ledger.environment ORDER BY seat_no DESC LIMIT 1")
    assert (bool(who), note) == (True, "the old server is gone")


def test_every_command_that_prints_takes_json(shell: Shell) -> None:
    assert shell.rows("dispatch") is not None
    assert shell.rows("reconcile") is not None
    assert shell.rows("gate", "show") == []
    assert shell.rows("stop", "--shop", SHOP)["stopped"] == "shop sandbox"
    assert shell.rows("resume", "--shop", SHOP)["resumed"] == "shop sandbox"
    shell.flow.execute("DELETE FROM ledger.stop")


def test_replay_tells_what_it_needs(shell: Shell) -> None:
    done = subprocess.run(
        [ROOT / "touchpoint", "replay", "--data", "/nowhere"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr


def test_tags_are_shown_and_those_of_agents_are_taken_in(shell: Shell, tmp_path: Path) -> None:
    found = {row["tag"]: row for row in shell.rows("tags", "show", "--as-of", AT)}
    assert found["payday"]["note"] in ("", "too small to measure")
    assert all(row["customers"] is None for row in found.values() if row["note"].startswith("unavailable"))
    assert found["leaving_cause"]["customers"] > 0
    with shell.flow.services.db.transaction() as tx:
        (customer,) = tx.connection.exec_driver_sql(
            "SELECT customer_id FROM facts.customers WHERE NOT is_guest ORDER BY customer_no LIMIT 1"
        ).one()
    file = tmp_path / "agents.csv"
    file.write_text(
        f"customer,tag,value,author,at\n{customer},性格,大方,Lin,2026-11-01\nnobody,size,XL,Lin,2026-11-01\n",
        encoding="gb18030",
    )
    assert "--encoding" in shell.refused("tags", "import", "--file", file)
    assert "cannot be read" in shell.refused("tags", "import", "--file", tmp_path / "none.csv")
    assert "no encoding 'klingon'" in shell.refused("tags", "import", "--file", file, "--encoding", "klingon")
    code, out, err = shell.run("tags", "import", "--file", file, "--encoding", "gb18030")
    assert (code, err) == (1, "")
    assert "no customer 'nobody' of this shop" in out
    assert "lines 2, added 1, unchanged 0, refused 1." in out
    file.write_text(f"customer,tag,value,author,at\n{customer},性格,大方,Lin,2026-11-01\n", encoding="utf-8-sig")
    again = shell.rows("tags", "import", "--file", file)
    assert again == {"lines": 1, "added": 0, "unchanged": 1, "refused": 0, "refused_lines": []}
    (said,) = [row for row in shell.rows("tags", "show") if row["by"] == "agents"]
    assert (said["tag"], said["value"], said["customers"]) == ("temperament", "generous", 1)


def test_segments_are_shown_and_explained_as_of_an_instant(shell: Shell) -> None:
    found = shell.rows("segments", "show", "--as-of", AT)
    by_kind = {kind: sum(row["customers"] for row in found if row["kind"] == kind) for kind in ("rfm_group", "stage")}
    assert 0 < by_kind["rfm_group"] < by_kind["stage"], "who has not paid yet has a stage alone"
    (customer,) = shell.flow.rows(
        "SELECT customer_id FROM facts.customers JOIN record.customer_features USING (shop_id, customer_no)"
        " ORDER BY order_count DESC, customer_id LIMIT 1"
    )
    told = {row["what"]: row for row in shell.rows("segments", "explain", "--customer", customer[0], "--as-of", AT)}
    assert told["r_score"]["value"] in range(1, 6)
    assert "rfm_group" in told
    assert "no customer 'nobody'" in shell.refused("segments", "explain", "--customer", "nobody")


def test_who_was_in_which_segment_is_told_and_a_slip_of_the_pen_is_named(shell: Shell) -> None:
    stages = {row["segment"]: row["customers"] for row in shell.rows("segments", "members", "--as-of", AT)}
    assert len(shell.rows("segments", "members", "--segment", "loyal", "--as-of", AT)) == stages["loyal"]
    told = shell.good("segments", "members", "--segment", "loyl", "--as-of", AT)
    assert told.startswith("Nobody in stage 'loyl' then; there were: ")
    assert "loyal" in told
    long_ago = ("--as-of", "2020-01-01T00:00:00+08:00")
    assert "segments recall" in shell.good("segments", "members", "--segment", "loyal", *long_ago)
    assert "'1x' is no step" in shell.refused("segments", "recall", "--since", AT, "--every", "1x")
    assert "ends before it begins" in shell.refused("segments", "moves", "--from", AT, "--until", long_ago[1])


def test_a_brand_is_shown_explained_and_counted_and_what_its_shops_lack_is_noted(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    text = (config / "shops" / f"{SHOP}.yaml").read_text(encoding="utf-8")
    for name in (SHOP, "second"):
        branded = text.replace(f"id: {SHOP}\n", f"id: {name}\nbrand: lab\n", 1)
        (config / "shops" / f"{name}.yaml").write_text(branded, encoding="utf-8")
    monkeypatch.setattr("touchpoint.cli.records.CONFIG_ROOT", config)
    buyer = "SELECT customer_id FROM facts.customers JOIN record.customer_features USING (shop_id, customer_no) LIMIT 1"
    (customer,) = shell.flow.rows(buyer)[0]
    by_name = {}
    for what in (["segments", "show"], ["segments", "cohorts"], ["segments", "digest"], ["tags", "show"]):
        code, out, err = shell.run(*what, "--brand", "lab", "--as-of", AT, "--json")
        assert code == 0, err
        assert err == ("Note: nothing was ever loaded of second.\n" if what[-1] != "digest" else "")
        by_name[what[-1]] = json.loads(out)
    assert by_name["cohorts"]["once"]["customers"] > 0
    told = shell.good("segments", "show", "--brand", "lab", "--as-of", AT)
    assert told.endswith("Note: nothing was ever loaded of second.\n"), "below a table, beside JSON"
    person = shell.rows("segments", "explain", "--brand", "lab", "--customer", customer, "--as-of", AT)
    alone = shell.rows("segments", "explain", "--customer", customer, "--as-of", AT)
    assert person[1]["value"] == f"{SHOP}/{customer}"
    assert {row["what"] for row in alone} <= {row["what"] for row in person}
    asked = ("segments", "explain", "--brand", "lab", "--customer", customer, "--shop")
    assert shell.rows(*asked, SHOP, "--as-of", AT) == person
    assert "one of: sandbox, second" in shell.refused(*asked, "third", "--as-of", AT)
    assert f"no customer '{customer}' by then" in shell.refused(*asked, "second", "--as-of", AT)
    assert "had not learned" in shell.refused("segments", "outlook", "--brand", "lab", "--as-of", AT)
    for stored in ("members", "moves", "recall", "backtest"):
        assert "--brand" not in shell.good("segments", stored, "--help"), "what was kept was kept shop by shop"


def test_the_command_itself_runs_as_a_process_of_its_own(shell: Shell) -> None:
    done = subprocess.run(
        [ROOT / "touchpoint", "gate", "show", "--json"],
        env={**os.environ, **connections(shell.flow)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr, json.loads(done.stdout)) == (0, "", [])
    wrong = subprocess.run(
        [ROOT / "touchpoint", "gate", "show", "--shop", "sandbx"], capture_output=True, text=True, check=False
    )
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("touchpoint: config/shops: no shop 'sandbx'")


@pytest.fixture
def fresh(flow: Flow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line on an installation of the test's own."""
    return shell_on(flow, monkeypatch, capsys)


def test_one_campaign_is_run_whole_and_what_it_sent_is_in_the_sandbox(fresh: Shell) -> None:
    (row,) = fresh.rows("campaign", "run", "unpaid_reminder")
    assert (row["campaign"], row["candidates"] >= 40) == ("unpaid_reminder", True)
    assert len(fresh.flow.sms()) + len(fresh.flow.mails()) == row["enqueued"]
    again = fresh.rows("campaign", "run", "unpaid_reminder")
    assert [row["enqueued"] for row in again] == [0]


def test_what_is_ingested_by_hand_an_hour_late_is_loaded_all_the_same(fresh: Shell) -> None:
    """A shop whose schedule is paused: its facts are brought to an instant that is not now."""
    then = five_minutes_later(ANCHOR)
    fresh.flow.at(then + timedelta(hours=1))
    released = held_back(fresh.flow)  # by a run of before, and what it holds loads now
    assert fresh.good("gate", "release", released, "--note", "looked at")
    found = fresh.rows("ingest", "--as-of", then.isoformat())
    landed = fresh.flow.rows(
        "SELECT sum(landed)::int FROM landing.batch WHERE entity = 'order'"
        " AND loaded_run_no = (SELECT max(run_no) FROM ledger.run)"
    )
    assert [row["landed"] for row in found if row["entity"] == "order"] == [landed[0][0]]
    assert fresh.flow.rows("SELECT loaded FROM landing.batch WHERE batch_id = %s", released) == [(1,)]
    assert sum(row["landed"] for row in found) > 0
    assert sum(row["pending"] for row in found) == 0
    assert "before" in fresh.refused("ingest", "--as-of", (then - timedelta(minutes=1)).isoformat())


def test_unknown_messages_are_resolved_by_hand_however_old_the_last_run_is(fresh: Shell) -> None:
    fresh.flow.run(ANCHOR)
    fresh.flow.execute(
        "UPDATE ledger.message SET state = 'unknown' WHERE message_id ="
        " (SELECT min(message_id) FROM ledger.message WHERE state = 'accepted' AND channel = 'sms')"
    )
    fresh.flow.execute(
        "UPDATE ledger.attempt SET state = 'unknown', provider_ref = NULL WHERE message_id ="
        " (SELECT message_id FROM ledger.message WHERE state = 'unknown')"
    )
    fresh.flow.at(ANCHOR + timedelta(hours=1))
    stop_clock(fresh.flow.services.db, LIVE, ANCHOR + timedelta(hours=1))
    assert fresh.rows("reconcile") != []
    assert fresh.flow.rows("SELECT count(*) FROM ledger.message WHERE state = 'unknown'") == [(0,)]


def test_a_worklist_is_listed_done_and_written_as_csv(shell: Shell) -> None:
    assert shell.rows("worklist", "list", "--kind", "chase_parcel", "--state", "done") == []
    first, *others = shell.rows("worklist", "list", "--kind", "not_dispatched", "--most", 3)
    assert (first["state"], first["outcome"], len(others)) == ("open", None, 2)
    told = shell.good("worklist", "done", first["task_id"], "--outcome", "handled", "--note", "今晚发出 13912345678")
    assert told == f"Task {first['task_id']} is done: handled.\n"
    [done] = shell.rows("worklist", "list", "--state", "done")
    assert (done["subject_id"], done["note"]) == (first["subject_id"], "今晚发出 ***")
    assert "was done by" in shell.refused("worklist", "done", first["task_id"], "--outcome", "handled")
    assert "one of: handled" in shell.refused("worklist", "done", others[0]["task_id"], "--outcome", "whatever")
    assert "one of:" in shell.refused("worklist", "list", "--kind", "nobodys")
    assert "one of: open" in shell.refused("worklist", "list", "--state", "nobodys")


def test_a_test_send_to_an_address_nobody_listed_is_refused_unnamed(shell: Shell) -> None:
    before = len(shell.flow.sms())
    told = shell.refused("campaign", "test-send", "unpaid_reminder", "--to", "13912345678")
    assert "the address is not listed" in told
    assert "13912345678" not in told
    assert len(shell.flow.sms()) == before


def test_dormancy_rules_are_backtested_drawn_and_kept_and_then_customers_have_an_outlook(
    fresh: Shell, tmp_path: Path
) -> None:
    assert "learned" in fresh.refused("segments", "outlook", "--as-of", AT)
    assert "is not known as of" in fresh.refused("segments", "backtest", "--at", AT)
    assert "soon" in fresh.refused("segments", "backtest", "--horizon", "soon")
    assert "name it .png or .svg" in fresh.refused("segments", "backtest", "--picture", tmp_path / "picture.gif")

    picture = tmp_path / "picture.svg"
    found = fresh.rows("segments", "backtest", "--as-of", AT, "--picture", picture, "--keep")
    assert [row["score"] for row in found["scores"]] == ["fixed", "rhythm", "lifetime", "p_alive"]
    assert found["kept"] is True
    assert len(found["origins"]) == 3
    assert "chance to buy (BG/NBD)" in picture.read_text(encoding="utf-8")

    kept = {row[0] for row in fresh.flow.rows("SELECT name FROM record.learned_parameters")}
    assert "dormancy" in kept
    assert found["winner"] == "fixed" or found["winner"] in kept
    if found["winner"] != "lifetime":
        return
    assert "learned" in fresh.refused("segments", "outlook", "--as-of", AT), "it counts for what is later"
    fresh.flow.at(five_minutes_later(ANCHOR))
    (best, *_) = fresh.rows("segments", "outlook", "--top", "3", "--as-of", LATER)
    assert 0 < float(best["orders"]) < 90
    told = fresh.rows("segments", "explain", "--customer", best["customer_id"], "--as-of", LATER)
    explained = {row["what"]: row for row in told}
    assert "by lifetime (won the backtest)" in explained["dormancy"]["why"]
    assert explained["p_buys"]["value"] == best["buys"]


def test_what_a_shop_learns_fits_a_terminal_of_100_columns_chinese_provinces_and_all(
    fresh: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    told = [fresh.good("learn", "--as-of", AT, "--keep"), fresh.good("learned", "show", "--as-of", AT)]
    for lines in map(str.splitlines, told):
        assert max(map(cell_len, lines)) <= 100
        assert any({"source", "payment", "remind", "note"} <= set(line.split()) for line in lines), "no table"
        assert any("浙江省" in line and line.rstrip().endswith(" d") for line in lines)
    titles = {line.partition(":")[0] for line in told[1].splitlines() if line and line[0].isalpha() and ":" in line}
    assert titles == {"pay_delay", "delivery_norms", "rhythm", "lifetime", "dormancy"}
    assert told[1].count("in force after 2026-11-20 10:30") == 5


def test_what_a_shop_learns_is_looked_at_kept_and_shown(fresh: Shell, tmp_path: Path) -> None:
    before = "2026-11-19T10:30:00+08:00"
    assert "Nothing learned by then" in fresh.good("learned", "show", "--as-of", before)
    looked = fresh.rows("learn", "--as-of", AT, "--name", "pay_delay")
    assert [(row["name"], row["kept"]) for row in looked["learned"]] == [("pay_delay", "no")]
    picture = tmp_path / "curves.svg"
    told = fresh.good("learn", "--as-of", AT, "--name", "pay_delay", "--keep", "--picture", picture)
    assert "flash_sale" in told
    assert "remind" in told
    assert picture.read_text(encoding="utf-8").count("flash_sale") >= 1
    again = fresh.rows("learn", "--as-of", AT, "--name", "pay_delay", "--keep")
    assert [row["kept"] for row in again["learned"]] == ["as before"]
    shown = fresh.rows("learned", "show", "--as-of", AT)
    assert shown["bodies"]["pay_delay"] == looked["bodies"]["pay_delay"] == again["bodies"]["pay_delay"]
    [version] = [row for row in shown["learned"] if row["name"] == "pay_delay"]
    assert (version["used by"], version["sample"]) == ("nobody", looked["learned"][0]["sample"])
    flash = next(one for one in shown["bodies"]["pay_delay"]["groups"] if one["source"] == "flash_sale")
    assert flash["after"] <= 15 * 60, "it closes after half an hour"
    assert "used by nobody" in fresh.good("learned", "show", "--as-of", AT)
    assert "later" in fresh.refused("learn", "--as-of", before, "--name", "pay_delay", "--keep")
    assert "nobody learns 'pay_delays'" in fresh.refused("learn", "--as-of", AT, "--name", "pay_delays")
    assert "nobody learns" in fresh.refused("learned", "show", "--name", "pay_delays")
    gif = tmp_path / "curves.gif"
    assert "name it .png or .svg" in fresh.refused("learn", "--as-of", AT, "--name", "pay_delay", "--picture", gif)
