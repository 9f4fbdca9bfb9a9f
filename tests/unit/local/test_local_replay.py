"""When a rehearsal is replayed: its file says, or the command line does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from touchpoint.errors import ConfigError, TimeError
from touchpoint.local.replay import CADENCES, _runs, planned
from touchpoint.settings import load_shop
from touchpoint.settings.shapes import ReplaySpan


def span(**given: str) -> ReplaySpan:
    plain = {"cadence": "intraday", "from": "2020-02-20T00:00", "until": "2020-02-21T00:00", "every": "12h"}
    return ReplaySpan.model_validate({**plain, **given})


def test_a_rehearsal_runs_at_the_instants_of_its_own_zone() -> None:
    shop = load_shop("tmall").model_copy(update={"replay": [span()]})
    assert [run.instant.isoformat() for run in planned(shop)] == [
        "2020-02-20T00:00:00+08:00",
        "2020-02-20T12:00:00+08:00",
    ]


def test_cadences_are_mixed_by_instant() -> None:
    spans = [span(), span(cadence="daily", every="24h"), span(cadence="monthly", every="24h")]
    runs = planned(load_shop("tmall").model_copy(update={"replay": spans}))
    assert [run.cadence for run in runs] == [*CADENCES, "intraday"]


def test_the_command_line_goes_before_the_file() -> None:
    runs = _runs(load_shop("tmall"), "2020-02-20T00:00", "2020-02-20T04:00", "2h", "daily")
    assert [(run.cadence, run.instant.hour) for run in runs] == [("daily", 0), ("daily", 2)]
    assert runs[1].instant - runs[0].instant == timedelta(hours=2)


@pytest.mark.parametrize(
    ("start", "end", "cadence", "refused"),
    [
        ("2020-02-20T00:00", None, "intraday", TimeError),
        ("2020-02-20T00:00", "2020-02-20T00:00", "intraday", TimeError),
        ("2020-02-20T00:00", "2020-02-21T00:00", "yearly", ConfigError),
    ],
)
def test_half_a_span_is_refused(start: str, end: str | None, cadence: str, refused: type[Exception]) -> None:
    with pytest.raises(refused):
        _runs(load_shop("tmall"), start, end, "2h", cadence)


@pytest.mark.parametrize("wrong", ["2020-02-20T00:00+08:00", "tomorrow", ""])
def test_a_span_is_in_the_shops_own_time(wrong: str) -> None:
    with pytest.raises(ValueError, match="the shop's own time"):
        span(**{"from": wrong})
