"""config/offers.yaml is taken strictly, and a campaign that names what is not in it is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from touchpoint.campaigns.lint import lint
from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.wording import load_wording
from touchpoint.errors import ConfigError
from touchpoint.settings import Terms, load_offers

OFFERS = """\
treat:
  text: {zh-CN: 全店九折, en: 10 % off}
  shops:
    first: {quota: 20, from: "2026-11-01", until: "2026-11-30"}
"""
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def promotion(place):
    """The project's campaign as a promotion of two steps, the second with an offer."""
    place.write("config/offers.yaml", OFFERS)
    place.write("include/sql/outbox/valid/offer_open.sql", "SELECT 1")
    place.change("purpose: transactional", "purpose: promotional")
    place.change("    offer: none", "    offer: treat\n    offer_step: again")
    place.change(
        "    template: remind\n", "    template: remind\n  - {id: again, channel: [sms], template: remind, after: 7d}\n"
    )
    place.change("[still_true]", "[still_true, offer_open]")
    assert place.problems() == []
    return place


def test_a_campaign_knows_its_offer_and_which_step_carries_it(promotion):
    campaign = promotion.load().by_id["reminder"]
    assert (campaign.offer_of("remind"), campaign.offer_of("again").id) == (None, "treat")
    assert campaign.offer_steps == ["again"]
    assert campaign.facts("remind", "first") == {}
    offer, terms = campaign.facts("again", "first")["offer_made"]
    assert (offer.text["zh-CN"], terms.quota) == ("全店九折", 20)
    assert campaign.facts("again", "another shop") == {}


def test_without_a_step_named_all_carry_it(promotion):
    promotion.change("    offer_step: again\n", "")
    assert promotion.load().by_id["reminder"].offer_steps == ["remind", "again"]


def test_statements_take_its_terms_as_instants_and_the_way_to_it_in_seconds(promotion):
    from touchpoint.settings import load_shop

    shop = load_shop("first", promotion.root / "config")
    assert promotion.load().by_id["reminder"].offers_in(shop) == {
        "treat": {
            "offer": "treat",
            "quota": 20,
            "from": "2026-11-01T00:00:00+08:00",
            "until": "2026-12-01T00:00:00+08:00",
            "after": 7 * 86_400,
        }
    }


def test_other_words_or_terms_make_another_version_of_the_campaign(promotion):
    first = promotion.load().by_id["reminder"]
    promotion.change("quota: 20", "quota: 21", "config/offers.yaml")
    second = promotion.load().by_id["reminder"]
    assert first.file_hash != second.file_hash
    assert second.body.startswith("id: reminder")


def test_an_offer_of_a_notice_is_words_of_its_own(place):
    place.change("offer: none", "offer: 优先发货")
    campaign = place.load().by_id["reminder"]
    assert (campaign.offer_id, campaign.facts("remind", "first")) == (None, {"offer": "优先发货"})


REFUSED = {
    "an unknown offer": (
        ("offer: treat", "offer: treet"),
        "reminder.yaml: audience.parameters.offer: unknown offer 'treet'. add it to config/offers.yaml or name one of:"
        " treat",
    ),
    "an unknown step": (
        ("offer_step: again", "offer_step: agian"),
        "reminder.yaml: audience.parameters.offer_step: unknown step 'agian'. one of: remind, again",
    ),
    "nothing that keeps to the terms": (
        ("[still_true, offer_open]", "[still_true]"),
        "reminder.yaml: valid_while: nothing keeps to the offer's quota and end. add offer_open to it",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_campaign_is_refused_for(name, promotion):
    (old, new), told = REFUSED[name]
    promotion.change(old, new)
    assert promotion.problems() == [told]


def test_an_offer_without_words_in_a_shop_s_locale_is_refused(promotion):
    promotion.change("zh-CN: 全店九折, ", "", "config/offers.yaml")
    assert promotion.problems() == [
        "reminder.yaml: audience.parameters.offer: offer 'treat' has no words in zh-CN. add text.zh-CN to it in"
        " config/offers.yaml"
    ]


def test_the_file_of_offers_is_strict_and_names_the_offer(promotion):
    for old, new, told in (
        ("quota: 20", "quota: 0", "offers.yaml: treat: key 'shops.first.quota' is wrong. Input should be greater than"),
        (
            "quota: 20",
            "quota: many",
            "offers.yaml: treat: key 'shops.first.quota' is wrong. Input should be a valid int",
        ),
        ("quota: 20, ", "", "offers.yaml: treat: missing key 'shops.first.quota'. add it"),
        ("quota: 20", "qouta: 20, quota: 20", "offers.yaml: treat: unknown key 'shops.first.qouta'."),
        ("first:", "fist:", "offers.yaml: treat: shops: unknown shop 'fist'. one of: first"),
        ("en: 10 % off", "fr: dix", "offers.yaml: treat: key 'text.fr.[key]' is wrong."),
        ("全店九折", "一" * 21, "offers.yaml: treat: key 'text.zh-CN' is wrong. String should have at most 20"),
        ("treat:", "none:", "offers.yaml: none: 'none' is no id."),
        ("treat:", "Treat:", "offers.yaml: Treat: 'Treat' is no id."),
        ('"2026-11-30"', "2026-11-30", "offers.yaml:4: '2026-11-30' is not what YAML makes of it"),
        (
            '"2026-11-30"',
            '"30.11.2026"',
            "offers.yaml: treat: key 'shops.first.until' is wrong. '30.11.2026' is no day",
        ),
        ('"2026-11-30"', '"2026-11-31"', "offers.yaml: treat: key 'shops.first.until' is wrong. day"),
        ('"2026-11-30"', '"2026-10-30"', "offers.yaml: treat: key 'shops.first' is wrong. from is not before until"),
    ):
        promotion.write("config/offers.yaml", OFFERS.replace(old, new, 1))
        [problem] = promotion.problems()
        assert problem.startswith(told), problem


def test_an_offer_needs_a_mapping_below_its_id(promotion):
    promotion.write("config/offers.yaml", "treat: 九折\n")
    with pytest.raises(ConfigError, match="not an offer"):
        load_offers(promotion.root / "config")
    promotion.write("config/offers.yaml", "- treat\n")
    with pytest.raises(ConfigError, match="no offers in it"):
        load_offers(promotion.root / "config")


def test_without_a_file_there_are_none(place):
    assert load_offers(place.root / "config") == {}


def test_the_last_day_belongs_to_it_and_an_instant_is_the_shop_s_unless_it_says_otherwise():
    whole = Terms.model_validate({"quota": 1, "from": "2026-11-01", "until": "2026-11-30"})
    assert whole.ends_with_a_day
    assert whole.opens_at(SHANGHAI) == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert whole.closes_at(SHANGHAI) == datetime(2026, 11, 30, 16, tzinfo=UTC)
    minutes = Terms.model_validate({"quota": 1, "from": "2026-11-01 09:30", "until": "2026-11-30T18:00+01:00"})
    assert not minutes.ends_with_a_day
    assert minutes.opens_at(SHANGHAI) == datetime(2026, 11, 1, 1, 30, tzinfo=UTC)
    assert minutes.closes_at(SHANGHAI) == datetime(2026, 11, 30, 17, tzinfo=UTC)


def test_a_day_without_a_midnight_begins_when_it_begins():
    terms = Terms.model_validate({"quota": 1, "from": "2018-11-04", "until": "2018-11-04"})
    zone = ZoneInfo("America/Sao_Paulo")  # at 00:00 the clocks went to 01:00
    assert terms.opens_at(zone).astimezone(zone).isoformat() == "2018-11-04T01:00:00-02:00"
    assert terms.closes_at(zone).astimezone(zone).isoformat() == "2018-11-05T00:00:00-02:00"


def test_words_of_an_offer_are_linted_like_any_other(promotion):
    promotion.change("全店九折", "全网最低价返现", "config/offers.yaml")
    campaign = promotion.load().by_id["reminder"]
    found = lint(campaign, wording=load_wording(), shops=[], config=promotion.root / "config", templates=promotion.root)
    told = [(each.level, each.place, each.thing.partition(":")[0]) for each in found if "offers.yaml" in each.place]
    place = "config/offers.yaml: treat.text.zh-CN"
    assert told == [("error", place, "'全网最低价'"), ("error", place, "'返现' is refused by SMS providers")]


def test_a_group_that_nobody_can_be_in_is_refused(promotion):
    segments = "drifting_after: 90d\ndormant_after: 180d\nlost_after: 365d\n"
    source = load_campaigns.__globals__["CONFIG_ROOT"] / "segments.yaml"
    promotion.write("config/segments.yaml", source.read_text(encoding="utf-8") or segments)
    promotion.write(
        "include/sql/audiences/some_buyers.sql",
        "SELECT given -> 'delay', given ->> 'lead', given ->> 'offer', given -> 'groups' FROM config",
    )
    promotion.change("    offer: treat", "    groups: [at_risk, asleep]\n    offer: treat")
    [problem] = promotion.problems()
    assert problem.startswith(
        "reminder.yaml: audience.parameters.groups: unknown RFM group 'asleep'. one of: champions,"
    )


def test_every_offer_shipped_here_holds():
    for offer in load_offers().values():
        assert set(offer.text) == {"zh-CN", "en"}
