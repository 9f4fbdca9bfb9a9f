"""What the pages say, without Airflow around them; who may see them is tested in tests/browser."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tests.sql.reports import ledger

from touchpoint.db import Database
from touchpoint.errors import TimeError
from touchpoint.orchestration.web import backfills, forms, pages, refusals
from touchpoint.orchestration.web.shown import offered_shops
from touchpoint.outbox import environment
from touchpoint.reports import run, shops
from touchpoint.services import stop_clock
from touchpoint.settings import CONFIG_ROOT


@pytest.fixture
def seeded(database: Database) -> Database:
    with database.transaction() as tx:
        ledger.seed(tx)
    return database


def report(database: Database, run_id: str = ledger.RUN_ID, config: Path = CONFIG_ROOT) -> str:
    return pages.run_page(database, config, ledger.DAG, run_id)


def everything(dag_ids: object) -> set[str]:
    return set(dag_ids)  # type: ignore[call-overload]


def test_a_report_has_its_funnel_samples_quality_and_quarantine(seeded: Database) -> None:
    page = report(seeded)
    for part in (
        "青禾小铺: intraday run", "2026-11-22 10:30 GMT+8", "gate passed", '<svg role="img"', "no usable address",
        "1,234,567", "【青禾小铺】王**，", "total is an amount", "Campaign unpaid_reminder was stopped by ops",
        "1 of 3 expectations held", "1 of this run&#39;s messages unknown",
    ):  # fmt: skip
        assert part in page


def test_untrusted_text_stays_text(seeded: Database) -> None:
    page = report(seeded)
    assert "Hi &lt;***" in page  # the hostile name, masked and escaped
    assert [bad for bad in ("<script>", "<img", ledger.PHONE, ledger.EMAIL, "王小明") if bad in page] == []


def test_a_hostile_reason_and_note_are_escaped(database: Database) -> None:
    with database.transaction() as tx:
        run_no = ledger.add_run(tx)
        ledger.add_counts(tx, run_no, suppressed=1, reasons={"suppressed: <script>alert(1)</script>": 1})
        ledger.execute(
            tx, "INSERT INTO ledger.stop (scope, is_stopped, who, note) VALUES ('everything', true, '<b>', '{{7*7}}')"
        )
    page = report(database)
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "stopped by &lt;b&gt;" in page
    assert "{{7*7}}" in page


def test_a_recompute_says_that_it_sent_nothing_and_compares(seeded: Database) -> None:
    page = report(seeded, "backfill__2026-11-12")
    assert "Recomputed, not sent." in page
    assert "then and now" in page
    assert "the facts of that instant have changed" in page
    assert ">+1<" in page


def test_a_run_that_sent_shows_what_it_sent_and_what_a_backfill_found_since(seeded: Database) -> None:
    with seeded.transaction() as tx:
        sent = run.find_run(tx, ledger.DAG, ledger.RUN_ID)
        again = ledger.add_run(tx, mode="recompute")
        ledger.execute(
            tx,
            "INSERT INTO ledger.recomputation (run_no, campaign_id, compared_run_no, candidate_count, audience_hash, "
            "differs_by, decisions, computed_real_at) VALUES (%(run_no)s, 'unpaid_reminder', %(then)s, 31, 'x', '{}', "
            "'{}', %(at)s)",
            run_no=again, then=sent, at=ledger.AS_OF + timedelta(days=2),
        )  # fmt: skip
        assert run.find_run(tx, ledger.DAG, ledger.RUN_ID) == sent
        [latest] = [found for found in shops.latest_runs(tx) if found.dag_id == ledger.DAG]
    page = report(seeded)
    assert "Recomputed, not sent." not in page
    assert "What this run decided and sent stands as it was. On 2026-11-24 10:30" in page
    assert page.index("unpaid_reminder</h2>") < page.index("unpaid_reminder: then and now")
    assert (latest.mode, latest.enqueued) == ("send", 6)


def test_a_run_still_going_says_so(database: Database) -> None:
    with database.transaction() as tx:
        ledger.add_run(tx, ended=None)
    page = report(database)
    assert "This run is running." in page
    assert "Nothing has been decided yet: the run is running." in page
    assert "This run landed no batch." in page


def test_a_gate_that_failed_is_told_at_the_top(database: Database) -> None:
    with database.transaction() as tx:
        ledger.add_gate(tx, ledger.add_run(tx), "failed", [ledger.finding("order", "volume", "critical", 1)])
    page = report(database)
    assert "Nothing this run decided can be sent" in page
    assert '<span class="chip bad">critical</span>' in page


@pytest.mark.parametrize(
    ("dag_id", "told"),
    [
        ("someone_elses", "Touchpoint has no report for this run"),
        ("", "Touchpoint has no report for this run"),
        ("touchpoints_daily__sandbox", "Touchpoint knows nothing of this run yet"),
    ],
)
def test_a_run_that_is_not_in_the_ledger_says_why(seeded: Database, dag_id: str, told: str) -> None:
    assert told in pages.run_page(seeded, CONFIG_ROOT, dag_id, ledger.RUN_ID)


def test_sending_off_is_told_on_both_pages(seeded: Database, tmp_path: Path) -> None:
    config = _config(tmp_path, "sending: on", "sending: off")
    assert "Sending is off for this shop." in report(seeded, config=config)
    assert "Sending is off." in pages.overview_page(seeded, config, everything)


def test_a_copied_or_moved_database_is_told_on_both_pages(seeded: Database) -> None:
    with seeded.transaction() as tx:
        environment.register_environment(tx, str(uuid4()))
    told = "Nothing is sent from this database."
    assert told not in report(seeded)
    assert told not in pages.overview_page(seeded, CONFIG_ROOT, everything)
    moved = seeded.engine.url.update_query_dict({"host": f"{seeded.engine.url.query['host']}/."})
    elsewhere = Database(moved.render_as_string(hide_password=False))
    try:
        for page in (report(elsewhere), pages.overview_page(elsewhere, CONFIG_ROOT, everything)):
            assert told in page
            assert "host or port of the connection" in page
    finally:
        elsewhere.close()


def test_a_shop_file_that_does_not_load_leaves_the_report_readable(seeded: Database, tmp_path: Path) -> None:
    config = _config(tmp_path, "zone: Asia/Shanghai", "zone: Nowhere")
    page = report(seeded, config=config)
    assert "The shop&#39;s file does not load." in page
    assert "2026-11-22 02:30 UTC" in page


def test_the_overview_shows_the_shops_a_user_may_read(seeded: Database) -> None:
    page = pages.overview_page(seeded, CONFIG_ROOT, everything)
    assert "青禾小铺" in page
    assert "run?dag_id=touchpoints_intraday__sandbox&amp;run_id=manual__2026-11-22T10%3A30%3A00%2B08%3A00" in page
    nothing = pages.overview_page(seeded, CONFIG_ROOT, lambda dag_ids: set())
    assert "青禾小铺" not in nothing
    assert "There is no shop here that your log-in may read." in nothing


def test_a_shop_that_never_ran_is_there_without_a_run(database: Database) -> None:
    page = pages.overview_page(database, CONFIG_ROOT, everything)
    assert "青禾小铺" in page
    assert "No run yet." in page


def test_a_stop_of_everything_is_told_in_the_zone_of_the_shops(database: Database) -> None:
    with database.transaction() as tx:
        ledger.execute(
            tx, "INSERT INTO ledger.stop (scope, is_stopped, who, recorded_real_at) "
            "VALUES ('everything', true, 'ops', '2026-11-22T02:30Z')",
        )  # fmt: skip
    assert "stopped by ops on 2026-11-22 10:30 GMT+8" in pages.overview_page(database, CONFIG_ROOT, everything)


def test_a_run_that_did_nothing_does_not_hide_what_went_out(seeded: Database) -> None:
    with seeded.transaction() as tx:
        again = ledger.add_run(tx, "manual__again", as_of=ledger.AS_OF + timedelta(minutes=5))
        ledger.add_counts(tx, again, repeated=12)
    stop_clock(seeded, ledger.REALM, ledger.AS_OF + timedelta(days=9))
    page = " ".join(pages.overview_page(seeded, CONFIG_ROOT, everything).split())
    assert "manual__again" in page  # the latest run
    went = page[page.index(">Went out<") : page.index("whichever run sent them")]
    assert '<th scope="row">unpaid_reminder</th><td class="n">3</td><td class="n">1</td>' in went
    assert "2026-11-22 10:30 GMT+8" in went
    assert "run_id=manual__2026-11-22T10%3A30%3A00%2B08%3A00" in went


def test_a_rehearsal_that_never_ran_is_offered_to_nobody(seeded: Database) -> None:
    shown = ["sandbox", "olist", "tmall"]
    with seeded.transaction() as tx:
        assert offered_shops(tx, CONFIG_ROOT, shown, "sandbox") == ["sandbox"]
        assert offered_shops(tx, CONFIG_ROOT, shown, "tmall") == ["sandbox", "tmall"]
        ledger.add_run(tx, realm="replay", shop_id="olist", dag_id="touchpoints_intraday__olist")
        assert offered_shops(tx, CONFIG_ROOT, shown, "sandbox") == ["sandbox", "olist"]


def test_rehearsals_stand_apart(seeded: Database) -> None:
    with seeded.transaction() as tx:
        ledger.add_run(
            tx,
            realm="replay",
            shop_id="tmall",
            dag_id="touchpoints_intraday__tmall",
            as_of=ledger.AS_OF - timedelta(days=9),
        )
    page = pages.overview_page(seeded, CONFIG_ROOT, everything)
    assert "Messages of the last 7 days up to 2026-11-13 10:30 GMT+8." in page  # its clock stands where it looks from
    assert page.index("青禾小铺") < page.index("Rehearsals") < page.index("<small>replay</small>")


def test_synthetic_addresses_are_marked(database: Database) -> None:
    with database.transaction() as tx:
        ledger.add_message(tx, ledger.add_run(tx), 1, synthetic=True)
    assert "Synthetic addresses." in report(database)


def test_an_error_page_names_the_remedy_and_refusals_name_nothing() -> None:
    assert "Your log-in has ended" in refusals.refusal_page(401)
    assert "The answer was 418." in refusals.refusal_page(418)
    assert "run the migrations" in refusals.unreachable_page()


def test_a_form_of_another_site_is_not_told_about_rights() -> None:
    page = refusals.refusal_page(403, detail=forms.FOREIGN_FORM)
    assert "did not come from a page of Touchpoint" in page
    assert "Your role" not in page


@pytest.mark.parametrize("day", ["x", "9999-12-31", "0001-01-01", "2026-02-30", "２０２６-11-22"])
def test_a_day_that_is_none_or_far_away_is_refused_with_the_remedy(database: Database, day: str) -> None:
    for given in ({"since": day}, {"until": day}):
        with pytest.raises(TimeError, match="write a day from 1970-01-02 to 2999-12-31"):
            backfills.backfills_page(database, CONFIG_ROOT, ledger.DAG, **given)
    assert "2999-12-31" in backfills.backfills_page(database, CONFIG_ROOT, ledger.DAG, "1970-01-02", "2999-12-31")


def _config(folder: Path, old: str, new: str) -> Path:
    shutil.copytree(CONFIG_ROOT, folder / "config")
    path = folder / "config" / "shops" / f"{ledger.SHOP}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder / "config"
