"""The page of a DAG's recomputed past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.sql.reports import ledger

from touchpoint.db import Database, Json
from touchpoint.errors import TimeError
from touchpoint.orchestration.web.backfills import backfills_page
from touchpoint.reports.backfills import recomputed
from touchpoint.settings import CONFIG_ROOT

_FOUND = """INSERT INTO ledger.recomputation (run_no, campaign_id, compared_run_no, candidate_count, audience_hash,
differs_by, decisions, detail) VALUES (%(run_no)s, %(campaign)s, %(compared)s, %(candidates)s, 'hash', %(differs)s,
%(decisions)s, %(detail)s)"""
DAY = timedelta(days=1)


def add(tx: Any, run_no: int, differs: list[str], detail: Any = None, compared: int | None = None) -> None:
    ledger.execute(
        tx,
        _FOUND,
        run_no=run_no,
        campaign="dormant_reactivation",
        compared=compared,
        candidates=1_234_567,
        differs=differs,
        decisions=Json({"enqueued": 7}),
        detail=Json(detail or {}),
    )


def page(database: Database, **given: str) -> str:
    days = {"since": "2026-11-01", "until": "2026-11-30", **given}
    return backfills_page(database, CONFIG_ROOT, ledger.DAG, **days)


@pytest.fixture
def visited(database: Database) -> Database:
    """Four dates: the same, configuration, data, and one nobody decided; the first recomputed twice."""
    corrections = {"only_then": 1, "only_now": 0, "changed": 0, "occasions": ["<b>A-1</b>"]}
    found = [
        (["code"], {}), ([], {}), (["config"], {"config": [{"key": "priority", "then": "300", "now": "7"}]}),
        (["data"], {"corrections": corrections}), (["no_ledger"], {}),
    ]  # fmt: skip
    with database.transaction() as tx:
        for number, (differs, detail) in enumerate(found):
            date = ledger.AS_OF - DAY * max(number, 1)
            add(tx, ledger.add_run(tx, f"backfill__{number}", as_of=date, mode="recompute"), differs, detail)
    return database


def test_each_date_says_whether_it_is_the_same_and_else_why(visited: Database) -> None:
    shown = page(visited)
    for part in (
        "青禾小铺: the past, recomputed", "2026-11-21 10:30 GMT+8", "the same", "config: priority 300 → 7",
        "facts corrected since: 1 only then (&lt;b&gt;A-1&lt;/b&gt;)", "nothing to compare with", "1,234,567",
    ):  # fmt: skip
        assert part in shown
    assert "<b>" not in shown


def test_the_newest_recomputation_of_a_date_counts(visited: Database) -> None:
    with visited.transaction() as tx:
        dates = recomputed(tx, ledger.DAG, ledger.AS_OF - DAY * 9, ledger.AS_OF)
    assert [(each.differs_by, each.times) for each in dates] == [
        ([], 2),
        (["config"], 1),
        (["data"], 1),
        (["no_ledger"], 1),
    ]


def test_days_without_any_say_so_and_days_are_chosen_in_the_shops_zone(visited: Database) -> None:
    assert "Nothing was recomputed in these days" in page(visited, since="2026-10-01", until="2026-10-02")
    assert "2026-11-19 10:30" not in page(visited, since="2026-11-20")
    with pytest.raises(TimeError, match="no day"):
        page(visited, since="<script>")


@pytest.mark.parametrize("dag_id", ["someone_elses", "", "x__sandbox"])
def test_another_dag_has_no_such_report(database: Database, dag_id: str) -> None:
    assert "none of Touchpoint" in backfills_page(database, CONFIG_ROOT, dag_id)
