"""The past, visited by backfills: nothing is sent or changed, and each difference is named rightly."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.flow.conftest import ANCHOR, SHOP, Flow, opened_flow
from tests.flow.test_past import KEPT

from touchpoint import pipeline, statements
from touchpoint.local.postgres import Server
from touchpoint.model import Cadence
from touchpoint.record import narrow
from touchpoint.reports.backfills import Recomputed, recomputed, totals
from touchpoint.services import Services
from touchpoint.settings import CONFIG_ROOT, load_shop

DAY = timedelta(days=1)
DAILY = f"touchpoints_daily__{SHOP}"
DATES = [(ANCHOR + DAY * number).replace(hour=3, minute=40) for number in range(1, 4)]
TODAY = ANCHOR + DAY * 5
CAMPAIGN = "dormant_reactivation"


@pytest.fixture(scope="module")
def lived(server: Server, loaded: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """A shop that has run for a few days, and stands at a later one."""
    with opened_flow(server, loaded, tmp_path_factory.mktemp("backfill")) as flow:
        for date in DATES:
            flow.run(date, cadence=Cadence.DAILY, run_id=f"scheduled__{date.isoformat()}", run_type="scheduled")
        flow.at(TODAY)
        yield flow


def backfill(flow: Flow, dates: list[datetime], services: Services | None = None) -> None:
    """Recompute dates as a backfill that clears and reuses their runs does."""
    for date in dates:
        trigger = flow.trigger(
            date, cadence=Cadence.DAILY, run_type="backfill", run_id=f"scheduled__{date.isoformat()}"
        )
        run = pipeline.run_once(services or flow.services, trigger)
        assert run.mode == "recompute"


def found(flow: Flow, campaign_id: str = CAMPAIGN) -> list[Recomputed]:
    """What the report says of a campaign, the oldest date first."""
    with flow.services.db.transaction() as tx:
        dates = recomputed(tx, DAILY, DATES[0], TODAY)
    return sorted((each for each in dates if each.campaign_id == campaign_id), key=lambda each: each.as_of)


def test_repeated_and_overlapping_backfills_change_nothing_and_find_the_same(lived: Flow) -> None:
    before, sent = lived.digest(*KEPT), (len(lived.sms()), len(lived.mails()))
    backfill(lived, DATES)
    backfill(lived, DATES[1:])
    backfill(lived, list(reversed(DATES)))
    assert lived.digest(*KEPT) == before
    assert (len(lived.sms()), len(lived.mails())) == sent
    dates = found(lived)
    assert [(each.as_of, each.differs_by, each.times) for each in dates] == [
        (date, [], 2 + (date != DATES[0])) for date in DATES
    ]
    assert all(each.candidates == each.ledger_candidates > 0 for each in dates)
    assert totals(dates) == {"same": len(DATES), "data": 0, "config": 0, "code": 0, "no_ledger": 0}


def test_a_run_that_sent_keeps_its_row_and_its_recompute_has_one_of_its_own(lived: Flow) -> None:
    backfill(lived, DATES[:1])
    run_id = f"scheduled__{DATES[0].isoformat()}"
    [sent, recompute] = lived.rows(
        """SELECT mode, run_type, run_no, stage_seconds ? 'plan_dormant_reactivation' FROM ledger.run WHERE run_id = %s
        ORDER BY run_no""",
        run_id,
    )
    assert (sent[0], sent[1], sent[3]) == ("send", "scheduled", True)
    assert (recompute[0], recompute[1], recompute[3]) == ("recompute", "backfill", False)
    assert lived.rows("SELECT DISTINCT run_no, compared_run_no FROM ledger.recomputation WHERE run_no IN (%s, %s)",
                      sent[2], recompute[2]) == [(recompute[2], sent[2])]  # fmt: skip


def test_an_order_corrected_since_is_named_data_with_its_occasion(lived: Flow) -> None:
    [(occasion,)] = lived.rows(
        """SELECT min(occasion) FROM ledger.candidate AS candidates INNER JOIN ledger.run USING (run_no)
        WHERE campaign_id = %s AND as_of = %s AND exclude_reason IS NULL""",
        CAMPAIGN,
        DATES[0],
    )
    correct(lived, occasion, DATES[0] - DAY)
    backfill(lived, DATES)
    dates = found(lived)
    assert dates[0].differs_by == ["data"]
    assert dates[0].detail["corrections"]["only_then"] == 1
    assert occasion in dates[0].told()
    assert dates[0].candidates == dates[0].ledger_candidates  # as known then, it comes to the same


def correct(flow: Flow, order_id: str, paid_at: datetime) -> None:
    """The platform corrects an order today, as a merge would take it in: it was paid much later than was said."""
    flow.execute(
        """INSERT INTO facts.orders_history SELECT kept.* FROM facts.orders AS orders, jsonb_populate_record(
        NULL::facts.orders_history, to_jsonb(orders) || jsonb_build_object('known_from', orders.known_at, 'known_until',
        %s::timestamptz)) AS kept WHERE orders.order_id = %s""",
        TODAY,
        order_id,
    )
    flow.execute("UPDATE facts.orders SET paid_at = %s, known_at = %s WHERE order_id = %s", paid_at, TODAY, order_id)
    [(batch_id,)] = flow.rows("SELECT batch_id FROM facts.orders WHERE order_id = %s", order_id)
    with flow.services.db.transaction() as tx:
        narrow.collect(tx, shop=load_shop(SHOP), as_of=TODAY, batch_ids=[batch_id])


def test_an_edited_campaign_file_is_named_config_with_its_keys(lived: Flow, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG_ROOT, config)
    file = config / "campaigns" / f"{CAMPAIGN}.yaml"
    file.write_text(re.sub(r"priority: \d+", "priority: 7", file.read_text(encoding="utf-8")), encoding="utf-8")
    backfill(lived, DATES[1:2], replace(lived.services, config=config))
    each = found(lived)[1]
    assert "config" in each.differs_by
    assert "code" not in each.differs_by
    assert [key["key"] for key in each.detail["config"]] == ["priority"]
    assert "config: priority" in each.told()


def test_an_edited_statement_is_named_code(lived: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    load = statements.load

    def edited(name: str) -> statements.Statement:
        found = load(name)
        is_ours = name == f"audiences/{CAMPAIGN}"
        return replace(found, text=f"{found.text}\n-- edited\n") if is_ours else found

    monkeypatch.setattr(statements, "load", edited)
    backfill(lived, DATES[2:])
    each = found(lived)[2]
    assert "code" in each.differs_by
    assert f"include/sql/audiences/{CAMPAIGN}.sql" in each.told()


def test_a_date_nobody_decided_has_nothing_to_compare_with(lived: Flow) -> None:
    date = ANCHOR - DAY * 10
    pipeline.run_once(
        lived.services, lived.trigger(date, cadence=Cadence.DAILY, run_type="backfill", run_id="backfill__early")
    )
    with lived.services.db.transaction() as tx:
        dates = recomputed(tx, DAILY, date, date + DAY)
    assert {tuple(each.differs_by) for each in dates} == {("no_ledger",)}
