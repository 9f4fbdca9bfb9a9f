"""Segments with the time they held: incremental equals full, whatever changed them; the past is one query."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.sql.decide.building import AS_OF, SHOP, add_customer, add_order, insert, make_shop, rows, undone

from touchpoint.db import Database, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.record import refresh, rfm, segments
from touchpoint.record.explain import explain
from touchpoint.record.recall import recall
from touchpoint.settings import CONFIG_ROOT, Segments, load_tags, read_yaml

DAY = timedelta(days=1)
SOURCES = {"order": {"adapter": "files"}, "review": {"adapter": "files"}}
STANDING = (
    "SELECT customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, dormant_from,"
    " next_change_at FROM {} AS standing ORDER BY customer_no"
)
SAID = (
    "SELECT customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause"
    " FROM {} AS standing ORDER BY customer_no"
)
TAGGED = "SELECT customer_no, tag, value, number, evidence, out_of, confidence FROM {} AS tags ORDER BY 1, 2"
FEATURES = (
    "SELECT customer_no, first_paid_at, last_paid_at, order_count, paid_minor, refund_count, refund_minor, net_minor,"
    " purchase_days, first_day, last_day, item_count, discount_count, discount_minor, coupon_count, coupon_minor"
    " FROM {} AS features ORDER BY customer_no"
)


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for all examples: each works in a transaction that is undone."""
    server.create_database("test_memberships", template="template_touchpoint")
    database = Database(server.url("test_memberships"))
    yield database
    database.close()


def rules(**changed: Any) -> Segments:
    """Rules by which little time and few customers change something."""
    given = read_yaml(CONFIG_ROOT / "segments.yaml")
    given |= {"drifting_after": "9d", "dormant_after": "18d", "lost_after": "36d"}
    given["rfm"]["min_customers"] = 5
    given["rfm"]["thresholds"]["recency"] = ["3d", "9d", "18d", "40d"]
    given["dormancy"] |= {"rule": "fixed", "fixed_after": "14d", "least": "5d", "most": "40d"}
    return Segments.model_validate({**given, **changed})


def bring(tx: Transaction, as_of: datetime, batch_ids: list[int], made: Segments) -> int:
    """A refresh as the pipeline does it, the head advanced."""
    shop = make_shop(sources=SOURCES)
    written = refresh.refresh(tx, shop=shop, as_of=as_of, batch_ids=batch_ids, segments=made, tags=load_tags())
    tx.connection.exec_driver_sql(
        "INSERT INTO record.heads (shop_id, refreshed_as_of) VALUES ('lab', %(at)s)"
        " ON CONFLICT (shop_id) DO UPDATE SET refreshed_as_of = excluded.refreshed_as_of",
        {"at": as_of},
    )
    return written


def full(tx: Transaction, as_of: datetime, made: Segments) -> dict[str, list[dict[str, Any]]]:
    """The whole record as of an instant, made anew."""
    shop = make_shop(sources=SOURCES)
    with segments.everybody(tx, shop=shop, as_of=as_of, segments=made, tags=load_tags()) as everybody:
        return {
            "features": rows(tx, FEATURES.format(everybody.features)),
            "tags": rows(tx, TAGGED.format(everybody.tags)),
            "standing": rows(tx, STANDING.format(everybody.standing)),
            "said": rows(tx, SAID.format(everybody.standing)),
        }


def stored(tx: Transaction) -> dict[str, list[dict[str, Any]]]:
    return {
        "features": rows(tx, FEATURES.format("record.customer_features")),
        "tags": rows(tx, TAGGED.format("record.customer_tags")),
        "standing": rows(tx, STANDING.format("record.customer_segments")),
        "said": rows(tx, SAID.format("record.customer_segments")),
    }


def said_at(tx: Transaction, at: datetime) -> list[dict[str, Any]]:
    return rows(tx, SAID.format("record.members_at('lab', %(at)s::timestamptz)"), at=at)


purchases = st.lists(
    st.fixed_dictionaries(
        {"customer": st.integers(0, 7), "days_ago": st.integers(0, 45), "paid_minor": st.sampled_from([0, 500, 90000])}
    ),
    max_size=6,
)
causes = st.lists(
    st.fixed_dictionaries({"customer": st.integers(0, 7), "value": st.sampled_from(["unhappy", "asleep", None])}),
    max_size=3,
)
steps = st.lists(
    st.fixed_dictionaries({"bought": purchases, "said": causes, "passed": st.sampled_from([0, 1, 2, 5, 11])}),
    min_size=1,
    max_size=5,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=steps, rule=st.sampled_from(["quintiles", "thresholds"]), window=st.sampled_from(["all", "40d"]))
def test_what_changed_alone_is_looked_at_and_comes_out_as_all_would(
    shared: Database, made: list[dict[str, Any]], rule: str, window: str
) -> None:
    given_rules = rules(window=window)
    given_rules = given_rules.model_copy(update={"rfm": given_rules.rfm.model_copy(update={"rule": rule})})
    with undone(shared) as tx:
        as_of, known, number = AS_OF, {}, 0
        for batch, step in enumerate(made, start=1):
            as_of += step["passed"] * DAY
            for bought in step["bought"]:
                number += 1
                paid_at = as_of - bought["days_ago"] * DAY
                add_order(
                    tx,
                    f"A{number}",
                    f"c{bought['customer']}",
                    paid_at,
                    paid_at=paid_at,
                    paid_minor=bought["paid_minor"],
                    batch_id=batch,
                    known_at=as_of,
                )
            for number_said, said in enumerate(step["said"]):
                say(tx, f"c{said['customer']}", said["value"], as_of, author=f"{batch}.{number_said}")
            bring(tx, as_of, [batch], given_rules)
            now = full(tx, as_of, given_rules)
            assert stored(tx) == now
            assert bring(tx, as_of, list(range(1, batch + 1)), given_rules) == 0
            known[as_of] = now["said"]
        for instant, said in known.items():
            assert said_at(tx, instant) == said
            assert full(tx, instant, given_rules)["said"] == said


def say(tx: Transaction, customer: str, value: str | None, at: datetime, author: str = "Lin") -> None:
    """An agent says why a customer left, or takes back what was said."""
    customer_no = add_customer(tx, customer)
    given = {"tag": "leaving_cause", "value": value, "is_withdrawn": value is None, "author": author}
    insert(tx, "record.manual_tags", shop_id=SHOP, customer_no=customer_no, happened_at=at, known_at=at, **given)


def buyer(tx: Transaction, customer: str, *days_ago: int, **changed: Any) -> None:
    for number, days in enumerate(days_ago):
        paid_at = AS_OF - days * DAY
        order = {"paid_at": paid_at, "paid_minor": 500, "batch_id": 1, "known_at": paid_at, **changed}
        add_order(tx, f"{customer}-{number}", customer, paid_at, **order)


def test_time_alone_moves_a_customer_at_the_instant_the_clock_says(tx: Transaction) -> None:
    buyer(tx, "ann", 0)
    bring(tx, AS_OF, [1], rules())
    (before,) = stored(tx)["standing"]
    assert (before["stage"], before["dormancy"]) == ("new", "awake")
    assert before["next_change_at"] == AS_OF + 3 * DAY, "the score of recency, by thresholds"
    tick = timedelta(microseconds=1)
    assert bring(tx, AS_OF + 9 * DAY - tick, [], rules()) == 1, "the score alone"
    assert stored(tx)["standing"][0]["stage"] == "new"
    bring(tx, AS_OF + 9 * DAY, [], rules())
    assert stored(tx)["standing"][0]["stage"] == "drifting"
    bring(tx, AS_OF + 14 * DAY, [], rules())
    assert stored(tx)["standing"][0]["dormancy"] == "dormant"


def test_a_customer_nobody_touched_moves_when_others_move_the_bounds(tx: Transaction) -> None:
    for number in range(5):
        buyer(tx, f"c{number}", 1, paid_minor=100 * (number + 1))
    bring(tx, AS_OF, [1], rules())
    before = {row["customer_no"]: row["m_score"] for row in stored(tx)["standing"]}
    assert sorted(before.values()) == [1, 2, 3, 4, 5]
    for number in range(5, 10):
        buyer(tx, f"c{number}", 0, paid_minor=10_000, batch_id=2)
    bring(tx, AS_OF + DAY, [2], rules())
    after = {row["customer_no"]: row["m_score"] for row in stored(tx)["standing"]}
    assert [after[number] for number in before] != list(before.values())
    assert stored(tx) == full(tx, AS_OF + DAY, rules()) | {"said": stored(tx)["said"]}


def test_who_was_where_and_who_moved_is_one_query(tx: Transaction) -> None:
    buyer(tx, "ann", 0)
    buyer(tx, "bob", 12, 11, 10)
    bring(tx, AS_OF, [1], rules())
    bring(tx, AS_OF + 10 * DAY, [], rules())
    at = {"shop_id": SHOP, "at": AS_OF + 5 * DAY}
    assert [row["customer_id"] for row in segments.who(tx, **at, kind="stage", segment="new")] == ["ann"]
    assert [row["customer_id"] for row in segments.who(tx, **at, kind="stage", segment="drifting")] == ["bob"]
    span = {"shop_id": SHOP, "begins": AS_OF, "ends": AS_OF + 10 * DAY, "kind": "stage"}
    assert segments.moves(tx, **span) == [
        {"left_segment": "drifting", "entered_segment": "dormant", "customers": 1},
        {"left_segment": "new", "entered_segment": "drifting", "customers": 1},
    ]
    span = {**span, "begins": AS_OF - DAY, "ends": AS_OF}
    assert {row["left_segment"] for row in segments.moves(tx, **span)} == {"none"}


def test_a_changed_rule_makes_all_segments_anew_and_keeps_what_held(tx: Transaction) -> None:
    buyer(tx, "ann", 12)
    bring(tx, AS_OF, [1], rules())
    bring(tx, AS_OF + DAY / 2, [], rules(dormancy=rules().dormancy.model_copy(update={"fixed_after": 10 * DAY})))
    assert [row["dormancy"] for row in said_at(tx, AS_OF)] == ["awake"]
    assert [row["dormancy"] for row in stored(tx)["standing"]] == ["dormant"]


def test_the_cause_of_leaving_is_told_of_who_left(tx: Transaction) -> None:
    buyer(tx, "ann", 20, 19)
    buyer(tx, "bob", 2, 1)
    given_at = {"happened_at": AS_OF - 19 * DAY, "modified_at": AS_OF - 19 * DAY, "known_at": AS_OF - 19 * DAY}
    insert(tx, "facts.reviews", shop_id=SHOP, order_id="ann-1", review_id="r", score=1, batch_id=1, **given_at)
    bring(tx, AS_OF, [1], rules())
    assert [(row["dormancy"], row["cause"]) for row in stored(tx)["standing"]] == [
        ("dormant", "unhappy"),
        ("awake", None),
    ]


def test_why_they_left_is_what_an_agent_says_until_it_is_taken_back(tx: Transaction) -> None:
    """Known since the last refresh, though nothing else of the customer is; at the instant of that refresh, too."""
    buyer(tx, "ann", 20, 19)
    buyer(tx, "bob", 2, 1)

    def causes_now() -> list[str | None]:
        return [row["cause"] for row in stored(tx)["standing"]]

    bring(tx, AS_OF, [1], rules())
    assert causes_now() == ["asleep", None]
    say(tx, "ann", "unhappy", AS_OF)
    say(tx, "bob", "unhappy", AS_OF)
    assert bring(tx, AS_OF, [], rules()) == 1
    assert causes_now() == ["unhappy", None], "who did not leave has no cause"
    assert bring(tx, AS_OF, [], rules()) == 0
    say(tx, "ann", None, AS_OF + DAY)
    bring(tx, AS_OF + DAY, [], rules())
    assert causes_now() == ["asleep", None]
    assert [row["cause"] for row in said_at(tx, AS_OF)] == ["unhappy", None]
    for at in (AS_OF, AS_OF + DAY):
        assert full(tx, at, rules())["said"] == said_at(tx, at)


def test_what_was_said_of_who_was_merged_is_why_the_survivor_left(tx: Transaction) -> None:
    buyer(tx, "ann", 20, 19)
    gone, stays = add_customer(tx, "gone"), add_customer(tx, "ann")
    say(tx, "gone", "unhappy", AS_OF - DAY)
    bring(tx, AS_OF, [1], rules())
    assert [row["cause"] for row in stored(tx)["standing"]] == ["asleep"]
    merged = {"customer_no": gone, "survivor_no": stays, "shop_id": SHOP, "known_from": AS_OF + DAY}
    insert(tx, "facts.merged_customers", **merged)
    bring(tx, AS_OF + DAY, [], rules())
    assert [row["cause"] for row in stored(tx)["standing"]] == ["unhappy"]


def test_a_customer_whose_only_order_goes_leaves_every_segment_from_then_on(tx: Transaction) -> None:
    buyer(tx, "ann", 1)
    bring(tx, AS_OF, [1], rules())
    later = AS_OF + DAY
    (old,) = rows(tx, "SELECT * FROM facts.orders")
    insert(tx, "facts.orders_history", **old, known_from=old["known_at"], known_until=later)
    gone = "UPDATE facts.orders SET paid_at = NULL, known_at = %(at)s, modified_at = %(at)s, batch_id = 2"
    tx.connection.exec_driver_sql(gone, {"at": later})
    bring(tx, later, [2], rules())
    assert stored(tx) == {"features": [], "tags": [], "standing": [], "said": []}
    assert [row["stage"] for row in said_at(tx, AS_OF)] == ["new"]
    assert said_at(tx, later) == []


def test_the_same_question_has_the_same_digest_and_another_fact_another(tx: Transaction) -> None:
    buyer(tx, "ann", 3)
    bring(tx, AS_OF, [1], rules())

    def digest(at: datetime) -> list[dict[str, Any]]:
        given = {"shop": make_shop(sources=SOURCES), "as_of": at, "segments": rules(), "tags": load_tags()}
        with segments.everybody(tx, **given) as everybody:
            return segments.digest(tx, everybody)

    then = digest(AS_OF)
    assert digest(AS_OF) == then
    buyer(tx, "bob", 2, batch_id=2, known_at=AS_OF + DAY)
    bring(tx, AS_OF + DAY, [2], rules())
    assert digest(AS_OF) == then, "learned later, it changes nothing of before"
    assert digest(AS_OF + DAY) != then


def test_the_time_before_the_first_refresh_is_recalled(tx: Transaction) -> None:
    buyer(tx, "ann", 40, 38)
    buyer(tx, "bob", 12, 11, 10)
    bring(tx, AS_OF, [1], rules())
    assert said_at(tx, AS_OF - DAY) == []
    given = {"shop": make_shop(sources=SOURCES), "every": DAY, "segments": rules(), "tags": load_tags()}
    kept = recall(tx, since=AS_OF - 41 * DAY, **given)
    assert kept > 4
    for days in (41, 40, 39, 38, 30, 12, 11, 1):
        at = AS_OF - days * DAY
        assert said_at(tx, at) == full(tx, at, rules())["said"], days
    assert said_at(tx, AS_OF) == stored(tx)["said"]
    assert recall(tx, since=AS_OF - 41 * DAY, **given) == kept, "asked again, the same"
    with pytest.raises(TouchpointError, match="the record begins at"):
        recall(tx, since=AS_OF, **given)


def test_whoever_the_facts_no_longer_speak_of_leaves_the_record_though_all_is_made_anew(tx: Transaction) -> None:
    for number in range(12):
        buyer(tx, f"c{number}", 1)
    bring(tx, AS_OF, [1], rules())
    tx.connection.exec_driver_sql(
        "UPDATE facts.orders SET batch_id = 2, customer_no = (SELECT customer_no FROM facts.customers WHERE"
        " customer_id = 'c1') WHERE order_id = 'c0-0'"
    )
    changed = rules(dormancy=rules().dormancy.model_copy(update={"fixed_after": 10 * DAY}))
    bring(tx, AS_OF, [2], changed)
    assert len(stored(tx)["features"]) == 11
    assert stored(tx) == full(tx, AS_OF, changed)


def test_a_statement_of_the_narrow_facts_that_changed_makes_them_anew(tx: Transaction) -> None:
    buyer(tx, "ann", 1)
    bring(tx, AS_OF, [1], rules())
    tx.connection.exec_driver_sql("UPDATE record.paid_orders SET net_minor = 1")
    bring(tx, AS_OF, [], rules())
    assert [row["paid_minor"] for row in stored(tx)["features"]] == [500], "nothing came in, nothing is looked at"
    tx.connection.exec_driver_sql("UPDATE record.heads SET narrow_made_from = 'before'")
    bring(tx, AS_OF, [], rules())
    assert rows(tx, "SELECT net_minor FROM record.paid_orders") == [{"net_minor": 500}]


def test_bounds_are_not_looked_for_where_nothing_changed(tx: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        buyer(tx, f"c{number}", number)
    bring(tx, AS_OF, [1], rules())
    monkeypatch.setattr(rfm, "bounds", lambda *_, **__: pytest.fail("bounds made anew"))
    bring(tx, AS_OF + 20 * DAY, [], rules())
    monkeypatch.undo()
    assert stored(tx) == full(tx, AS_OF + 20 * DAY, rules())


def test_who_paid_before_the_window_alone_is_lost_and_no_prospect(tx: Transaction) -> None:
    buyer(tx, "ann", 60)
    buyer(tx, "bob", 1)
    given = rules(window="40d")
    bring(tx, AS_OF, [1], given)
    shop = make_shop(sources=SOURCES)
    asked = {"shop": shop, "as_of": AS_OF, "segments": given, "tags": load_tags()}
    with segments.everybody(tx, **asked) as everybody:
        found = segments.counts(tx, shop=shop, as_of=AS_OF, everyone=everybody)
        assert {row["segment"] for row in found if row["kind"] == "stage"} == {"new"}
        (told,) = explain(tx, customer_id="ann", everyone=everybody, **asked)
    assert (told["value"], told["why"][:35]) == ("lost", "paid orders before the window alone")
    with pytest.raises(ValidationError, match="window ends before 40d"):
        rules(window="10d")


def test_moves_from_before_the_record_begins_are_refused(tx: Transaction) -> None:
    with pytest.raises(TouchpointError, match="run a refresh first"):
        segments.require_reached(tx, shop_id=SHOP, at=AS_OF)
    buyer(tx, "ann", 3)
    bring(tx, AS_OF, [1], rules())
    segments.require_reached(tx, shop_id=SHOP, at=AS_OF)
    with pytest.raises(TouchpointError, match="segments recall"):
        segments.require_reached(tx, shop_id=SHOP, at=AS_OF - DAY)
    given = {"shop": make_shop(sources=SOURCES), "segments": rules(), "tags": load_tags()}
    recall(tx, since=AS_OF - 2 * DAY, every=DAY, **given)
    segments.require_reached(tx, shop_id=SHOP, at=AS_OF - DAY)
    with pytest.raises(TouchpointError, match="no step"):
        recall(tx, since=AS_OF - 2 * DAY, every=0 * DAY, **given)


def test_items_and_prices_are_of_the_orders_that_say_and_what_is_lacking_is_unavailable(tx: Transaction) -> None:
    buyer(tx, "ann", 3, 2, 1, item_count=None, paid_minor=1000, item=None)
    buyer(tx, "bob", 0, item_count=2, paid_minor=1000, item=None)
    tx.connection.exec_driver_sql(
        "UPDATE facts.orders SET customer_no = (SELECT min(customer_no) FROM facts.customers)"
    )
    bring(tx, AS_OF, [1], rules())
    asked = {"shop": make_shop(sources=SOURCES), "as_of": AS_OF, "segments": rules(), "tags": load_tags()}
    with segments.everybody(tx, **asked) as everybody:
        told = explain(tx, customer_id="ann", everyone=everybody, **asked)
    found = {row["what"]: row for row in told}
    assert found["orders"]["value"] == 4
    assert str(found["items per order"]["value"]) == "2.0"
    assert str(found["price per item"]["value"]) == "5.00"
    assert found["orders with discount"]["value"] == "unavailable"
    assert "refunds unavailable" in found["net"]["why"]
    assert found["stage"]["why"].startswith("4 paid orders, 0 days of silence")


def test_what_agents_said_is_explained_where_the_shop_lacks_the_facts_to_infer_it(tx: Transaction) -> None:
    buyer(tx, "ann", 3)
    bring(tx, AS_OF, [1], rules())
    said = {"tag": "life_stage", "value": "mature", "author": "Lin", "happened_at": AS_OF, "known_at": AS_OF}
    insert(tx, "record.manual_tags", shop_id=SHOP, customer_no=add_customer(tx, "ann"), **said)
    asked = {"shop": make_shop(sources=SOURCES), "as_of": AS_OF, "segments": rules(), "tags": load_tags()}
    with segments.everybody(tx, **asked) as everybody:
        found = {row["what"]: row for row in explain(tx, customer_id="ann", everyone=everybody, **asked)}
    assert (found["tag life_stage"]["value"], found["tag life_stage"]["why"][:11]) == ("mature", "said by Lin")
    assert found["tag size"]["value"] == "unavailable"
