"""What becomes of each candidate of a run, as a pure function of what is known.

The first reason that holds, in this order: repeated (decided before), expired, suppressed, outranked, capped, held_out;
else enqueued. Outranked is judged over all candidates that could be reached, before caps and holdout: whoever loses to
a campaign gets nothing in this run, also where the winner is capped or held out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from touchpoint.campaigns.spec import Step
from touchpoint.decide.arbitration import arbitrate, kept_wins
from touchpoint.decide.caps import full_cap
from touchpoint.decide.chance import draw_of, holdout_percent, is_held_out
from touchpoint.decide.delivery import Slot, Way, choose_locale, choose_way, find_slot, within_offer
from touchpoint.decide.known import AddressKey, Known, TouchKey, touch_key
from touchpoint.decide.verdicts import Contender, Setting, Verdict
from touchpoint.model import Candidate, Decision, Purpose


def decide_all(candidates: Iterable[Candidate], known: Known, setting: Setting) -> list[Verdict]:
    """A verdict for every candidate, and one for each step that follows one enqueued or held out.

    `known.load` is counted up with what is enqueued and held out.
    """
    in_order = sorted(candidates, key=lambda candidate: tuple(map(str, touch_key(candidate))))
    verdicts: list[Verdict] = []
    contenders: list[Contender] = []
    holders: dict[AddressKey, UUID] = known.taken
    seen: set[TouchKey] = set()
    for candidate in in_order:
        if touch_key(candidate) in seen:  # two customers when the audience was asked, one person now
            verdicts.append(Verdict(candidate, Decision.REPEATED))
            continue
        seen.add(touch_key(candidate))
        judged = judge(candidate, known, setting, holders)
        if isinstance(judged, Contender):
            contenders.append(judged)
        else:
            verdicts.append(judged)
    winners, losers = arbitrate(contenders, kept_wins(in_order, known, setting))
    verdicts += losers
    for contender in winners:
        verdict = admit(contender, known, setting)
        verdicts.append(verdict)
        if verdict.has_won:
            verdicts += follow(verdict, known, setting, holders)
    return verdicts


def judge(candidate: Candidate, known: Known, setting: Setting, holders: dict[AddressKey, UUID]) -> Verdict | Contender:
    """Repeated, expired or suppressed, or else a contender, which then holds its address."""
    campaign = setting.campaigns[candidate.campaign_id]
    if is_repeated(candidate, known):
        return Verdict(candidate, Decision.REPEATED)
    way, slot = _reach(candidate, campaign.step(candidate.step), max(candidate.not_before, setting.at), known, setting)
    contender = Contender(candidate, campaign, way, slot)
    if slot.missed:
        return contender.becomes(Decision.EXPIRED, slot.missed)
    reason = candidate.exclude_reason or way.obstacle
    if reason is None and not campaign.has_words_for(candidate.stage, candidate.variant):
        reason = "no_words"
    if reason is None and not _holds_address(candidate, way, holders):
        reason = "same_address"
    return contender if reason is None else contender.becomes(Decision.SUPPRESSED, reason)


def is_repeated(candidate: Candidate, known: Known) -> bool:
    """Whether its touch is final in this round, or another touch of this step speaks of one of its orders already."""
    key = touch_key(candidate)
    before = known.touches.get(key)
    if before is not None and before.is_final:
        return True
    owners = (known.covered.get((candidate.campaign_id, candidate.step, covered)) for covered in candidate.covers)
    return any(owner is not None and owner != key for owner in owners)


def admit(contender: Contender, known: Known, setting: Setting) -> Verdict:
    """Capped, held out or enqueued; the latter two are counted as messages of their planned day."""
    candidate, campaign = contender.candidate, contender.campaign
    cap = full_cap(known.load, candidate.identity, contender.slot.planned_on, campaign, setting.policy)
    if cap is not None:
        return contender.becomes(Decision.CAPPED, cap)
    known.load.add(candidate.identity, contender.slot.planned_on, campaign.purpose, campaign.id)
    stored = known.draws.get((campaign.id, candidate.identity))
    draw = draw_of(campaign.holdout.salt, candidate.identity) if stored is None else stored
    percent = holdout_percent(campaign, setting.policy)
    decision = Decision.HELD_OUT if is_held_out(draw, percent) else Decision.ENQUEUED
    verdict = _worded(contender, decision, known, setting)
    return replace(verdict, draw=draw, percent=percent, is_first_draw=stored is None)


def follow(first: Verdict, known: Known, setting: Setting, holders: dict[AddressKey, UUID]) -> list[Verdict]:
    """The steps enqueued together with one before them, each so long after it and on its own planned day.

    Who is held out of the first is held out of them, which count on their days as the messages of others do. One that
    would come too late, finds its day full or its address taken ends there, with the reason, and so do those after it:
    the audience does not return it again.
    """
    campaign = setting.campaigns[first.candidate.campaign_id]
    names = [step.id for step in campaign.steps]
    followed: list[Verdict] = []
    before = first
    for step in campaign.steps[names.index(first.candidate.step) + 1 :]:
        candidate = replace(first.candidate, step=step.id)
        if step.after is None or before.slot is None or is_repeated(candidate, known):
            break
        way, slot = _reach(candidate, step, before.slot.not_before + step.after, known, setting)
        verdict = _admit_follower(Contender(candidate, campaign, way, slot), first.decision, known, setting, holders)
        before = replace(verdict, is_counted=False, draw=first.draw, percent=first.percent)
        followed.append(before)
        if not before.has_won:
            break
    return followed


def _admit_follower(
    contender: Contender, arm: Decision, known: Known, setting: Setting, holders: dict[AddressKey, UUID]
) -> Verdict:
    candidate, campaign, way, slot = contender.candidate, contender.campaign, contender.way, contender.slot
    if slot.missed:
        return contender.becomes(Decision.EXPIRED, slot.missed)
    if way.obstacle or not _holds_address(candidate, way, holders):
        return contender.becomes(Decision.SUPPRESSED, way.obstacle or "same_address")
    cap = full_cap(known.load, candidate.identity, slot.planned_on, campaign, setting.policy)
    if cap is not None:
        return contender.becomes(Decision.CAPPED, cap)
    known.load.add(candidate.identity, slot.planned_on, campaign.purpose, campaign.id)
    return _worded(contender, arm, known, setting)


def _reach(candidate: Candidate, step: Step, earliest: datetime, known: Known, setting: Setting) -> tuple[Way, Slot]:
    campaign = setting.campaigns[candidate.campaign_id]
    purpose = campaign.purpose
    way = choose_way(candidate, step, purpose, known, setting.shop)
    begin, end = within_offer(campaign, step, setting.shop, earliest, candidate.not_after)
    slot = find_slot(
        earliest=begin,
        not_after=end,
        step=step,
        channel=way.channel,
        purpose=purpose,
        policy=setting.policy,
        shop=setting.shop,
        blackouts=setting.shop.blackouts_of(campaign.id) if purpose == Purpose.PROMOTIONAL else (),
    )
    if slot.missed == "not_after" and end < candidate.not_after:
        slot = replace(slot, missed="offer_over")
    return way, slot


def _holds_address(candidate: Candidate, way: Way, holders: dict[AddressKey, UUID]) -> bool:
    """Whether the candidate is the one at its address who may get this, and from now on holds it."""
    if way.address is None:
        return True
    key = (candidate.campaign_id, candidate.step, candidate.occasion, way.address.address_hash)
    return holders.setdefault(key, candidate.identity) == candidate.identity


def _worded(contender: Contender, decision: Decision, known: Known, setting: Setting) -> Verdict:
    candidate, campaign = contender.candidate, contender.campaign
    written = setting.written.get(campaign.id, ())
    step = campaign.step(candidate.step)
    locale = choose_locale(candidate, campaign, step, contender.way, known, setting.shop, written)
    variant = campaign.variant_of(candidate.stage, candidate.variant)
    return replace(contender.becomes(decision), locale=locale, variant=variant)
