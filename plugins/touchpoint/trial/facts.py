"""What a test message tells: the facts of a real candidate as of an instant, else sample values."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from touchpoint.campaigns.spec import Campaign, Step
from touchpoint.db import Json, Row, Transaction
from touchpoint.decide import audience as audiences
from touchpoint.model import Candidate, Channel, Run
from touchpoint.record import refresh as record
from touchpoint.record.derived import Derived
from touchpoint.render.samples import sample_facts
from touchpoint.services import Services, run_from_row
from touchpoint.settings import Shop, load_logistics, load_segments, load_tags
from touchpoint.trial.asked import LASTS, REALM, Asked


def facts(
    services: Services, shop: Shop, campaign: Campaign, step: Step, locale: str, asked: Asked
) -> tuple[Row, str | None, str]:
    """Facts to tell, the variant they go with, and where they come from."""
    with services.db.transaction() as tx, tx.undone():
        run = begin(tx, shop.realm, shop, campaign, asked.as_of)
        chosen = _choose(_candidates(tx, services, shop, campaign, run), campaign, asked.variant)
        found = _facts_of(tx, shop, campaign, step, run, chosen) if chosen else None
    if chosen and found:
        variant = asked.variant or campaign.variant_of(chosen.stage, chosen.variant)
        return found, variant, f"of {campaign.occasion} {chosen.occasion}"
    variant = asked.variant or campaign.template_variants[0]
    return sample_facts(campaign.occasion, shop, locale, asked.as_of), variant, "sample values"


def _candidates(tx: Transaction, services: Services, shop: Shop, campaign: Campaign, run: Run) -> list[Candidate]:
    segments = load_segments(services.config)
    relation = record.scratch(tx, shop_id=shop.id, as_of=run.as_of, run_no=run.run_no, segments=segments)
    found = audiences.ask(
        tx,
        run=run,
        shop=shop,
        campaign=campaign,
        relation=relation,
        segments=segments,
        derived=Derived(tx, shop, run.as_of, run.run_no, relation, segments, load_tags(services.config)),
        logistics=load_logistics(services.config).rules(shop),
    )
    return list(found.candidates)


def _choose(candidates: list[Candidate], campaign: Campaign, variant: str | None) -> Candidate | None:
    """The first that would get this variant; any with words will do where none is asked for."""
    for candidate in candidates:
        words = campaign.variant_of(candidate.stage, candidate.variant)
        fits = variant is None or words == variant
        if candidate.exclude_reason is None and fits and campaign.has_words_for(candidate.stage, candidate.variant):
            return candidate
    return None


def _facts_of(
    tx: Transaction, shop: Shop, campaign: Campaign, step: Step, run: Run, candidate: Candidate
) -> Row | None:
    """What the context statement says of a candidate, asked as for a message; the message is undone."""
    variant = campaign.variant_of(candidate.stage, candidate.variant)
    row = enqueue(
        tx, shop, campaign, step, run,
        occasion=candidate.occasion, identity=candidate.identity, customer_id=candidate.customer_id,
        address_kind="phone", address_hash="", channel=step.channel[0], variant=variant, locale=shop.locale,
    )  # fmt: skip
    covers = [
        {"campaign_id": campaign.id, "step": step.id, "covered_id": each, "touch_id": row["touch_id"]}
        for each in candidate.covers
    ]
    tx.count("decide/store_covers", realm=REALM, shop_id=shop.id, as_of=run.as_of, rows=Json(covers))
    told = tx.many(f"outbox/context/{campaign.occasion}", message_ids=[row["message_id"]], at=run.as_of)
    return told[0] if told else None


def begin(tx: Transaction, realm: str, shop: Shop, campaign: Campaign, at: datetime) -> Run:
    """A run of its own for each test."""
    return run_from_row(
        tx.one(
            "runs/begin",
            realm=realm,
            shop_id=shop.id,
            dag_id=f"test__{shop.id}",
            run_id=f"test__{uuid4().hex}",
            cadence=str(campaign.cadence),
            run_type="test",
            as_of=at,
            mode="send",
            is_at_head=False,
        )
    )


def enqueue(
    tx: Transaction, shop: Shop, campaign: Campaign, step: Step, run: Run, *, channel: Channel, **values: Any
) -> Row:
    """Put a test message into the outbox; its message_id and touch_id."""
    return tx.one(
        "outbox/trial/enqueue",
        shop_id=shop.id,
        campaign_id=campaign.id,
        step=step.id,
        purpose=campaign.purpose.value,
        channel=channel.value,
        template=step.template,
        at=run.as_of,
        not_after=run.as_of + LASTS,
        planned_on=run.as_of.astimezone(shop.tz).date(),
        run_no=run.run_no,
        dag_id=run.dag_id,
        **values,
    )
