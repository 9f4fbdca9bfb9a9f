"""A run that failed, or runs, says so on its page: what, why, what it means, what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.sql.reports import ledger

from touchpoint.db import Database, Transaction
from touchpoint.orchestration.web import pages
from touchpoint.settings import CONFIG_ROOT

AT = datetime(2026, 11, 22, 2, 31, tzinfo=UTC)
SENT = """INSERT INTO ledger.attempt (attempt_id, message_id, try_no, group_id, lease_token, channel, provider,
address_hash, state, started_real_at, started_at)
SELECT 'a' || message_id, message_id, 1, 'g', 1, channel, 'x', 'h', 'accepted', %(at)s::timestamptz, %(at)s::timestamptz
FROM ledger.message"""


def fail(tx: Transaction, task_id: str = "extract_1", **given: Any) -> None:
    values = {
        "subject": "order",
        "cause": "taobao.trades.sold.get: the session has expired",
        "remedy": "renew it in the connection",
        **given,
    }
    tx.count("runs/task_failed", dag_id=ledger.DAG, run_id=ledger.RUN_ID, task_id=task_id, failed_real_at=AT, **values)


def page(database: Database) -> str:
    return " ".join(pages.run_page(database, CONFIG_ROOT, ledger.DAG, ledger.RUN_ID).split())


def test_a_run_whose_extract_failed_says_what_why_and_what_it_means(database: Database) -> None:
    with database.transaction() as tx:
        ledger.add_run(tx)
        fail(tx)
    told = page(database)
    for part in (
        "<strong>Reading orders failed.</strong> Taobao.trades.sold.get: the session has expired.",
        "Nothing is lost: the next run reads on from the same place.",
        "What to do: Renew it in the connection; if that mended it the next run does it by itself",
        "Nothing new was decided, because this failed: reading orders.",
        "No message went out while this run ran.",
        "stopped before the gate",
        '<th scope="row">orders</th><td colspan="6"> <span class="chip bad">not read</span>',
    ):
        assert part in told.replace('<td colspan="6"><span', '<td colspan="6"> <span')
    assert "No campaign was due" not in told
    assert "gate: not judged" not in told


def test_it_tells_how_many_messages_went_out_all_the_same(database: Database) -> None:
    with database.transaction() as tx:
        earlier = ledger.add_run(tx, "an earlier run")
        ledger.add_message(tx, earlier, 1)
        ledger.add_message(tx, earlier, 2)
        ledger.execute(tx, SENT, at=AT)
        run_no = ledger.add_run(tx)
        span = "UPDATE ledger.run SET begun_real_at = %(a)s, ended_real_at = %(b)s WHERE run_no = %(n)s"
        ledger.execute(tx, span, a=AT.replace(minute=30), b=AT.replace(minute=32), n=run_no)
        fail(tx)
    assert "2 messages decided by earlier runs went out while this one ran." in page(database)
    with database.transaction() as tx:
        ledger.execute(tx, span, a=AT.replace(minute=33), b=AT.replace(minute=34), n=run_no)
    assert "No message went out while this run ran." in page(database)


def test_a_failure_that_a_later_try_made_good_is_gone(database: Database) -> None:
    with database.transaction() as tx:
        ledger.add_run(tx)
        fail(tx)
        tx.count("runs/task_succeeded", dag_id=ledger.DAG, run_id=ledger.RUN_ID, task_id="extract_1")
    told = page(database)
    assert "failed" not in told
    assert "No campaign was due, so nothing was decided." in told


def test_what_failed_beside_the_campaigns_does_not_explain_an_empty_run(database: Database) -> None:
    with database.transaction() as tx:
        ledger.add_gate(tx, ledger.add_run(tx))
        fail(tx, "config_check", subject=None, cause="config/campaigns/new.yaml: missing key", remedy="add it")
    told = page(database)
    assert "Reading the campaign files failed." in told
    assert "The file named is left out; the other campaigns run." in told
    assert "No campaign was due, so nothing was decided." in told
    assert "gate passed" in told


def test_a_campaign_that_could_not_be_planned_is_named(database: Database) -> None:
    with database.transaction() as tx:
        ledger.add_run(tx)
        fail(tx, "unpaid_reminder.plan", subject=None, cause="<script>alert(1)</script>", remedy="")
    told = page(database)
    assert "Asking who is due: unpaid_reminder failed." in told
    assert "&lt;script&gt;alert(1)&lt;/script&gt;." in told
    assert "Look at the log of the task;" in told


def test_a_run_that_is_running_says_so_and_renews_itself(database: Database) -> None:
    with database.transaction() as tx:
        ledger.add_run(tx, ended=None)
    told = page(database)
    assert "This run is running." in told
    assert '<meta http-equiv="refresh" content="20">' in told
    with database.transaction() as tx:
        ledger.execute(tx, "UPDATE ledger.run SET ended_real_at = now()")
    assert 'http-equiv="refresh"' not in page(database)
