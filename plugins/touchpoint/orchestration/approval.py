"""The task that asks a marketer: Airflow's own approval, with the question and the answer in the ledger.

The answer is kept by this very task when it is resumed, from what Airflow itself has on record of it. A task of its own
would have to take it from an XCom, which whoever may edit XComs could write. So marking it successful, or clearing it,
keeps nothing, and neither does an answer that nobody gave (`defaults`: no, when time is up).

While it waits it looks again every few minutes whether there is still something to answer: a question whose messages
have ended, or whose time the business clock has passed (which a first cycle stops, and lets go), is over, and leaves
*Required Actions* without an answer.

A task that is cleared asks anew, but Airflow goes on showing the text of its first question. What an answer is about
has a code, which the form hands back: one that names another code than is asked about now is not taken.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from airflow.providers.common.compat.sdk import conf
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput
from airflow.sdk.execution_time.hitl import upsert_hitl_detail

from touchpoint.model import Rejection
from touchpoint.orchestration import alerts
from touchpoint.orchestration.tasks import services

LONGEST = timedelta(days=31)
"""An occasion that asks for approval is a month at most. How long a question may really wait, its messages say."""
LOOKS_AGAIN = timedelta(minutes=10)
"""How long a question that is over may still be shown. While it looks, a few seconds, Airflow takes no answer."""
NOTE_LENGTH = 500
"""As in reports/approval.py, which no DAG file imports."""
REJECTION_WORDS = {
    Rejection.BACK_FOR_CHANGES.value: "Back for changes: ask me again",
    Rejection.NOT_THIS_MONTH.value: "Not this month: nothing of it is sent",
}
log = logging.getLogger(__name__)


class AskMarketer(ApprovalOperator):  # type: ignore[misc]
    """Asks about a campaign's messages of this run, waits without holding a worker, and keeps the answer.

    Skipped where there is nothing to ask: see `touchpoint.pipeline.approving.ask`.
    """

    def __init__(self, *, campaign_id: str, **options: Any) -> None:
        # In place of the DAG's parameters, which Airflow has put there: the form asks for a note alone.
        options["params"] = _form("")
        options.setdefault("on_failure_callback", tell_failed)
        super().__init__(subject=f"{campaign_id}: approve?", defaults=self.REJECT, response_timeout=LONGEST, **options)
        self.campaign_id = campaign_id

    def execute(self, context: Any) -> None:
        """Note the question in the ledger, and park until it is answered or its time is up."""
        from touchpoint.pipeline import approving

        dag_run = context["dag_run"]
        with services() as opened:
            asked = approving.ask(opened, dag_run.dag_id, dag_run.run_id, self.campaign_id)
            alerts.tell(opened, dag_run.dag_id, dag_run.run_id, [], [self.task_id])
        if isinstance(asked, str):
            raise AirflowSkipException(asked)
        self.subject = asked.subject
        self.body = f"{asked.body}\n\n[Texts, reasons and figures]({_page(dag_run.dag_id, dag_run.run_id)})"
        # The answer belongs to this question: what comes between cannot put another in its place.
        question = {
            "question": asked.question,
            "run_no": asked.run_no,
            "code": asked.code,
            "is_restated": asked.is_restated,
        }
        self._park(context, question, asked.patience)

    def execute_complete(self, context: Any, event: dict[str, Any], **question: Any) -> str:
        """Keep what was answered, by whom and when; wait on where nobody has, until it is too late to."""
        from touchpoint.pipeline import approving

        who = (event.get("responded_by_user") or {}).get("name")
        if not who or event.get("timedout") or "error" in event:
            return self._wait_on(context, question)
        chosen, given = event["chosen_options"], event.get("params_input") or {}
        if not approving.is_about(given.get("covers"), question["code"], is_restated=question["is_restated"]):
            log.warning("the answer was to other figures than are asked about now: the question stays open")
            return self._wait_on(context, question)
        answered_at = event["responded_at"]
        rejection = _rejection(given)
        with services() as opened:
            kept = approving.answer(
                opened,
                question["run_no"],
                question["question"],
                is_yes=chosen == [self.APPROVE],
                who=str(who),
                answered_at=answered_at if isinstance(answered_at, datetime) else datetime.fromisoformat(answered_at),
                note=str(given.get("note") or "")[:NOTE_LENGTH],
                rejection=rejection,
            )
        if not kept["occasions"]:
            log.warning("the answer came too late: the messages expire")
            return "too late"
        log.info("answered: %s; %s messages cancelled", chosen, kept["cancelled"])
        return "approved" if chosen == [self.APPROVE] else f"rejected: {rejection}"

    def _wait_on(self, context: Any, question: dict[str, Any]) -> str:
        from touchpoint.pipeline import approving

        try:
            with services() as opened:
                left = approving.time_left(opened, question["run_no"], self.campaign_id)
        except Exception:
            # A ledger that does not answer just now is no reason to take a question back.
            log.exception("could not look whether the question is over: it stays open")
            left = LOOKS_AGAIN
        if left is not None:
            self._park(context, question, left)
        log.info("the question is over, and nobody has answered it")
        return "not answered"

    def _park(self, context: Any, question: dict[str, Any], left: timedelta) -> None:
        upsert_hitl_detail(
            ti_id=context["task_instance"].id,
            options=self.options,
            subject=self.subject,
            body=self.body,
            defaults=self.defaults,
            multiple=False,
            params={name: param.serialize() for name, param in _form(question["code"]).items()},
        )
        raise TaskAwaitingInput(
            method_name="execute_complete", kwargs=question, timeout=max(min(left, LOOKS_AGAIN), timedelta(seconds=1))
        )


def tell_failed(context: Any) -> None:
    """Mail about a question that could not be asked, or an answer that could not be kept: `watch` has long ended."""
    dag_run = context["dag_run"]
    with services() as opened:
        alerts.tell(opened, dag_run.dag_id, dag_run.run_id, [context["ti"].task_id], [])


def task_id_of(campaign_id: str) -> str:
    """The task that asks about a campaign."""
    return f"approve_{campaign_id}"


def _form(code: str) -> dict[str, Param]:
    return {
        "note": Param("", type=["null", "string"], maxLength=NOTE_LENGTH, title="Note", description="Kept with it."),
        "rejection": Param(
            Rejection.BACK_FOR_CHANGES.value,
            type="string",
            enum=[kind.value for kind in Rejection],
            values_display=REJECTION_WORDS,
            title="If you reject",
            description="Back for changes: asked about anew. Not this month: these people hear nothing of it.",
        ),
        "covers": Param(code, type="string", enum=[code], title="Covers", description="What it is about."),
    }


def _rejection(given: dict[str, Any]) -> Rejection:
    """Which no it is; of one that does not say, or says what we do not know, the one by which nothing is lost."""
    said = given.get("rejection")
    return Rejection(said) if said in {kind.value for kind in Rejection} else Rejection.BACK_FOR_CHANGES


def _page(dag_id: str, run_id: str) -> str:
    base = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{base}/touchpoint/approval?{urlencode({'dag_id': dag_id, 'run_id': run_id})}"
