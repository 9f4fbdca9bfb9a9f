"""The simulated shop: as many orders as promised, every case a reminder must tell apart, always the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from touchpoint.errors import ConfigError
from touchpoint.sandbox.journal import Journal
from touchpoint.sandbox.state import Origin, latest_first_cycle, open_origin
from touchpoint.sandbox.world.buckets import HISTORY_DAYS
from touchpoint.sandbox.world.catalogue import HOSTILE_NICKS, PRODUCTS
from touchpoint.sandbox.world.dice import DAY, HOUR, MINUTE
from touchpoint.sandbox.world.order import Kind, Line, Standing, What, standing
from touchpoint.sandbox.world.parcels import parcels, scans
from touchpoint.sandbox.world.shop import World
from touchpoint.sandbox.world.tastes import LEAST_GOODS, is_thrifty, size_of

ANCHOR = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
DELAY, LEAD = 45 * MINUTE, 15 * MINUTE
REASONS = ("cash_on_delivery", "price_difference", "presale", "payment_under_way", "paid_other_order")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Nothing is forced on this one."""
    return another(tmp_path_factory.mktemp("world"), Origin(7, ANCHOR))


def another(tmp_path: Path, origin: Origin) -> World:
    return World(origin, Journal(tmp_path / "forced.jsonl"))


def due_by_buyer(world: World, at: int) -> dict[int, list[Standing]]:
    """Open orders of each buyer that are old enough and not about to close, as an unpaid reminder would look."""
    found: dict[int, list[Standing]] = defaultdict(list)
    for now in world.open_trades(at):
        if now.order.created + DELAY <= at < now.order.closes_at - LEAD:
            found[now.order.buyer].append(now)
    return found


def reason(trades: list[Standing], now: Standing) -> str | None:
    """Why a reminder leaves an open order out; `trades` are all of its buyer."""
    if now.order.kind is Kind.COD:
        return "cash_on_delivery"
    if now.order.kind is Kind.DIFFERENCE:
        return "price_difference"
    if now.order.kind is Kind.PRESALE:
        return "presale"
    if now.status == "PAY_PENDING":
        return "payment_under_way"
    items = {line.product for line in now.order.lines}
    later = (each for each in trades if each.order.created > now.order.created and each.when(What.PAID))
    if any(items & {line.product for line in each.order.lines} for each in later):
        return "paid_other_order"
    return None


def by_buyer(trades: list[Standing]) -> dict[int, list[Standing]]:
    found: dict[int, list[Standing]] = defaultdict(list)
    for each in trades:
        found[each.order.buyer].append(each)
    return found


def test_the_history_is_as_long_as_promised(world: World) -> None:
    at = world.origin.anchor_epoch
    trades = world.created(at - HISTORY_DAYS * DAY, at, at)
    assert 11_500 <= len(trades) <= 12_500
    assert len(world.created(at - 2 * DAY, at, at)) >= 600
    assert len({each.order.tid for each in trades}) == len(trades)
    assert 2_500 <= len({each.order.buyer for each in trades}) <= 3_000


def test_fifteen_in_a_hundred_are_never_paid(world: World) -> None:
    at = world.origin.anchor_epoch
    trades = world.created(at - HISTORY_DAYS * DAY, at - DAY, at + 60 * DAY)
    unpaid = sum(1 for each in trades if not each.when(What.PAID)) / len(trades)
    assert 0.13 <= unpaid <= 0.17


def test_buyers_have_paid_never_once_twice_or_more(world: World) -> None:
    at = world.origin.anchor_epoch
    paid = Counter(each.order.buyer for each in world.created(at - HISTORY_DAYS * DAY, at, at) if each.when(What.PAID))
    shares = Counter(min(paid[buyer], 3) for buyer in range(3_000))
    assert all(shares[count] > 200 for count in range(4))


def test_a_quarter_of_the_buyers_order_for_discounts(world: World) -> None:
    at = world.origin.anchor_epoch
    orders = [each.order for each in world.created(at - HISTORY_DAYS * DAY, at, at)]
    found: dict[bool, list[bool]] = {True: [], False: []}
    for order in orders:
        if order.goods >= LEAST_GOODS and order.kind is not Kind.DIFFERENCE:
            found[is_thrifty(order.buyer)].append(order.discount > 0)
    assert 0.2 < sum(is_thrifty(buyer) for buyer in range(3_000)) / 3_000 < 0.3
    assert 0.85 < sum(found[True]) / len(found[True]) < 0.95
    assert 0.05 < sum(found[False]) / len(found[False]) < 0.12
    assert all(0 <= order.coupon <= order.discount <= order.goods for order in orders)
    with_coupon = [order for order in orders if order.coupon]
    assert 0.5 < len(with_coupon) / sum(order.discount > 0 for order in orders) < 0.7


def test_a_buyer_wears_one_size_nearly_always() -> None:
    skirt = next(place for place, each in enumerate(PRODUCTS) if each.category == "裙装")
    sizes = Counter(size_of(11, tid, Line(skirt, 0, 1, 100)) for tid in range(300))
    assert len(sizes) == 2
    assert sizes.most_common(1)[0][1] > 250
    bag = next(place for place, each in enumerate(PRODUCTS) if each.category == "包袋")
    assert size_of(11, 1, Line(bag, 0, 1, 100)) == ""


@pytest.mark.parametrize("seed", [7, 20261122])
@pytest.mark.parametrize(
    "anchor",
    [
        ANCHOR,
        datetime(2026, 11, 22, 2, 30, tzinfo=UTC),  # another day's 10:30
        datetime(2026, 2, 28, 19, 0, tzinfo=UTC),  # 03:00
        datetime(2026, 6, 18, 14, 0, tzinfo=UTC),  # 22:00
    ],
)
def test_every_case_is_there_at_the_anchor(tmp_path: Path, seed: int, anchor: datetime) -> None:
    world = another(tmp_path, Origin(seed, anchor))
    at = world.origin.anchor_epoch
    trades = by_buyer(world.created(at - HISTORY_DAYS * DAY, at, at))
    due = due_by_buyer(world, at)
    reasons = {buyer: reason(trades[buyer], found[-1]) for buyer, found in due.items()}
    plain = {buyer: world.buyers.member(buyer) for buyer, word in reasons.items() if word is None}
    assert len(plain) >= 40
    assert set(reasons.values()) == {None, *REASONS}
    assert sum(1 for found in due.values() if len(found) > 1) >= 5
    assert sum(1 for member in plain.values() if member is None) >= 3  # no_address
    assert sum(1 for member in plain.values() if member and member.email and not member.phone) >= 5
    phones = {buyer: member.phone for buyer, member in plain.items() if member and member.phone}
    paid = Counter(min(sum(1 for each in trades[buyer] if each.when(What.PAID)), 3) for buyer in phones)
    assert all(paid[count] >= 3 for count in range(4))  # 2: no_offer
    shared = Counter("".join(filter(str.isdecimal, phone))[-11:] for phone in phones.values())
    assert max(shared.values()) == 2  # same_address


def test_reasons_go_on_appearing_after_the_anchor(world: World) -> None:
    at = world.origin.anchor_epoch + 3 * DAY + 5 * HOUR
    trades = by_buyer(world.created(at - 4 * DAY, at, at))
    reasons = Counter(reason(trades[buyer], found[-1]) for buyer, found in due_by_buyer(world, at).items())
    assert reasons[None] >= 40
    assert set(reasons) == {None, *REASONS}


def test_sixty_orders_appear_in_each_hour_for_ever(world: World) -> None:
    for hour in (0, 1, 100, 5_000):
        start = world.origin.anchor_epoch + hour * HOUR
        assert len(world.created(start, start + HOUR - 1, start + HOUR)) == 60


def test_the_world_is_the_same_whenever_and_in_whatever_order_it_is_asked(tmp_path: Path, world: World) -> None:
    other = another(tmp_path, world.origin)
    at = world.origin.anchor_epoch + 2 * DAY
    late_first = [other.modified(at - HOUR, at, at), other.modified(at - 3 * DAY, at - 2 * DAY, at)]
    early_first = [world.modified(at - 3 * DAY, at - 2 * DAY, at), world.modified(at - HOUR, at, at)]
    assert early_first == late_first[::-1]
    assert early_first[0]
    assert another(tmp_path, Origin(8, ANCHOR)).modified(at - HOUR, at, at) != early_first[1]


def test_later_instants_only_add_to_what_had_happened(world: World) -> None:
    at = world.origin.anchor_epoch
    for each in world.created(at - 3 * DAY, at, at):
        later = standing(each.order, at + 5 * DAY)
        assert later is not None
        assert later.happened.items() >= each.happened.items()


def test_hours_no_longer_kept_in_memory_come_back_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("touchpoint.sandbox.world.shop.KEPT", 2)
    start = world.origin.anchor_epoch
    first = world.created(start, start + HOUR - 1, start + 9 * HOUR)
    world.created(start, start + 8 * HOUR, start + 9 * HOUR)
    assert world.created(start, start + HOUR - 1, start + 9 * HOUR) == first


def test_windows_by_change_tile_without_a_gap(world: World) -> None:
    at = world.origin.anchor_epoch
    whole = {each.order.tid for each in world.modified(at - DAY, at, at)}
    parts = [world.modified(at - DAY + step * HOUR, at - DAY + (step + 1) * HOUR, at) for step in range(24)]
    assert {each.order.tid for part in parts for each in part} == whole
    assert len(whole) > 500


def test_unpaid_orders_close_after_a_day_and_flash_sales_after_half_an_hour(world: World) -> None:
    at = world.origin.anchor_epoch
    for each in world.created(at - 20 * DAY, at - 8 * DAY, at + DAY):
        if each.order.kind is Kind.NORMAL and not each.when(What.PAID):
            limit = 30 * MINUTE if each.order.source == 2 else DAY
            assert each.order.created < each.when(What.CLOSED) <= each.order.created + limit


def test_parcels_travel_in_order_and_some_go_astray(world: World) -> None:
    at = world.origin.anchor_epoch
    fates = Counter()
    for each in world.created(at - 60 * DAY, at - 30 * DAY, at):
        for parcel in parcels(each):
            log = scans(each, parcel, at)
            assert [scan.at for scan in log] == sorted(scan.at for scan in log)
            fates[log[-1].action] += 1
    assert fates["SIGNED"] > 500
    assert fates["FAILED"] + fates["LOST"] > 0


def test_the_member_list_holds_seven_in_ten_buyers_with_every_kind_of_consent(world: World) -> None:
    members = list(world.buyers.members(world.origin.anchor_epoch))
    assert 0.66 <= len(members) / 3_000 <= 0.74
    kinds = Counter((bool(member.phone), bool(member.email)) for member in members)
    assert all(kinds[kind] > 20 for kind in ((True, False), (True, True), (False, True), (False, False)))
    assert {member.sms.given for member in members} == {True, False, None}
    assert all(member.sms.at and member.sms.method for member in members if member.sms.given is not None)
    assert {member.nickname for member in members} >= set(HOSTILE_NICKS)
    assert {member.locale for member in members} == {"zh-CN", "en"}


def test_members_join_and_change_after_the_anchor(world: World) -> None:
    at = world.origin.anchor_epoch
    before = {member.ouid: member for member in world.buyers.members(at)}
    after = {member.ouid: member for member in world.buyers.members(at + 6 * HOUR)}
    assert len(after) > len(before)
    changed = [member for ouid, member in after.items() if ouid in before and member != before[ouid]]
    assert changed
    assert all(member.modified_at > at for member in changed)


def test_addresses_are_of_ranges_nobody_else_has(world: World) -> None:
    for member in world.buyers.members(world.origin.anchor_epoch):
        digits = "".join(filter(str.isdecimal, member.phone)).removeprefix("86")
        assert not digits or digits.startswith("19000") or digits == "021555001"
        assert not member.email or "sandbox" in member.email


def test_a_forced_payment_holds_over_a_restart_and_closes_nothing(tmp_path: Path) -> None:
    world = another(tmp_path, Origin(7, ANCHOR))
    at = world.origin.anchor_epoch
    tid = next(each.order.tid for each in world.open_trades(at) if each.status == "WAIT_BUYER_PAY")
    world.force({"what": "pay", "tid": str(tid), "at": at + 60})
    again = another(tmp_path, world.origin)
    for each in (world, again):
        assert each.trade(tid, at).status == "WAIT_BUYER_PAY"  # type: ignore[union-attr]
        assert each.trade(tid, at + 60).status == "WAIT_SELLER_SEND_GOODS"  # type: ignore[union-attr]
        assert not each.trade(tid, at + 9 * DAY).when(What.CLOSED)  # type: ignore[union-attr]
        assert tid in {now.order.tid for now in each.modified(at + 60, at + 60, at + 60)}


def test_a_fact_that_cannot_be_is_refused_and_not_kept(tmp_path: Path) -> None:
    world = another(tmp_path, Origin(7, ANCHOR))
    at = world.origin.anchor_epoch
    paid = next(each.order.tid for each in world.created(at - DAY, at, at) if each.when(What.PAID))
    for entry in (
        {"what": "pay", "tid": str(paid), "at": at},
        {"what": "close", "tid": "12", "at": at},
        {"what": "order", "at": at},
        {"what": "order", "buyer": 1, "kind": "gift", "at": at},
        {"what": "rain", "at": at},
    ):
        with pytest.raises(ConfigError):
            world.force(entry)
    assert Journal(tmp_path / "forced.jsonl").entries == []


def test_a_state_folder_keeps_its_world(tmp_path: Path) -> None:
    first = open_origin(tmp_path, 3, ANCHOR + timedelta(microseconds=5), None)
    assert first == Origin(3, ANCHOR, 60)
    assert open_origin(tmp_path, None, None, None) == first
    with pytest.raises(ConfigError, match="seed 4 is not the stored 3"):
        open_origin(tmp_path, 4, None, None)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 20, 2, 30, tzinfo=UTC), ANCHOR),
        (datetime(2026, 11, 20, 2, 29, 59, tzinfo=UTC), ANCHOR - timedelta(days=1)),
        (datetime(2026, 11, 20, 23, 0, tzinfo=UTC), ANCHOR),
    ],
)
def test_the_first_cycle_is_the_latest_half_past_ten(now: datetime, expected: datetime) -> None:
    assert latest_first_cycle(now) == expected


@pytest.mark.parametrize("seed", [7, 20261122])
def test_every_case_of_late_dispatch_is_there_at_the_anchor(tmp_path: Path, seed: int) -> None:
    from touchpoint.sandbox.world.buckets import LATE, place_of
    from touchpoint.sandbox.world.late import SCENES

    world = another(tmp_path, Origin(seed, ANCHOR))
    at = world.origin.anchor_epoch
    made = [now for now in world.created(at - 15 * DAY, at, at) if (place_of(now.order.tid) or (0,))[0] == LATE]
    wanted = [scene for own in SCENES for scene in own]
    assert len(made) == len(wanted)
    assert {now.order.tid for now in made} == {now.order.tid for now in world.modified(at - 15 * DAY, at, at)} & {
        now.order.tid for now in made
    }
    late = [now for now in made if now.when(What.PAID) <= at - DAY and now.status == "WAIT_SELLER_SEND_GOODS"]
    assert {now.order.kind for now in late} == {Kind.NORMAL, Kind.PRESALE}
    assert {now.refund_status for now in late} == {"NO_REFUND", "WAIT_SELLER_AGREE"}
    assert [now.status for now in made].count("SELLER_CONSIGNED_PART") == 1
    assert all(world.buyers.member(now.order.buyer) for now in made)
    soon = standing(next(now.order for now in late if now.order.when(What.SHIPPED) < at + HOUR), at + HOUR)
    assert soon is not None
    assert len(parcels(soon)) == 1
    assert len({now.order.buyer for now in late}) < len(late)  # one text for two late orders of a buyer


@pytest.mark.parametrize("seed", [7, 20261122])
def test_every_case_of_a_delayed_parcel_is_there_at_the_anchor(tmp_path: Path, seed: int) -> None:
    from touchpoint.sandbox.world.buckets import WAYS, place_of
    from touchpoint.sandbox.world.ways import SCENES

    world = another(tmp_path, Origin(seed, ANCHOR))
    at = world.origin.anchor_epoch
    made = [now for now in world.created(at - 15 * DAY, at, at) if (place_of(now.order.tid) or (0,))[0] == WAYS]
    assert len(made) == sum(map(len, SCENES))
    sent = {now.order.tid: parcels(now) for now in made}
    assert Counter(len(found) for found in sent.values()) == {1: len(made) - 2, 2: 2}
    last = Counter(scans(now, each, at)[-1].action for now in made for each in sent[now.order.tid])
    assert last.keys() == {"ARRIVAL", "SIGNED", "DEPARTURE", "FAILED", "OTHER", "LOST", "INBOUND", "CONSIGN"}
    assert last["CONSIGN"] == 4  # never scanned, or not yet
    later = Counter(scans(now, each, at + 2 * HOUR)[-1].action for now in made for each in sent[now.order.tid])
    assert later["SENT_CITY"] == 2  # on the move again
    members = [world.buyers.member(now.order.buyer) for now in made]
    assert sum(1 for member in members if member and (member.phone or member.email)) == len(made) - 2
    late_dispatch = {now.order.buyer for now in world.created(at - 15 * DAY, at, at) if place_of(now.order.tid)[0] == 4}
    assert not late_dispatch & {now.order.buyer for now in made}
