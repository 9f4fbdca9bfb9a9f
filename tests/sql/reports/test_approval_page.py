"""What a marketer is asked and shown, without Airflow around it; who may answer is tested against a real one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.sql.reports import ledger

from touchpoint.db import Database, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.model import Rejection
from touchpoint.orchestration.web import approval_page as page
from touchpoint.orchestration.web import pages
from touchpoint.pipeline import approving
from touchpoint.reports import cost as costs
from touchpoint.services import Services, stop_clock
from touchpoint.settings import CONFIG_ROOT, ConnectionInfo

AT = ledger.AS_OF


@dataclass
class Office:
    """A run whose campaign asks for an approval, and what the marketer sees of it."""

    database: Database
    config: Path

    @property
    def services(self) -> Services:
        return Services(
            db=self.database, resolve={}.__getitem__, connection=ConnectionInfo("touchpoint"), config=self.config
        )

    def ask(self) -> approving.Asked | str:
        return approving.ask(self.services, ledger.DAG, ledger.RUN_ID, ledger.CAMPAIGN)

    def asked(self) -> approving.Asked:
        found = self.ask()
        assert isinstance(found, approving.Asked), found
        return found

    def answer(self, asked: approving.Asked, is_yes: bool, **given: Any) -> dict[str, int]:
        return approving.answer(
            self.services, asked.run_no, asked.question,
            **{"is_yes": is_yes, "who": "marketer", "answered_at": AT, "note": "fine <b>", **given},
        )  # fmt: skip

    def page(self, may_answer: bool = True) -> str:
        return page.approval_page(self.database, self.config, ledger.DAG, ledger.RUN_ID, may_answer=may_answer)

    def change(self, query: str, **values: Any) -> None:
        with self.database.transaction() as tx:
            ledger.execute(tx, query, **values)

    def edit(self, folder: str, name: str, *change: str) -> None:
        path = self.config / folder / f"{name}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")


def hashed(tx: Transaction, run_no: int) -> None:
    """What decide does with messages that ask: hash them; here, all of one month."""
    ledger.execute(tx, "UPDATE ledger.touch SET occasion = '2026-11'")
    ledger.execute(tx, "UPDATE ledger.message SET needs_approval = true")
    tx.count("outbox/approval_batches", run_no=run_no)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    config = tmp_path / "config"
    shutil.copytree(CONFIG_ROOT, config)
    made = Office(database, config)
    made.edit("campaigns", ledger.CAMPAIGN, "cadence: intraday", "cadence: monthly")
    made.edit("campaigns", ledger.CAMPAIGN, "approval: none", "approval: marketer")
    with database.transaction() as tx:
        run_no = ledger.add_run(tx)
        ledger.add_gate(tx, run_no)
        ledger.add_counts(tx, run_no, enqueued=3, held_out=1, suppressed=5, reasons={"suppressed: no_consent": 5})
        for number in (1, 2):
            ledger.add_message(tx, run_no, number, state="waiting")
        ledger.add_message(tx, run_no, 3, state="waiting", locale="en", name=ledger.HOSTILE_NAME, title="<img src=x>")
        hashed(tx, run_no)
    stop_clock(database, "live", AT)
    return made


def test_the_page_tells_whom_why_not_cost_words_and_shows_texts_without_addresses(office: Office) -> None:
    office.asked()
    shown = office.page()
    for part in (
        "青禾小铺: approval", "2026-11</small>", "Waits for an answer", "2026-11-22 14:30 GMT+8", "no consent",
        "<dt>held out</dt><dd>1</dd>", "4 SMS parts at 0.045 CNY", "【青禾小铺】王**，", ">Approve<", "what waits now",
    ):  # fmt: skip
        assert part in shown, part
    assert [bad for bad in ("<script>", "<img", ledger.PHONE, "王小明") if bad in shown] == []


def test_the_question_in_airflow_has_the_figures_and_no_name_or_address(office: Office) -> None:
    asked = office.asked()
    assert asked.subject == "unpaid_reminder: 3 messages for 青禾小铺"
    for part in ("**Candidates**: 9", "3 people, 3 messages", "effect: 1", "no_consent 5", "0.18 CNY: 4 SMS parts"):
        assert part in asked.body, part
    assert [bad for bad in ("王", "<script>", ledger.PHONE, "@") if bad in asked.body] == []
    assert asked.patience == timedelta(hours=4)  # the earliest not_after


def test_without_the_right_the_page_has_no_form(office: Office) -> None:
    office.asked()
    shown = office.page(may_answer=False)
    assert "<form" not in shown
    assert "Your log-in may look" in shown


@pytest.mark.parametrize(("is_yes", "told"), [(True, "Approved"), (False, "Rejected")])
def test_an_answer_stands_on_the_page_with_who_when_and_note(office: Office, is_yes: bool, told: str) -> None:
    assert office.answer(office.asked(), is_yes) == {"occasions": 1, "cancelled": 0 if is_yes else 3}
    shown = office.page()
    assert f"<strong>{told}</strong>" in shown
    assert "by marketer on 2026-11-22 10:30 GMT+8: fine &lt;b&gt;" in shown
    assert "<form" not in shown


@pytest.mark.parametrize("kind", list(Rejection))
def test_a_no_says_on_the_page_which_it_was_and_what_comes_of_it(office: Office, kind: Rejection) -> None:
    office.answer(office.asked(), False, rejection=kind)
    shown = office.page()
    assert f"rejected: {kind.value.replace('_', ' ')}" in shown
    assert ("you are asked again" in shown) == (kind == Rejection.BACK_FOR_CHANGES)


def test_reject_asks_which_it_is_and_one_click_loses_nothing(office: Office) -> None:
    asked = office.asked()
    stop_clock(office.database, "live", AT)
    shown = office.page()
    assert shown.count('name="rejection"') == 2
    assert "checked" not in shown
    for said in ({}, {"rejection": ""}, {"rejection": "yes"}):
        form = {"answer": "reject", "question": asked.question, **said}
        with pytest.raises(TouchpointError, match="did not say what you mean"):
            page.demand_open(office.database, office.config, ledger.DAG, ledger.RUN_ID, form)
    office.answer(asked, False)  # Airflow's own button, nothing else said
    with office.database.transaction() as tx:
        assert ledger.execute(tx, "SELECT min(reason) FROM ledger.freed_round") == "back_for_changes"


def test_a_change_after_the_question_is_told_and_takes_the_form_away(office: Office) -> None:
    office.asked()
    office.edit("campaigns", ledger.CAMPAIGN, "priority: 500", "priority: 501")
    shown = office.page()
    assert "has changed since it was asked" in shown
    assert "something else" in shown
    assert "<form" not in shown


def test_a_file_put_back_after_another_question_stands_approved_by_who_approved_it(office: Office) -> None:
    office.answer(office.asked(), True)
    office.edit("campaigns", ledger.CAMPAIGN, "priority: 500", "priority: 501")
    office.asked()
    assert "Waits for an answer" in office.page()
    office.edit("campaigns", ledger.CAMPAIGN, "priority: 501", "priority: 500")
    assert "by marketer on" in office.page()


def test_time_that_is_up_is_told(office: Office) -> None:
    office.asked()
    stop_clock(office.database, "live", AT + timedelta(hours=4))
    shown = office.page()
    assert "Nobody approved it in time" in shown
    assert "<form" not in shown


NOTHING: dict[str, tuple[str, str]] = {
    "a recompute": ("UPDATE ledger.run SET mode = 'recompute'", "recomputes"),
    "a rehearsal": ("UPDATE ledger.run SET realm = 'spring'", "a rehearsal asks nobody"),
    "a gate that failed": ("UPDATE ledger.gate SET state = 'failed'", "gate"),
    "a gate that never spoke": ("DELETE FROM ledger.gate", "gate"),
    "nothing enqueued": ("UPDATE ledger.message SET state = 'cancelled', reason = 'paid'", "nothing of the campaign"),
}


@pytest.mark.parametrize(("change", "reason"), NOTHING.values(), ids=NOTHING.keys())
def test_what_has_nothing_to_send_asks_nothing(office: Office, change: str, reason: str) -> None:
    office.change(change)
    found = office.ask()
    assert isinstance(found, str)
    assert reason in found


def test_a_campaign_file_that_does_not_load_asks_nothing(office: Office) -> None:
    office.edit("campaigns", ledger.CAMPAIGN, "priority: 500", "priority: high")
    assert office.ask() == "the campaign's file does not load"


def test_a_question_outlives_the_freshness_of_its_run(office: Office) -> None:
    # Cleared days later, the run as such would recompute; what it enqueued still waits.
    office.change("UPDATE ledger.message SET not_after = not_after + interval '9 days'")
    with office.database.transaction() as tx:
        tx.count("outbox/approval_batches", run_no=1)
    stop_clock(office.database, "live", AT + timedelta(days=5))
    assert office.asked().patience == timedelta(days=4, hours=4)


def test_the_cost_is_unknown_without_a_price_and_an_estimate_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.edit("shops", "sandbox", '  segment_price: "0.045"\n', "")
    monkeypatch.setattr(costs, "PER_KIND", 1)
    assert "**Cost**: unknown: about 4 SMS parts, and the shop's file names no sms.segment_price" in office.asked().body
    assert "<dt>cost</dt><dd>unknown</dd>" in office.page()


def test_a_text_that_cannot_be_rendered_costs_nothing(office: Office) -> None:
    office.change("UPDATE ledger.message SET template = 'nowhere' WHERE locale = 'en'")
    assert "2 SMS parts at 0.045 CNY; 1 text cannot be rendered, and would not go" in office.asked().body


def test_a_form_answers_the_question_it_shows_and_no_other(office: Office) -> None:
    asked = office.asked()
    form = {"question": asked.question, "answer": "approve"}

    def demand(**changes: str) -> tuple[str, str]:
        given = {**form, **changes}
        return page.demand_open(office.database, office.config, ledger.DAG, ledger.RUN_ID, given)

    with pytest.raises(TouchpointError, match="this very moment"):
        demand()
    office.change("UPDATE ledger.approval_request SET asked_real_at = asked_real_at - interval '1 minute'")
    assert demand() == (ledger.CAMPAIGN, asked.code)
    for changes in ({"answer": ""}, {"answer": "maybe"}, {"question": str(UUID(int=7))}, {"question": ""}):
        with pytest.raises(TouchpointError, match=r"nothing was chosen|not what is asked now"):
            demand(**changes)
    office.answer(asked, True)
    with pytest.raises(TouchpointError, match="not what is asked now"):
        demand()


def test_run_page_and_overview_lead_to_what_waits(office: Office) -> None:
    office.asked()
    link = "approval?dag_id=touchpoints_intraday__sandbox&amp;run_id=manual__"
    assert link in pages.run_page(office.database, office.config, ledger.DAG, ledger.RUN_ID)
    overview = pages.overview_page(office.database, office.config, set)
    assert "3 messages of unpaid_reminder" in overview
    assert link in overview


def test_a_run_that_needs_no_approval_says_so(office: Office) -> None:
    office.change("DELETE FROM ledger.approval_batch")
    assert "Nothing to approve" in office.page()
    assert "Nothing to approve" in page.approval_page(office.database, office.config, "x", "y", may_answer=True)


def test_what_was_asked_before_something_changed_is_told_from_what_is_asked_now(office: Office) -> None:
    first, again = office.asked(), office.asked()
    assert (first.code, first.is_restated) == (again.code, again.is_restated) == (first.code, False)
    office.edit("campaigns", ledger.CAMPAIGN, "priority: 500", "priority: 501")
    changed = office.asked()
    assert changed.is_restated
    assert changed.code != first.code
    assert f"**Covers**: {changed.code}" in changed.body


@pytest.mark.parametrize(
    ("covers", "is_restated", "is_taken"),
    [
        ("abc", False, True), ("abc", True, True), ("", False, True), (None, False, True),
        ("old", False, False), ("old", True, False), ("", True, False), (None, True, False), (7, True, False),
    ],
)  # fmt: skip
def test_an_answer_to_figures_of_before_is_not_taken(covers: object, is_restated: bool, is_taken: bool) -> None:
    assert approving.is_about(covers, "abc", is_restated=is_restated) is is_taken


def report(office: Office) -> str:
    return pages.run_page(office.database, office.config, ledger.DAG, ledger.RUN_ID)


def test_the_run_s_report_follows_the_answer_the_sending_and_the_end(office: Office) -> None:
    asked = office.asked()
    assert "Waits for a marketer&#39;s answer:" in report(office)
    assert "3 messages of unpaid_reminder, until 2026-11-22 14:30 GMT+8" in report(office)
    office.answer(asked, True)
    told = report(office)
    assert "Waits for a marketer" not in told
    assert "Approved:" in told
    assert "0 of 3 messages accepted by the provider, 3 still waiting" in told
    office.change("UPDATE ledger.message SET state = 'accepted'")
    told = report(office)
    assert "3 of 3 messages accepted by the provider." in told
    assert "still waiting" not in told


def test_the_run_s_report_says_that_an_unanswered_question_is_over(office: Office) -> None:
    office.asked()
    stop_clock(office.database, "live", AT + timedelta(hours=5))
    told = report(office)
    assert "The question is over:" in told
    assert "Waits for a marketer" not in told


def test_an_approved_page_says_when_it_goes_in_words_that_know_quiet_hours(office: Office) -> None:
    office.answer(office.asked(), True)
    assert "3 messages still wait. SMS goes with the next run of this shop, within minutes." in office.page()
    office.change("UPDATE ledger.message SET not_after = not_after + interval '1 day'")
    stop_clock(office.database, "live", AT + timedelta(hours=13))  # half past eleven at night
    told = office.page()
    assert "SMS goes from 2026-11-23 08:00 GMT+8 on: until then these are hours in which it may not go." in told
    office.edit("shops", ledger.SHOP, "sending: on", "sending: off")
    assert "Nothing goes while the shop&#39;s file says sending: off." in office.page()
    office.change("UPDATE ledger.message SET state = 'accepted'")
    assert "Nothing of it waits any more" in office.page()


def test_the_page_renews_itself_after_an_answer_and_never_under_an_open_form(office: Office) -> None:
    asked = office.asked()
    renewing = 'http-equiv="refresh"'
    assert renewing not in office.page()
    given = {"may_answer": True, "answered": ledger.CAMPAIGN}
    fresh = page.approval_page(office.database, office.config, ledger.DAG, ledger.RUN_ID, **given)  # type: ignore[arg-type]
    assert f'<meta {renewing} content="3">' in fresh
    assert "Your answer is being recorded." in fresh
    assert "<form" not in fresh
    office.answer(asked, True)
    later = page.approval_page(office.database, office.config, ledger.DAG, ledger.RUN_ID, **given)  # type: ignore[arg-type]
    assert "Your answer is being recorded." not in later
    assert f'<meta {renewing} content="30">' in later
    office.change("UPDATE ledger.message SET state = 'accepted'")
    assert renewing not in office.page()
