"""What failed in a run, why, what that means for the shop, and what to do: for its report and for the mail about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from touchpoint.db import Transaction
from touchpoint.reports.words import ENTITY_WORDS

_INDEX = re.compile(r"_\d+$")
SENT_ON = "Messages that were decided before go on as planned."
AGAIN = "if that mended it the next run does it by itself; to have it now, clear the task in Airflow"
UNTOLD = "it was ended from outside, or ran out of time"


@dataclass(frozen=True)
class Stage:
    """A part of a run: what it does, in words that go before "failed", and what it means that it did not."""

    does: str
    means: str


STAGES = {
    "begin": Stage("Starting the run", f"Nothing is lost: it read and decided nothing, the next run does. {SENT_ON}"),
    "extract": Stage(
        "Reading", f"Nothing is lost: the next run reads on from the same place. Nothing new was decided. {SENT_ON}"
    ),
    "rescan": Stage("Looking again at recent orders", "Nothing is lost: the next nightly run looks at the same days."),
    "validate": Stage(
        "Judging what was read",
        f"Nothing is lost: what landed waits, and the next run judges it again. Nothing new was decided. {SENT_ON}",
    ),
    "load": Stage(
        "Loading", f"Nothing is lost: what landed waits, and the next run loads it. Nothing new was decided. {SENT_ON}"
    ),
    "refresh": Stage(
        "Bringing the customer record up to date",
        f"Nothing is lost: the next run does it. Nothing new was decided. {SENT_ON}",
    ),
    "choose": Stage("Choosing the campaigns that are due", f"Nothing was decided; the next run chooses. {SENT_ON}"),
    "plan": Stage(
        "Asking who is due", "Nothing is lost: nobody of this campaign was decided about, the next run asks again."
    ),
    "decide": Stage("Deciding", f"Nothing is lost: nothing was decided, and the next run decides afresh. {SENT_ON}"),
    "dispatch": Stage("Sending", "Nothing is lost and nothing goes twice: what has not gone waits for the next run."),
    "reconcile": Stage(
        "Checking what went out", "Nothing is lost: open questions to the providers are asked by the next run."
    ),
    "report": Stage("Ending the run", "Everything before it stands as it was done."),
    "learn": Stage("Learning from the shop's data", "What was learned before goes on in force."),
    "upkeep": Stage("Tidying up", "Nothing is lost: the next daily run does it."),
    "approve": Stage("Asking a marketer", "Nothing is lost: its messages wait, and go only once they are approved."),
    "config_check": Stage("Reading the campaign files", "The file named is left out; the other campaigns run."),
}
BEFORE_GATE = frozenset({"begin", "extract", "rescan", "validate"})
BEFORE_DECIDING = BEFORE_GATE | {"load", "refresh", "choose", "plan", "decide"}
_OTHER = Stage("A task", "Its log says more.")


@dataclass(frozen=True)
class TaskFailure:
    """A task of a run whose latest try failed.

    Attributes:
        task_id: as Airflow names it; a mapped one with its index.
        subject: the entity it read, the shard it sent, or the campaign.
        cause, remedy: clauses; a remedy may be missing.
    """

    task_id: str
    subject: str | None
    cause: str
    remedy: str

    @property
    def stage(self) -> str:
        """The kind of task, without campaign and index."""
        return stage_of(self.task_id)

    @property
    def does(self) -> str:
        """What failed: "Reading orders", "Asking who is due: unpaid_reminder"."""
        return name_of(self.task_id, self.subject)

    @property
    def means(self) -> str:
        """What it means for the shop."""
        return STAGES.get(self.stage, _OTHER).means

    @property
    def is_before_gate(self) -> bool:
        """Whether it kept the run from judging what it read."""
        return self.stage in BEFORE_GATE

    @property
    def is_before_deciding(self) -> bool:
        """Whether it kept the run from deciding."""
        return self.stage in BEFORE_DECIDING

    @property
    def todo(self) -> str:
        """What a person does now."""
        return f"{_sentence(self.remedy or 'look at the log of the task')}; {AGAIN}."

    @property
    def because(self) -> str:
        """The cause as a sentence."""
        return f"{_sentence(self.cause)}."


def failures_of(tx: Transaction, dag_id: str, run_id: str) -> list[TaskFailure]:
    """What failed in a run and did not succeed since, in the order it happened."""
    return [TaskFailure(**row) for row in tx.many("reports/task_failures", dag_id=dag_id, run_id=run_id)]


def sent_meanwhile(tx: Transaction, run_no: int) -> int:
    """Messages of the shop that went out while a run ran, whichever run had decided them."""
    return int(tx.one("reports/sent_meanwhile", run_no=run_no)["messages"])


def stage_of(task_id: str) -> str:
    """Extract for extract_1, plan for unpaid_reminder.plan, approve for approve_monthly_promotion."""
    if task_id.startswith("approve_"):
        return "approve"
    return _INDEX.sub("", task_id.rpartition(".")[2])


def name_of(task_id: str, subject: str | None) -> str:
    """What a task does, in words, with what it is about."""
    stage = stage_of(task_id)
    does = STAGES[stage].does if stage in STAGES else task_id
    campaign = task_id.removeprefix("approve_") if stage == "approve" else task_id.rpartition(".")[0]
    if stage == "extract" and subject:
        return f"{does} {ENTITY_WORDS.get(subject, subject)}"
    return f"{does}: {campaign}" if campaign else does


def _sentence(clause: str) -> str:
    return (clause[:1].upper() + clause[1:]).rstrip(". ")
