"""A marketer's approval in a real Airflow: scheduler, dag-processor, api-server, roles; and every way round it.

An answer that comes before the scheduler has taken note that the task was put aside can fail it (Airflow then asks once
more): half a second as a rule, five on a busy machine. So each question here is left alone until the scheduler has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from tests.dags.installation import NOBODY, Installation, run_path, running_installation

from touchpoint.clock import real_now
from touchpoint.db import Database
from touchpoint.local.clocks import latest_first_cycle
from touchpoint.settings import CONFIG_ROOT

CAMPAIGN = "unpaid_reminder"
TASK = f"approve_{CAMPAIGN}"
YES: dict[str, Any] = {"chosen_options": ["Approve"], "params_input": {"note": "as agreed"}}
NO = {"chosen_options": ["Reject"], "params_input": {"note": "as agreed", "rejection": "not_this_month"}}


@dataclass
class Question:
    """A monthly run of a shop whose question is open."""

    installation: Installation
    shop_id: str
    run_id: str

    @property
    def dag_id(self) -> str:
        return f"touchpoints_monthly__{self.shop_id}"

    @property
    def task(self) -> str:
        return f"{run_path(self.dag_id, self.run_id)}/taskInstances/{TASK}"

    @property
    def page(self) -> str:
        return "/touchpoint/approval?" + urlencode({"dag_id": self.dag_id, "run_id": self.run_id})

    def answer(self, user: str, body: dict[str, Any]) -> tuple[int, Any]:
        """What Airflow's own buttons do."""
        return self.installation.call(user, "PATCH", f"{self.task}/-1/hitlDetails", body)

    def press(self, user: str, answer: str, **changes: Any) -> tuple[int, Any]:
        """What the form of our page does."""
        fields = {"question": self.asked()[-1], "answer": answer, "note": "from the page", **changes.pop("fields", {})}
        headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded", **changes}
        return self.installation.call(user, "POST", self.page, data=urlencode(fields), headers=headers)

    def press_late(self, user: str, answer: str) -> tuple[int, Any]:
        """The same, as soon as the page takes an answer: not in the first seconds of a question."""

        def pressed() -> tuple[int, Any] | None:
            status, page = self.press(user, answer)
            return None if "asked this very moment" in page else (status, page)

        return self.installation.wait("the question to settle", pressed)  # type: ignore[no-any-return]

    def clear(self, user: str, *tasks: str) -> int:
        path = f"/api/v2/dags/{self.dag_id}/clearTaskInstances"
        body = {
            "dry_run": False, "task_ids": list(tasks), "dag_run_id": self.run_id, "only_failed": False,
            "reset_dag_runs": True,
        }  # fmt: skip
        return self.installation.call(user, "POST", path, body)[0]

    def state(self) -> str | None:
        return self.installation.states(self.dag_id, self.run_id).get(TASK)

    def wait_for(self, *states: str) -> str:
        found = self.installation.wait_for_state(self.dag_id, self.run_id, TASK, *states)
        if found == "awaiting_input":
            self.installation.wait("the scheduler to take note", self.is_put_aside)
        return found

    def is_put_aside(self, times: int = 1) -> bool:
        tries = self.installation.call("engineer", "GET", self.task)[1]["try_number"]
        noted = (
            f"Received executor event with state success for task instance TaskInstanceKey(dag_id='{self.dag_id}', "
            f"task_id='{TASK}', run_id='{self.run_id}', try_number={tries}"
        )
        told = (self.installation.stack.layout.log / "scheduler.log").read_text(errors="replace")
        return told.count(noted) >= times

    def look_now(self) -> None:
        """Let ten minutes be over for Airflow's scheduler, in which it has to wake a task that waits."""
        database = Database(self.installation.stack.state.server.url("airflow"))
        with database.transaction() as tx:
            woken = tx.connection.exec_driver_sql(
                "UPDATE task_instance SET trigger_timeout = now() WHERE dag_id = %s AND run_id = %s AND task_id = %s"
                " AND state = 'awaiting_input' AND trigger_timeout <= now() + interval '10 minutes'",
                (self.dag_id, self.run_id, TASK),
            )
        database.close()
        assert woken.rowcount == 1

    def is_offered(self) -> bool:
        """Whether Required Actions shows it to the marketer."""
        path = f"{run_path(self.dag_id, self.run_id)}/hitlDetails?response_received=false"
        return any(
            told["task_instance"]["state"] == "awaiting_input"
            for told in self.installation.call("marketer", "GET", path)[1]["hitl_details"]
        )

    def asked(self) -> list[str]:
        """Questions of the run in the ledger, oldest first."""
        rows = self.installation.rows(
            "SELECT r.question::text FROM ledger.approval_request AS r JOIN ledger.run USING (run_no)"
            " WHERE shop_id = %s GROUP BY 1 ORDER BY min(r.request_id)", self.shop_id,
        )  # fmt: skip
        return [row[0] for row in rows]

    def answers(self) -> set[tuple[str, str, str | None]]:
        """Distinct answers of the shop in the ledger: answer, who, note."""
        rows = self.installation.rows("SELECT answer, who, note FROM ledger.approval WHERE shop_id = %s", self.shop_id)
        return {(row[0], row[1], row[2]) for row in rows}

    def messages(self) -> dict[str, int]:
        """State, with its reason -> messages of the shop."""
        rows = self.installation.rows(
            "SELECT state || coalesce(': ' || reason, ''), count(*) FROM ledger.message WHERE shop_id = %s GROUP BY 1",
            self.shop_id,
        )
        return {row[0]: row[1] for row in rows}

    def dispatch(self) -> dict[str, int]:
        """A run of the shop's intraday DAG; what became of the messages."""
        dag_id = f"touchpoints_intraday__{self.shop_id}"
        run_id = self.installation.run(dag_id)
        ended = ("success", "failed")
        self.installation.wait(f"{dag_id} to end", lambda: self.installation.state(dag_id, run_id) in ended)
        failed = [name for name, state in self.installation.states(dag_id, run_id).items() if state == "failed"]
        assert failed == []
        return self.messages()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    at = latest_first_cycle(ZoneInfo("Asia/Shanghai"), real_now())
    text = (CONFIG_ROOT / "campaigns" / f"{CAMPAIGN}.yaml").read_text(encoding="utf-8")
    asking = text.replace("cadence: intraday", "cadence: monthly").replace("approval: none", "approval: marketer")
    asking = asking.replace("      boleto: 48h\n", "")  # a word of a rehearsal's exports, which is not here
    with running_installation(tmp_path_factory.mktemp("live"), at, ["birch", "maple"], {CAMPAIGN: asking}) as made:
        yield made


def asked(installation: Installation, shop_id: str) -> Question:
    """Run a shop's monthly DAG until it asks."""
    question = Question(installation, shop_id, installation.run(f"touchpoints_monthly__{shop_id}"))
    found = question.wait_for("awaiting_input", "failed", "skipped", "upstream_failed")
    states = installation.states(question.dag_id, question.run_id)
    assert found == "awaiting_input", sorted(name for name, state in states.items() if state == "failed")
    return question


@pytest.fixture(scope="module")
def birch(installation: Installation) -> Question:
    return asked(installation, "birch")


@pytest.fixture(scope="module")
def maple(installation: Installation) -> Question:
    return asked(installation, "maple")


def test_nothing_of_the_run_waits_for_the_answer(birch: Question) -> None:
    birch.installation.wait_for_state(birch.dag_id, birch.run_id, "watch", "success", "failed")
    states = birch.installation.states(birch.dag_id, birch.run_id)
    assert {name: states[name] for name in ("decide", "dispatch", "reconcile", "report", "watch")} == dict.fromkeys(
        ("decide", "dispatch", "reconcile", "report", "watch"), "success"
    )
    assert (states[TASK], birch.installation.state(birch.dag_id, birch.run_id)) == ("awaiting_input", "running")
    ended = "SELECT ended_real_at IS NOT NULL FROM ledger.run WHERE shop_id = 'birch' AND cadence = 'monthly'"
    assert birch.installation.rows(ended) == [(True,)]


def test_the_question_tells_figures_and_no_address(birch: Question) -> None:
    status, told = birch.installation.call("marketer", "GET", f"{birch.task}/-1/hitlDetails")
    assert status == 200
    waiting = birch.messages()["waiting"]
    assert told["subject"] == f"{CAMPAIGN}: {waiting} messages for 青禾小铺"
    assert f"**Would get a message**: {waiting} people" in told["body"]
    assert "SMS parts at 0.045 CNY" in told["body"]
    assert "+86" not in told["body"]
    assert "@" not in told["body"]


@pytest.mark.parametrize(("user", "status"), [(NOBODY, 401), ("ops", 403)])
def test_who_is_no_marketer_cannot_answer(birch: Question, user: str, status: int) -> None:
    assert birch.answer(user, YES)[0] == status
    assert birch.press(user, "approve")[0] == status
    assert birch.state() == "awaiting_input"


def test_the_marketer_answers_for_no_other_dag(birch: Question) -> None:
    for cadence in ("intraday", "daily"):
        path = f"/api/v2/dags/touchpoints_{cadence}__birch/dagRuns/x/taskInstances/{TASK}/-1/hitlDetails"
        assert birch.installation.call("marketer", "PATCH", path, YES)[0] == 403


def test_the_marketer_can_do_nothing_else_with_the_monthly_dag_but_pause_it(birch: Question) -> None:
    call, dag = birch.installation.call, f"/api/v2/dags/{birch.dag_id}"
    assert call("marketer", "PATCH", birch.task, {"new_state": "success"})[0] == 403
    assert call("marketer", "POST", f"{dag}/dagRuns", {"logical_date": None})[0] == 403
    assert birch.clear("marketer", TASK) == 403
    assert call("marketer", "PATCH", run_path(birch.dag_id, birch.run_id), {"state": "success"})[0] == 403
    assert call("marketer", "DELETE", dag)[0] == 403
    assert call("marketer", "POST", "/api/v2/backfills", {"dag_id": birch.dag_id, "from_date": "2026-11-01T00:00:00Z",
                "to_date": "2026-11-01T00:00:00Z"})[0] == 403  # fmt: skip
    # Airflow ties this to the right to answer: accepted, and in docs/operate.md.
    assert call("marketer", "PATCH", dag, {"is_paused": True})[0] == 200
    assert call("marketer", "PATCH", dag, {"is_paused": False})[0] == 200
    assert call("marketer", "PATCH", "/api/v2/dags/touchpoints_intraday__birch", {"is_paused": True})[0] == 403


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Content-Type": "text/plain"}]
)
def test_a_form_from_elsewhere_answers_nothing(birch: Question, headers: dict[str, str]) -> None:
    assert birch.press("marketer", "approve", **headers)[0] in (403, 415)
    assert birch.state() == "awaiting_input"


def test_a_form_that_shows_another_question_or_no_choice_answers_nothing(birch: Question) -> None:
    stale = {"question": "00000000-0000-0000-0000-000000000000"}
    status, page = birch.press("marketer", "approve", fields=stale)
    assert (status, "is not what is asked now" in page) == (409, True)
    assert birch.press("marketer", "perhaps")[0] == 409
    assert birch.state() == "awaiting_input"


def test_a_question_that_can_still_be_answered_is_offered_on_after_a_look(birch: Question) -> None:
    questions = birch.asked()
    birch.look_now()
    birch.installation.wait("the question to be put aside again", lambda: birch.is_put_aside(2))
    assert birch.state() == "awaiting_input"
    assert birch.is_offered()
    assert (birch.asked(), birch.answers()) == (questions, set())


@pytest.mark.parametrize("user", ["ops", "engineer"])
def test_marked_successful_it_approves_nothing_and_cleared_it_asks_anew(birch: Question, user: str) -> None:
    before = birch.messages()
    assert birch.installation.call(user, "PATCH", birch.task, {"new_state": "success"})[0] == 200
    assert birch.wait_for("success") == "success"
    status, page = birch.press_late("marketer", "approve")
    assert (status, "does not wait for an answer any more" in page) == (409, True)
    # Airflow notes it, and does nothing about it.
    birch.answer("marketer", YES)
    assert birch.dispatch() == before
    assert birch.answers() == set()
    questions = len(birch.asked())
    assert birch.clear(user, TASK) == 200
    birch.wait_for("awaiting_input")
    assert len(birch.asked()) == questions + 1


def test_asked_anew_after_a_change_it_takes_no_answer_to_what_airflow_still_shows(birch: Question) -> None:
    before = birch.messages()
    details = f"{birch.task}/-1/hitlDetails"
    shown = birch.installation.call("marketer", "GET", details)[1]
    path = birch.installation.config / "campaigns" / f"{CAMPAIGN}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("priority: 500", "priority: 499"), encoding="utf-8")
    assert birch.clear("ops", TASK) == 200
    birch.wait_for("awaiting_input")
    again = birch.installation.call("marketer", "GET", details)[1]
    assert again["body"] == shown["body"]  # Airflow keeps the text of the first question
    given = {"note": "", "covers": again["params"]["covers"]["value"]}
    for parks, params in ((2, given), (3, {})):
        assert birch.answer("marketer", {"chosen_options": ["Approve"], "params_input": params})[0] == 200
        birch.installation.wait("the question to be open again", lambda parks=parks: birch.is_put_aside(parks))
        assert birch.state() == "awaiting_input"
        assert not birch.installation.call("marketer", "GET", details)[1]["response_received"]
    assert (birch.answers(), birch.messages()) == (set(), before)


def test_the_page_shows_it_all_and_its_form_answers_in_the_marketers_name(birch: Question) -> None:
    status, page = birch.installation.call("marketer", "GET", birch.page)
    assert status == 200
    for told in ("Waits for an answer", "held out", "SMS parts at 0.045 CNY", "As the buyer sees it", ">Approve<"):
        assert told in page, told
    assert "Your log-in may look" in birch.installation.call("ops", "GET", birch.page)[1]
    waiting = birch.messages()["waiting"]
    assert birch.press_late("marketer", "approve")[0] == 303
    assert birch.press("marketer", "approve")[0] == 409
    assert birch.answer("marketer", NO)[0] == 409
    birch.wait_for("success")
    assert birch.answers() == {("approved", "marketer", "from the page")}
    sent = birch.dispatch()
    assert sent["accepted"] > 0
    assert sum(sent.values()) == waiting
    assert "waiting" not in sent
    assert "by marketer on" in birch.installation.call("marketer", "GET", birch.page)[1]


def test_a_question_the_business_clock_has_passed_is_withdrawn_and_not_asked_anew(maple: Question) -> None:
    """As after a first cycle: asked while the clock stands in the past, long before its time in the real clock's."""
    assert maple.is_offered()
    waiting, questions = maple.messages(), maple.asked()
    first = maple.installation.rows("SELECT min(expires_at) FROM ledger.approval_batch WHERE shop_id = 'maple'")[0][0]
    maple.installation.stop_clock(first)
    maple.look_now()
    assert maple.wait_for("success", "failed") == "success"
    assert not maple.is_offered()
    assert maple.clear("ops", TASK) == 200
    assert maple.wait_for("skipped", "awaiting_input") == "skipped"
    assert (maple.asked(), maple.answers(), maple.messages()) == (questions, set(), waiting)
    maple.installation.stop_clock(maple.installation.at)
    assert maple.clear("ops", TASK) == 200
    assert maple.wait_for("skipped", "awaiting_input") == "awaiting_input"


def test_rejected_it_is_cancelled_and_cleared_it_has_nothing_left_to_ask(maple: Question) -> None:
    waiting = maple.messages()["waiting"]
    assert maple.answer("marketer", NO)[0] == 200
    maple.wait_for("success")
    assert maple.answers() == {("rejected", "marketer", "as agreed")}
    assert maple.messages() == {"cancelled: not_this_month": waiting}
    for tasks in ((TASK,), ("decide", TASK)):
        assert maple.clear("ops", *tasks) == 200
        assert maple.wait_for("skipped", "awaiting_input") == "skipped"
    assert maple.answer("marketer", YES)[0] in (404, 409)
    assert maple.dispatch() == {"cancelled: not_this_month": waiting}


def test_a_shop_added_later_asks_its_marketer_and_without_an_answer_in_time_nothing_goes(
    installation: Installation, maple: Question
) -> None:
    first = installation.rows("SELECT min(expires_at) FROM ledger.approval_batch WHERE shop_id = 'maple'")[0][0]
    installation.add_shop("added")
    dags = [f"touchpoints_{cadence}__added" for cadence in ("monthly", "intraday")]
    for dag_id in dags:
        installation.wait(dag_id, lambda dag_id=dag_id: is_there(installation, dag_id))
        installation.call("engineer", "PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})
    never = f"{run_path(dags[0], 'x')}/taskInstances/{TASK}/-1/hitlDetails"
    # Airflow keeps rights in mind for half a minute; then there is no such run, which only one who may answer is told.
    installation.wait("the marketer's right", lambda: installation.call("marketer", "PATCH", never, YES)[0] == 404)
    # The same orders as the other shop's: this long before the first of them closes.
    installation.stop_clock(first - timedelta(seconds=25))
    question = asked(installation, "added")
    waiting = question.messages()["waiting"]
    installation.stop_clock(first)
    assert question.wait_for("success", "failed") == "success"
    assert question.answers() == set()
    assert question.answer("marketer", YES)[0] == 409
    installation.move_on(first)
    assert question.dispatch() == {"expired: not_approved": waiting}


def is_there(installation: Installation, dag_id: str) -> bool:
    return installation.call("engineer", "GET", f"/api/v2/dags/{dag_id}")[0] == 200


def test_guard_the_business_clock_is_the_tests(installation: Installation) -> None:
    assert isinstance(installation.at, datetime)
    assert installation.rows("SELECT count(*) FROM ledger.business_clock WHERE realm = 'live'") == [(1,)]
