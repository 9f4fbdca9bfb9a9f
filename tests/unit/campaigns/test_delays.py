"""What `learned` in a campaign's delay comes to: by hand first, then the narrowest group that was learned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.sql.decide.building import make_campaign

from touchpoint.campaigns import delays
from touchpoint.campaigns.parts import Audience
from touchpoint.campaigns.spec import Campaign

MINUTE, HOUR, DAY = 60, 3600, 86400


def group(
    source: str | None, kind: str | None, after: int | None, *, latest: int = 5 * DAY, least: int = 60
) -> dict[str, Any]:
    return {"source": source, "kind": kind, "after": after, "latest": latest, "least_paid_at": least}


SHOP = group(None, None, HOUR)
APP, FLASH = group("app", None, 20 * MINUTE), group("flash_sale", None, 10 * MINUTE, latest=10 * MINUTE)
CARD, BOLETO = group(None, "card", 15 * MINUTE), group(None, "boleto", 3 * DAY, least=DAY)
BODY = {"groups": [SHOP, APP, FLASH, CARD, BOLETO, group("app", "boleto", 2 * DAY)]}


def due(words: Any, source: str, kind: str | None, body: dict[str, Any] | None = BODY) -> int:
    """Seconds as the audience statement reads them."""
    parameters = Audience(statement="some_buyers", parameters={"delay": words}).sql_parameters()
    found = delays.resolve(parameters, body)["delay"]
    own = found.get("learned", {}).get(source, {})
    read = (own.get(kind or ""), found.get(kind or ""), own.get(""), found.get(source), found["default"])
    return next(seconds for seconds in read if seconds is not None)


@pytest.mark.parametrize(
    ("source", "kind", "seconds"),
    [
        ("app", "boleto", 2 * DAY),  # both together
        ("app", None, 20 * MINUTE),
        ("app", "voucher", 20 * MINUTE),  # a kind with too few orders
        ("web", "boleto", 3 * DAY),  # a source with too few
        ("web", "card", 15 * MINUTE),
        ("web", None, HOUR),
        ("default", None, HOUR),
        ("app", "card", 20 * MINUTE),  # too few of both together: the later one
        ("flash_sale", "card", 10 * MINUTE),  # but within the earlier closing
        ("flash_sale", "boleto", delays.NEVER),  # where most of its payers still pay by themselves
    ],
)
def test_a_learned_default_goes_by_the_narrowest_group(source: str, kind: str | None, seconds: int) -> None:
    assert due("learned", source, kind) == seconds
    assert due({"default": "learned"}, source, kind) == seconds


def test_what_is_written_by_hand_stays_and_wins() -> None:
    words = {"default": "learned", "flash_sale": "12m", "boleto": "48h"}
    assert due(words, "flash_sale", "card") == 12 * MINUTE
    assert due(words, "app", "boleto") == 2 * DAY == due(words, "flash_sale", "boleto")
    assert due(words, "app", "card") == 20 * MINUTE
    by_kind = {"default": "30m", "boleto": "learned"}
    assert due(by_kind, "app", "card") == 30 * MINUTE
    assert due(by_kind, "web", "boleto") == 3 * DAY
    assert due(by_kind, "never seen", "boleto") == 3 * DAY


def test_until_enough_was_learned_the_hand_written_delay_holds() -> None:
    words = {"default": "learned or 20m", "boleto": "learned or 48h", "web": "learned"}
    for body in (None, {"groups": []}):
        assert due(words, "app", "boleto", body) == 2 * DAY
        assert due(words, "app", "card", body) == 20 * MINUTE
        assert due(words, "web", None, body) == 20 * MINUTE
        assert due("learned", "web", None, body) == 30 * MINUTE


def test_what_a_key_names_is_learned_of_itself_and_never_of_all_orders() -> None:
    """Nine of ten orders are paid by card within the hour: that says nothing of the few paid by bank slip."""
    quick = {"groups": [SHOP, APP, CARD]}
    words = {"default": "learned", "boleto": "learned or 48h", "pix": "learned", "web": "learned or 45m"}
    for source in ("app", "web", "never seen"):
        assert due(words, source, "boleto", quick) == 2 * DAY
    assert due(words, "app", "pix", quick) == 20 * MINUTE, "goes by default"
    assert due(words, "web", None, quick) == 45 * MINUTE
    assert due({**words, "default": "30m"}, "app", "pix", quick) == 30 * MINUTE
    assert due(words, "app", "boleto", {"groups": [SHOP, group("app", "boleto", 3 * HOUR)]}) == 3 * HOUR
    assert due(words, "web", "boleto", {"groups": [SHOP, group("app", "boleto", 3 * HOUR)]}) == 2 * DAY


def test_a_kind_too_rare_to_go_by_makes_a_reminder_later_and_never_sooner() -> None:
    few = [group(None, "boleto", 3 * DAY, least=DAY), group(None, "pix", 5 * MINUTE), group(None, "transfer", None)]
    body = {"groups": [SHOP, APP, FLASH], "few": few}
    assert due("learned", "app", "boleto", body) == 3 * DAY == due("learned", "web", "boleto", body)
    assert due("learned", "app", "pix", body) == 20 * MINUTE
    assert due("learned", "web", "pix", body) == HOUR
    assert due("learned", "web", "transfer", body) == delays.NEVER
    assert due("learned", "flash_sale", "boleto", body) == delays.NEVER, "it closes before most of them pay"
    assert due({"default": "learned", "boleto": "learned or 48h"}, "app", "boleto", body) == 2 * DAY, "by hand"
    assert due("learned or 20m", "app", "boleto", {"groups": [], "few": few}) == 20 * MINUTE
    own = {"groups": [SHOP, group("app", "boleto", 2 * DAY)], "few": few}
    assert due("learned", "app", "boleto", own) == 2 * DAY, "the source's own are enough"


def test_a_group_that_never_can_be_reminded_is_not() -> None:
    assert due("learned", "app", None, {"groups": [group(None, None, None)]}) == delays.NEVER


def test_a_source_called_as_the_default_goes_by_its_own_orders() -> None:
    body = {"groups": [SHOP, group("default", None, 5 * MINUTE), group("default", "card", 7 * MINUTE)]}
    assert due("learned", "default", None, body) == 5 * MINUTE
    assert due("learned", "default", "card", body) == 7 * MINUTE
    assert due("learned", "web", "card", body) == HOUR


def test_delays_written_by_hand_reach_the_statement_as_they_always_did() -> None:
    by_hand = Audience(statement="some_buyers", parameters={"delay": {"default": "30m", "boleto": "48h"}})
    assert by_hand.sql_parameters() == {"delay": {"default": 1800, "boleto": 172800}}
    assert not delays.is_learned(by_hand.sql_parameters())


WORDS = st.sampled_from(["learned", "learned or 20m", "5m", "2h"])
NAMES = ["app", "web", "flash_sale", "card", "boleto", "default", "pix"]
GROUPS = st.lists(
    st.builds(
        group,
        st.sampled_from([None, "app", "flash_sale", "default"]),
        st.sampled_from([None, "card", "boleto"]),
        st.sampled_from([None, 600, 3600]),
        latest=st.sampled_from([3600, DAY, 5 * DAY]),
        least=st.sampled_from([10, DAY]),
    ),
    max_size=8,
)
FEW = st.lists(
    st.builds(group, st.none(), st.sampled_from(["card", "pix", "app"]), st.sampled_from([None, 900, DAY])),
    max_size=3,
    unique_by=lambda one: one["kind"],
)


@given(
    words=st.dictionaries(st.sampled_from([name for name in NAMES if name != "default"]), WORDS, max_size=4),
    default=WORDS,
    groups=GROUPS,
    few=FEW,
    source=st.sampled_from(NAMES),
    kind=st.sampled_from([None, "card", "boleto", "pix"]),
)
def test_what_the_statement_reads_is_what_was_meant(
    words: dict[str, str],
    default: str,
    groups: list[dict[str, Any]],
    few: list[dict[str, Any]],
    source: str,
    kind: str | None,
) -> None:
    delay = {"default": default, **words}
    body = {"groups": groups, "few": few}
    taught = delays.Taught.of(body)

    def meant(key: str) -> int:
        after = taught.after(source, kind) if taught.knows(key, source, kind) else None
        if not delay[key].startswith("learned"):
            return {"5m": 300, "2h": 7200}[delay[key]]
        if after is not None:
            return after
        if "or" in delay[key].split():
            return 1200
        return 1800 if key == "default" else meant("default")

    expected = meant(kind if kind is not None and kind in delay else source if source in delay else "default")
    assert due(delay, source, kind, body) == expected


STEPS = [
    {"id": "first", "channel": ["sms"], "template": "first"},
    {"id": "second", "channel": ["sms"], "template": "second", "after": "learned or 48h"},
    {"id": "third", "channel": ["sms"], "template": "third", "after": "learned"},
]


def times(campaign: Campaign) -> list[timedelta | None]:
    return [step.after for step in campaign.steps]


def test_a_step_after_another_is_due_by_the_answers_to_that_one() -> None:
    campaign = make_campaign(steps=STEPS)
    assert times(campaign) == [None, timedelta(days=2), timedelta(days=3)]
    assert campaign.is_learned
    body = {"steps": [{"campaign": "unpaid_reminder", "step": "first", "after": 5 * HOUR},
                      {"campaign": "another", "step": "second", "after": 6 * HOUR}]}  # fmt: skip
    taught = campaign.taught(7, body)
    assert times(taught) == [None, timedelta(hours=5), timedelta(days=3)]
    assert taught.versions == {"answer_delay": 7}
    assert taught.file_hash == campaign.file_hash, "what was learned is no edit of the file"
    assert not taught.is_learned
    assert times(campaign.taught(None, None)) == times(campaign)
    written = [step["after"] for step in campaign.model_dump(mode="json")["steps"]]
    assert written == [None, "learned or 172800s", "learned or 259200s"]


def test_a_campaign_written_by_hand_is_left_as_it_is() -> None:
    campaign = make_campaign()
    assert campaign.taught(7, {"steps": []}) is campaign
    assert campaign.versions == {}


@pytest.mark.parametrize("word", ["learnt", "learned or", "learned or 3", "learned, 3d", "3"])
def test_a_wrong_word_after_a_step_is_refused(word: str) -> None:
    with pytest.raises(ValidationError, match=r"is no time after a step|is no duration"):
        make_campaign(steps=[STEPS[0], {**STEPS[1], "after": word}])
