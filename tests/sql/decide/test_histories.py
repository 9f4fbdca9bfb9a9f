"""Over random histories whoever is held out is treated as whoever hears is, and the ledger says what a model says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import rows, undone
from tests.sql.decide.histories import PEOPLE, SALTS, Ledger

from touchpoint.db import Database

who = st.sampled_from(PEOPLE)
runs = st.tuples(
    st.just("run"),
    st.sampled_from(sorted(SALTS)),
    st.sampled_from([0, 25, 50, 50]),
    st.sampled_from("XY"),
    st.frozensets(who, min_size=3),
    st.sampled_from([1, 4, 9, 9]),
)
others = [
    st.tuples(st.just("again"), st.booleans()),
    st.tuples(st.just("opt"), who, st.booleans()),
    st.tuples(st.just("answer"), st.sampled_from(["approved", "not_this_month", "back_for_changes"])),
    st.tuples(st.just("send")),
    st.tuples(st.just("send")),
]
merges = st.tuples(st.just("merge"), who, who).filter(lambda event: event[1] != event[2])
waits = st.sampled_from([1, 5, 5, 65, 245, 1440])


def histories(*events: Any) -> Any:
    return st.lists(st.tuples(waits, st.one_of(runs, runs, *events)), min_size=4, max_size=14)


RANDOM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    server.create_database("test_histories", template="template_touchpoint")
    database = Database(server.url("test_histories"))
    yield database
    database.close()


def test_guard_histories_get_as_far_as_they_should(shared: Database) -> None:
    """Both arms expire, come again in a second round, and go: else the laws below would say nothing of it."""
    everybody = frozenset(PEOPLE)
    ask, yes, send = ("run", "offer", 50, "X", everybody, 1), ("answer", "approved"), ("send",)
    with undone(shared) as tx:
        ledger = Ledger(tx)
        ledger.play([(1, ask), (65, send), (5, ask), (1, yes), (1, send)])
        found = {each[3:] for each in ledger.rounds(with_anchors=False)}
        assert found == {
            (number, is_held_out, state, reason, number == 1)
            for is_held_out in (False, True)
            for number, state, reason in ((1, "expired", "not_approved"), (2, "gone", None))
        }
        assert ledger.rounds() == ledger.model.rounds()


@settings(max_examples=60, **RANDOM)
@given(history=histories(*others))
def test_every_candidate_round_arm_and_end_is_what_the_model_says(shared: Database, history: Any) -> None:
    with undone(shared) as tx:
        ledger = Ledger(tx)
        ledger.play(history)  # compares the counts of every run
        assert ledger.rounds() == ledger.model.rounds()
        assert ledger.decisions() == ledger.model.decisions()
        for run, _ in ledger.runs:
            assert tx.many("checks/ledger/does_not_add_up", run_no=run.run_no) == []


@settings(max_examples=40, **RANDOM)
@given(history=histories(*others))
def test_treated_and_held_out_are_treated_alike(shared: Database, history: Any) -> None:
    """The same history with nobody held out: the same rounds, ends and reasons, for everybody."""

    def played(is_nobody_held_out: bool) -> set[tuple[Any, ...]]:
        with undone(shared) as tx:
            ledger = Ledger(tx, is_nobody_held_out=is_nobody_held_out)
            ledger.play(history)
            found = ledger.rounds(with_anchors=False)
            assert not (is_nobody_held_out and [each for each in found if each[4]])
            return {each[:4] + each[5:] for each in found}

    assert played(False) == played(True)


@settings(max_examples=40, **RANDOM)
@given(history=histories(*others, merges))
def test_whoever_turns_out_to_be_one_person_is_touched_once_and_by_the_smaller_draw(
    shared: Database, history: Any
) -> None:
    with undone(shared) as tx:
        ledger = Ledger(tx)
        ledger.check_counts = lambda found, expected: None  # type: ignore[method-assign]  # it knows no merges
        ledger.play(history)
        twice = rows(
            tx,
            "SELECT campaign_id, occasion FROM (SELECT t.campaign_id, t.occasion, facts.identity_of(t.identity,"
            " 'infinity') AS person FROM ledger.outbox AS o INNER JOIN ledger.touch AS t USING (touch_id)"
            " WHERE o.state = 'waiting') AS live GROUP BY campaign_id, occasion, person HAVING count(*) > 1",
        )
        assert twice == []
        by_chance = rows(
            tx,
            "SELECT d.decision, (d.detail ->> 'draw')::float8 AS draw, (d.detail ->> 'holdout_percent')::float8 AS"
            " percent, (SELECT min(h.draw) FROM facts.identities_of(t.identity, 'infinity') AS names INNER JOIN"
            " ledger.holdout AS h ON h.identity = names.identity AND h.campaign_id = t.campaign_id"
            " AND h.drawn_as_of <= d.as_of) AS smallest, t.identity = facts.identity_of(t.identity, d.as_of) AS own"
            " FROM ledger.decision AS d INNER JOIN ledger.touch AS t USING (touch_id) WHERE d.decision IN"
            " ('enqueued', 'held_out')",
        )
        for row in by_chance:
            assert (row["decision"] == "held_out") == (row["draw"] * 100 < row["percent"])
            assert row["draw"] >= row["smallest"]
        late = rows(
            tx,
            "SELECT o.message_id FROM ledger.message AS o WHERE o.state = 'waiting' AND EXISTS (SELECT FROM"
            " facts.identities_of(o.identity, 'infinity') AS names INNER JOIN ledger.holdout AS h"
            " ON h.identity = names.identity AND h.campaign_id = o.campaign_id"
            " WHERE h.draw * 100 < o.holdout_percent)",
        )
        assert late == []
        for run, _ in ledger.runs:
            assert tx.many("checks/ledger/does_not_add_up", run_no=run.run_no) == []
