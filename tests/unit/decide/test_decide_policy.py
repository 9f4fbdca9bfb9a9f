"""Policy over candidates in memory: reasons and their order, arbitration, caps, chance, following steps, laws."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import AS_OF, identity_of, make_campaign, make_policy, make_shop

from touchpoint.campaigns.spec import Campaign
from touchpoint.decide.caps import full_cap
from touchpoint.decide.chance import draw_of, holdout_percent, is_held_out
from touchpoint.decide.known import Address, Known, Load, Touch, touch_key
from touchpoint.decide.policy import decide_all
from touchpoint.decide.verdicts import Setting, Verdict
from touchpoint.model import Candidate, Channel, Decision, Purpose
from touchpoint.settings import Policy, Shop

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = date(2026, 3, 10)
DAG = "touchpoints_intraday__lab"


def sending_shop(**changed: Any) -> Shop:
    """A shop with both channels; SMS templates registered in both locales."""
    texts = [f"unpaid_reminder/{locale}/remind.{v}" for locale in ("zh-CN", "en") for v in ("new", "loyal")]
    codes = {text: f"SMS_{number}" for number, text in enumerate(texts)}
    sms = {"provider": "aliyun_sms", "connection": "c", "signature": "Lab", "templates": codes}
    email = {"provider": "smtp", "connection": "c", "sender": "a@lab.invalid", "sender_name": "Lab"}
    return make_shop(**{"sms": sms, "email": email, **changed})


def promotion(**changed: Any) -> Campaign:
    return make_campaign(**{"id": "promotion", "purpose": "promotional", "variants": {}, **changed})


def candidate(occasion: str = "A", who: str = "b", **changed: Any) -> Candidate:
    given: dict[str, Any] = {
        "campaign_id": "unpaid_reminder",
        "step": "remind",
        "occasion": occasion,
        "identity": identity_of(who),
        "customer_id": who,
        "not_before": AS_OF - HOUR,
        "not_after": AS_OF + 20 * HOUR,
        "covers": (occasion,),
        "stage": "new",
        **changed,
    }
    return Candidate(**given)


def phone(name: str, **changed: Any) -> dict[Channel, Address]:
    return {Channel.SMS: Address("phone", f"hash-of-{name}", **changed)}


def email(name: str, **changed: Any) -> dict[Channel, Address]:
    return {Channel.EMAIL: Address("email", f"mail-of-{name}", **changed)}


def known(*names: str, **changed: Any) -> Known:
    """Everybody named has a phone of their own, and has consented to everything."""
    consent = {Purpose.PROMOTIONAL: True}
    return Known(**{"addresses": {name: phone(name, consent=consent) for name in names or ("b",)}, **changed})


def setting(*campaigns: Campaign, **changed: Any) -> Setting:
    by_id = {campaign.id: campaign for campaign in campaigns or (make_campaign(),)}
    given: dict[str, Any] = {
        "shop": sending_shop(),
        "policy": make_policy(),
        "campaigns": by_id,
        "at": AS_OF,
        "as_of": AS_OF,
        "dag_id": DAG,
        "written": dict.fromkeys(by_id, ("zh-CN", "en")),
        **changed,
    }
    return Setting(**given)


def said(verdicts: list[Verdict]) -> list[tuple[str, str, str | None]]:
    return sorted((v.candidate.occasion, v.decision.value, v.reason) for v in verdicts)


def one(verdicts: list[Verdict]) -> tuple[str, str | None]:
    assert len(verdicts) == 1
    return verdicts[0].decision.value, verdicts[0].reason


NIGHT = datetime.fromisoformat("2026-03-10T23:00:00+08:00")


@pytest.mark.parametrize(
    ("changed", "facts", "expected"),
    [
        ({}, known(), ("enqueued", None)),
        ({"not_after": AS_OF}, known(), ("expired", "not_after")),  # half-open: its last minute has passed
        ({"not_before": NIGHT, "not_after": NIGHT + 9 * HOUR}, known(), ("expired", "quiet_hours")),  # 08:00 exactly
        ({"not_before": NIGHT, "not_after": NIGHT + 9.1 * HOUR}, known(), ("enqueued", None)),
        ({"exclude_reason": "presale"}, known(), ("suppressed", "presale")),
        ({"exclude_reason": "presale", "not_after": AS_OF}, known(), ("expired", "not_after")),  # expired comes first
        ({"exclude_reason": "presale"}, Known(), ("suppressed", "presale")),  # the campaign's reason before the address
        ({}, Known(), ("suppressed", "no_address")),
        ({}, Known({"b": phone("b", consent={Purpose.TRANSACTIONAL: False})}), ("suppressed", "no_consent")),
        ({}, Known({"b": phone("b", is_suppressed=True)}), ("suppressed", "suppressed")),
        ({"stage": "dormant"}, known(), ("suppressed", "no_words")),
    ],
)
def test_the_first_reason_that_holds(changed: dict[str, Any], facts: Known, expected: tuple[str, str | None]) -> None:
    assert one(decide_all([candidate(**changed)], facts, setting())) == expected


def test_transactional_consent_follows_from_the_order_and_promotional_does_not() -> None:
    facts = Known({"b": phone("b")})
    both = [candidate("A"), candidate("B", campaign_id="promotion", stage=None)]
    verdicts = decide_all(both, facts, setting(make_campaign(), promotion()))
    assert said(verdicts) == [("A", "enqueued", None), ("B", "suppressed", "no_consent")]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ({**phone("b"), **email("b")}, ("sms", "hash-of-b")),  # SMS first
        (email("b"), ("email", "mail-of-b")),  # e-mail where there is no phone
        ({**phone("b", is_suppressed=True), **email("b")}, ("email", "mail-of-b")),  # or none that may be written to
    ],
)
def test_the_first_channel_with_a_usable_address_is_taken(
    points: dict[Channel, Address], expected: tuple[str, str]
) -> None:
    [verdict] = decide_all([candidate()], Known({"b": points}), setting())
    assert verdict.way is not None
    assert (verdict.way.channel.value, verdict.address_hash) == expected


def test_a_channel_the_shop_has_not_set_up_is_no_way() -> None:
    facts = Known({"b": {**phone("b"), **email("b")}})
    [verdict] = decide_all([candidate()], facts, setting(shop=sending_shop(sms=None)))
    assert verdict.way is not None
    assert verdict.way.channel == Channel.EMAIL
    assert one(decide_all([candidate()], facts, setting(shop=make_shop()))) == ("suppressed", "no_channel")


@pytest.mark.parametrize(
    ("wished", "expected"), [("en", "en"), ("en-GB", "en"), ("fr", "zh-CN"), (None, "zh-CN"), ("zh-CN", "zh-CN")]
)
def test_the_customers_locale_is_used_where_there_are_words_in_it(wished: str | None, expected: str) -> None:
    facts = known(locales={"b": wished} if wished else {})
    [verdict] = decide_all([candidate()], facts, setting())
    assert (verdict.locale, verdict.variant) == (expected, "new")


def test_an_sms_without_a_registered_template_in_the_customers_locale_goes_in_the_shops() -> None:
    sms = {"provider": "aliyun_sms", "connection": "c", "signature": "Lab", "templates": {}}
    [verdict] = decide_all([candidate()], known(locales={"b": "en"}), setting(shop=sending_shop(sms=sms)))
    assert verdict.locale == "zh-CN"


def test_a_message_of_the_night_is_planned_for_the_morning_of_the_next_day() -> None:
    [verdict] = decide_all([candidate(not_after=NIGHT + DAY)], known(), setting(at=NIGHT))
    assert verdict.slot is not None
    assert (verdict.slot.not_before, verdict.slot.planned_on) == (NIGHT + 9 * HOUR, date(2026, 3, 11))


@pytest.mark.parametrize(
    ("now", "first_minute"),
    [
        ("2026-03-28T23:30:00+01:00", "2026-03-29T06:00:00+00:00"),  # the clock goes forward in this night
        ("2026-10-24T23:30:00+02:00", "2026-10-25T07:00:00+00:00"),  # and back in this one
    ],
)
def test_quiet_hours_end_by_the_wall_clock_on_days_when_it_changes(now: str, first_minute: str) -> None:
    at = datetime.fromisoformat(now)
    asked = candidate(not_before=at, not_after=at + DAY)
    [verdict] = decide_all([asked], known(), setting(at=at, shop=sending_shop(zone="Europe/Berlin")))
    assert verdict.slot is not None
    assert verdict.slot.not_before == datetime.fromisoformat(first_minute)


def test_a_second_customer_at_the_same_address_is_suppressed() -> None:
    same = phone("family")
    month = [candidate("2026-03", who, covers=()) for who in ("b", "c")]
    verdicts = decide_all(month, Known({"b": same, "c": same}), setting())
    assert sorted(one([verdict]) for verdict in verdicts) == [("enqueued", None), ("suppressed", "same_address")]


@pytest.mark.parametrize("decision", [Decision.ENQUEUED, Decision.HELD_OUT])
def test_an_address_taken_before_is_taken_by_one_held_out_too(decision: Decision) -> None:
    first, second = candidate("2026-03", "b", covers=()), candidate("2026-03", "c", covers=())
    taken = Touch(decision, None, AS_OF - DAY, DAG, TODAY, "hash-of-family")
    facts = Known({"c": phone("family")}, touches={touch_key(first): taken})
    assert one(decide_all([second], facts, setting())) == ("suppressed", "same_address")


def test_one_address_may_hear_about_two_occasions() -> None:
    same = phone("family")
    verdicts = decide_all([candidate("A", "b"), candidate("B", "c")], Known({"b": same, "c": same}), setting())
    assert said(verdicts) == [("A", "enqueued", None), ("B", "enqueued", None)]


# Arbitration

MIXED = setting(make_campaign(priority=1), promotion(priority=900), promotion(id="another", priority=901))


def test_transactional_never_loses_to_promotional_whatever_the_priority() -> None:
    asked = [candidate("A"), candidate("B", campaign_id="promotion", stage=None)]
    verdicts = decide_all(asked, known(), MIXED)
    assert said(verdicts) == [("A", "enqueued", None), ("B", "outranked", "unpaid_reminder")]


def test_of_two_promotions_the_greater_priority_wins() -> None:
    asked = [candidate(name, campaign_id=name, stage=None) for name in ("promotion", "another")]
    held_out_nobody = setting(
        *(
            promotion(id=n, priority=p, holdout={"percent": 0.0, "salt": "s"})
            for n, p in (("promotion", 1), ("another", 2))
        )
    )
    assert said(decide_all(asked, known(), held_out_nobody)) == [
        ("another", "enqueued", None),
        ("promotion", "outranked", "another"),
    ]


def test_candidates_of_other_days_do_not_meet() -> None:
    asked = [candidate("A"), candidate("B", not_before=AS_OF + DAY, not_after=AS_OF + 2 * DAY)]
    assert said(decide_all(asked, known(), setting())) == [("A", "enqueued", None), ("B", "enqueued", None)]


def test_a_touch_of_this_run_keeps_its_win_and_one_of_an_earlier_run_stands_outside() -> None:
    other = make_campaign(id="other", priority=900)
    new = candidate("B", campaign_id="other")
    asked, both = [candidate("A"), new], setting(make_campaign(), other)
    kept = Touch(Decision.ENQUEUED, None, AS_OF, DAG, TODAY)
    for touch, expected in (
        (kept, ("B", "outranked", "unpaid_reminder")),
        (replace(kept, decision=Decision.HELD_OUT), ("B", "outranked", "unpaid_reminder")),
        (replace(kept, as_of=AS_OF - HOUR), ("B", "enqueued", None)),
        (replace(kept, dag_id="touchpoints_daily__lab"), ("B", "enqueued", None)),
        (replace(kept, decision=Decision.EXPIRED), ("B", "enqueued", None)),
    ):
        verdicts = decide_all(asked, known(touches={touch_key(asked[0]): touch}), both)
        assert said(verdicts) == [("A", "repeated", None), expected]


def test_a_promotion_that_kept_its_win_does_not_stop_a_transactional_one() -> None:
    asked = [candidate("A"), candidate("B", campaign_id="promotion", stage=None)]
    kept = Touch(Decision.ENQUEUED, None, AS_OF, DAG, TODAY)
    verdicts = decide_all(asked, known(touches={touch_key(asked[1]): kept}), MIXED)
    assert said(verdicts) == [("A", "enqueued", None), ("B", "repeated", None)]


@pytest.mark.parametrize("decision", [Decision.SUPPRESSED, Decision.CAPPED, Decision.OUTRANKED])
def test_what_is_not_final_is_decided_afresh(decision: Decision) -> None:
    before = Touch(decision, "reason", AS_OF - HOUR, DAG)
    facts = known(touches={touch_key(candidate()): before})
    assert one(decide_all([candidate()], facts, setting())) == ("enqueued", None)


def test_a_candidate_whose_order_another_touch_speaks_of_is_repeated() -> None:
    asked = candidate("B", covers=("A", "B"))
    facts = known(covered={("unpaid_reminder", "remind", "A"): touch_key(candidate("A"))})
    assert one(decide_all([asked], facts, setting())) == ("repeated", None)


# Caps


def loaded(*messages: tuple[date, Purpose, str]) -> Load:
    load = Load()
    for day, purpose, campaign in messages:
        load.add(identity_of("b"), day, purpose, campaign)
    return load


T, P = Purpose.TRANSACTIONAL, Purpose.PROMOTIONAL
WEEK_AGO = TODAY - 7 * DAY


@pytest.mark.parametrize(
    ("campaign", "messages", "expected"),
    [
        (make_campaign(limits={}), [], None),
        (make_campaign(limits={}), [(TODAY, T, "x")], None),
        (make_campaign(limits={}), [(TODAY, T, "x"), (TODAY, T, "y")], "per_day"),
        (make_campaign(limits={}), [(TODAY, P, "x"), (TODAY, P, "y")], None),  # promotions do not count here
        (promotion(limits={}), [(TODAY, T, "x")], "per_day"),  # but transactional ones count in promotional caps
        (promotion(limits={}), [(TODAY - DAY * n, T, "x") for n in (1, 2, 3)], "per_week"),
        (promotion(limits={}), [(TODAY - DAY * n, P, "x") for n in (1, 3, 6)], "per_week"),
        (promotion(limits={}), [(TODAY - DAY * n, P, "x") for n in (1, 3)] + [(WEEK_AGO, P, "x")], None),  # half-open
        (promotion(limits={}), [(TODAY + DAY * n, P, "x") for n in (1, 2, 6)], "per_week"),  # planned ahead
        (make_campaign(), [(TODAY, T, "unpaid_reminder")], "campaign_per_day"),
        (make_campaign(), [(TODAY - DAY, T, "unpaid_reminder")], None),
        (make_campaign(limits={"per_week": 1}), [(TODAY - DAY, T, "unpaid_reminder")], "campaign_per_week"),
    ],
)
def test_caps(campaign: Campaign, messages: list[tuple[date, Purpose, str]], expected: str | None) -> None:
    assert full_cap(loaded(*messages), identity_of("b"), TODAY, campaign, make_policy()) == expected


def test_a_cap_of_nothing_lets_nothing_go_and_no_cap_lets_everything_go() -> None:
    caps = {"transactional": {"per_day": 0}, "promotional": {"per_day": 1}}
    assert full_cap(Load(), identity_of("b"), TODAY, make_campaign(), make_policy(caps=caps)) == "per_day"
    caps = {"transactional": {"per_day": 99}, "promotional": {"per_day": 1}}
    many = loaded(*[(TODAY - DAY, T, "x")] * 50)
    assert full_cap(many, identity_of("b"), TODAY, make_campaign(), make_policy(caps=caps)) is None


def test_one_text_a_buyer_a_day() -> None:
    facts = known(load=loaded((TODAY, T, "unpaid_reminder")))
    assert one(decide_all([candidate()], facts, setting())) == ("capped", "campaign_per_day")


def test_outranked_speaks_before_capped() -> None:
    asked = [candidate("A"), candidate("B", campaign_id="promotion", stage=None)]
    facts = known(load=loaded((TODAY, T, "x"), (TODAY, T, "y")))
    assert said(decide_all(asked, facts, MIXED)) == [("A", "capped", "per_day"), ("B", "outranked", "unpaid_reminder")]


# Chance


def test_a_stored_draw_is_read_and_held_against_the_percent_of_today() -> None:
    for stored, percent, expected in (
        (0.3, 50.0, "held_out"),
        (0.3, 30.0, "enqueued"),
        (0.3, 30.1, "held_out"),
        (0.7, 50.0, "enqueued"),
    ):
        campaign = make_campaign(holdout={"percent": percent, "salt": "s"})
        facts = known(draws={("unpaid_reminder", identity_of("b")): stored})
        [verdict] = decide_all([candidate()], facts, setting(campaign))
        assert (verdict.decision.value, verdict.is_first_draw) == (expected, False)
        assert (verdict.draw, verdict.percent) == (stored, percent)


def test_one_held_out_counts_as_a_message_and_silences_what_lost_to_the_campaign() -> None:
    asked = [candidate("A"), candidate("B", campaign_id="promotion", stage=None), candidate("A2", "b")]
    facts = known(draws={("unpaid_reminder", identity_of("b")): 0.05})
    reminder = make_campaign(priority=1, holdout={"percent": 10.0, "salt": "s"})
    verdicts = decide_all(asked, facts, setting(reminder, promotion(priority=900)))
    assert said(verdicts) == [
        ("A", "held_out", None),
        ("A2", "outranked", "unpaid_reminder"),
        ("B", "outranked", "unpaid_reminder"),
    ]
    assert facts.load.by_day(identity_of("b")) == Counter({TODAY: 1})


def test_the_share_held_out_is_the_percentage_and_the_salt_makes_another_draw() -> None:
    people = [UUID(int=number) for number in range(20_000)]
    first = {person for person in people if is_held_out(draw_of("salt-1", person), 10)}
    second = {person for person in people if is_held_out(draw_of("salt-2", person), 10)}
    assert 1_850 < len(first) < 2_150
    assert 130 < len(first & second) < 280  # independent draws: 1 % are in both
    assert first <= {person for person in people if is_held_out(draw_of("salt-1", person), 20)}


@pytest.mark.parametrize(("percent", "expected"), [(0, 0), (50, None), (100, 1000)])
def test_none_and_all(percent: int, expected: int | None) -> None:
    held = sum(is_held_out(draw_of("s", UUID(int=number)), percent) for number in range(1000))
    assert held == expected if expected is not None else 400 < held < 600


def test_the_policys_share_holds_where_the_file_names_none() -> None:
    assert holdout_percent(promotion(holdout={"salt": "s"}), make_policy()) == 10.0
    assert holdout_percent(promotion(holdout={"salt": "s", "percent": 0.0}), make_policy()) == 0.0


# Steps that follow

TWO_STEPS = [
    {"id": "remind", "channel": ["sms"], "template": "remind"},
    {"id": "again", "channel": ["email", "sms"], "template": "again", "after": "24h"},
]
PATIENT = make_campaign(steps=TWO_STEPS, limits={"per_day": 1})


def test_a_following_step_is_enqueued_on_its_own_day_and_not_counted() -> None:
    facts = Known({"b": {**phone("b"), **email("b")}})
    first, second = decide_all([candidate(not_after=AS_OF + 9 * DAY)], facts, setting(PATIENT))
    assert first.slot is not None
    assert second.slot is not None
    assert second.way is not None
    assert (first.is_counted, second.is_counted, second.decision) == (True, False, Decision.ENQUEUED)
    assert (second.candidate.step, second.way.channel) == ("again", Channel.EMAIL)
    assert second.slot.not_before == first.slot.not_before + DAY
    assert facts.load.by_day(identity_of("b")) == Counter({TODAY: 1, TODAY + DAY: 1})


@pytest.mark.parametrize(
    ("changed", "facts", "expected"),
    [
        ({"not_after": AS_OF + DAY}, known(), (Decision.EXPIRED, "not_after")),
        ({}, known(load=loaded((TODAY + DAY, T, "unpaid_reminder"))), (Decision.CAPPED, "campaign_per_day")),
    ],
)
def test_a_following_step_ends_alone(changed: dict[str, Any], facts: Known, expected: tuple[Decision, str]) -> None:
    asked = candidate(**{"not_after": AS_OF + 9 * DAY, **changed})
    first, second = decide_all([asked], facts, setting(PATIENT))
    assert (first.decision, second.decision, second.reason) == (Decision.ENQUEUED, *expected)


def test_who_is_held_out_is_held_out_of_what_follows_on_the_days_others_hear() -> None:
    """Else a person held out had more room under the caps than one who hears two messages."""
    facts = known(draws={("unpaid_reminder", identity_of("b")): 0.05})
    held_out = make_campaign(steps=TWO_STEPS, limits={"per_day": 1}, holdout={"percent": 10.0, "salt": "s"})
    first, second = decide_all([candidate(not_after=AS_OF + 9 * DAY)], facts, setting(held_out))
    assert (first.decision, second.decision) == (Decision.HELD_OUT, Decision.HELD_OUT)
    assert (second.draw, second.percent, second.is_counted) == (0.05, 10.0, False)
    assert facts.load.by_day(identity_of("b")) == Counter({TODAY: 1, TODAY + DAY: 1})


# Laws

CAMPAIGNS = (
    make_campaign(priority=5, variants={}, limits={"per_day": 1}, holdout={"percent": 20.0, "salt": "a"}),
    make_campaign(id="parcel", priority=5, variants={}, limits={}, holdout={"percent": 0.0, "salt": "b"}),
    promotion(priority=900, limits={"per_week": 2}, holdout={"percent": 20.0, "salt": "c"}),
    promotion(id="another", priority=901, limits={}, holdout={"percent": 20.0, "salt": "d"}),
)
BY_ID = {campaign.id: campaign for campaign in CAMPAIGNS}
people = st.sampled_from(["b", "c", "d"])
candidates = st.lists(
    st.builds(
        lambda campaign, occasion, who, begin, length, excluded: candidate(
            occasion,
            who,
            campaign_id=campaign,
            not_before=AS_OF + begin * HOUR,
            not_after=AS_OF + (begin + length) * HOUR,
            exclude_reason=excluded,
            covers=(f"{campaign}-{occasion}-{who}",),
        ),
        st.sampled_from(sorted(BY_ID)),
        st.sampled_from("ABCD"),
        people,
        st.integers(-30, 60),
        st.integers(1, 40),
        st.sampled_from([None, None, None, "presale"]),
    ),
    max_size=25,
    unique_by=touch_key,
)
messages = st.lists(st.tuples(people, st.integers(-7, 4), st.sampled_from(CAMPAIGNS)), max_size=8)
addresses = st.fixed_dictionaries(
    {who: st.sampled_from(["own", "shared", "none", "stopped"]) for who in ("b", "c", "d")}
)


def world(reach: dict[str, str], sent: list[tuple[str, int, Campaign]]) -> Known:
    load = Load()
    for who, day, campaign in sent:
        load.add(identity_of(who), TODAY + day * DAY, campaign.purpose, campaign.id)
    consent = {Purpose.PROMOTIONAL: True}
    points = {
        who: phone("shared" if how == "shared" else who, consent=consent, is_suppressed=how == "stopped")
        for who, how in reach.items()
        if how != "none"
    }
    return Known(points, load=load)


def remembered(verdicts: list[Verdict]) -> dict[Any, Touch]:
    return {
        touch_key(v.candidate): Touch(
            v.decision, v.reason, AS_OF, DAG, v.slot.planned_on if v.slot else None, v.address_hash
        )
        for v in verdicts
    }


def most_in_a_week(days: Counter[date]) -> int:
    return max((sum(days[day + n * DAY] for n in range(7)) for day in days), default=0)


@settings(max_examples=100, deadline=None)
@given(asked=candidates, reach=addresses, sent=messages)
def test_laws_of_a_run(asked: list[Candidate], reach: dict[str, str], sent: list[tuple[str, int, Campaign]]) -> None:
    facts, policy = world(reach, sent), make_policy()
    before = {identity_of(who): world(reach, sent).load for who in reach}
    verdicts = decide_all(asked, facts, setting(*CAMPAIGNS))

    # every candidate is accounted for, once
    assert sorted(map(str, asked)) == sorted(str(verdict.candidate) for verdict in verdicts)

    # one winner per identity and planned day; a transactional one is never outranked by a promotional one
    places = Counter(
        (v.candidate.identity, v.slot.planned_on)
        for v in verdicts
        if v.slot and v.decision in (Decision.ENQUEUED, Decision.HELD_OUT, Decision.CAPPED)
    )
    assert not places or max(places.values()) == 1
    for verdict in verdicts:
        if verdict.decision == Decision.OUTRANKED and BY_ID[verdict.candidate.campaign_id].purpose == T:
            assert BY_ID[str(verdict.reason)].purpose == T

    # no cap is passed by what this run adds
    for identity, old in before.items():
        added = [v for v in verdicts if v.has_won and v.candidate.identity == identity]
        for purpose in (T, P):
            mine = [v for v in added if BY_ID[v.candidate.campaign_id].purpose == purpose]
            counted = facts.load.by_day(identity, purpose=T if purpose == T else None)
            cap = policy.caps[purpose.value]
            for verdict in mine:
                assert verdict.slot is not None
                assert counted[verdict.slot.planned_on] <= cap.per_day
        if not old.by_day(identity):
            assert cap_of_week(policy, T) >= most_in_a_week(facts.load.by_day(identity, purpose=T))

    # nothing goes outside its window or in quiet hours
    for verdict in verdicts:
        if verdict.decision == Decision.ENQUEUED:
            assert verdict.slot is not None
            local = verdict.slot.not_before.astimezone(sending_shop().tz)
            assert max(AS_OF, verdict.candidate.not_before) <= verdict.slot.not_before < verdict.candidate.not_after
            assert 8 <= local.hour < 22


def cap_of_week(policy: Policy, purpose: Purpose) -> int:
    return policy.caps[purpose.value].per_week or 10**9


@settings(max_examples=100, deadline=None)
@given(asked=candidates, reach=addresses, sent=messages, later=st.integers(0, 3))
def test_deciding_again_adds_nothing(
    asked: list[Candidate], reach: dict[str, str], sent: list[tuple[str, int, Campaign]], later: int
) -> None:
    facts = world(reach, sent)
    first = decide_all(asked, facts, setting(*CAMPAIGNS))
    draws = {(v.candidate.campaign_id, v.candidate.identity): v.draw for v in first if v.draw is not None}
    again = Known(facts.addresses, touches=remembered(first), load=facts.load, draws=draws)
    second = decide_all(list(reversed(asked)), again, setting(*CAMPAIGNS, at=AS_OF + later * timedelta(minutes=5)))
    assert [verdict for verdict in second if verdict.has_won] == []
    repeated = {touch_key(v.candidate) for v in second if v.decision == Decision.REPEATED}
    assert repeated == {
        touch_key(v.candidate) for v in first if v.decision in (Decision.ENQUEUED, Decision.HELD_OUT, Decision.EXPIRED)
    }


@settings(max_examples=100, deadline=None)
@given(asked=candidates, reach=addresses)
def test_the_order_candidates_come_in_changes_nothing(asked: list[Candidate], reach: dict[str, str]) -> None:
    forward = decide_all(asked, world(reach, []), setting(*CAMPAIGNS))
    backward = decide_all(asked[::-1], world(reach, []), setting(*CAMPAIGNS))
    assert sorted(map(str, forward)) == sorted(map(str, backward))


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    asked = candidate(not_before=(AS_OF - HOUR).astimezone(UTC))
    assert one(decide_all([asked], known(), setting())) == ("enqueued", None)
