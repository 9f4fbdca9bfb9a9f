"""What a column is for, by the words of its header and the kind of its values: English and Chinese trade words."""

from __future__ import annotations

import re

from touchpoint.sources.drafting.profiles import Column, Profile

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ID = r"(id|no|nr|num|number|code|key|ref|编号|号|编码)"
_BUYER = r"(customer|client|buyer|user|member|shopper|consumer|买家|客户|会员|用户)"
_ORDER = r"(order|invoice|trade|transaction|bill|receipt|purchase|订单|交易|发票)"
_GOODS = r"(product|item|article|sku|stock|goods|商品|宝贝|货)"
_PAY = r"(paid|pay|payment|approved|approval|charged|settled|付款|支付)"

WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "time": (
        ("modified_at", r"modif|updat|last change|修改|更新"),
        ("", r"limit|deadline|截止"),
        ("promised_at", r"estimat|promis|expect|planned|预计"),
        ("shipped_at", r"carrier|shipp?ed|ship date|dispatch|handed|sent|发货"),
        ("delivered_at", r"deliver|arriv|签收|确认收货|送达"),
        ("refunded_at", r"refund|return|退款"),
        ("closed_at", r"clos|cancel|关闭|取消"),
        ("paid_at", rf"\b{_PAY}\b|付款|支付"),
        ("birthday", r"birth|生日"),
        ("listed_at", r"listed|launch|上架"),
        ("joined_at", r"join|registered|sign up|注册|入会"),
        ("answered_at", r"review|rating|answer|评价"),
        (
            "created_at",
            r"creat|purchas|order|invoice|placed|made|bought|sold|date|time|\bat\b|when|创建|下单|时间|日期",
        ),
    ),
    "number": (
        ("line_no", rf"order (item|line) {_ID}|line {_ID}|position|行号"),
        ("sequence", r"sequen|\bseq\b|\bnth\b|序号"),
        ("score", r"score|rating|stars?|评分"),
        ("refund", r"refund|returned|退款"),
        ("freight", r"freight|postage|shipping|delivery|邮费|运费"),
        ("discount", r"discount|rebate|coupon|优惠|折扣"),
        ("paid", r"\bpaid\b|charged|received|实际支付|实付|实收"),
        ("price", r"price|单价|价格"),
        ("quantity", r"\b(qty|quantity|units?|pieces|pcs|amount of items)\b|数量|件数"),
        ("total", r"total|amount|value|sum|revenue|sales|turnover|金额|总价|应付|合计"),
    ),
    "text": (("title", rf"description|title|^{_GOODS} ?(name|名称)$|标题"),),
    "any": (
        ("", r"seller|merchant|warehouse|卖家"),
        ("line_no", rf"order (item|line) {_ID}|line {_ID}$|子订单"),
        ("review_id", rf"review {_ID}|评价编号"),
        ("payment_id", rf"payment {_ID}|支付编号"),
        ("shipment_id", rf"(parcel|shipment|delivery) {_ID}|包裹"),
        ("tracking_no", r"tracking|waybill|运单|快递单"),
        ("person_id", rf"{_BUYER} (unique|person|master|global)"),
        ("order_id", rf"^{_ORDER} ?{_ID}?$|订单号|订单编号"),
        ("customer_id", rf"^{_BUYER} ?({_ID}|name|nick|名|昵称)?$|买家会员名|买家昵称|ouid"),
        ("product_id", rf"^{_GOODS} ?{_ID}$|^sku$"),
        ("payment_kind", r"pay(ment)? ?(type|method|kind|mode)|支付方式|付款方式"),
        ("carrier", r"carrier|courier|物流公司|快递公司"),
        ("status", r"status|状态"),
        ("phone", r"phone|mobile|手机|电话"),
        ("email", r"e ?mail|邮箱"),
        ("gender", r"gender|\bsex\b|性别"),
        ("currency", r"currency|币种"),
        ("series", r"series|collection|系列"),
        ("category", r"categor|品类|类目"),
        ("size", r"^size$|尺码"),
        ("city", r"city|town|城市"),
        ("region", r"state|province|region|country|county|省|地区|收货地址"),
    ),
}
"""Kind of values -> what a column may be for, the first that fits; nothing: known, and of no use here."""


def words_of(header: str) -> str:
    """A header in small letters, its words parted by single blanks."""
    return " ".join(re.sub(r"[^\w]+|_", " ", _CAMEL.sub(" ", header)).lower().split())


def role_of(column: Column) -> str:
    """What a column is for; nothing if no word of its header says."""
    words = words_of(column.name)
    for kind in (column.kind, "any"):
        for role, pattern in WORDS.get(kind, ()):
            if re.search(pattern, words):
                return role
        if column.kind == "time":
            break
    return ""


def roles_of(profile: Profile) -> dict[str, str]:
    """Role -> the column that has it. Of several times of one role it is the one that tells most instants apart."""
    found: dict[str, str] = {}
    for column in profile.columns.values():
        role = role_of(column)
        if column.kind == "empty" or not role:
            continue
        before = profile.columns.get(found.get(role, ""))
        if before is None or (column.kind == "time" and column.distinct > before.distinct):
            found[role] = column.name
    return found
