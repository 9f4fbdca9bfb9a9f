"""What the approval page holds: whom a run would write to, why not to others, cost, words, history; no route here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.campaigns.version import approval_versions
from touchpoint.clock import real_now
from touchpoint.db import Database, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.model import Rejection
from touchpoint.orchestration.web.going import going
from touchpoint.orchestration.web.pages import (
    Face,
    approval_address,
    business_time,
    face_of,
    make_page,
    notice,
    run_address,
)
from touchpoint.render.messages import Renderer
from touchpoint.reports import approval as figures
from touchpoint.reports import charts, run
from touchpoint.reports.cost import cost_in_words
from touchpoint.reports.samples import Sample, samples
from touchpoint.settings import load_policy

PLACE = "approval"
ANSWERS = ("approve", "reject")
SETTLES = timedelta(seconds=10)
"""Airflow may fail a task that is answered before its scheduler has noted that it was put aside, and then asks once
more: half a second as a rule, five were seen on a busy machine."""


@dataclass(frozen=True)
class Shown:
    """One campaign of the run: where its approval stands, what was asked, what would go."""

    state: figures.State
    questions: list[figures.Question]
    funnel: run.Funnel
    wordings: list[figures.Wording]
    samples: list[Sample]
    going: list[str] = field(default_factory=list)
    """When what waits goes, a sentence a channel."""

    @property
    def latest(self) -> figures.Question | None:
        """The question asked last."""
        return self.questions[0] if self.questions else None

    @property
    def answered(self) -> figures.Question | None:
        """The latest answer to what is there now."""
        return next((asked for asked in self.questions if asked.answer and asked.covers_now), None)

    @property
    def is_open(self) -> bool:
        """Whether there is a question that an answer would still count for."""
        return self.state.word == "open" and self.latest is not None and self.latest.answer is None


def approval_page(
    database: Database,
    config: Path,
    dag_id: str,
    run_id: str,
    *,
    may_answer: bool,
    answered: str = "",
    problem: TouchpointError | None = None,
) -> str:
    """The page of a run.

    Args:
        database: the ledger.
        config: shop and campaign files.
        dag_id: the run's.
        run_id: the run's.
        may_answer: whether Airflow lets the user answer.
        answered: the campaign the user has just answered for; the ledger follows in a few seconds.
        problem: why an answer was not taken.
    """
    campaigns = load_campaigns(config).by_id
    with database.transaction() as tx:
        run.snapshot(tx)
        run_no = run.find_run(tx, dag_id, run_id)
        if run_no is None:
            return notice("Nothing to approve", "Touchpoint knows nothing of this run.")
        found = run.figures(tx, run_no)
        face = face_of(found.head.shop_id, config)
        at = business_time(tx, found.head)
        shown = _shown(tx, found, face, campaigns, config)
    if not shown:
        return notice("Nothing to approve", "Nothing that this run decided asks for an approval.")
    return make_page(
        "approval.html",
        title=f"{face.name}: approval",
        face=face,
        head=found.head,
        shown=shown,
        described={},
        descriptions={campaign_id: campaign.description for campaign_id, campaign in campaigns.items()},
        pictures={one.funnel.campaign_id: charts.funnel_svg(one.funnel) for one in shown},
        samples={one.funnel.campaign_id: one.samples for one in shown},
        cost_in_words=cost_in_words,
        is_late=lambda state: state.expires_at <= at,
        may_answer=may_answer,
        pending=[one.state.campaign_id for one in shown if one.state.campaign_id == answered and one.is_open],
        renew=_renew(shown, answered),
        problem=problem,
        note_length=figures.NOTE_LENGTH,
        action=approval_address(dag_id, run_id),
        report=run_address(dag_id, run_id),
    )


def demand_open(database: Database, config: Path, dag_id: str, run_id: str, form: dict[str, str]) -> tuple[str, str]:
    """The campaign a form answers for and the code of its question, if that is still the one that is open.

    Raises:
        TouchpointError: no such answer, or the question is not open any more, or was asked this very moment.
    """
    if form.get("answer") not in ANSWERS:
        raise TouchpointError("nothing was chosen", place=PLACE, remedy="approve or reject")
    if form["answer"] == "reject" and form.get("rejection") not in {kind.value for kind in Rejection}:
        raise TouchpointError(
            "you did not say what you mean by rejecting",
            place=PLACE,
            remedy="choose: back for changes, or not this month",
        )
    campaigns = load_campaigns(config).by_id
    with database.transaction() as tx:
        run_no = run.find_run(tx, dag_id, run_id)
        asked = [] if run_no is None else _asked(tx, run.figures(tx, run_no).head, campaigns)
    for state, questions in asked:
        if state.word == "open" and questions and str(questions[0].question) == form.get("question"):
            if real_now() - questions[0].asked_real_at < SETTLES:
                raise TouchpointError(
                    "it was asked this very moment", place=PLACE, remedy="answer again in ten seconds"
                )
            return state.campaign_id, questions[0].code
    raise TouchpointError(
        "what this page showed is not what is asked now", place=PLACE, remedy="look at the figures anew, then answer"
    )


def _asked(
    tx: Transaction, head: run.RunHead, campaigns: dict[str, Campaign]
) -> list[tuple[figures.State, list[figures.Question]]]:
    states = figures.states(
        tx,
        realm=head.realm,
        shop_id=head.shop_id,
        run_nos=[head.run_no],
        versions=approval_versions(campaigns.values()),
        at=business_time(tx, head),
    )
    return [(state, figures.questions(tx, head.run_no, state.campaign_id, state.code)) for state in states]


def _shown(
    tx: Transaction, found: run.RunFigures, face: Face, campaigns: dict[str, Campaign], config: Path
) -> list[Shown]:
    shop = face.shop
    at = business_time(tx, found.head)
    funnels = {funnel.campaign_id: funnel for funnel in found.funnels}
    texts: list[Sample] = []
    if shop is not None:
        texts = samples(tx, run_no=found.head.run_no, shop=shop, campaigns=campaigns, renderer=Renderer(), at=at)
    asked = _asked(tx, found.head, campaigns)
    kinds = {state.campaign_id: figures.kinds(tx, found.head.run_no, state.campaign_id) for state, _ in asked}
    return [
        Shown(
            state=state,
            questions=questions,
            funnel=funnels[state.campaign_id],
            wordings=figures.wordings(kinds[state.campaign_id]),
            going=_going(state, kinds[state.campaign_id], face, campaigns, config, at),
            samples=[text for text in texts if text.campaign_id == state.campaign_id],
        )
        for state, questions in asked
    ]


def _going(
    state: figures.State,
    kinds: list[figures.Kind],
    face: Face,
    campaigns: dict[str, Campaign],
    config: Path,
    at: datetime,
) -> list[str]:
    campaign = campaigns.get(state.campaign_id)
    if face.shop is None or campaign is None or state.word != "approved":
        return []
    policy = load_policy(config)
    return going(kinds, campaign=campaign, shop=face.shop, policy=policy, at=at, instant=face.instant)


def _renew(shown: list[Shown], answered: str) -> int:
    """Seconds after which the page looks anew: soon after an answer, now and then while approved ones wait, else never.

    Never while a question is open: somebody may be writing a note to it.
    """
    if any(one.is_open and one.state.campaign_id != answered for one in shown):
        return 0
    if any(one.is_open for one in shown):
        return 3
    return 30 if any(one.state.word == "approved" and one.state.waiting for one in shown) else 0
