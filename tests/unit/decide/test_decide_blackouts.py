"""Blackouts: no promotion is planned into them, nothing else is held up, on days when the clock changes too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import AS_OF, make_campaign
from tests.unit.decide.test_decide_policy import candidate, known, promotion, sending_shop, setting

from touchpoint.decide.policy import decide_all
from touchpoint.decide.timing import Hours, first_legal, first_legal_outside
from touchpoint.decide.verdicts import Verdict
from touchpoint.errors import ConfigError
from touchpoint.model import Decision
from touchpoint.outbox.quiet import blacked_out_steps
from touchpoint.settings import QuietHours, Shop, load_shop

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SALE = {"from": "2026-03-10", "until": "2026-03-12", "reason": "spring sale"}


def shop(*blackouts: dict[str, Any], **changed: Any) -> Shop:
    return sending_shop(blackouts=list(blackouts), **changed)


def promoted(where: Shop, **changed: Any) -> Verdict:
    verdicts = decide_all([candidate(campaign_id="promotion", **changed)], known(), setting(promotion(), shop=where))
    assert len(verdicts) == 1
    return verdicts[0]


def planned(verdict: Verdict) -> datetime:
    assert verdict.slot is not None
    return verdict.slot.not_before


def test_a_promotion_moves_behind_the_last_day_which_belongs_to_the_blackout() -> None:
    verdict = promoted(shop(SALE), not_after=AS_OF + 9 * DAY)
    assert verdict.decision == Decision.ENQUEUED
    assert planned(verdict) == datetime.fromisoformat("2026-03-13T08:00:00+08:00")
    assert verdict.slot is not None
    assert verdict.slot.planned_on == date(2026, 3, 13)


def test_one_that_must_go_before_its_end_expires_with_the_reason() -> None:
    verdict = promoted(shop(SALE), not_after=AS_OF + 2 * DAY)
    assert (verdict.decision, verdict.reason) == (Decision.EXPIRED, "blackout")


def test_where_quiet_hours_alone_would_miss_it_they_are_the_reason() -> None:
    night = datetime.fromisoformat("2026-03-10T22:00:00+08:00")
    verdict = promoted(shop(SALE), not_before=night, not_after=night + HOUR)
    assert (verdict.decision, verdict.reason) == (Decision.EXPIRED, "quiet_hours")


def test_a_transactional_message_goes_on() -> None:
    verdict = decide_all([candidate()], known(), setting(make_campaign(), shop=shop(SALE)))[0]
    assert (verdict.decision, planned(verdict)) == (Decision.ENQUEUED, AS_OF)


def test_an_excepted_campaign_goes_on_unless_another_blackout_holds_it() -> None:
    own = {**SALE, "except": ["promotion"]}
    assert planned(promoted(shop(own))) == AS_OF
    both = shop(own, {"from": "2026-03-10", "until": "2026-03-10", "reason": "server move"})
    assert planned(promoted(both, not_after=AS_OF + 9 * DAY)) == datetime.fromisoformat("2026-03-11T08:00:00+08:00")


def test_the_day_before_and_the_day_after_are_free() -> None:
    for days in (-1, 3):
        at = AS_OF + days * DAY
        verdicts = decide_all(
            [candidate(campaign_id="promotion", not_before=at, not_after=at + 20 * HOUR)],
            known(),
            setting(promotion(), shop=shop(SALE), at=at),
        )
        assert planned(verdicts[0]) == at


def test_a_following_step_moves_too() -> None:
    steps = [
        {"id": "remind", "channel": ["sms"], "template": "remind"},
        {"id": "again", "channel": ["sms"], "template": "remind", "after": "24h"},
    ]
    late = {"from": "2026-03-11", "until": "2026-03-14", "reason": "sale"}
    verdicts = decide_all(
        [candidate(campaign_id="promotion", not_after=AS_OF + 20 * DAY)],
        known(),
        setting(promotion(steps=steps, limits={}), shop=shop(late)),
    )
    assert [planned(verdict) for verdict in verdicts] == [AS_OF, datetime.fromisoformat("2026-03-15T08:00:00+08:00")]


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends"),
    [
        ("Asia/Shanghai", "2026-11-11", "2026-11-10T16:00Z", "2026-11-11T16:00Z"),
        ("Europe/London", "2026-03-29", "2026-03-29T00:00Z", "2026-03-29T23:00Z"),  # 23 hours
        ("Europe/London", "2026-10-25", "2026-10-24T23:00Z", "2026-10-26T00:00Z"),  # 25 hours
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),  # midnight never came
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00Z", "2018-02-18T03:00Z"),  # 23 to 24 o'clock came twice
    ],
)
def test_a_day_is_the_shop_s_own(zone: str, day: str, begins: str, ends: str) -> None:
    where = shop({"from": day, "until": day, "reason": "sale"}, zone=zone)
    assert where.blackouts_of("promotion") == [(datetime.fromisoformat(begins), datetime.fromisoformat(ends))]
    campaigns = [promotion(), make_campaign()]
    second = timedelta(seconds=1)
    start, end = (datetime.fromisoformat(text) for text in (begins, ends))
    silent = [bool(blacked_out_steps(campaigns, where, at)) for at in (start - second, start, end - second, end)]
    assert silent == [False, True, True, False]
    assert blacked_out_steps(campaigns, where, start) == ["promotion/remind"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"until": "2026-03-09"}, "until is before from"),
        ({"from": "10.3.2026"}, 'write it quoted, as in "2026-11-11"'),
        ({"from": "2026-02-30"}, "day is out of range"),
        ({"reason": ""}, "at least 1 character"),
        ({"excepting": []}, "Extra inputs"),
    ],
)
def test_a_blackout_nobody_can_keep_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        shop({**SALE, **wrong})


def test_a_file_that_excepts_an_unknown_campaign_is_refused(tmp_path: Path) -> None:
    from touchpoint.settings import CONFIG_ROOT

    (tmp_path / "shops").mkdir()
    text = (CONFIG_ROOT / "shops" / "sandbox.yaml").read_text(encoding="utf-8")
    sale = 'blackouts:\n  - {from: "2026-11-11", until: "2026-11-12", reason: 双十一, except: [nobodys]}\n'
    (tmp_path / "shops" / "sandbox.yaml").write_text(text + sale, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"unknown campaign 'nobodys'") as refused:
        load_shop("sandbox", tmp_path)
    assert "blackouts[0].except" in refused.value.place
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "campaigns" / "nobodys.yaml").touch()
    assert load_shop("sandbox", tmp_path).blackouts[0].exempt == ["nobodys"]


ZONES = st.sampled_from(["Asia/Shanghai", "Europe/London", "America/Sao_Paulo"])
CHANGES = {
    "Europe/London": date(2026, 3, 27),
    "America/Sao_Paulo": date(2018, 11, 2),
    "Asia/Shanghai": date(2026, 3, 8),
}
BLACKOUTS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from([[], ["promotion"], ["other"]])), max_size=4
)


@settings(max_examples=150, deadline=None)
@given(
    zone=ZONES,
    spans=BLACKOUTS,
    people=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 260), st.booleans()), min_size=1, max_size=6),
    looks=st.integers(0, 120),
)
def test_over_random_plans_no_promotion_is_planned_into_a_blackout_and_none_is_lost(
    zone: str, spans: list[tuple[int, int, list[str]]], people: list[tuple[int, int, bool]], looks: int
) -> None:
    first = CHANGES[zone]
    where = shop(
        *(
            {
                "from": (first + timedelta(days=begin)).isoformat(),
                "until": (first + timedelta(days=begin + length)).isoformat(),
                "reason": "sale",
                "except": exempt,
            }
            for begin, length, exempt in spans
        ),
        zone=zone,
    )
    start = datetime.combine(first, time(), ZoneInfo(zone)).astimezone(UTC)
    at = start + looks * HOUR
    candidates = [
        candidate(
            str(number),
            f"p{number}",
            campaign_id="promotion" if is_promotion else "unpaid_reminder",
            stage="new",
            not_before=start + begin * HOUR,
            not_after=start + (begin + length) * HOUR,
        )
        for number, (begin, length, is_promotion) in enumerate(people)
    ]
    names = [f"p{number}" for number in range(len(people))]
    both = [make_campaign(), promotion(holdout={"percent": 0, "salt": "s"})]
    verdicts = decide_all(candidates, known(*names), setting(*both, shop=where, at=at, as_of=at))
    free = decide_all(candidates, known(*names), setting(*both, shop=shop(zone=zone), at=at, as_of=at))
    assert len(verdicts) == len(candidates)
    for verdict, unhindered in zip(
        *(sorted(v, key=lambda v: v.candidate.occasion) for v in (verdicts, free)), strict=True
    ):
        if verdict.candidate.campaign_id != "promotion":
            assert verdict == unhindered
            continue
        silent = where.blackouts_of("promotion")
        if verdict.decision == Decision.ENQUEUED:
            assert not any(begin <= planned(verdict) < end for begin, end in silent)
            assert planned(unhindered) <= planned(verdict) < verdict.candidate.not_after
        elif verdict.reason == "blackout":
            assert unhindered.decision == Decision.ENQUEUED
        else:
            assert (verdict.decision, verdict.reason) == (unhindered.decision, unhindered.reason)


@settings(max_examples=100, deadline=None)
@given(
    minute=st.integers(0, 10 * 24 * 60),
    spans=st.lists(st.tuples(st.integers(0, 240), st.integers(1, 60)), max_size=5),
    night=st.booleans(),
)
def test_the_first_legal_instant_outside_is_the_first_a_search_by_minutes_finds(
    minute: int, spans: list[tuple[int, int]], night: bool
) -> None:
    zone = ZoneInfo("Europe/London")
    base = datetime(2026, 3, 27, tzinfo=UTC)
    hours = Hours(QuietHours.model_validate({"from": "20:00", "until": "08:00"}) if night else None)
    blackouts = [(base + begin * HOUR, base + (begin + length) * HOUR) for begin, length in spans]
    start = base + timedelta(minutes=minute)
    found = first_legal_outside(start, hours, zone, blackouts)
    assert found is not None
    at = start
    while at < found:
        assert first_legal(at, hours, zone) != at or any(begin <= at < end for begin, end in blackouts)
        at += timedelta(minutes=30)
    assert first_legal(found, hours, zone) == found
    assert not any(begin <= found < end for begin, end in blackouts)
