"""The shop made for a mapping of one's own: what it reads, and what is said of what is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.needs import unavailable
from touchpoint.cli import app
from touchpoint.errors import ConfigError
from touchpoint.local.layout import Layout
from touchpoint.local.rehearsal_desk import Replayed, remember, replayed, shop_asked
from touchpoint.local.rehearsal_shop import fingerprint, rehearsal_config, rehearsal_id
from touchpoint.settings import Shop, load_shop

MAPPING = """
exports:
  - files: orders.csv
    order:
      columns: {order_id: id, customer_id: who, created_at: made, total: sum, currency: {constant: EUR}}
  - files: parcels_*.csv
    shipment:
      columns: {shipment_id: id, order_id: order, shipped_at: at}
  - files: reviews.csv
    review:
      columns: {order_id: order, review_id: id, score: stars}
synthetic_contacts: true
"""


class Made:
    """A folder of exports, a mapping, and the shop made of them."""

    def __init__(self, path: Path) -> None:
        self.data, self.mapping, self.target = path / "data", path / "my-shop.yaml", path / "config"
        self.warned: list[str] = []
        self.data.mkdir()
        self.mapping.write_text(MAPPING, encoding="utf-8")
        for name in ("orders.csv", "parcels_1.csv", "reviews.csv"):
            (self.data / name).write_text("id\n", encoding="utf-8")

    def shop(self, shop_file: Path | None = None, **given: str) -> Shop:
        """Make it, and load it as strictly as any other."""
        kept: dict[str, Any] = {"data": self.data, "shop_file": shop_file, "given": given, "warn": self.warned.append}
        return load_shop("mine", rehearsal_config("mine", self.mapping, self.target, **kept))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_it_reads_every_entity_the_mapping_names(made: Made) -> None:
    shop = made.shop()
    assert sorted(shop.sources) == ["member", "order", "review", "shipment"]
    assert {source.mapping for source in shop.sources.values()} == {"mine"}
    assert shop.realm == "replay"
    assert made.warned == []


def test_what_has_no_file_is_left_out_and_said(made: Made) -> None:
    (made.data / "parcels_1.csv").unlink()
    assert "shipment" not in made.shop().sources
    assert made.warned == ["no file 'parcels_*.csv' in the folder: what the mapping reads from it is left out"]


def test_that_nobody_can_be_reached_is_said(made: Made) -> None:
    made.mapping.write_text(MAPPING.replace("synthetic_contacts: true", ""), encoding="utf-8")
    assert "member" not in made.shop().sources
    assert "synthetic_contacts" in made.warned[0]


def test_a_folder_without_orders_is_refused(made: Made) -> None:
    (made.data / "orders.csv").unlink()
    with pytest.raises(ConfigError, match=r"no file of the folder holds orders.*orders\.csv|orders\.csv.*no file of"):
        made.shop()


def test_the_command_line_goes_before_the_shops_own_file_and_that_before_the_pattern(
    made: Made, tmp_path: Path
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("id: x\nzone: Europe/Paris\ncurrency: EUR\nlocale: en\nclosing: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key 'closing'"):
        made.shop(own)
    own.write_text(own.read_text().replace("closing: 1", "closes_after: 72h\nsending: 'off'"), encoding="utf-8")
    shop = made.shop(own, currency="GBP")
    assert (shop.zone, shop.currency, shop.locale, shop.sending) == ("Europe/Paris", "GBP", "en", "on")
    assert shop.closes_after.total_seconds() == 72 * 3600
    assert made.shop(own, closes_after="2d").closes_after.days == 2
    assert made.shop(locale="en").signature == load_shop("online_retail").signature
    assert made.shop().signature == load_shop("tmall").signature
    with pytest.raises(ConfigError, match="no locale 'fr'"):
        made.shop(locale="fr")
    with pytest.raises(ConfigError, match="closes_after"):
        made.shop(closes_after="soon")


def test_the_shop_of_a_mapping_has_an_id_of_its_own() -> None:
    assert rehearsal_id(Path("My Shop-2.yaml"), None) == "replay_my_shop_2"
    assert rehearsal_id(Path("x.yaml"), "mine") == "mine"
    for wrong in ("tmall", "sandbox", "My Shop", "2"):
        with pytest.raises(ConfigError, match="--shop"):
            rehearsal_id(Path("x.yaml"), wrong)


def test_another_text_of_the_mapping_is_told_apart(made: Made) -> None:
    before = fingerprint(made.mapping, made.data)
    assert fingerprint(made.mapping, made.data) == before
    made.mapping.write_text(MAPPING + "\n", encoding="utf-8")
    assert fingerprint(made.mapping, made.data) != before


def test_a_campaign_is_unavailable_where_its_facts_have_no_source(made: Made) -> None:
    campaigns = load_campaigns().by_id
    (made.data / "parcels_1.csv").unlink()
    without = made.shop()
    assert "connect shipments" in (unavailable(campaigns["delayed_shipment"], without) or "")
    assert "connect shipments" in (unavailable(campaigns["late_dispatch"], without) or "")
    assert [name for name, each in campaigns.items() if unavailable(each, load_shop("olist"))] == []
    found = {name for name, each in campaigns.items() if unavailable(each, load_shop("tmall"))}
    assert found == {"delayed_shipment", "late_dispatch"}


def test_a_command_about_a_replayed_shop_is_known_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_TOUCHPOINT", raising=False)
    layout = Layout(var=tmp_path / "replay")
    assert shop_asked(["segments", "show", "--shop", "mine"], layout) is None
    layout.make_folders()
    remember(layout, "mine", Replayed("config", "spring"))
    remember(layout, "other", Replayed("config", "autumn"))
    assert replayed(layout)["mine"].realm == "spring"
    assert shop_asked(["segments", "show", "--shop", "mine"], layout) == "mine"
    assert shop_asked(["segments", "show", "--shop=other", "--json"], layout) == "other"
    assert shop_asked(["segments", "show", "--shop", "sandbox"], layout) is None
    assert shop_asked(["segments", "show"], layout) is None
    assert shop_asked(["replay", "--shop", "mine"], layout) is None
    monkeypatch.setenv("AIRFLOW_CONN_TOUCHPOINT", "{}")
    assert shop_asked(["segments", "show", "--shop", "mine"], layout) is None


def test_the_options_of_a_replay_are_listed() -> None:
    shown = CliRunner().invoke(app, ["replay", "--help"], env={"COLUMNS": "200"})
    for option in ("--data", "--mapping", "--from", "--realm", "--locale", "--closes-after", "--shop-file"):
        assert option in shown.output


def test_what_belongs_to_a_mapping_is_refused_without_one(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["replay", "--data", str(tmp_path), "--locale", "en"])
    assert isinstance(found.exception, ConfigError)
    assert "--locale" in str(found.exception)
