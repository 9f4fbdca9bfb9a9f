"""A trade of the platform as rows of ours."""

from __future__ import annotations

import pytest

from touchpoint.model import Entity
from touchpoint.sources.columns import COLUMNS
from touchpoint.sources.taobao.answers import CallRefusedError
from touchpoint.sources.taobao.discounts import coupon, with_promotions
from touchpoint.sources.taobao.trades import FIELDS, TYPES, instant, line_rows, order_row, refund_row, text

TRADE = {
    "tid": 21000039900210334441,
    "type": "fixed",
    "status": "WAIT_SELLER_SEND_GOODS",
    "trade_from": "WAP",
    "created": "2026-11-20 10:00:00",
    "pay_time": "2026-11-20 10:02:00",
    "modified": "2026-11-20 10:02:01",
    "timeout_action_time": "2026-11-23 10:02:00",
    "payment": "118.00",
    "ouid": "AA1",
    "buyer_open_uid": "B1",
    "oaid": "1abc",
    "receiver_state": "浙江省",
    "receiver_city": "杭州市",
    "num": 1,
    "orders": {
        "order": [
            {"oid": 1, "num_iid": 5, "title": "杯", "num": 2, "price": "50.00", "divide_order_fee": "95.00"},
            {"oid": 2, "num_iid": 6, "title": "巾", "num": 1, "price": "20.00", "payment": "18.00"},
        ]
    },
}


def order(**changes):
    return order_row({**TRADE, **changes}, "CNY")


def test_a_paid_trade():
    row = order()
    assert row["order_id"] == "21000039900210334441"  # all 20 digits
    assert row["customer_id"] == "AA1"
    assert row["paid_at"] == "2026-11-20T10:02:00+08:00"
    assert (row["payment_state"], row["total"], row["paid"], row["currency"]) == ("paid", "118.00", "118.00", "CNY")
    assert row["item_count"] == "3"
    assert (row["region"], row["city"], row["oaid"]) == ("浙江省", "杭州市", "1abc")
    assert row["modified_at"] == "2026-11-20T10:02:01+08:00"


def test_rows_have_no_column_that_landing_lacks():
    assert set(order()) <= set(COLUMNS[Entity.ORDER])
    assert set(line_rows(TRADE, "CNY")[0]) <= set(COLUMNS[Entity.ORDER_LINE])
    assert set(refund_row({}, "CNY")) <= set(COLUMNS[Entity.REFUND])


def test_nothing_of_the_receiver_but_region_and_city_lands():
    marked = {name: f"secret-{name}" for name in FIELDS.split(",") if name.startswith("receiver_")}
    landed = set(order(**marked).values())
    assert landed & set(marked.values()) == {"secret-receiver_state", "secret-receiver_city"}


def test_a_buyer_without_ouid_is_known_by_the_open_uid():
    assert order(ouid=None)["customer_id"] == "B1"


def test_the_timeout_closes_an_order_only_while_it_waits_for_money():
    assert order()["closes_at"] is None  # there it is the end of the time to ship
    waiting = order(status="WAIT_BUYER_PAY", pay_time=None, timeout_action_time="2026-11-21 10:00:00")
    assert waiting["closes_at"] == "2026-11-21T10:00:00+08:00"
    assert (waiting["payment_state"], waiting["paid_at"], waiting["paid"]) == ("none", None, None)


@pytest.mark.parametrize("status", ["PAY_PENDING", "WAIT_PRE_AUTH_CONFIRM"])
def test_a_payment_may_be_under_way(status):
    assert order(status=status, pay_time=None)["payment_state"] == "under_way"


@pytest.mark.parametrize("status", ["TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"])
def test_a_closed_trade_says_when(status):
    row = order(status=status, end_time="2026-11-20 12:00:00")
    assert (row["closed_at"], row["finished_at"]) == ("2026-11-20T12:00:00+08:00", None)
    assert order(status=status)["closed_at"] == "2026-11-20T10:02:01+08:00"  # its last change, for want of an end


def test_a_finished_trade_says_when():
    row = order(status="TRADE_FINISHED", end_time="2026-11-28 12:00:00", consign_time="2026-11-21 09:00:00")
    assert (row["finished_at"], row["closed_at"]) == ("2026-11-28T12:00:00+08:00", None)
    assert row["shipped_at"] == "2026-11-21T09:00:00+08:00"


@pytest.mark.parametrize(
    ("step", "pay_time", "expected"),
    [
        ("FRONT_NOPAID_FINAL_NOPAID", None, ("presale", "none", None)),
        ("FRONT_PAID_FINAL_NOPAID", "2026-11-20 10:02:00", ("presale", "deposit_paid", "20.00")),
        ("FRONT_PAID_FRONT_FORFEITED", None, ("presale", "deposit_paid", "20.00")),
        ("FRONT_PAID_FINAL_PAID", "2026-11-20 10:02:00", ("normal", "paid", "118.00")),
    ],
)
def test_a_presale_is_paid_when_its_balance_is(step, pay_time, expected):
    row = order(type="step", step_trade_status=step, pay_time=pay_time, step_paid_fee="20.00")
    assert (row["kind"], row["payment_state"], row["paid"]) == expected


@pytest.mark.parametrize("kind", ["cod", "b2c_cod", "super_market_cod_trade"])
def test_cash_on_delivery_is_told_by_the_type(kind):
    assert order(type=kind)["kind"] == "cash_on_delivery"


def test_a_price_difference_is_a_trade_of_nothing_else():
    difference = {"oid": 9, "title": "补差价专用链接", "num": 18, "price": "1.00"}
    assert order(orders={"order": [difference]})["kind"] == "price_difference"
    assert order(orders=[difference, TRADE["orders"]["order"][0]])["kind"] == "normal"
    assert order(orders=None)["kind"] == "normal"


@pytest.mark.parametrize(
    ("marks", "source"),
    [
        ("WAP", "app"),
        ("TAOBAO", "web"),
        ("HITAO", "web"),
        ("TOP", "partner"),
        ("JHS", "flash_sale"),
        ("WAP,JHS", "flash_sale"),
        ("TAOBAO,WAP", "app"),
        ("SOMETHING", "default"),
        (None, "default"),
    ],
)
def test_the_source_of_an_order(marks, source):
    assert order(trade_from=marks)["source"] == source


def test_lines_carry_their_net_and_the_trades_version():
    first, second = line_rows(TRADE, "CNY")
    assert (first["net"], second["net"]) == ("95.00", "18.00")
    assert first["quantity"] == "2"
    assert first["modified_at"] == "2026-11-20T10:02:01+08:00"


@pytest.mark.parametrize(
    ("marks", "device"), [("WAP", "phone"), ("JHS,WAP", "phone"), ("TAOBAO", "computer"), ("JHS", None), (None, None)]
)
def test_the_device_of_an_order(marks, device):
    assert order(trade_from=marks)["device"] == device


@pytest.mark.parametrize(
    ("properties", "size"),
    [("颜色分类:银色;尺码:M", "M"), ("鞋码:38", "38"), ("颜色分类:银色", None), ("尺码:", None), (None, None)],
)
def test_the_size_of_a_line(properties, size):
    [row] = line_rows({"orders": [{"oid": 1, "sku_properties_name": properties}]}, "CNY")
    assert row["size"] == size


COUPON = {
    "promotion_id": "shopbonus-849776280_5087068323-131212548389",
    "promotion_name": "日销",
    "discount_fee": "5.00",
}
REDUCTION = {"promotion_id": "mjs-123024_211143", "promotion_name": "满减", "discount_fee": "8.00"}
FREE_POST = {"promotion_id": "Tmall$tmallItemPromotion-62198129_531730460", "promotion_name": "包邮"}


def test_what_was_taken_off_is_of_the_trade_and_of_its_lines():
    lines = [{"oid": 1, "discount_fee": "20.00"}, {"oid": 2, "discount_fee": "0.00"}]
    assert order(discount_fee="13.00", orders=lines)["discount"] == "33.00"
    assert order(discount_fee="-3.00")["discount"] == "0.00"
    assert order()["discount"] is None  # the platform said nothing
    assert order(discount_fee="a lot")["discount"] == "a lot"  # for the gate


def test_coupons_are_told_by_their_tool_or_their_name():
    told = {"promotion_detail": [COUPON, REDUCTION, FREE_POST]}
    assert order(discount_fee="13.00", promotion_details=told)["coupon"] == "5.00"
    by_name = [{"promotion_id": "x-1", "promotion_name": "品类优惠券", "discount_fee": "2.00"}, COUPON]
    assert order(discount_fee="13.00", promotion_details=by_name)["coupon"] == "7.00"
    assert order(discount_fee="8.00", promotion_details=[REDUCTION])["coupon"] == "0.00"


def test_coupons_nobody_asked_for_are_unknown_and_where_nothing_was_taken_off_there_was_none():
    assert order(discount_fee="13.00")["coupon"] is None
    assert order(discount_fee="0.00")["coupon"] == "0.00"
    assert order()["coupon"] is None


class _Platform:
    def __init__(self):
        self.asked = []

    def call(self, method, **given):
        self.asked.append((method, given["tid"]))
        if given["tid"] == "3":
            raise CallRefusedError("no such trade", place="the platform", remedy="none")
        return {"trade": {"tid": 2, "promotion_details": {"promotion_detail": [COUPON]}}}


def test_only_trades_with_something_taken_off_are_asked_for_their_promotions():
    platform = _Platform()
    trades = [
        {"tid": 1, "discount_fee": "0.00"},
        {"tid": 2, "discount_fee": "5.00"},
        {"tid": 3, "discount_fee": "5.00"},
    ]
    found = with_promotions(platform, [*trades, {"tid": 4}])
    assert platform.asked == [("taobao.trade.fullinfo.get", "2"), ("taobao.trade.fullinfo.get", "3")]
    assert [coupon(trade) for trade in found] == ["0.00", "5.00", None, None]


@pytest.mark.parametrize(
    ("status", "state", "happened"),
    [
        ("WAIT_SELLER_AGREE", "asked", "2026-11-20T11:00:00+08:00"),
        ("WAIT_BUYER_RETURN_GOODS", "asked", "2026-11-20T11:00:00+08:00"),
        ("SUCCESS", "succeeded", "2026-11-22T11:00:00+08:00"),
        ("SELLER_REFUSE_BUYER", "refused", "2026-11-22T11:00:00+08:00"),
        ("CLOSED", "refused", "2026-11-22T11:00:00+08:00"),
    ],
)
def test_a_refund(status, state, happened):
    refund = {"refund_id": "7", "tid": 5, "status": status, "refund_fee": "12.30"}
    row = refund_row({**refund, "created": "2026-11-20 11:00:00", "modified": "2026-11-22 11:00:00"}, "CNY")
    assert (row["state"], row["happened_at"], row["amount"], row["order_id"]) == (state, happened, "12.30", "5")


def test_what_cannot_be_read_stays_as_it_came():
    assert order(created="soon", payment="a lot")["created_at"] == "soon"
    assert refund_row({"status": "NEW_WORD"}, "CNY")["state"] == "NEW_WORD"
    assert order(orders=[{"num": "many"}])["item_count"] is None
    assert (instant(""), instant(None), text(0), text("")) == (None, None, "0", None)


def test_every_kind_of_trade_is_asked_for():
    assert {"fixed", "cod", "step", "guarantee_trade", "tmall_i18n"} <= set(TYPES.split(","))
