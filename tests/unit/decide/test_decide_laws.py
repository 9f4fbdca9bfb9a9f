"""Laws of deciding over random plans and histories: several campaigns want one person, run after run.

An oracle of its own counts messages by brute force; policy's counting is never asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import AS_OF, identity_of, make_campaign, make_policy, make_shop

from touchpoint.campaigns.spec import Campaign
from touchpoint.decide.counts import count_verdicts, require_sum
from touchpoint.decide.known import Address, Known, Load, Touch, TouchKey, touch_key
from touchpoint.decide.policy import decide_all
from touchpoint.decide.verdicts import Setting, Verdict
from touchpoint.model import FINAL_DECISIONS, Candidate, Channel, Decision, Purpose
from touchpoint.settings import Offer

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), 7
DAG = "touchpoints_daily__lab"
T, P = Purpose.TRANSACTIONAL, Purpose.PROMOTIONAL
SHOP = make_shop(
    sms={"provider": "aliyun_sms", "connection": "c", "signature": "Lab", "templates": {}},
    email={"provider": "smtp", "connection": "c", "sender": "a@lab.invalid", "sender_name": "Lab"},
)
POLICY = make_policy(
    caps={"transactional": {"per_day": 2, "per_week": 4}, "promotional": {"per_day": 1, "per_week": 3}}
)
OPENS, CLOSES = "2026-03-12", "2026-03-20"


def promotion(name: str, **changed: object) -> Campaign:
    given = {"id": name, "purpose": "promotional", "cadence": "daily", "variants": {}, "limits": {}, "valid_while": []}
    return make_campaign(**{**given, **changed})


def waking() -> Campaign:
    """A teaser, an offer after it, and a last word."""
    steps = [
        {"id": "touch_1", "channel": ["sms", "email"], "template": "touch_1"},
        {"id": "touch_2", "channel": ["sms"], "template": "touch_2", "after": "48h", "not_before": "10:00"},
        {"id": "touch_3", "channel": ["sms"], "template": "touch_3", "after": "1h"},
    ]
    audience = {"statement": "dormant", "parameters": {"offer": "treat", "offer_step": "touch_2"}}
    holdout = {"percent": 30.0, "salt": "w"}
    made = promotion("waking", steps=steps, audience=audience, limits={"per_week": 2}, priority=200, holdout=holdout)
    terms = {"lab": {"quota": 5, "from": OPENS, "until": CLOSES}}
    return made.with_offer(Offer.model_validate({"id": "treat", "text": {"zh-CN": "x"}, "shops": terms}))


CAMPAIGNS = (
    make_campaign(priority=5, variants={}, limits={"per_day": 1}, holdout={"percent": 20.0, "salt": "a"}),
    make_campaign(id="parcel", priority=900, variants={}, limits={}, holdout={"percent": 0.0, "salt": "b"}),
    promotion("monthly", priority=800, limits={"per_week": 1}, holdout={"percent": 40.0, "salt": "c"}),
    waking(),
)
BY_ID = {campaign.id: campaign for campaign in CAMPAIGNS}
PEOPLE = "bcd"


def purpose_of(verdict: Verdict) -> Purpose:
    return BY_ID[verdict.candidate.campaign_id].purpose


candidates = st.lists(
    st.builds(
        lambda campaign, occasion, who, begin, length, excluded: Candidate(
            campaign_id=campaign,
            step=BY_ID[campaign].steps[0].id,
            occasion=occasion,
            identity=identity_of(who),
            customer_id=who,
            not_before=AS_OF + begin * HOUR,
            not_after=AS_OF + (begin + length) * HOUR,
            exclude_reason=excluded,
            stage="new",
        ),
        st.sampled_from(sorted(BY_ID)),
        st.sampled_from("AB"),
        st.sampled_from(PEOPLE),
        st.integers(-30, 100),
        st.sampled_from([2, 20, 100, 300]),
        st.sampled_from([None, None, None, None, "open_order"]),
    ),
    max_size=14,
    unique_by=touch_key,
)
# Mostly one person's, close together: caps of a week are seldom near otherwise.
histories = st.lists(st.tuples(st.sampled_from("bbbcd"), st.integers(-7, 8), st.sampled_from(CAMPAIGNS)), max_size=10)
reaches = st.fixed_dictionaries(
    {who: st.sampled_from(["own", "own", "shared", "none", "no_consent"]) for who in PEOPLE}
)
Sent = Counter[tuple[UUID, date, Purpose, str]]


@dataclass
class Ledger:
    """What a database would remember between runs."""

    reach: dict[str, str]
    sent: Sent
    touches: dict[TouchKey, Touch] = field(default_factory=dict)
    draws: dict[tuple[str, UUID], float] = field(default_factory=dict)

    @classmethod
    def after(cls, reach: dict[str, str], history: Iterable[tuple[str, int, Campaign]]) -> Ledger:
        days = ((identity_of(who), AS_OF.date() + day * DAY, of.purpose, of.id) for who, day, of in history)
        return cls(reach, Counter(days))

    def known(self) -> Known:
        load = Load()
        for (identity, day, purpose, campaign), count in self.sent.items():
            load.add(identity, day, purpose, campaign, count)
        points = {}
        for who, how in self.reach.items():
            if how != "none":
                consent = {P: how != "no_consent"}
                points[who] = {Channel.SMS: Address("phone", "shared" if how == "shared" else who, consent)}
        return Known(points, touches=dict(self.touches), load=load, draws=dict(self.draws))

    def run(self, asked: Sequence[Candidate], as_of: datetime) -> list[Verdict]:
        setting = Setting(SHOP, POLICY, BY_ID, as_of, as_of, DAG, dict.fromkeys(BY_ID, ("zh-CN",)))
        return decide_all(asked, self.known(), setting)

    def keep(self, verdicts: Iterable[Verdict], as_of: datetime) -> None:
        for verdict in verdicts:
            key, slot = touch_key(verdict.candidate), verdict.slot
            if verdict.is_first_draw and verdict.draw is not None:
                self.draws[verdict.candidate.campaign_id, verdict.candidate.identity] = verdict.draw
            if verdict.decision == Decision.REPEATED:
                continue
            day = slot.planned_on if slot and verdict.has_won else None
            self.touches[key] = Touch(verdict.decision, verdict.reason, as_of, DAG, day, verdict.address_hash)
            if verdict.has_won and slot:
                place = (
                    verdict.candidate.identity,
                    slot.planned_on,
                    purpose_of(verdict),
                    verdict.candidate.campaign_id,
                )
                self.sent[place] += 1


def brute(sent: Sent, identity: UUID, days: Iterable[date], purpose: Purpose | None, campaign: str | None) -> int:
    wanted = set(days)
    return sum(
        count
        for (who, day, of, by), count in sent.items()
        if who == identity and day in wanted and purpose in (None, of) and campaign in (None, by)
    )


def assert_no_cap_is_broken(before: Sent, verdicts: Iterable[Verdict]) -> None:
    """Message by message, in the order they were admitted: at its own admission none broke a cap of a day or a week."""
    sent = before.copy()
    for verdict in verdicts:
        if not verdict.has_won:
            continue
        assert verdict.slot is not None
        campaign, day = BY_ID[verdict.candidate.campaign_id], verdict.slot.planned_on
        identity, purpose = verdict.candidate.identity, campaign.purpose
        sent[identity, day, purpose, campaign.id] += 1
        own = T if purpose == T else None  # promotional caps count everything
        caps, limits = POLICY.caps[purpose.value], campaign.limits
        weeks = [[day + (start + ahead) * DAY for ahead in range(WEEK)] for start in range(1 - WEEK, 1)]
        assert brute(sent, identity, [day], own, None) <= caps.per_day
        for week in weeks:
            assert caps.per_week is None or brute(sent, identity, week, own, None) <= caps.per_week
            assert limits.per_week is None or brute(sent, identity, week, None, campaign.id) <= limits.per_week
        assert limits.per_day is None or brute(sent, identity, [day], None, campaign.id) <= limits.per_day


def assert_accounted_for(asked: Sequence[Candidate], verdicts: Sequence[Verdict]) -> None:
    counted = [verdict for verdict in verdicts if verdict.is_counted]
    assert sorted(str(v.candidate) for v in counted) == sorted(map(str, asked))
    require_sum(asked, count_verdicts(BY_ID, verdicts))
    keys = [touch_key(verdict.candidate) for verdict in verdicts]
    assert len(keys) == len(set(keys))  # a step that follows is told of once as well


def assert_one_wins_and_losers_get_nothing(verdicts: Sequence[Verdict]) -> None:
    firsts = [v for v in verdicts if v.is_counted and v.slot]
    reached = [v for v in firsts if v.decision in (Decision.ENQUEUED, Decision.HELD_OUT, Decision.CAPPED)]
    places = Counter((v.candidate.identity, v.slot.planned_on) for v in reached if v.slot)
    assert not places or max(places.values()) == 1
    winners = {(v.candidate.identity, v.slot.planned_on): v for v in reached if v.slot}
    for loser in (v for v in firsts if v.decision == Decision.OUTRANKED):
        assert loser.slot is not None
        winner = winners[loser.candidate.identity, loser.slot.planned_on]
        assert loser.reason == winner.candidate.campaign_id
        assert (purpose_of(winner) == T) or purpose_of(loser) == P
        mine = [v for v in verdicts if v.has_won and touch_key(v.candidate)[2:] == touch_key(loser.candidate)[2:]]
        assert loser.candidate.campaign_id not in {
            v.candidate.campaign_id for v in mine if v.slot and v.slot.planned_on == loser.slot.planned_on
        }


def assert_steps_follow(verdicts: Sequence[Verdict]) -> None:
    """Each on its own day, so long after the one before it, inside its window and its offer's."""
    at = {touch_key(v.candidate): v for v in verdicts}
    for verdict in verdicts:
        if verdict.is_counted:
            continue
        campaign = BY_ID[verdict.candidate.campaign_id]
        names = [step.id for step in campaign.steps]
        step = campaign.step(verdict.candidate.step)
        before = at[touch_key(replace(verdict.candidate, step=names[names.index(step.id) - 1]))]
        assert before.has_won
        assert verdict.decision == before.decision or not verdict.has_won
        assert before.slot is not None
        assert step.after is not None
        if verdict.has_won:
            assert verdict.slot is not None
            begins = verdict.slot.not_before.astimezone(SHOP.tz)
            assert verdict.slot.not_before >= before.slot.not_before + step.after
            assert verdict.slot.planned_on == begins.date()
            assert verdict.slot.not_before < verdict.slot.not_after <= verdict.candidate.not_after
            assert step.not_before is None or begins.time() >= step.not_before
            if campaign.offer_of(step.id):
                assert OPENS <= begins.date().isoformat() <= CLOSES
                ends = (verdict.slot.not_after - timedelta(microseconds=1)).astimezone(SHOP.tz)
                assert ends.date().isoformat() <= CLOSES


@settings(max_examples=150, deadline=None)
@given(
    asked=st.lists(st.tuples(st.integers(0, 4), candidates), min_size=1, max_size=3), reach=reaches, history=histories
)
def test_run_after_run(
    asked: list[tuple[int, list[Candidate]]], reach: dict[str, str], history: list[tuple[str, int, Campaign]]
) -> None:
    ledger, as_of = Ledger.after(reach, history), AS_OF
    for days, each in asked:
        as_of += days * DAY + timedelta(minutes=5)
        before = ledger.sent.copy()
        final = {key for key, touch in ledger.touches.items() if touch.decision in FINAL_DECISIONS}
        verdicts = ledger.run(each, as_of)
        assert_accounted_for(each, verdicts)
        assert_no_cap_is_broken(before, verdicts)
        assert_one_wins_and_losers_get_nothing(verdicts)
        assert_steps_follow(verdicts)
        for verdict in verdicts:  # what is final is never decided again
            assert (verdict.decision == Decision.REPEATED) == (touch_key(verdict.candidate) in final)
        ledger.keep(verdicts, as_of)
        again = ledger.run(each[::-1], as_of)
        assert [v for v in again if v.has_won] == []
        assert_accounted_for(each, again)


@settings(max_examples=150, deadline=None)
@given(asked=candidates, reach=reaches, history=histories)
def test_a_promotion_changes_nothing_for_a_notice(
    asked: list[Candidate], reach: dict[str, str], history: list[tuple[str, int, Campaign]]
) -> None:
    ledger = Ledger.after(reach, history)
    notices = [each for each in asked if BY_ID[each.campaign_id].purpose == T]
    alone = ledger.run(notices, AS_OF)
    among = [verdict for verdict in ledger.run(asked, AS_OF) if purpose_of(verdict) == T]
    assert sorted(map(str, alone)) == sorted(map(str, among))


@settings(max_examples=150, deadline=None)
@given(asked=candidates, reach=reaches, history=histories)
def test_who_is_held_out_is_as_silent_as_who_was_never_asked_to_be(
    asked: list[Candidate], reach: dict[str, str], history: list[tuple[str, int, Campaign]]
) -> None:
    """Turning a hold-out into a message changes nothing for anybody else, nor for that person's other campaigns."""
    ledger = Ledger.after(reach, history)
    held = Ledger(reach, ledger.sent.copy(), {}, {("waking", identity_of(who)): 0.0 for who in PEOPLE})
    sent = Ledger(reach, ledger.sent.copy(), {}, {("waking", identity_of(who)): 0.9 for who in PEOPLE})

    def winners(verdicts: list[Verdict]) -> set[TouchKey]:
        return {touch_key(v.candidate) for v in verdicts if v.has_won}

    quiet, loud = held.run(asked, AS_OF), sent.run(asked, AS_OF)
    assert winners(quiet) == winners(loud)
    assert {v.decision for v in quiet if v.candidate.campaign_id == "waking" and v.has_won} <= {Decision.HELD_OUT}


def test_the_oracle_finds_a_broken_cap() -> None:
    """The guard can fail: two promotions admitted to one person and day are found."""
    asked = [
        Candidate("monthly", "remind", name, identity_of("b"), "b", AS_OF, AS_OF + DAY, (), None, "new")
        for name in "AB"
    ]
    [first] = Ledger.after({"b": "own"}, []).run(asked[:1], AS_OF)
    [second] = Ledger.after({"b": "own"}, []).run(asked[1:], AS_OF)
    won = [replace(each, decision=Decision.ENQUEUED) for each in (first, second)]
    assert_no_cap_is_broken(Counter(), won[:1])
    try:
        assert_no_cap_is_broken(Counter(), won)
    except AssertionError:
        return
    raise AssertionError("the oracle saw nothing")
