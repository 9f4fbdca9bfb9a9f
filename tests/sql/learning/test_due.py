"""When something is learned: on the shop's day of the week, or by the first daily run after it, and by no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.decide.building import rows

from touchpoint import pipeline
from touchpoint.db import Database, Transaction
from touchpoint.errors import LedgerError
from touchpoint.facts import head
from touchpoint.learning import kept, learners
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.model import Cadence, Mode, Run
from touchpoint.services import LIVE, Services, stop_clock
from touchpoint.settings import ConnectionInfo, Shop

SHOP = "sandbox"
DAY = timedelta(days=1)
FRIDAY = datetime.fromisoformat("2026-11-20T02:00:00+08:00")
"""The daily run's hour; the shop learns on Mondays."""


@dataclass
class School:
    """A shop without facts whose learners are made up: what they say is `says`, None for not enough."""

    services: Services
    says: dict[str, Any] = field(default_factory=lambda: {"same": 1, "changing": 1, "never": None})
    asked: list[str] = field(default_factory=list)

    def learner(self, name: str) -> Callable[[Transaction, Shop, datetime, Rules], Lesson | None]:
        def learn(tx: Transaction, shop: Shop, as_of: datetime, rules: Rules) -> Lesson | None:
            self.asked.append(name)
            if isinstance(self.says[name], Exception):
                raise self.says[name]
            body = {"as_of": as_of.isoformat()} if name == "changing" else {"says": self.says[name]}
            return Lesson(body, None, as_of, 1, "d") if self.says[name] else None

        return learn

    def begun(self, days: float, run_type: str = "scheduled", behind: timedelta = timedelta()) -> Run:
        at = FRIDAY + days * DAY
        stop_clock(self.services.db, LIVE, at)
        trigger = pipeline.Trigger(
            SHOP, "touchpoints_daily__sandbox", f"{run_type}__{days}", Cadence.DAILY, run_type, as_of=at - behind
        )
        return pipeline.begin(self.services, trigger)

    def daily(self, days: float, **options: Any) -> set[str]:
        """What the daily run so many days after that Friday asks."""
        self.asked.clear()
        pipeline.learn(self.services, self.begun(days, **options).run_no)
        return set(self.asked)

    def versions(self, name: str) -> list[float]:
        query = "SELECT learned_as_of FROM record.learned_parameters WHERE name = %(name)s ORDER BY parameter_no"
        with self.services.db.transaction() as tx:
            return [(row["learned_as_of"] - FRIDAY) / DAY for row in rows(tx, query, name=name)]


@pytest.fixture
def school(database: Database, monkeypatch: pytest.MonkeyPatch) -> School:
    made = School(Services(db=database, resolve={}.__getitem__, connection=ConnectionInfo(conn_id="touchpoint")))
    monkeypatch.setattr(learners, "LEARNERS", tuple((name, made.learner(name)) for name in made.says))
    return made


def test_a_missed_monday_is_made_up_by_the_next_daily_run_and_by_that_one_alone(school: School) -> None:
    everything = {"same", "changing", "never"}
    assert school.daily(0) == everything, "a shop that has learned nothing learns at once"
    assert school.daily(1) == school.daily(2) == {"never"}
    assert school.daily(4) == everything, "Monday did not come; Tuesday makes it up"
    assert school.daily(5) == school.daily(9) == {"never"}
    assert school.daily(10) == everything, "the next Monday is a Monday"
    assert school.daily(11) == {"never"}
    assert school.daily(25) == everything, "two Mondays missed are made up once"
    assert school.daily(26) == {"never"}
    assert school.versions("changing") == [0, 4, 10, 25]
    assert school.versions("same") == [0], "looked at, and no other version"


def test_what_failed_is_looked_at_again_the_next_day_and_what_went_well_before_it_is_not(school: School) -> None:
    school.daily(0)
    school.says["changing"] = LedgerError("no connection")
    with pytest.raises(LedgerError, match="no connection"):
        school.daily(3)
    assert "same" in school.asked
    school.says["changing"] = 1
    assert school.daily(4) == {"changing", "never"}


def test_a_run_behind_the_head_learns_nothing_and_takes_nobody_s_turn(school: School) -> None:
    with school.services.db.transaction() as tx:
        head.advance_refreshed(tx, SHOP, FRIDAY)
    late = school.begun(0, behind=timedelta(hours=1))
    assert (late.mode, late.is_at_head) == (Mode.SEND, False)
    assert pipeline.learn(school.services, late.run_no) == []
    assert (school.asked, school.versions("same")) == ([], [])
    assert school.daily(0.1) == {"same", "changing", "never"}


def test_a_backfill_learns_nothing_whatever_was_missed(school: School) -> None:
    school.daily(0)
    assert school.daily(4, run_type="backfill") == set()
    assert school.versions("changing") == [0]
    assert "changing" in school.daily(5)


def test_the_same_run_cleared_does_not_learn_again_what_it_kept(school: School) -> None:
    school.daily(0)
    assert "changing" in school.daily(4)
    assert "changing" not in school.daily(4)
    assert school.versions("changing") == [0, 4]


def test_what_a_person_kept_since_the_last_learning_day_is_not_due(school: School) -> None:
    school.daily(0)
    with school.services.db.transaction() as tx:
        at = FRIDAY + 4.5 * DAY
        by = {"as_of": at, "since": None, "until": at, "sample": 1, "data_hash": ""}
        kept.keep(tx, shop_id=SHOP, name="changing", body={"by": "hand"}, **by)
    assert school.daily(5) == {"same", "never"}
    assert "changing" in school.daily(10)


def test_a_run_that_waited_for_its_turn_since_the_night_goes_by_its_own_instant(school: School) -> None:
    school.daily(0)
    monday = school.begun(3)
    school.begun(3.5)
    school.asked.clear()
    pipeline.learn(school.services, monday.run_no)
    assert "changing" in school.asked
    assert school.versions("changing") == [0, 3]
