"""Whom dormant reactivation wakes: silence and group, what is not stirred up, waves, and who is left in peace since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_address,
    add_customer,
    add_order,
    identity_of,
    insert,
    make_policy,
    make_run,
    make_segments,
    make_shop,
    rows,
    scratched,
    undone,
)

from touchpoint import statements
from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Transaction
from touchpoint.decide import audience, plan
from touchpoint.decide.given import available
from touchpoint.model import Candidate, Mode, Run
from touchpoint.outbox.enqueue import enqueue
from touchpoint.record.derived import Derived
from touchpoint.settings import Offer, Shop, load_tags

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EMAIL = {"provider": "smtp", "connection": "c", "sender": "a@lab.invalid", "sender_name": "Lab"}
FROM_FILES = {"adapter": "files", "connection": "c", "mapping": "m"}
LAB = make_shop(email=EMAIL, sources=dict.fromkeys(("order", "shipment"), FROM_FILES))
SHIPPED = load_campaigns().by_id["dormant_reactivation"]
OPEN = {"from": "2026-01-01", "until": "2026-12-31", "quota": 100}
DAG = "touchpoints_daily__lab"


def campaign(offer: dict[str, Any] | None = OPEN, **parameters: Any) -> Campaign:
    """The campaign as shipped, with other parameters; the lab's offer on its own terms, or none."""
    given = {**SHIPPED.audience.parameters, "groups": ["at_risk", "cannot_lose", "hibernating", "lost"], **parameters}
    told = SHIPPED.audience.model_copy(update={"parameters": given})
    shops = {SHOP: offer} if offer else {"another": OPEN}
    terms = Offer.model_validate({"id": "welcome_back", "text": {"zh-CN": "x", "en": "x"}, "shops": shops})
    return SHIPPED.model_copy(update={"audience": told}).with_offer(terms)


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for all: each test works in a transaction that is undone."""
    server.create_database("test_dormant_audience", template="template_touchpoint")
    database = Database(server.url("test_dormant_audience"))
    yield database
    database.close()


@pytest.fixture
def tx(shared: Database) -> Iterator[Transaction]:
    with undone(shared) as transaction:
        yield transaction


def bought(tx: Transaction, who: str, days: float, order_id: str = "", *, spent: int = 10_000, **changed: Any) -> str:
    """An order a customer paid so many days before, finished two days later; returns its id."""
    order_id, paid = order_id or f"o-{who}-{days}", AS_OF - days * DAY
    states = {"paid_at": paid, "payment_state": "paid", "paid_minor": spent, "finished_at": paid + 2 * DAY}
    add_order(tx, order_id, who, paid - HOUR, **{**states, **changed})
    return order_id


def run_of(tx: Transaction, as_of: datetime = AS_OF, **changed: Any) -> Run:
    return make_run(tx, as_of, **{"dag_id": DAG, "cadence": "daily", **changed})


def ask(
    tx: Transaction, spec: Campaign | None = None, as_of: datetime = AS_OF, run: Run | None = None, shop: Shop = LAB
) -> list[Candidate]:
    run = run or run_of(tx, as_of)
    return list(audience.ask(tx, **_asked(tx, spec or campaign(), run, shop)).candidates)


def _asked(tx: Transaction, spec: Campaign, run: Run, shop: Shop = LAB) -> dict[str, Any]:
    relation = scratched(tx, run.as_of, run.run_no)
    derived = Derived(tx, shop, run.as_of, run.run_no, relation, make_segments(), load_tags())
    told = {"run": run, "shop": shop, "campaign": spec, "relation": relation, "segments": make_segments()}
    return {**told, "derived": derived}


def decide(tx: Transaction, spec: Campaign | None = None, as_of: datetime = AS_OF, run: Run | None = None) -> plan.Plan:
    """A whole run: audience, decisions, outbox."""
    spec, run = spec or campaign(), run or run_of(tx, as_of)
    audience.store(tx, **_asked(tx, spec, run))
    made = plan.decide(tx, run=run, shop=LAB, policy=make_policy(), campaigns={spec.id: spec}, at=as_of)
    enqueue(tx, run, made.enqueue)
    return made


def reach(tx: Transaction, *names: str) -> None:
    """E-mail addresses that have agreed to be written to."""
    for name in names:
        hashed = add_address(tx, name, "email")
        insert(
            tx,
            "contact.consents",
            shop_id=SHOP,
            address_hash=hashed,
            channel="email",
            purpose="promotional",
            is_granted=True,
            happened_at="2020-01-01Z",
            known_at="2020-01-01Z",
            method="form",
        )


def reasons(found: list[Candidate]) -> dict[str, str | None]:
    return {each.customer_id: each.exclude_reason for each in found}


def names(found: list[Candidate]) -> list[str]:
    return sorted(each.customer_id for each in found if each.exclude_reason is None)


# Silence and group


@pytest.mark.parametrize(
    ("days", "is_asked"), [(179.99, False), (180, True), (300, True), (719.99, True), (720, False), (900, False)]
)
def test_silence_is_a_half_open_stretch(tx: Transaction, days: float, is_asked: bool) -> None:
    bought(tx, "b", days)
    assert bool(ask(tx)) is is_asked


def test_a_candidate_is_about_the_last_paid_order(tx: Transaction) -> None:
    bought(tx, "b", 400, "older")
    bought(tx, "b", 200, "last")
    add_order(tx, "never paid", "b", AS_OF - 190 * DAY, closed_at=AS_OF - 189 * DAY)
    [found] = ask(tx)
    assert (found.occasion, found.step, found.stage, found.covers) == ("last", "touch_1", "dormant", ())
    assert (found.not_before, found.not_after) == (AS_OF, AS_OF + 14 * DAY)


def test_an_order_within_the_silence_ends_it(tx: Transaction) -> None:
    bought(tx, "b", 300)
    bought(tx, "b", 20)
    assert ask(tx) == []


def test_stages_choose_the_words(tx: Transaction) -> None:
    bought(tx, "b", 200)
    bought(tx, "c", 400)
    assert {each.customer_id: each.stage for each in ask(tx)} == {"b": "dormant", "c": "lost"}


def test_only_the_groups_named_are_asked(tx: Transaction) -> None:
    bought(tx, "poor", 400, spent=100)
    for turn in range(6):
        bought(tx, "rich", 400 + turn, spent=90_000_00)
    assert names(ask(tx, campaign(groups=["lost"]))) == ["poor"]
    assert names(ask(tx, campaign(groups=["at_risk", "cannot_lose"]))) == ["rich"]


def test_guests_are_nobody(tx: Transaction) -> None:
    bought(tx, "b", 200)
    tx.connection.exec_driver_sql("UPDATE facts.customers SET is_guest = true")
    assert ask(tx) == []


def test_of_two_accounts_of_one_person_the_one_that_bought_last_speaks(tx: Transaction) -> None:
    for name in ("work", "home", "old", "new"):
        add_customer(tx, name, identity="one" if name in ("work", "home") else "other")
    bought(tx, "work", 300)
    bought(tx, "home", 200)
    bought(tx, "old", 300)
    bought(tx, "new", 10)  # this person is not asleep at all
    assert names(ask(tx)) == ["home"]


def test_a_past_instant_sees_neither_later_orders_nor_later_knowledge(tx: Transaction) -> None:
    bought(tx, "b", 300, "first")
    bought(tx, "b", 50, "second")
    bought(tx, "c", 300, "late", known_at=AS_OF)
    found = ask(tx, as_of=AS_OF - 60 * DAY)
    assert [(each.customer_id, each.occasion) for each in found] == [("b", "first")]


# What is not stirred up


def open_order(tx: Transaction) -> None:
    add_order(tx, "open", "b", AS_OF - 2 * HOUR)


def unfinished_cash_on_delivery(tx: Transaction) -> None:
    add_order(tx, "cod", "b", AS_OF - 9 * DAY, kind="cash_on_delivery", shipped_at=AS_OF - 8 * DAY)


def refund(state: str, days: float) -> Any:
    def add(tx: Transaction) -> None:
        at = AS_OF - days * DAY
        stamps = {"happened_at": at, "modified_at": at, "known_at": at, "batch_id": 1}
        money = {"amount_minor": 100, "currency": "CNY", "state": state}
        number = add_customer(tx, "b")
        insert(tx, "facts.refunds", shop_id=SHOP, refund_id="r", order_id="last", customer_no=number, **money, **stamps)

    return add


def review(score: int, days: float = 190, order_id: str = "last") -> Any:
    def add(tx: Transaction) -> None:
        at = AS_OF - days * DAY
        stamps = {"happened_at": at, "modified_at": at, "known_at": at, "batch_id": 1}
        insert(tx, "facts.reviews", shop_id=SHOP, order_id=order_id, review_id="v", score=score, **stamps)

    return add


def parcel(*scans: tuple[str, float], promised: float | None = None, order_id: str = "last", sent: float = 199) -> Any:
    """Times in days before the audience's instant."""

    def add(tx: Transaction) -> None:
        at = AS_OF - sent * DAY
        stamps = {"modified_at": at, "known_at": at, "batch_id": 1}
        ends = AS_OF - promised * DAY if promised is not None else None
        told = {"shop_id": SHOP, "shipment_id": "p"}
        insert(tx, "facts.shipments", **told, order_id=order_id, shipped_at=at, promised_at=ends, **stamps)
        for number, (state, days) in enumerate(scans):
            then = AS_OF - days * DAY
            key = {"event_key": str(number), "happened_at": then, "state": state, "known_at": then, "batch_id": 1}
            insert(tx, "facts.tracking_events", **told, **key)

    return add


def late_now(tx: Transaction) -> None:
    add_order(tx, "sent late", "b", AS_OF - 70 * DAY, kind="cash_on_delivery")
    parcel(("picked_up", 9), promised=4, sent=10, order_id="sent late")(tx)


# 14:00 local time: 190 days before is 14:00 as well, and that day goes on for ten hours.
@pytest.mark.parametrize(
    ("grievance", "expected"),
    [
        (lambda tx: None, None),
        (open_order, "open_order"),
        (lambda tx: add_order(tx, "closed", "b", AS_OF - HOUR, closed_at=AS_OF), None),
        (lambda tx: add_order(tx, "too late to pay", "b", AS_OF - 25 * HOUR), None),
        (unfinished_cash_on_delivery, "open_order"),
        (lambda tx: add_order(tx, "stuck for ever", "b", AS_OF - 61 * DAY, shipped_at=AS_OF - 60 * DAY), None),
        (refund("asked", 500), "refund"),
        (refund("succeeded", 100), "refund"),
        (refund("succeeded", 365), None),
        (refund("refused", 1), None),
        (review(1), "bad_review"),
        (review(2), "bad_review"),
        (review(3), None),
        (review(1, days=-1), None),
        (parcel(("delivered", 190), promised=190), None),
        (parcel(("delivered", 190 - 0.4), promised=190), None),
        (parcel(("delivered", 190 - 0.5), promised=190), "late_parcel"),
        (parcel(("delivered", 184.01)), None),
        (parcel(("delivered", 184)), "late_parcel"),
        (parcel(("returning", 195), ("returned", 190)), "late_parcel"),
        (parcel(("delivered", 150), promised=190, order_id="another"), None),
        (late_now, "parcel_trouble"),
    ],
)  # fmt: skip
def test_who_has_reason_to_be_cross_is_passed_over(tx: Transaction, grievance: Any, expected: str | None) -> None:
    bought(tx, "b", 200, "last")
    grievance(tx)
    assert reasons(ask(tx)) == {"b": expected}


@pytest.mark.parametrize(
    ("changed", "arrives", "expected"),
    [
        ({"finished_at": None}, None, "late_parcel"),  # paid, and nothing ever left
        ({"finished_at": None, "closed_at": AS_OF - 190 * DAY}, None, "late_parcel"),  # paid, and called off
        ({"finished_at": None, "closed_at": AS_OF + DAY, "shipped_at": AS_OF - 199 * DAY}, None, None),
        ({"finished_at": None}, parcel(("picked_up", 198), ("in_transit", 197)), "late_parcel"),  # seen no more
        ({"finished_at": None}, parcel(("picked_up", 198), ("delivered", 196)), None),
        ({"finished_at": None}, parcel(), None),  # handed over; whoever took it tells nothing
        ({}, parcel(("picked_up", 198)), None),  # the buyer has confirmed it
    ],
)
def test_who_never_had_what_they_paid_for_last_is_not_asked_how_it_does(
    tx: Transaction, changed: dict[str, Any], arrives: Any, expected: str | None
) -> None:
    bought(tx, "b", 200, "last", **changed)
    if arrives:
        arrives(tx)
    assert reasons(ask(tx)) == {"b": expected}


def test_a_price_difference_is_not_the_last_order_of_a_silence(tx: Transaction) -> None:
    bought(tx, "b", 200, "link", finished_at=None, kind="price_difference")
    assert reasons(ask(tx)) == {}
    bought(tx, "b", 210, "last")
    assert [(found.occasion, found.exclude_reason) for found in ask(tx)] == [("last", None)]


def test_a_shop_that_tells_nothing_of_parcels_is_not_judged_by_them(tx: Transaction) -> None:
    bought(tx, "b", 200, "last", finished_at=None)
    assert reasons(ask(tx)) == {"b": "late_parcel"}
    assert reasons(ask(tx, shop=make_shop(email=EMAIL, sources={"order": FROM_FILES}))) == {"b": None}


@pytest.mark.parametrize("grievance", ["open_order", "refund", "bad_review", "parcel_trouble"])
def test_what_keeps_one_account_away_keeps_the_person_away(tx: Transaction, grievance: str) -> None:
    for name in ("home", "b"):
        add_customer(tx, name, identity="one")
    bought(tx, "home", 200)
    bought(tx, "b", 300, "last")
    add = {"open_order": open_order, "refund": refund("asked", 20), "bad_review": review(1), "parcel_trouble": late_now}
    add[grievance](tx)
    assert reasons(ask(tx)) == {"home": grievance}


def test_the_first_reason_in_the_order_stated_is_told(tx: Transaction) -> None:
    bought(tx, "b", 200, "last")
    told = []
    for add in (parcel(("lost", 190)), review(1), refund("asked", 20), open_order):
        add(tx)
        told.append(reasons(ask(tx))["b"])
    assert told == ["late_parcel", "bad_review", "refund", "open_order"]


# The offer


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        (OPEN, None),
        (None, "offer_not_here"),
        ({**OPEN, "until": "2026-03-16"}, "offer_over"),  # over before the 17th, when touch_2 would go
        ({**OPEN, "until": "2026-03-17"}, None),
        ({**OPEN, "from": "2026-03-18"}, "offer_not_begun"),
        ({**OPEN, "from": "2026-03-17"}, None),
    ],
)
def test_nobody_is_teased_whom_the_offer_could_not_follow(
    tx: Transaction, offer: dict[str, Any] | None, expected: str | None
) -> None:
    bought(tx, "b", 200)
    assert reasons(ask(tx, campaign(offer))) == {"b": expected}


def test_without_an_offer_the_teaser_stands_for_itself(tx: Transaction) -> None:
    bought(tx, "b", 200)
    given = {**campaign().audience.parameters, "offer": "none"}
    plain = SHIPPED.model_copy(update={"audience": SHIPPED.audience.model_copy(update={"parameters": given})})
    assert reasons(ask(tx, plain)) == {"b": None}


def test_an_offer_that_was_all_given_out_before_begins_no_sequence(tx: Transaction) -> None:
    reach(tx, "b")
    bought(tx, "b", 200)
    bought(tx, "c", 200)
    spec = campaign({**OPEN, "quota": 1})
    decide(tx, spec, AS_OF - 9 * DAY)
    grant = "INSERT INTO ledger.offer_grant (realm, shop_id, offer_id, slot, message_id, granted_at) SELECT 'live',"
    tx.connection.exec_driver_sql(
        f"{grant} shop_id, 'welcome_back', 1, message_id, %(at)s FROM ledger.message WHERE step = 'touch_2'",
        {"at": AS_OF - DAY},
    )
    assert reasons(ask(tx, spec)) == {"c": "offer_gone"}
    assert reasons(ask(tx, spec, AS_OF - DAY)) == {"c": None}  # a grant of that very instant is not known at it


# Waves


def crowd(tx: Transaction, count: int, **changed: Any) -> list[str]:
    people = [f"p{number:02}" for number in range(count)]
    for number, who in enumerate(people):
        bought(tx, who, 200, spent=1000 * (number + 1), **changed)
    return people


def test_a_wave_is_so_many_and_the_worthiest_first(tx: Transaction) -> None:
    people = crowd(tx, 7)
    assert names(ask(tx, campaign(wave=3))) == people[-3:]


def test_by_chance_the_draw_is_the_same_every_time_and_not_by_worth(tx: Transaction) -> None:
    people = crowd(tx, 12)
    first = names(ask(tx, campaign(wave=4, wave_by="chance")))
    assert first == names(ask(tx, campaign(wave=4, wave_by="chance")))
    assert len(first) == 4
    assert first != people[-4:]


def test_those_passed_over_on_the_way_do_not_use_up_the_wave(tx: Transaction) -> None:
    people = crowd(tx, 6)
    for who in people[-2:]:
        add_order(tx, f"open-{who}", who, AS_OF - HOUR)
    found = reasons(ask(tx, campaign(wave=2)))
    assert found == {people[2]: None, people[3]: None, people[4]: "open_order", people[5]: "open_order"}


def test_fewer_than_a_wave_are_all_and_everybody_passed_over_is_named(tx: Transaction) -> None:
    people = crowd(tx, 3)
    add_order(tx, "open", people[0], AS_OF - HOUR)
    assert reasons(ask(tx, campaign(wave=9))) == {people[0]: "open_order", people[1]: None, people[2]: None}


def test_the_next_day_brings_the_next_wave_and_the_same_run_the_same(tx: Transaction) -> None:
    people = crowd(tx, 6)
    reach(tx, *people)
    spec, run = campaign(wave=2), run_of(tx)
    first = ask(tx, spec, run=run)
    decide(tx, spec, run=run)
    assert ask(tx, spec, run=run) == first  # asked again after it was decided
    again = decide(tx, spec, run=run)
    assert (again.counts[spec.id]["repeated"], again.enqueue) == (2, [])
    waves = [names(ask(tx, spec, AS_OF + days * DAY)) for days in (0, 1)]
    assert waves == [people[-2:], people[-4:-2]]
    decide(tx, spec, AS_OF + DAY)
    assert names(ask(tx, spec, AS_OF + 2 * DAY)) == people[-6:-4]
    assert ask(tx, spec, run=run) == first  # and long after
    assert names(ask(tx, spec, AS_OF + DAY)) == people[-4:-2]


def test_who_cannot_be_reached_does_not_stand_in_the_way_of_the_others(tx: Transaction) -> None:
    people = crowd(tx, 5)
    reach(tx, people[0], people[1])
    spec = campaign(wave=2)
    decided = [decide(tx, spec, AS_OF + days * DAY).counts[spec.id] for days in range(3)]
    assert [(counts["candidates"], counts["suppressed"]) for counts in decided] == [(2, 2), (2, 1), (2, 1)]
    assert rows(tx, "SELECT count(*) AS n FROM ledger.touch WHERE decision IN ('enqueued', 'held_out')")[0]["n"] >= 2


def test_who_was_suppressed_is_looked_at_again_in_turns_and_never_more_than_a_wave(tx: Transaction) -> None:
    people = crowd(tx, 9)
    spec, seen = campaign(wave=3), set()
    for days in range(12):
        found = ask(tx, spec, AS_OF + days * DAY)
        assert len(found) == 3
        decide(tx, spec, AS_OF + days * DAY)
        seen |= {(each.customer_id, days > 2) for each in found}
    assert {who for who, again in seen if not again} == set(people)
    assert len({who for who, again in seen if again}) > 6


# Left in peace


def test_told_about_this_order_is_told_for_good_and_a_new_order_begins_anew(tx: Transaction) -> None:
    reach(tx, "b")
    bought(tx, "b", 200, "first")
    assert len(decide(tx).enqueue) in (0, 2)  # held out counts as well
    for days in (1, 100, 400):
        assert ask(tx, as_of=AS_OF + days * DAY) == []
    bought(tx, "b", -100, "second")  # a hundred days later they buy again
    assert [each.occasion for each in ask(tx, as_of=AS_OF + 300 * DAY)] == ["second"]


def earlier_touch(
    tx: Transaction, days: float, decision: str = "enqueued", state: str = "accepted", ended: datetime | None = None
) -> None:
    """A touch about another order, decided so many days before, and its message if there was one."""
    at = AS_OF - days * DAY
    run = run_of(tx, at)
    known = {"realm": "live", "shop_id": SHOP, "campaign_id": SHIPPED.id, "identity": identity_of("b")}
    known |= {"step": "touch_1", "customer_id": "b"}
    decided = {"decided_as_of": at, "decided_dag_id": DAG, "decided_run_no": run.run_no}
    reason = "no_consent" if decision == "suppressed" else None
    insert(tx, "ledger.touch", **known, occasion=f"o{days}", decision=decision, reason=reason, **decided)
    touch = rows(tx, "SELECT max(touch_id) AS id FROM ledger.touch")[0]["id"]
    detail = {"planned_on": at.date().isoformat(), "purpose": "promotional", "channel": "email"}
    insert(tx, "ledger.decision", touch_id=touch, run_no=run.run_no, as_of=at, decision=decision, detail=detail)
    if decision != "enqueued":
        return
    to = {"channel": "email", "address_kind": "email", "address_hash": "h", "template": "t", "locale": "en"}
    times = {"not_before": at, "not_after": at + DAY, "planned_on": at.date(), "state": state, "state_at": ended or at}
    made = {"touch_id": touch, "purpose": "promotional", "enqueued_run_no": run.run_no, "enqueued_as_of": at}
    insert(tx, "ledger.message", **known, **to, **times, **made)


@pytest.mark.parametrize(
    ("touch", "is_asked"),
    [
        ({"days": 89}, False),
        ({"days": 91}, True),
        ({"days": 89, "decision": "held_out"}, False),  # so that both sides of the draw stay alike
        ({"days": 89, "decision": "suppressed"}, True),
        ({"days": 89, "state": "cancelled"}, True),  # it never went
        ({"days": 89, "state": "cancelled", "ended": AS_OF}, False),  # at that instant it had not ended yet
        ({"days": 89, "state": "unknown"}, False),  # it may have arrived
        ({"days": 0}, True),  # decided at the very instant: not known at it
    ],
)
def test_the_cool_down(tx: Transaction, touch: dict[str, Any], is_asked: bool) -> None:
    bought(tx, "b", 200)
    earlier_touch(tx, **touch)
    assert bool(ask(tx)) is is_asked


def test_enough_silent_touches_are_enough(tx: Transaction) -> None:
    bought(tx, "b", 700)
    for days in (100, 200, 300):
        earlier_touch(tx, days)
    assert (bool(ask(tx, campaign(end_after=4))), bool(ask(tx, campaign(end_after=3)))) == (True, False)


def test_touches_before_the_last_order_were_answered(tx: Transaction) -> None:
    bought(tx, "b", 250)
    for days in (300, 400, 500):
        earlier_touch(tx, days)
    assert bool(ask(tx, campaign(end_after=1)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(
        st.tuples(
            st.sampled_from([0, 1, 75, 89, 91, 95]) | st.integers(92, 500),
            st.sampled_from(["enqueued", "enqueued", "held_out", "suppressed"]),
            st.sampled_from(["accepted", "unknown", "cancelled"]),
        ),
        max_size=4, unique_by=lambda touch: touch[0],
    ),
    silent=st.integers(180, 700),
    end_after=st.integers(1, 5),
)  # fmt: skip
def test_whatever_the_history_the_cool_down_and_the_end_hold(
    shared: Database, history: list[tuple[int, str, str]], silent: int, end_after: int
) -> None:
    with undone(shared) as tx:
        bought(tx, "b", silent)
        for days, decision, state in history:
            earlier_touch(tx, days, decision, state)
        told = [
            (AS_OF - days * DAY).astimezone(LAB.tz).replace(hour=0, minute=0)
            for days, decision, state in history
            if days > 0 and (decision == "held_out" or (decision == "enqueued" and state != "cancelled"))
        ]
        is_cool = all(at <= AS_OF - 90 * DAY for at in told)
        answered = AS_OF - silent * DAY
        assert bool(ask(tx, campaign(end_after=end_after))) is (
            is_cool and sum(at > answered for at in told) < end_after
        )


# The whole of it


def test_a_run_enqueues_both_touches_a_week_apart_and_the_offer_with_the_second(tx: Transaction) -> None:
    people = crowd(tx, 40)
    reach(tx, *people)
    made = decide(tx, campaign(wave=40))
    counts = made.counts[SHIPPED.id]
    assert counts["candidates"] == 40 == counts["enqueued"] + counts["held_out"]
    assert 0 < counts["held_out"] < 15
    by_step = {step: [row for row in made.enqueue if row["step"] == step] for step in ("touch_1", "touch_2")}
    assert {step: len(found) for step, found in by_step.items()} == dict.fromkeys(by_step, counts["candidates"])
    held_out = {step: sum(row["is_held_out"] for row in found) for step, found in by_step.items()}
    assert held_out == dict.fromkeys(by_step, counts["held_out"])
    assert {row["offer_id"] for row in by_step["touch_1"]} == {None}
    assert {row["offer_id"] for row in by_step["touch_2"]} == {"welcome_back"}
    assert {str(row["planned_on"]) for row in by_step["touch_2"]} == {"2026-03-17"}


def test_the_second_touch_ends_with_its_offer(tx: Transaction) -> None:
    people = crowd(tx, 5)
    reach(tx, *people)
    made = decide(tx, campaign({**OPEN, "until": "2026-03-18"}, wave=5))
    ends = {(row["step"], row["not_after"].astimezone(LAB.tz).isoformat()) for row in made.enqueue}
    assert ends == {("touch_1", "2026-03-24T14:00:00+08:00"), ("touch_2", "2026-03-19T00:00:00+08:00")}


def test_a_run_in_mode_recompute_finds_the_same_wave(tx: Transaction) -> None:
    people = crowd(tx, 6)
    reach(tx, *people)
    run = run_of(tx)
    first = audience.store(tx, **_asked(tx, campaign(wave=2), run))
    plan.decide(tx, run=run, shop=LAB, policy=make_policy(), campaigns={SHIPPED.id: campaign(wave=2)}, at=AS_OF)
    later = run_of(tx, mode=Mode.RECOMPUTE.value, is_at_head=False)
    assert audience.ask(tx, **_asked(tx, campaign(wave=2), later)).audience_hash == first.audience_hash


def test_nobody_behind_the_wave_is_looked_into(tx: Transaction) -> None:
    crowd(tx, 120)
    run = run_of(tx)
    cost = {wave: _pages(tx, campaign(wave=wave), run) for wave in (3, 120)}
    assert cost[120] > 1.5 * cost[3]


def _pages(tx: Transaction, spec: Campaign, run: Run) -> int:
    """Pages the statement touches."""
    given = available(**_asked(tx, spec, run))
    statement = statements.load("audiences/dormant_reactivation")
    values = {key: value() if callable(value := given[key]) else value for key in statement.params}
    text, bound = statement.bind(values)
    found = tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", bound).scalar_one()
    return int(found[0]["Plan"]["Shared Hit Blocks"])
