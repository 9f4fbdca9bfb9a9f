"""What asks for approval goes with a yes to these very messages, in these very words, and with nothing else."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError
from tests.faults.world import AT, REALM, World
from tests.sql.decide.building import make_campaign, make_policy
from tests.sql.outbox.conftest import Recorder

from touchpoint.campaigns.load import TEMPLATE_ROOT
from touchpoint.campaigns.spec import Campaign
from touchpoint.campaigns.version import approval_versions
from touchpoint.model import Channel, Rejection
from touchpoint.outbox import approval, stops
from touchpoint.outbox.sweep import sweep

SMS = Channel.SMS
CAMPAIGN = make_campaign(approval="marketer", cadence="monthly")
EDITED = make_campaign(approval="marketer", cadence="monthly", description="Somebody changed a word.")
LATER = AT + timedelta(minutes=1)


class Desk:
    """A world whose messages ask for approval, all of one month, and a marketer."""

    def __init__(self, world: World, channel: Recorder) -> None:
        self.world, self.channel = world, channel

    def add(self, count: int = 1, **changes: Any) -> list[int]:
        """What decide does: messages, and the hash of all of them in the same transaction."""
        ids = self.world.add(count, **{"needs_approval": True, **changes})
        with self.world.db.transaction() as tx:
            tx.connection.exec_driver_sql("UPDATE ledger.touch SET occasion = '2026-11'")
            tx.count("outbox/approval_batches", run_no=self.world.run_no)
        return ids

    def ask(self, campaign: Campaign = CAMPAIGN, at: datetime = AT) -> UUID | None:
        with self.world.db.transaction() as tx:
            asked = approval.ask(
                tx,
                realm=REALM,
                shop_id=self.world.shop.id,
                run_no=self.world.run_no,
                campaign_id=campaign.id,
                at=at,
                versions=approval_versions([campaign]),
                figures={},
            )
        return asked.question if asked else None

    def answer(
        self,
        question: UUID | None,
        is_yes: bool,
        at: datetime = LATER,
        campaign: Campaign = CAMPAIGN,
        note: str = "as agreed",
        **rejection: Rejection,
    ) -> tuple[int, int]:
        assert question is not None
        with self.world.db.transaction() as tx:
            return approval.answer(
                tx,
                question,
                realm=REALM,
                shop_id=self.world.shop.id,
                at=at,
                versions=approval_versions([campaign]),
                is_yes=is_yes,
                who="marketer",
                answered_at=at,
                note=note,
                **rejection,
            )

    def dispatch(self, campaign: Campaign | None = CAMPAIGN, at: datetime = LATER) -> dict[str, int]:
        campaigns = {campaign.id: campaign} if campaign else {}
        return self.world.dispatch({SMS: self.channel}, at, campaigns=campaigns).as_dict()

    def answers(self) -> list[dict[str, Any]]:
        return self.world.sql("SELECT answer, who, note, occasion FROM ledger.approval ORDER BY approval_id")


@pytest.fixture
def desk(world: World, channel: Recorder) -> Desk:
    return Desk(world, channel)


def test_a_yes_lets_the_next_dispatch_send_what_was_asked_about(desk: Desk) -> None:
    desk.add(3)
    question = desk.ask()
    assert desk.dispatch() == {"held: approval": 3}
    assert desk.answer(question, True) == (1, 0)
    assert desk.dispatch() == {"accepted": 3, "claimed": 3}
    assert desk.answers() == [{"answer": "approved", "who": "marketer", "note": "as agreed", "occasion": "2026-11"}]


def test_notes_are_shown_on_pages_and_keep_no_address(desk: Desk, world: World) -> None:
    told = "asked by a.b@example.com, +8613912345678"
    desk.add()
    desk.answer(desk.ask(), True, note=told)
    assert [row["note"] for row in desk.answers()] == ["asked by ***, ***"]
    with world.db.transaction() as tx:
        stops.stop(tx, who="ops", note=told)
        assert [row["note"] for row in stops.state(tx)] == ["asked by ***, ***"]


def test_nothing_is_sent_without_an_answer_however_long_it_waits(desk: Desk) -> None:
    desk.add(2)
    assert desk.dispatch() == {"held: approval": 2}
    desk.ask()
    assert desk.dispatch() == {"held: approval": 2}
    assert desk.channel.messages == []


@pytest.mark.parametrize("kind", list(Rejection))
def test_a_no_cancels_both_arms_and_back_for_changes_alone_frees_them(desk: Desk, kind: Rejection) -> None:
    ids = desk.add(3)
    desk.world.withhold(ids[0])
    assert desk.answer(desk.ask(), False, rejection=kind) == (1, 2)
    ended = desk.world.sql("SELECT DISTINCT state, reason FROM ledger.outbox")
    assert ended == [{"state": "cancelled", "reason": kind.value}]
    assert desk.dispatch() == {}
    freed = [{"release_reason": kind.value, "n": 3}] if kind == Rejection.BACK_FOR_CHANGES else []
    released = (
        "SELECT release_reason, count(*) AS n FROM ledger.touch_cover WHERE released_as_of IS NOT NULL GROUP BY 1"
    )
    assert desk.world.sql(released) == freed
    rounds = desk.world.sql("SELECT reason AS release_reason, count(*) AS n FROM ledger.freed_round GROUP BY 1")
    assert rounds == freed
    assert desk.world.sql("SELECT answer, rejection FROM ledger.approval") == [
        {"answer": "rejected", "rejection": kind.value}
    ]
    counted = desk.world.sql(
        "SELECT count(*) AS n FROM ledger.message WHERE state IN ('waiting', 'sending', 'accepted', 'unknown')"
    )
    assert counted == [{"n": 0}]  # caps count these states alone (decide/message_load)


def test_after_a_no_nothing_is_left_to_ask_and_a_yes_to_the_old_question_counts_for_nothing(desk: Desk) -> None:
    desk.add(2)
    question = desk.ask()
    desk.answer(question, False)
    assert desk.ask() is None
    assert desk.answer(question, True) == (0, 0)
    assert desk.dispatch() == {}
    assert [row["answer"] for row in desk.answers()] == ["rejected"]


@pytest.mark.parametrize("is_yes", [False, True])
def test_what_was_answered_in_one_round_is_asked_about_anew_in_the_next(desk: Desk, is_yes: bool) -> None:
    """The very same people and words: an answer of the round before, a no above all, must not speak for them."""
    desk.add(2)
    desk.answer(desk.ask(), is_yes)
    desk.world.sql("UPDATE ledger.message SET state = 'expired', reason = 'not_after'")
    desk.world.sql("UPDATE ledger.touch_cover SET released_as_of = NULL")
    with desk.world.db.transaction() as tx:
        again = desk.world.run(tx)
    desk.world.sql(
        "WITH another AS (SELECT * FROM ledger.message) INSERT INTO ledger.message (realm, shop_id, touch_id,"
        " campaign_id, step, purpose, channel, identity, customer_id, address_kind, address_hash, template, variant,"
        " locale, needs_approval, not_before, not_after, planned_on, enqueued_run_no, enqueued_as_of, state_at, round)"
        " SELECT realm, shop_id, touch_id, campaign_id, step, purpose, channel, identity, customer_id, address_kind,"
        " address_hash, template, variant, locale, true, not_before, not_after, planned_on, %(no)s, enqueued_as_of,"
        " state_at, 2 FROM another",
        no=again,
    )
    desk.world.run_no = again
    with desk.world.db.transaction() as tx:
        tx.count("outbox/approval_batches", run_no=again)
    assert desk.dispatch() == {"held: approval": 2}
    assert desk.answer(desk.ask(), True) == (1, 0)
    assert desk.dispatch() == {"accepted": 2, "claimed": 2}


def test_one_more_candidate_is_another_hash_and_the_answer_of_before_covers_none_of_them(desk: Desk) -> None:
    desk.add(3)
    desk.answer(desk.ask(), True)
    desk.add(1)
    assert desk.dispatch() == {"held: approval": 4}
    assert desk.answer(desk.ask(), True) == (1, 0)
    assert desk.dispatch()["accepted"] == 4


def test_an_answer_to_a_question_asked_before_one_more_was_added_covers_nothing(desk: Desk) -> None:
    desk.add(3)
    question = desk.ask()
    desk.add(1)
    assert desk.answer(question, True) == (1, 0)
    assert desk.dispatch() == {"held: approval": 4}


def test_a_no_to_what_has_changed_since_cancels_nothing(desk: Desk) -> None:
    desk.add(1)
    question = desk.ask()
    desk.add(1)
    assert desk.answer(question, False) == (1, 0)
    assert desk.dispatch() == {"held: approval": 2}


@pytest.mark.parametrize("when", ["between question and answer", "between answer and claim"])
def test_an_edited_campaign_file_needs_an_answer_of_its_own(desk: Desk, when: str) -> None:
    desk.add(2)
    question = desk.ask()
    desk.answer(question, True, campaign=EDITED if when.startswith("between question") else CAMPAIGN)
    assert desk.dispatch(EDITED) == {"held: approval": 2}
    assert desk.answer(desk.ask(EDITED), True, campaign=EDITED) == (1, 0)
    assert desk.dispatch(EDITED)["accepted"] == 2


def test_the_file_put_back_as_it_was_is_covered_again(desk: Desk) -> None:
    desk.add(2)
    desk.answer(desk.ask(), True)
    assert desk.dispatch(EDITED) == {"held: approval": 2}
    assert desk.dispatch(CAMPAIGN)["accepted"] == 2


def test_a_campaign_whose_file_is_gone_or_does_not_load_sends_nothing_it_was_approved_for(desk: Desk) -> None:
    desk.add(2)
    desk.answer(desk.ask(), True)
    assert desk.dispatch(None) == {"held: campaign_off": 2}
    assert desk.channel.messages == []


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    shutil.copytree(TEMPLATE_ROOT, tmp_path / "templates")
    return tmp_path / "templates"


@pytest.mark.parametrize("path", ["messages/unpaid_reminder/zh-CN/remind.new/sms.txt", "messages/_base/email.html"])
def test_edited_words_are_another_version_and_those_of_another_campaign_are_not(templates: Path, path: str) -> None:
    before = approval_versions([CAMPAIGN], templates)
    (templates / "messages" / "another").mkdir()
    (templates / "messages" / "another" / "sms.txt").write_text("别的")
    assert approval_versions([CAMPAIGN], templates) == before
    (templates / path).write_text("换了话", encoding="utf-8")
    assert approval_versions([CAMPAIGN], templates) != before


def test_what_needs_no_approval_goes_beside_what_does(desk: Desk) -> None:
    desk.add(2)
    free = desk.add(2, needs_approval=False)
    assert desk.dispatch() == {"accepted": 2, "claimed": 2, "held: approval": 2}
    assert desk.channel.messages == free


def test_an_answer_of_another_realm_or_shop_covers_nothing_here(desk: Desk) -> None:
    desk.add(1)
    question = desk.ask()
    desk.world.sql("UPDATE ledger.run SET realm = 'spring' WHERE run_no = %(no)s", no=desk.world.run_no)
    desk.answer(question, True)
    assert desk.dispatch() == {"held: approval": 1}


def test_the_hash_knows_who_what_and_in_which_words_and_not_what_became_of_it(desk: Desk) -> None:
    ids = desk.add(2)

    def hashed(change: str = "") -> str:
        with desk.world.db.transaction() as tx:
            if change:
                tx.connection.exec_driver_sql(f"UPDATE ledger.message SET {change} WHERE message_id = {ids[0]}")
            tx.count("outbox/approval_batches", run_no=desk.world.run_no)
            return str(tx.connection.exec_driver_sql("SELECT rows_hash FROM ledger.approval_batch").scalar_one())

    first = hashed()
    assert (
        hashed("state = 'accepted', planned_on = planned_on + 1, not_before = not_before - interval '1 hour'") == first
    )
    seen = {first}
    for change in ("variant = 'loyal'", "variant = NULL", "template = 'other'", "step = 'again'", "locale = 'en'",
                   "channel = 'email'", "identity = gen_random_uuid()"):  # fmt: skip
        assert hashed(change) not in seen, change
        seen.add(hashed())


def test_not_answered_in_time_expires_at_dispatch_with_all_of_its_batch(desk: Desk) -> None:
    desk.add(1, not_after=AT + timedelta(hours=1))
    desk.add(1, not_after=AT + timedelta(hours=3))
    desk.ask()
    before, late = AT + timedelta(minutes=59), AT + timedelta(hours=1)
    desk.world.sql("UPDATE record.heads SET loaded_as_of = %(at)s", at=late)
    assert desk.dispatch(at=before) == {"held: approval": 2}
    assert desk.dispatch(at=late) == {"expired": 2}
    assert desk.world.states() == {"expired: not_approved": 2}
    assert desk.world.sql("SELECT DISTINCT release_reason FROM ledger.touch_cover") == [
        {"release_reason": "not_approved"}
    ]


def test_not_asked_at_all_expires_too_at_the_sweep_before_deciding(desk: Desk) -> None:
    desk.add(2, not_after=AT + timedelta(hours=1))
    with desk.world.db.transaction() as tx:
        done = sweep(
            tx, realm=REALM, shop=desk.world.shop, at=AT + timedelta(hours=1), policy=make_policy(),
            campaigns={CAMPAIGN.id: CAMPAIGN},
        )  # fmt: skip
    assert done["expired"] == 2
    assert desk.world.states() == {"expired: not_approved": 2}


def test_approved_and_too_late_is_not_called_unapproved(desk: Desk) -> None:
    desk.add(1, not_after=AT + timedelta(hours=1))
    desk.answer(desk.ask(), True)
    desk.dispatch(at=AT + timedelta(hours=1))
    assert desk.world.states() == {"expired: not_after": 1}


def test_approved_in_time_goes_on_after_the_first_of_the_batch_was_due(desk: Desk) -> None:
    desk.add(1, not_after=AT + timedelta(hours=1))
    desk.add(1, not_after=AT + timedelta(hours=3), max_staleness=None)
    desk.answer(desk.ask(), True)
    assert desk.dispatch(at=AT + timedelta(hours=2)) == {"accepted": 1, "claimed": 1, "expired": 1}


def test_what_was_approved_is_not_ended_because_its_file_does_not_load_just_then(desk: Desk) -> None:
    desk.add(1, not_after=AT + timedelta(hours=1))
    desk.add(1, not_after=AT + timedelta(hours=3), max_staleness=None)
    desk.answer(desk.ask(), True)
    assert desk.dispatch(None, AT + timedelta(hours=2)) == {"expired": 1, "held: campaign_off": 1}
    assert desk.dispatch(at=AT + timedelta(hours=2)) == {"accepted": 1, "claimed": 1}


def test_an_answer_after_the_time_for_it_is_not_kept(desk: Desk) -> None:
    desk.add(1, not_after=AT + timedelta(hours=1))
    question = desk.ask()
    assert desk.answer(question, True, at=AT + timedelta(hours=1)) == (0, 0)
    assert desk.ask(at=AT + timedelta(hours=1)) is None
    assert desk.answers() == []


def test_what_was_approved_is_not_asked_again(desk: Desk) -> None:
    desk.add(2)
    desk.answer(desk.ask(), True)
    assert desk.ask() is None


def test_a_question_is_answered_once_and_no_answer_is_changed_or_deleted(desk: Desk) -> None:
    desk.add(2)
    question = desk.ask()
    assert desk.answer(question, True) == (1, 0)
    assert desk.answer(question, False) == (0, 0)
    for change in ("UPDATE ledger.approval SET answer = 'approved'", "DELETE FROM ledger.approval",
                   "TRUNCATE ledger.approval"):  # fmt: skip
        with pytest.raises(DBAPIError, match="append-only"):
            desk.world.sql(change)


def apart(desk: Desk) -> None:
    """Let every message be about an occasion of its own."""
    with desk.world.db.transaction() as tx:
        tx.connection.exec_driver_sql("DELETE FROM ledger.approval_batch")
        tx.connection.exec_driver_sql("UPDATE ledger.touch SET occasion = customer_id")
        tx.count("outbox/approval_batches", run_no=desk.world.run_no)


def test_several_occasions_of_a_run_are_one_question(desk: Desk) -> None:
    desk.add(3)
    apart(desk)
    assert desk.answer(desk.ask(), True) == (3, 0)
    assert desk.dispatch()["accepted"] == 3


def test_time_is_up_for_all_occasions_of_a_question_with_the_first_of_them(desk: Desk) -> None:
    desk.add(1, not_after=AT + timedelta(hours=1))
    desk.add(2, not_after=AT + timedelta(hours=3))
    apart(desk)
    desk.ask()
    assert desk.dispatch(at=AT + timedelta(hours=1)) == {"expired": 3}


CASES: dict[str, Any] = {
    "nobody asked": lambda desk: None,
    "asked": lambda desk: desk.ask(),
    "yes": lambda desk: desk.answer(desk.ask(), True),
    "yes to fewer": lambda desk: (desk.answer(desk.ask(), True), desk.add(1)),
    "yes to other words": lambda desk: desk.answer(desk.ask(EDITED), True, campaign=EDITED),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_the_claim_takes_is_what_waiting_because_calls_claimable(desk: Desk, case: Any) -> None:
    desk.add(3)
    desk.add(2, needs_approval=False)
    case(desk)
    with desk.world.db.transaction() as tx:
        from touchpoint.outbox.claim import Scope, claim
        from touchpoint.outbox.leases import LEASE

        scope = Scope(
            REALM, desk.world.shop, desk.world.policy, desk.world.environment_id, {CAMPAIGN.id: CAMPAIGN}, 0, 1, LEASE,
            approval_versions([CAMPAIGN]),
        )  # fmt: skip
        told = {
            row["reason"]: row["messages"]
            for row in tx.many("outbox/waiting_because", **scope.reasons(AT), **tx.server)
        }
        taken, _ = claim(tx, scope, SMS, at=AT, size=100)
    assert len(taken) == told["claimable"] >= 2
    assert sum(told.values()) == desk.world.number


def test_messages_that_ask_and_were_not_hashed_do_not_add_up(desk: Desk) -> None:
    def faults() -> list[str]:
        with desk.world.db.transaction() as tx:
            return [row["fault"] for row in tx.many("checks/ledger/does_not_add_up", run_no=desk.world.run_no)]

    desk.add(2)
    assert faults() == []
    desk.world.add(1, needs_approval=True)
    assert faults() == ["unpaid_reminder: 3 messages ask for approval, 2 are hashed"]
