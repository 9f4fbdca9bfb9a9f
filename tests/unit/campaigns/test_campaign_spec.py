"""What a campaign answers about itself, and when it is due."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from touchpoint.campaigns import variants
from touchpoint.campaigns.due import due_campaigns
from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Audience, Campaign
from touchpoint.model import Cadence
from touchpoint.settings import load_policy, load_segments, load_shop
from touchpoint.statements import ROOT


@pytest.fixture
def campaign(place) -> Campaign:
    return place.load().by_id["reminder"]


def test_durations_reach_the_statement_as_seconds_and_stay_as_written_in_the_file(campaign):
    assert campaign.audience.parameters["lead"] == "15m"
    assert campaign.audience.sql_parameters() == {
        "delay": {"default": 1800, "flash_sale": 720},
        "lead": 900,
        "offer": "none",
    }


def test_segments_reach_the_statement_with_the_parameters(campaign):
    audience = campaign.audience.model_copy(update={"segments": ["loyal"], "parameters": {}})
    assert audience.sql_parameters() == {"segments": ["loyal"]}


@pytest.mark.parametrize(
    ("stage", "variant", "has_words"),
    [("new", "new", True), ("loyal", "loyal", True), ("second_time", None, False), (None, None, False)],
)
def test_a_stage_chooses_the_variant_or_there_are_no_words_for_it(stage, variant, has_words, campaign):
    assert (campaign.variant_of(stage), campaign.has_words_for(stage)) == (variant, has_words)


def test_without_variants_there_are_words_for_everybody(campaign):
    plain = campaign.model_copy(update={"variants": {}})
    assert (plain.template_variants, plain.variant_of("new"), plain.has_words_for(None)) == ([None], None, True)


BY_SERIES = {
    "by": "series",
    "复古简约": {"words": "retro", "vip": "retro_vip"},
    "Casual": "casual",
    "none": "general",
    "several": "several",
}


@pytest.fixture
def by_series(campaign) -> Campaign:
    return Campaign.model_validate(campaign.model_dump() | {"variants": BY_SERIES})


def test_by_series_the_audience_chooses_the_variant_or_there_are_no_words(by_series):
    assert (by_series.variant_of("loyal", "retro_vip"), by_series.has_words_for("loyal", "retro_vip")) == (
        "retro_vip",
        True,
    )
    assert (by_series.variant_of("loyal"), by_series.has_words_for("loyal")) == (None, False)
    assert by_series.template_variants == ["casual", "general", "retro", "retro_vip", "several"]
    assert by_series.words_by_stage == {}


def test_a_variant_the_audience_returns_goes_before_that_of_the_stage(campaign):
    assert campaign.variant_of("new", "loyal") == "loyal"


def test_the_statement_gets_the_words_of_each_series_and_of_its_vips(by_series, campaign):
    assert variants.for_sql(campaign.variants) == {}
    assert variants.for_sql(by_series.variants) == {
        "none": "general",
        "several": "several",
        "series": {
            "复古简约": {"words": "retro", "vip": "retro_vip"},
            "Casual": {"words": "casual", "vip": "casual"},
        },
    }


def test_words_speak_of_a_series_where_they_are_for_that_one_alone(by_series):
    assert variants.series_of(by_series.variants) == {"retro": "复古简约", "retro_vip": "复古简约", "casual": "Casual"}
    shared = variants.check({**by_series.variants, "Sequins": "casual", "Wool": "general"})
    assert variants.series_of(shared) == {"retro": "复古简约", "retro_vip": "复古简约"}


def test_money_reaches_the_statement_as_it_is_written(campaign):
    asked = {"vip_amount": {"default": "1000", "JPY": "20000", "Casual": "500.50"}, "ten_amount": "10"}
    audience = Audience.model_validate({"statement": "some_buyers", "parameters": asked})
    assert audience.sql_parameters() == asked


def test_the_offer_is_told_to_templates_only_where_there_is_one(campaign):
    offering = campaign.audience.model_copy(update={"parameters": {"offer": "优先发货"}})
    assert campaign.message_values() == {}
    assert campaign.model_copy(update={"audience": offering}).message_values() == {"offer": "优先发货"}


def test_a_step_is_found_by_its_id(campaign):
    assert campaign.step("remind").template == "remind"
    with pytest.raises(KeyError, match="campaign reminder has no step call"):
        campaign.step("call")


def test_a_campaign_made_in_memory_has_a_body_and_a_hash(campaign):
    made = Campaign.model_validate(campaign.model_dump())
    assert made.body.startswith('{"id": "reminder"')
    assert made.file_hash != campaign.file_hash


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # a Sunday, 20:00 in Shanghai


@pytest.mark.parametrize(
    ("changes", "as_of", "is_due"),
    [
        ({}, NOON, True),
        ({"enabled": False}, NOON, False),
        ({"cadence": Cadence.DAILY}, NOON, False),
        ({"due": {"weekday": ["sun"]}}, NOON, True),
        ({"due": {"weekday": ["sat"]}}, NOON, False),
        # 17:00 in UTC is the next day in the shop's zone
        ({"due": {"weekday": ["mon"]}}, NOON.replace(hour=17), True),
        ({"due": {"day_of_month": [23]}}, NOON.replace(hour=17), True),
        ({"due": {"day_of_month": [22]}}, NOON.replace(hour=17), False),
        ({"due": {"day_of_month": [1], "weekday": ["sun"]}}, NOON, True),
    ],
)
def test_a_campaign_is_due_on_the_days_it_names_in_the_shops_zone(changes, as_of, is_due, campaign):
    changed = Campaign.model_validate(campaign.model_dump() | changes)
    found = due_campaigns({"reminder": changed}, Cadence.INTRADAY, as_of, load_shop("sandbox"))
    assert found == (["reminder"] if is_due else [])


def test_the_page_that_explains_the_keys_explains_all_of_them_in_order():
    page = (ROOT / "docs/add_a_campaign.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert [key for cell in cells for key in re.findall(r"`(\w+)`", cell)] == list(Campaign.model_fields)


def test_the_shipped_policy_keeps_promotions_to_fewer_hours_and_fewer_messages():
    policy = load_policy()
    for hours in policy.quiet_hours.values():
        assert hours["promotional"].start <= hours["transactional"].start
    assert policy.caps["promotional"].per_day < policy.caps["transactional"].per_day == 2
    assert policy.holdout_percent == {"transactional": 0, "promotional": 10}


def test_the_shipped_thresholds_follow_one_another():
    segments = load_segments()
    assert (segments.new_orders, segments.second_time_orders, segments.loyal_orders) == (1, 2, 3)
    assert segments.drifting_after < segments.dormant_after < segments.lost_after


def test_each_shipped_campaign_is_due_in_the_runs_of_its_cadence():
    campaigns, shop = load_campaigns().by_id, load_shop("sandbox")
    due = {cadence: due_campaigns(campaigns, cadence, NOON, shop) for cadence in Cadence}
    assert due[Cadence.INTRADAY] == ["delayed_shipment", "late_dispatch", "unpaid_reminder"]
    assert due[Cadence.DAILY] == ["dormant_reactivation"]
    assert due[Cadence.MONTHLY] == ["monthly_promotion"]
