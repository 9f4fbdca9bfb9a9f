"""A campaign that says `learned`: due by the version in force before the run, and the same when asked again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.decide.building import (
    AS_OF,
    add_address,
    add_order,
    make_campaign,
    make_policy,
    make_run,
    make_segments,
    make_shop,
    minutes,
    rows,
    scratched,
    undone,
)

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Transaction
from touchpoint.decide import audience
from touchpoint.decide.recompute import Question, compare
from touchpoint.learning import kept
from touchpoint.model import Mode, Run
from touchpoint.record.derived import Derived
from touchpoint.settings import load_tags

DAY = timedelta(days=1)
LAB = make_shop()


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    server.create_database("test_taught", template="template_touchpoint")
    database = Database(server.url("test_taught"))
    yield database
    database.close()


@pytest.fixture
def tx(shared: Database) -> Iterator[Transaction]:
    with undone(shared) as transaction:
        yield transaction


def says(**delay: str) -> Campaign:
    parameters = {"delay": delay, "close_lead": "15m", "offer": "none"}
    return make_campaign(audience={"statement": "unpaid_reminder", "parameters": parameters})


def teach(tx: Transaction, at: datetime, **after: int) -> int:
    """A version by which orders of a source, of a kind, of both (source__kind) or `every` are due after minutes."""
    groups = []
    for key, value in after.items():
        source, _, kind = key.partition("__")
        cell = {"source": None if key == "every" else source or None, "kind": kind or None}
        groups.append({**cell, "after": value * 60, "latest": 10**6, "least_paid_at": 1})
    kept.keep(
        tx, shop_id=LAB.id, name="pay_delay", body={"groups": groups}, as_of=at, since=None, until=at, sample=9,
        data_hash="d",
    )  # fmt: skip
    version = kept.in_force(tx, LAB.id, "pay_delay", at)
    assert version is not None
    return version.no


def order(tx: Transaction, name: str, age: float, **changed: Any) -> None:
    add_order(tx, name, f"buyer-{name}", AS_OF - minutes(age), **changed)
    add_address(tx, f"buyer-{name}")


def asked(tx: Transaction, campaign: Campaign, run: Run | None = None, **more: Any) -> audience.Audience:
    run = run or make_run(tx)
    features = scratched(tx, run.as_of, run.run_no)
    derived = Derived(tx, LAB, run.as_of, run.run_no, features, make_segments(), load_tags())
    given: dict[str, Any] = {"relation": features, "segments": make_segments(), "derived": derived, **more}
    return (audience.ask if run.mode == Mode.RECOMPUTE or more else audience.store)(
        tx, run=run, shop=LAB, campaign=campaign, **given
    )


def due(found: audience.Audience) -> list[str]:
    return [candidate.occasion for candidate in found.candidates]


def test_reminders_are_due_by_what_was_learned_of_source_and_kind(tx: Transaction) -> None:
    for name, source, kind in (
        ("app_card", "app", "card"),
        ("app_boleto", "app", "boleto"),
        ("web_card", "web", "card"),
        ("unseen", "mini_program", None),
        ("flash", "flash_sale", "card"),
    ):
        order(tx, name, 45, source=source, payment_kind=kind)
    campaign = says(default="learned", flash_sale="50m")
    assert due(asked(tx, campaign)) == ["app_boleto", "app_card", "unseen", "web_card"], "nothing learned: 30 minutes"
    teach(tx, AS_OF - DAY, every=44, app=20, app__card=46, app__boleto=10, web=47)
    assert due(asked(tx, campaign)) == ["app_boleto", "unseen"]
    assert due(asked(tx, says(default="learned", web="45m"))) == ["app_boleto", "flash", "unseen", "web_card"]


def test_what_the_run_of_an_instant_learns_is_for_the_next_run(tx: Transaction) -> None:
    order(tx, "o", 45)
    teach(tx, AS_OF, every=60)
    assert due(asked(tx, says(default="learned"))) == ["o"]
    assert due(asked(tx, says(default="learned"), make_run(tx, AS_OF + minutes(5)))) == []


def test_a_run_is_stored_with_the_versions_it_worked_by_and_others_are_not(tx: Transaction) -> None:
    order(tx, "o", 45)
    assert asked(tx, says(default="30m")).configured.get("learned") is None
    assert asked(tx, says(default="learned")).configured["learned"] == {"pay_delay": None}
    no = teach(tx, AS_OF - DAY, every=60)
    found = asked(tx, says(default="learned or 20m"))
    assert found.configured["learned"] == {"pay_delay": no}
    assert found.configured["parameters"]["delay"] == {"default": "learned or 20m"}  # type: ignore[index]


def recomputed(tx: Transaction, run: Run, campaign: Campaign) -> dict[str, Any]:
    again = make_run(tx, run.as_of, mode="recompute", run_type="backfill", is_at_head=False)

    def ask(question: Question) -> audience.Audience:
        return asked(tx, question.campaign, again, configured=question.configured)

    compare(
        tx,
        run=again,
        shop=LAB,
        policy=make_policy(),
        campaigns={campaign.id: campaign},
        ask=ask,
        now=AS_OF + minutes(9),
    )
    [found] = rows(tx, "SELECT * FROM ledger.recomputation WHERE run_no = %(no)s", no=again.run_no)
    return found


def test_a_past_run_is_recomputed_by_the_version_of_then(tx: Transaction) -> None:
    order(tx, "o", 45)
    campaign, run = says(default="learned"), make_run(tx)
    teach(tx, AS_OF - DAY, every=40)
    asked(tx, campaign, run)
    teach(tx, AS_OF + DAY, every=90)
    assert recomputed(tx, run, campaign)["differs_by"] == []


def test_a_version_the_run_did_not_know_is_named_as_what_it_is(tx: Transaction) -> None:
    order(tx, "o", 45)
    campaign, run = says(default="learned"), make_run(tx)
    first = teach(tx, AS_OF - DAY, every=40)
    asked(tx, campaign, run)
    second = teach(tx, AS_OF - minutes(5), every=90)
    found = recomputed(tx, run, campaign)
    assert found["differs_by"] == ["config"]
    assert found["detail"]["config"] == [{"key": "learned.pay_delay", "then": str(first), "now": str(second)}]
    assert found["detail"]["audience"]["only_then"] == 1
