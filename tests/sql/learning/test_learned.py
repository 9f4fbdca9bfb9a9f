"""What a shop learned: versions, the one in force, and that nothing of it is ever written anew."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError

from touchpoint.db import Transaction
from touchpoint.errors import LedgerError
from touchpoint.facts import head
from touchpoint.learning import kept

DAY = timedelta(days=1)
MONDAY = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def keep(tx: Transaction, body: dict[str, object], as_of: datetime, *, sample: int = 10, or_head: bool = False) -> bool:
    return kept.keep(
        tx,
        shop_id="sandbox",
        name="pay_delay",
        body=body,
        as_of=as_of,
        since=None,
        until=as_of,
        sample=sample,
        data_hash="d",
        or_head=or_head,
    )


def test_the_version_in_force_is_the_latest_learned_by_the_instant(tx: Transaction) -> None:
    assert kept.in_force(tx, "sandbox", "pay_delay", MONDAY) is None
    assert keep(tx, {"after": 1}, MONDAY)
    assert keep(tx, {"after": 2}, MONDAY + DAY, sample=20)
    before = kept.in_force(tx, "sandbox", "pay_delay", MONDAY + DAY - timedelta(seconds=1))
    assert before is not None
    assert before.body == {"after": 1}
    assert before.learned_as_of == MONDAY
    now = kept.in_force(tx, "sandbox", "pay_delay", MONDAY + DAY)
    assert now is not None
    assert (now.body, now.sample) == ({"after": 2}, 20)
    assert now.no > before.no
    assert kept.in_force(tx, "sandbox", "pay_delay", MONDAY - DAY) is None
    assert kept.in_force(tx, "other", "pay_delay", MONDAY + DAY) is None


def test_the_same_body_makes_no_new_version_whatever_the_order_of_its_keys(tx: Transaction) -> None:
    assert keep(tx, {"a": 1, "b": 2}, MONDAY)
    assert not keep(tx, {"b": 2, "a": 1}, MONDAY + DAY, sample=99)
    assert keep(tx, {"a": 1, "b": 3}, MONDAY + DAY)
    assert keep(tx, {"a": 1, "b": 2}, MONDAY + 2 * DAY), "back to an earlier body is a change, too"


def test_what_was_in_force_in_the_past_is_not_written_anew(tx: Transaction) -> None:
    keep(tx, {"a": 1}, MONDAY + DAY)
    with pytest.raises(LedgerError, match="2026-03-03"):
        keep(tx, {"a": 2}, MONDAY)


def test_what_is_learned_as_of_an_instant_counts_for_later_ones_alone(tx: Transaction) -> None:
    keep(tx, {"a": 1}, MONDAY)
    assert kept.Lessons(tx, "sandbox", MONDAY).version("pay_delay") is None
    assert kept.Lessons(tx, "sandbox", MONDAY + timedelta.resolution).version("pay_delay") is not None


def test_nothing_is_learned_behind_the_record(tx: Transaction) -> None:
    head.advance_refreshed(tx, "sandbox", MONDAY)
    with pytest.raises(LedgerError, match="2026-03-02"):
        keep(tx, {"a": 1}, MONDAY - DAY)
    assert keep(tx, {"a": 1}, MONDAY), "the run that made it learns as of its own instant"


def test_what_a_slow_run_learns_counts_after_the_runs_that_worked_without_it(tx: Transaction) -> None:
    at, later = MONDAY, MONDAY + timedelta(minutes=5)
    head.advance_refreshed(tx, "sandbox", later)
    assert keep(tx, {"a": 1}, at, or_head=True)
    assert kept.Lessons(tx, "sandbox", later).version("pay_delay") is None
    version = kept.in_force(tx, "sandbox", "pay_delay", later)
    assert version is not None
    assert (version.learned_as_of, version.until) == (later, at)


@pytest.mark.parametrize(
    "statement", ["UPDATE record.learned_parameters SET sample = 1", "DELETE FROM record.learned_parameters"]
)
def test_a_version_is_never_changed_or_deleted(tx: Transaction, statement: str) -> None:
    keep(tx, {"a": 1}, MONDAY)
    with pytest.raises(SQLAlchemyError, match="append-only"):
        tx.connection.exec_driver_sql(statement)
