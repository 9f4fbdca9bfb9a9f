"""The daily run learns from its shop's own data, once a week, and works by it from the next run on."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.flow.conftest import ANCHOR, SHOP, Flow

from touchpoint import pipeline
from touchpoint.errors import ConfigError
from touchpoint.learning import kept
from touchpoint.model import Cadence, Run
from touchpoint.settings import CONFIG_ROOT
from touchpoint.settings.learning import load_learning

DAY = timedelta(days=1)
# A Friday; the shop learns on Mondays.


def begun(flow: Flow, days: int, run_type: str = "manual") -> Run:
    flow.at(ANCHOR + days * DAY)
    return pipeline.begin(flow.services, flow.trigger(ANCHOR + days * DAY, cadence=Cadence.DAILY, run_type=run_type))


def versions(flow: Flow) -> dict[str, list[int]]:
    """Name -> days after the anchor at which a version was kept."""
    found: dict[str, list[int]] = {}
    for name, as_of in flow.rows("SELECT name, learned_as_of FROM record.learned_parameters ORDER BY parameter_no"):
        found.setdefault(name, []).append((as_of - ANCHOR).days)
    return found


def test_a_shop_that_has_learned_nothing_learns_at_once_and_then_once_a_week(flow: Flow) -> None:
    assert "pay_delay" in pipeline.learn(flow.services, begun(flow, 0).run_no)
    assert "pay_delay" not in pipeline.learn(flow.services, begun(flow, 1).run_no)
    monday = pipeline.learn(flow.services, begun(flow, 3).run_no)
    assert "pay_delay" in monday
    assert versions(flow)["pay_delay"] == [0, 3]
    assert pipeline.learn(flow.services, begun(flow, 3).run_no) == [], "the same instant again"


def test_a_run_that_recomputes_learns_nothing(flow: Flow) -> None:
    assert pipeline.learn(flow.services, begun(flow, 0, "backfill").run_no) == []
    assert versions(flow) == {}


def test_a_whole_daily_run_from_a_shell_learns_and_an_intraday_one_does_not(flow: Flow) -> None:
    flow.run(ANCHOR)
    assert versions(flow) == {}
    flow.run(ANCHOR + DAY, cadence=Cadence.DAILY)
    assert versions(flow)["pay_delay"] == [1]


def with_config(flow: Flow, folder: Path, *changes: tuple[str, str, str]) -> Flow:
    """The installation with edited configuration files: name below config, old, new."""
    config = folder / "config"
    shutil.copytree(CONFIG_ROOT, config)
    for name, old, new in changes:
        path = config / name
        text = path.read_text(encoding="utf-8")
        assert old in text, name
        path.write_text(text.replace(old, new), encoding="utf-8")
    return Flow(services=replace(flow.services, config=config), sandbox=flow.sandbox, numbers=flow.numbers)


def test_a_campaign_and_the_norms_that_say_learned_work_by_it_from_the_next_run_on(flow: Flow, tmp_path: Path) -> None:
    taught = with_config(
        flow,
        tmp_path,
        ("campaigns/unpaid_reminder.yaml", "default: 30m", "default: learned or 30m"),
        ("logistics.yaml", "shops:\n", "shops:\n  sandbox: {days: learned, regions: {}, carriers: {}}\n"),
    )
    first = taught.run(ANCHOR)
    pipeline.learn(taught.services, begun(taught, 0).run_no)
    second = taught.run(ANCHOR + timedelta(minutes=5))
    with taught.services.db.transaction() as tx:
        pay_delay = kept.in_force(tx, SHOP, "pay_delay", ANCHOR)
        norms = kept.in_force(tx, SHOP, "delivery_norms", ANCHOR)
    assert pay_delay is not None
    assert norms is not None
    asked = dict(
        taught.rows(
            "SELECT run_no, body -> 'learned' ->> 'pay_delay' FROM ledger.audience INNER JOIN ledger.parameter_version"
            " USING (parameter_hash) WHERE campaign_id = 'unpaid_reminder'"
        )
    )
    assert asked == {first.run_no: None, second.run_no: str(pay_delay.no)}
    norms_kept = taught.rows("SELECT rules ->> 'days', rules ->> 'learned' FROM record.logistics ORDER BY kept_as_of")
    national = next(one["days"] for one in norms.body["groups"] if one["carrier"] is None and one["region"] is None)
    assert norms_kept == [("7", None), (str(national), str(norms.no))]
    again = pipeline.begin(
        taught.services,
        replace(taught.trigger(second.as_of, run_id="backfill__again", run_type="backfill"), dag_id=second.dag_id),
    )
    pipeline.refresh(taught.services, again.run_no)
    pipeline.decide(taught.services, again.run_no)
    differs = taught.rows(
        "SELECT differs_by FROM ledger.recomputation WHERE run_no = %s AND campaign_id = 'unpaid_reminder'",
        again.run_no,
    )
    assert differs == [([],)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("weekdays: [mon]", "weekdays: [monday]", "weekdays"),
        ("share: 0.9\n  # ... and", "share: 90\n  # ... and", r"pay_delay\.share"),
        ("least_share: 0.5", "least_share: 0.95", "least_share lies above share"),
        ("min_sample: 100", "min_samples: 100", r"pay_delay\.min_sample"),
        ("horizon: 60d", "horizon: 200d", "whole days"),
        ("steps: [5m, 10m,", "steps: [10m, 5m,", "steps must rise"),
        ("shops: {}", "shops: {nobody: {}}", "a shop nobody knows: 'nobody'"),
        ("shops: {}", "shops: {sandbox: {pay_delay: {shares: 0.8}}}", "shares"),
    ],
    ids=str,
)
def test_a_wrong_key_or_value_is_refused_by_name(tmp_path: Path, old: str, new: str, told: str) -> None:
    shutil.copytree(CONFIG_ROOT, tmp_path / "config")
    path = tmp_path / "config" / "learning.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=told):
        load_learning("sandbox", tmp_path / "config")


@pytest.mark.parametrize(
    ("weekdays", "at", "began"),
    [
        ("[mon]", "2026-11-23T02:00", "2026-11-23"),
        ("[mon]", "2026-11-23T00:00", "2026-11-23"),
        ("[mon]", "2026-11-29T23:59", "2026-11-23"),
        ("[thu, mon]", "2026-11-29T23:59", "2026-11-26"),
        ("[sun]", "2026-11-28T12:00", "2026-11-22"),
    ],
)
def test_a_learning_day_begins_at_midnight_in_the_shop(tmp_path: Path, weekdays: str, at: str, began: str) -> None:
    shutil.copytree(CONFIG_ROOT, tmp_path / "config")
    path = tmp_path / "config" / "learning.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("[mon]", weekdays), encoding="utf-8")
    zone = ZoneInfo("America/Sao_Paulo")
    found = load_learning("sandbox", tmp_path / "config").day_before(datetime.fromisoformat(at).replace(tzinfo=zone))
    assert found == datetime.fromisoformat(began).replace(tzinfo=zone)


def test_a_shop_says_for_itself_what_it_says(tmp_path: Path) -> None:
    shutil.copytree(CONFIG_ROOT, tmp_path / "config")
    path = tmp_path / "config" / "learning.yaml"
    own = "shops: {sandbox: {pay_delay: {share: 0.95}}}"
    path.write_text(path.read_text(encoding="utf-8").replace("shops: {}", own), encoding="utf-8")
    common, sandbox = (load_learning(shop, tmp_path / "config") for shop in (None, "sandbox"))
    assert (common.pay_delay.share, sandbox.pay_delay.share) == (0.9, 0.95)
    assert sandbox.pay_delay.model_copy(update={"share": 0.9}) == common.pay_delay
    assert sandbox.delivery_norms == common.delivery_norms
