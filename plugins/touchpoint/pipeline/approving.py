"""Asking a marketer about a campaign of a run, and keeping the answer. Who may answer is Airflow's to say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.campaigns.version import approval_versions
from touchpoint.db import Transaction
from touchpoint.model import Channel, Mode, Rejection, Run
from touchpoint.outbox import approval
from touchpoint.pipeline.runs import gate_state
from touchpoint.render.messages import Renderer
from touchpoint.reports import approval as figures
from touchpoint.reports import cost as costs
from touchpoint.reports import words
from touchpoint.reports.run import find_run, funnels
from touchpoint.services import LIVE, Services, no_run, run_from_row
from touchpoint.settings import Shop, load_shop

REASONS_TOLD = 6
OVER = "the time to answer is over: the messages expire"


@dataclass(frozen=True)
class Asked:
    """A question to put to a marketer.

    Attributes:
        question: its id in the ledger: the answer is kept under it.
        code: names to people what it is about.
        is_restated: something else was asked about before: who answers has to name the code.
        patience: how long an answer may take; then the messages expire.
        subject: one line.
        body: figures as markdown, without addresses and names.
    """

    question: str
    run_no: int
    code: str
    is_restated: bool
    patience: timedelta
    subject: str
    body: str


def ask(services: Services, dag_id: str, run_id: str, campaign_id: str) -> Asked | str:
    """Note a question about the messages of a campaign that a run has put into the outbox.

    Nothing is asked, and the reason is handed back, where the run recomputes, is a rehearsal's, did not pass its gate,
    or has nothing of the campaign waiting that nobody has answered for, or it is too late to answer.

    Raises:
        TouchpointError: no such run.
    """
    run = _stored_run(services, dag_id, run_id)
    if run.mode == Mode.RECOMPUTE:
        return "the run recomputes: it sends nothing"
    if run.realm != LIVE:
        return "a rehearsal asks nobody: its messages wait, and expire"
    if gate_state(services, run) != "passed":
        return "the gate of the run has not passed: nothing of it can go"
    shop = load_shop(run.shop_id, services.config)
    loaded = load_campaigns(services.config).by_id
    campaign = loaded.get(campaign_id)
    if campaign is None:
        return "the campaign's file does not load"
    at = services.clock_of(run).now()
    with services.timed(run.run_no, "ask"), services.db.transaction() as tx:
        told = _cost(tx, run, campaign, shop, at)
        asked = approval.ask(
            tx,
            realm=run.realm,
            shop_id=run.shop_id,
            run_no=run.run_no,
            campaign_id=campaign_id,
            at=at,
            versions=approval_versions([campaign]),
            figures=told.as_dict(),
        )
        if asked is None:
            state = _state(tx, run, campaign_id, loaded, at)
            is_late = state is not None and state.waiting and state.expires_at <= at
            return OVER if is_late else "nothing of the campaign waits for an answer"
        return Asked(
            question=str(asked.question),
            run_no=run.run_no,
            code=asked.code,
            is_restated=asked.is_restated,
            patience=asked.expires_at - at,
            subject=f"{campaign_id}: {words.number(told.sms + told.email)} messages for {shop.name}",
            body=_body(tx, run, campaign, shop, told, asked),
        )


def answer(
    services: Services,
    run_no: int,
    question: str,
    *,
    is_yes: bool,
    who: str,
    answered_at: datetime,
    note: str | None,
    rejection: Rejection = Rejection.BACK_FOR_CHANGES,
) -> dict[str, int]:
    """Keep a marketer's answer; a no cancels what waits. An answer that comes too late is not kept.

    Of the two kinds of no, one that does not say which is `back_for_changes`: nothing is lost by it.

    Called by the task that asked, with what Airflow has on record, and by nothing else.

    Returns:
        occasions: answered by it; cancelled: messages.
    """
    run = _numbered_run(services, run_no)
    loaded = load_campaigns(services.config).by_id
    with services.db.transaction() as tx:
        occasions, cancelled = approval.answer(
            tx,
            UUID(question),
            realm=run.realm,
            shop_id=run.shop_id,
            at=services.clock_of(run).now(),
            versions=approval_versions(loaded.values()),
            is_yes=is_yes,
            who=who,
            answered_at=answered_at,
            note=note or None,
            rejection=rejection,
        )
    return {"occasions": occasions, "cancelled": cancelled}


def time_left(services: Services, run_no: int, campaign_id: str) -> timedelta | None:
    """How long, in business time, a question about a campaign of a run can still be answered.

    None: it is over. Its time is up, or none of its messages waits any more, or they were answered for elsewhere.
    """
    run = _numbered_run(services, run_no)
    at = services.clock_of(run).now()
    with services.db.transaction() as tx:
        state = _state(tx, run, campaign_id, load_campaigns(services.config).by_id, at)
    return state.expires_at - at if state is not None and state.word == "open" else None


def is_about(covers: object, code: str, *, is_restated: bool) -> bool:
    """Whether an answer is to the question as it stands.

    One that names no code was given without the form; it is taken where only one thing was ever asked about.
    """
    return covers == code or (not covers and not is_restated)


def _stored_run(services: Services, dag_id: str, run_id: str) -> Run:
    """The run in the mode it was begun in: a question is about what it enqueued then."""
    with services.db.transaction() as tx:
        run_no = find_run(tx, dag_id, run_id)
    if run_no is None:
        raise no_run(run_no)
    return _numbered_run(services, run_no)


def _numbered_run(services: Services, run_no: int) -> Run:
    with services.db.transaction() as tx:
        row = tx.maybe("runs/read", run_no=run_no)
    if row is None:
        raise no_run(run_no)
    return run_from_row(row)


def _state(
    tx: Transaction, run: Run, campaign_id: str, campaigns: dict[str, Campaign], at: datetime
) -> figures.State | None:
    found = figures.states(
        tx,
        realm=run.realm,
        shop_id=run.shop_id,
        run_nos=[run.run_no],
        versions=approval_versions(campaigns.values()),
        at=at,
    )
    return next((state for state in found if state.campaign_id == campaign_id), None)


def _cost(tx: Transaction, run: Run, campaign: Campaign, shop: Shop, at: datetime) -> costs.Cost:
    renderer = Renderer(campaign_values={campaign.id: campaign.message_values()})
    waiting: Counter[Channel] = Counter()
    for kind in figures.kinds(tx, run.run_no, campaign.id):
        waiting[kind.channel] += kind.waiting
    return costs.cost(tx, run_no=run.run_no, campaign=campaign, shop=shop, renderer=renderer, at=at, waiting=waiting)


def _body(tx: Transaction, run: Run, campaign: Campaign, shop: Shop, told: costs.Cost, asked: approval.Question) -> str:
    funnel = next(found for found in funnels(tx, [run.run_no]) if found.campaign_id == campaign.id)
    reasons = ", ".join(
        f"{reason} {words.number(count)}" for reason, count in list(funnel.reasons.items())[:REASONS_TOLD]
    )
    texts = [
        f"- {wording.name}: {words.number(wording.messages)} "
        f"({', '.join(f'{channel} {words.number(count)}' for channel, count in sorted(wording.by_channel.items()))})"
        for wording in figures.wordings(figures.kinds(tx, run.run_no, campaign.id))
    ]
    lines = [
        campaign.description,
        "",
        f"- **Candidates**: {words.number(funnel.candidates)}",
        f"- **Would get a message**: {words.number(funnel.decisions['enqueued'])} people, "
        f"{words.number(told.sms + told.email)} messages",
        f"- **Held out**, to measure the effect: {words.number(funnel.decisions['held_out'])}",
        f"- **Others get nothing**: {reasons or 'there are none'}",
        f"- **Cost**: {costs.cost_in_words(told)}",
        f"- **Answer by**: {words.instant(asked.expires_at, shop.tz)}. Later, or without an answer, nothing is sent",
        f"- **Covers**: {asked.code}: these messages in these words, and nothing else",
        "",
        "In these words:",
        "",
        *texts,
    ]
    return "\n".join(lines)
