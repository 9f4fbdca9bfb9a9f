"""Which kind of file a profile is, and the exports made of each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from touchpoint.sources.drafting.draft import Desk, Entity, Export, Given
from touchpoint.sources.drafting.invoices import invoices
from touchpoint.sources.drafting.profiles import Profile
from touchpoint.sources.drafting.roles import roles_of

_CANCELLED = ("cancel", "void", "unavailab", "refus", "关闭", "取消")


def kind_of(profile: Profile) -> str | None:
    """What a file holds: a key of KINDS, or nothing that can land."""
    roles = roles_of(profile)
    order, made = roles.get("order_id"), roles.get("created_at")
    if order is None:
        if "product_id" in roles and profile.is_unique(roles["product_id"]):
            return "product"
        is_member = {"phone", "email", "birthday", "joined_at"} & roles.keys()
        return "member" if is_member and "customer_id" in roles else None
    if "score" in roles:
        return "review"
    if "shipped_at" in roles and made is None and {"shipment_id", "tracking_no", "carrier"} & roles.keys():
        return "shipment"
    is_goods = {"product_id", "title"} & roles.keys() and {"price", "quantity", "total"} & roles.keys()
    if is_goods and not profile.is_unique(order):
        return "invoice" if made is not None and "customer_id" in roles else "order_line"
    if "total" in roles and not is_goods and ("payment_kind" in roles or "paid_at" in roles) and made is None:
        return "payment"
    return "order" if made is not None else None


def products(desk: Desk) -> list[Export]:
    """A catalogue."""
    entity = Entity()
    entity.put("product_id", desk.column("product_id"))
    entity.put("title", desk.column("title"))
    translated = _translated(desk)
    series = desk.column("series") or translated or desk.column("category")
    entity.put("series", series, "" if desk.column("series") else "a guess: the category, by its name in another file")
    for name in ("category", "size", "price", "listed_at", "modified_at"):
        entity.put(name, desk.column(name))
    desk.money(entity)
    if not {"listed_at", "modified_at"} & entity.columns.keys():
        desk.export.notes.append("without a time of its own: set snapshot_at before the first order")
    desk.export.entities["product"] = entity
    return [desk.export]


def _translated(desk: Desk) -> Given | None:
    """Another name of the category, in a small file that knows each category once."""
    for tie in desk.ties:
        others = [name for name, column in tie.other.columns.items() if column.kind == "text" and name != tie.key]
        if tie.is_single and tie.by == desk.column("category") and len(others) == 1:
            return {"lookup": desk.export.look_up(tie), "from": others[0]}
    return None


def members(desk: Desk) -> list[Export]:
    """A list of customers."""
    entity = Entity()
    for name in ("customer_id", "phone", "email", "birthday", "gender", "joined_at", "modified_at"):
        entity.put(name, desk.column(name))
    desk.export.notes.append("consent is not guessed: map sms_promotional and email_promotional with their instants")
    desk.export.entities["member"] = entity
    return [desk.export]


def orders(desk: Desk) -> list[Export]:
    """One line an order; parcels and their scans, and refunds, where the line tells of them."""
    entity, column = Entity(), desk.column
    entity.put("order_id", column("order_id"))
    _customer(desk, entity)
    entity.put("status", column("status"))
    entity.put("created_at", column("created_at"))
    paid_at = column("paid_at")
    if paid_at:
        entity.put("paid_at", paid_at)
        entity.put("payment_state", {"present": paid_at, "then": "paid", "otherwise": "none"})
    kind: Given | None = column("payment_kind") or desk.look_up("payment_kind", single=False, take="first")
    entity.put("payment_kind", kind, "`words` can say which of theirs is card, as ours is called")
    entity.put("shipped_at", column("shipped_at"))
    entity.put("finished_at", column("delivered_at"))
    _closed(desk, entity)
    _amounts(desk, entity)
    pieces = column("quantity") or desk.look_up("quantity", single=False, take="sum")
    pieces = pieces or desk.look_up("line_no", single=False, take="count")
    entity.put("item_count", pieces, "how many pieces: lines counted" if not column("quantity") else "")
    desk.money(entity)
    for name in ("region", "city"):
        entity.put(name, desk.own_or_looked_up(name))
    entity.put("modified_at", column("modified_at"))
    desk.export.entities["order"] = entity
    _refunds(desk)
    return [desk.export, *_parcels(desk)]


def _customer(desk: Desk, entity: Entity) -> None:
    person = desk.own_or_looked_up("person_id")
    if person:
        note = "a person has several customer ids" if isinstance(person, dict) else ""
        entity.put("customer_id", person, note)
    elif desk.column("customer_id"):
        entity.put("customer_id", desk.column("customer_id"))
    else:
        entity.put("customer_id", desk.column("order_id"), "no column names a customer: each order is its own")


def _closed(desk: Desk, entity: Entity) -> None:
    if desk.column("closed_at"):
        entity.put("closed_at", desk.column("closed_at"))
        return
    words = _status_words(desk, _CANCELLED)
    times = [desk.roles[role] for role in ("created_at", "paid_at", "shipped_at", "delivered_at") if role in desk.roles]
    if words and len(times) > 1:
        condition = {"column": desk.roles["status"], "one_of": words}
        entity.put("closed_at", {"latest": times, "when": condition}, "nobody says when: the last that was heard of it")


def _status_words(desk: Desk, stems: tuple[str, ...]) -> list[str]:
    status = desk.column("status")
    known = sorted(set(desk.profile.texts(status))) if status else []
    return [word for word in known if any(stem in word.lower() for stem in stems)]


def _amounts(desk: Desk, entity: Entity) -> None:
    total: Given | None = desk.column("total") or desk.look_up("total", single=False, take="sum")
    total = total or desk.column("paid") or desk.look_up("price", single=False, take="sum")
    if total is None:
        total = {"constant": "0"}
        entity.put("total", total, "no column holds an amount: 0 stands for it, and no figure of money is right")
    else:
        entity.put("total", total, "" if isinstance(total, str) else "added up from another file")
    paid, paid_at = desk.column("paid"), desk.column("paid_at")
    if paid and paid_at and desk.column("refund") and _is_kept(desk, paid):
        note = f"{paid} and the refund add up to the total: it is what the shop kept, not what was paid"
        entity.put("paid", _when_paid(total, paid_at), note)
    elif paid:
        entity.put("paid", paid)
    elif paid_at:
        entity.put("paid", _when_paid(total, paid_at), "no column says what was paid: the total, once it was")
    entity.put("discount", desk.column("discount"))


def _when_paid(total: Given, paid_at: str) -> dict[str, Any]:
    given = {"from": total} if isinstance(total, str) else dict(total)
    return {**given, "when": {"column": paid_at, "present": True}}


def _is_kept(desk: Desk, paid: str) -> bool:
    """Whether what is called paid and what was refunded add up to the total of nearly every paid order."""
    total, refund = desk.column("total"), desk.column("refund")
    if not total or not refund:
        return False
    numbers = [desk.profile.numbers(name).fillna(0) for name in (total, paid, refund)]
    is_paid = desk.profile.frame[desk.roles["paid_at"]].notna() & (numbers[2] > 0)
    apart = (numbers[0] - numbers[1] - numbers[2]).abs() > 0.005
    return bool(is_paid.any() and float(apart[is_paid].mean()) < 0.01)


def _refunds(desk: Desk) -> None:
    refund, order = desk.column("refund"), desk.column("order_id")
    if not refund or not order:
        return
    entity = Entity(where=[{"column": refund, "above": 0}])
    entity.put("refund_id", order, "one refund an order")
    entity.put("order_id", order)
    entity.put("amount", refund)
    entity.put("state", {"constant": "succeeded"}, "a guess: no column says whether it was paid back")
    entity.put("happened_at", desk.column("refunded_at"))
    if not desk.column("refunded_at"):
        desk.export.notes.append("refunds have no time of their own: set snapshot_at to when the export was taken")
    desk.money(entity)
    desk.export.entities["refund"] = entity


def _parcels(desk: Desk) -> list[Export]:
    shipped, delivered, order = (desk.column(role) for role in ("shipped_at", "delivered_at", "order_id"))
    if not shipped or not order:
        return []
    there = {"column": shipped, "present": True}
    parcel = Entity(where=[there])
    parcel.put("shipment_id", desk.column("shipment_id") or order, "one parcel an order")
    parcel.put("order_id", order)
    for name in ("carrier", "tracking_no", "shipped_at", "promised_at"):
        parcel.put(name, desk.column(name))
    parcel.put("region", desk.own_or_looked_up("region"))
    first = Entity(where=[there])
    _scan(first, parcel, shipped, "picked_up", "the hand-over is the first scan")
    desk.export.entities.update(shipment=parcel, tracking_event=first)
    if not delivered:
        return []
    second = Export(desk.profile, notes=["the same file again, for its other scan"])
    last = Entity(where=[{"column": delivered, "present": True}])
    _scan(last, parcel, delivered, "delivered", "")
    second.entities["tracking_event"] = last
    return [second]


def _scan(entity: Entity, parcel: Entity, at: str, state: str, note: str) -> None:
    entity.put("shipment_id", parcel.columns["shipment_id"])
    entity.put("happened_at", at, note)
    entity.put("state", {"constant": state})


def order_lines(desk: Desk) -> list[Export]:
    """Lines of orders that stand in a file of their own."""
    entity, column = Entity(), desk.column
    entity.put("order_id", column("order_id"))
    if column("line_no"):
        entity.put("line_id", column("line_no"))
    else:
        entity.put("line_id", {"digest": list(desk.profile.columns)}, "lines have no id: two that say the same are one")
    for name in ("product_id", "title", "size"):
        entity.put(name, column(name))
    one = {"constant": "1"}
    entity.put("quantity", column("quantity") or one, "" if column("quantity") else "no column: a line is one piece")
    entity.put("price", column("price"))
    net, note = _net(desk)
    entity.put("net", net, note)
    desk.money(entity)
    entity.put("modified_at", column("modified_at") or desk.look_up("created_at"))
    desk.export.entities["order_line"] = entity
    return [desk.export]


def _net(desk: Desk) -> tuple[Given, str]:
    price, quantity, total = (desk.column(role) for role in ("price", "quantity", "total"))
    if total:
        return total, ""
    if price and quantity:
        return {"product": [quantity, price], "decimals": 2}, "price by piece times pieces"
    return price or {"constant": "0"}, "the price of the line; freight is none of it"


def payments(desk: Desk) -> list[Export]:
    """Payments of orders."""
    entity, column = Entity(), desk.column
    order, sequence = column("order_id"), column("sequence")
    if column("payment_id"):
        entity.put("payment_id", column("payment_id"))
    else:
        entity.put("payment_id", {"digest": [name for name in (order, sequence) if name]}, "payments have no id")
    entity.put("order_id", order)
    entity.put("kind", column("payment_kind"), "`words` can say which of theirs is card, as ours is called")
    entity.put("amount", column("total"))
    desk.money(entity)
    made = column("paid_at") or column("modified_at")
    approved = desk.look_up("paid_at")
    if made:
        entity.put("happened_at", made)
    elif approved:
        name, paid = approved["lookup"], approved["from"]
        entity.put("state", {"lookup": name, "present": paid, "then": "succeeded", "otherwise": "started"})
        made_with = desk.look_up("created_at")
        times = [made_with["from"], paid] if made_with and made_with["lookup"] == name else [paid]
        entity.put("happened_at", {"lookup": name, "latest": times}, "a payment has no time: it is made with its order")
    else:
        created = desk.look_up("created_at")
        if created is None:
            return []  # a payment needs an instant, and nothing here tells one
        entity.put("happened_at", created, "a payment has no time: it is made with its order")
    desk.export.entities["payment"] = entity
    return [desk.export]


def shipments(desk: Desk) -> list[Export]:
    """Parcels in a file of their own."""
    return [desk.export, *_parcels(desk)]


def reviews(desk: Desk) -> list[Export]:
    """Reviews of orders."""
    entity, column = Entity(), desk.column
    entity.put("order_id", column("order_id"))
    entity.put("review_id", column("review_id") or column("order_id"), "" if column("review_id") else "one an order")
    entity.put("score", column("score"))
    entity.put("happened_at", column("answered_at") or column("created_at") or column("modified_at"))
    desk.export.entities["review"] = entity
    return [desk.export]


KINDS: dict[str, Callable[[Desk], list[Export]]] = {
    "member": members,
    "product": products,
    "order": orders,
    "invoice": invoices,
    "order_line": order_lines,
    "payment": payments,
    "shipment": shipments,
    "review": reviews,
}
"""What a file may hold -> what is made of it, in the order of a mapping."""
