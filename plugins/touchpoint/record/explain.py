"""Why a customer, or a person of a brand, is where they are as of an instant: values, segments, tags, each with why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from touchpoint.db import Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.learning.outlook import outlook
from touchpoint.record import availability, brands, made, reasons
from touchpoint.record.heads import effective
from touchpoint.record.reasons import counted, local, row
from touchpoint.record.segments import Everybody, major
from touchpoint.settings import Segments, Shop, Tags

_GUEST = row("guest", "yes", "an order that names no customer: in no segment")


@dataclass(frozen=True)
class _Asked:
    """Of whom, and by what: of a brand all its shops, the first of which everybody is looked at by."""

    tx: Transaction
    shops: Sequence[Shop]
    as_of: datetime
    segments: Segments
    tags: Tags
    everyone: Everybody
    customer_no: int

    @property
    def shop(self) -> Shop:
        return self.shops[0]

    @property
    def whose(self) -> str:
        """Whose lessons speak, where it is not plain."""
        return f" of {self.shop.id}" if self.everyone.scope == "brand" else ""


def explain(
    tx: Transaction,
    *,
    shop: Shop,
    customer_id: str,
    as_of: datetime,
    segments: Segments,
    tags: Tags,
    everyone: Everybody,
) -> list[Row]:
    """Why a customer is in each segment, and has each tag: rows of what, value and why.

    Of one merged into another by then, it is the other who is explained.

    Args:
        tx: an open transaction.
        shop: the shop.
        customer_id: as the platform has it.
        as_of: the instant looked from.
        segments: the rules of scores, stages and dormancy.
        tags: the tags there are.
        everyone: the record as of that instant; see `record.everybody`.

    Raises:
        TouchpointError: the shop knew no such customer by then.
    """
    found = tx.maybe("segments/known_as", shop_id=shop.id, customer_id=customer_id, as_of=as_of)
    if found is None:
        raise _unknown(customer_id, f"shop {shop.id}")
    if found["is_guest"]:
        return [_GUEST]
    rows = _explained(_Asked(tx, (shop,), as_of, segments, tags, everyone, found["customer_no"]), found)
    if found["customer_id"] != customer_id:
        rows.insert(0, row("customer", found["customer_id"], f"{customer_id} was merged into them"))
    return rows


def explain_person(
    tx: Transaction,
    *,
    shops: Sequence[Shop],
    customer_id: str,
    as_of: datetime,
    segments: Segments,
    tags: Tags,
    everyone: Everybody,
    at_shop: str | None = None,
) -> list[Row]:
    """Why a person of a brand is in each segment: what they did at all its shops together, in the rows of `explain`.

    Their customers come first, each with what was bought as them.

    Args:
        tx: the transaction in which `brands.people` listed the people of the shops as of that instant.
        shops: the shops of the brand, the one first by whose rules and lessons everybody is looked at.
        customer_id: any of theirs, as the platform has it.
        as_of: the instant looked from.
        segments: the rules of scores, stages and dormancy.
        tags: the tags there are.
        everyone: the record of the brand as of that instant; see `record.everybody`.
        at_shop: the shop the id is of; None: whichever of them knows it.

    Raises:
        TouchpointError: none of the shops knew such a customer by then, or several did and they are not one person.
    """
    known = [shop.id for shop in shops]
    looked = [at_shop] if at_shop else known
    if not set(looked) <= set(known):
        raise TouchpointError(
            f"no shop {at_shop!r} is of it", place=f"brand {shops[0].brand}", remedy=f"one of: {', '.join(known)}"
        )
    rows = tx.many("segments/known_in_brand", shop_ids=looked, customer_id=customer_id, as_of=as_of)
    if not rows:
        raise _unknown(customer_id, f"brand {shops[0].brand}: {', '.join(looked)}")
    found = rows[0]
    if any(other["customer_no"] != found["customer_no"] for other in rows):
        raise TouchpointError(
            f"{customer_id!r} is not one person at {' and '.join(each['shop_id'] for each in rows)}",
            place=f"brand {shops[0].brand}",
            remedy="say whose id it is: --shop",
        )
    if found["is_guest"]:
        return [_GUEST]
    asked = _Asked(tx, shops, as_of, segments, tags, everyone, found["customer_no"])
    return _whom(asked) + _explained(asked, found)


def _unknown(customer_id: str, place: str) -> TouchpointError:
    remedy = "see the id as the platform has it"
    return TouchpointError(f"no customer {customer_id!r} by then", place=place, remedy=remedy)


def _whom(asked: _Asked) -> list[Row]:
    """Which brand, what holds for everybody of it, and each customer the person is."""
    notes = brands.notes(asked.tx, asked.shops, asked.as_of, asked.segments)
    rows = [row("brand", asked.shop.brand, "; ".join((", ".join(shop.id for shop in asked.shops), *notes)))]
    since = made.since(asked.as_of, asked.segments.window)
    theirs = {"person_no": asked.customer_no, "as_of": asked.as_of, "since": since}
    for each in asked.tx.many("segments/customers_of_person", **theirs):
        why = f"{counted(each['order_count'], 'paid order')}, paid {major(each['paid_minor'], asked.shop)}"
        if each["last_paid_at"]:
            why += f", last {local(each['last_paid_at'], asked.shop)}"
        if each["stands_for"]:
            why = f"was merged into {each['stands_for']}"
        rows.append(row("customer", f"{each['shop_id']}/{each['customer_id']}", why))
    return rows


def _explained(asked: _Asked, known: Row) -> list[Row]:
    """Stage, values, scores, dormancy, outlook, touches, series and tags."""
    tx, shop, everyone = asked.tx, asked.shop, asked.everyone
    relations = {"features": everyone.features, "standing": everyone.standing}
    of_one = {"shop_id": shop.id, "customer_no": asked.customer_no, "as_of": asked.as_of}
    found = {**known, **tx.one("segments/customer", **relations, **of_one)}
    rows = reasons.stage(found, asked.segments)
    if not found["order_count"]:
        return rows
    needs = (*reasons.NEEDS, "refund")
    met = availability.met_by_any(tx, shops=asked.shops, as_of=asked.as_of, needs=needs)
    silent = availability.silent(tx, shops=asked.shops, as_of=asked.as_of, needs=needs)
    rows += reasons.values(found, shop, met, silent) + reasons.items(found, shop, met, silent)
    rows += reasons.scores(found, everyone.bounds, shop)
    rows += reasons.dormancy(found, everyone.dormancy, shop, asked.whose)
    return rows + _outlook(asked) + _touches(asked) + _series(asked) + _tags(asked)


def _outlook(asked: _Asked) -> list[Row]:
    told = outlook(
        asked.tx,
        shop=asked.shop,
        as_of=asked.as_of,
        dormancy=asked.segments.dormancy,
        customer_no=asked.customer_no,
        scope=asked.everyone.scope,
        others=asked.shops[1:],
    )
    if told is None:
        return [row("outlook", "not known", f"BG/NBD{asked.whose} was not learned by then: docs/lifetime.md")]
    ahead = f"within {asked.segments.dormancy.horizon.days} d"
    seen = f"bought on {told.repeats + 1} days in {told.span} d, silent for {told.age - told.span} d"
    seen += f"; BG/NBD{asked.whose}"
    worth = "what they spend was not learned" if told.purchase is None else f"{told.purchase} a purchase; gamma-gamma"
    return [
        row("p_alive", round(told.alive, 3), seen if told.repeats else f"{seen}: 1 before a second purchase"),
        row("p_buys", round(told.buys, 3), ahead),
        row("expected orders", round(told.orders, 2), ahead),
        row("expected value", "not known" if told.value is None else told.value, f"{ahead}; {worth}"),
    ]


def _touches(asked: _Asked) -> list[Row]:
    found = asked.tx.maybe(
        "segments/touches_of_customer",
        realm=asked.shop.realm,
        shop_ids=[shop.id for shop in asked.shops],
        customer_no=asked.customer_no,
        as_of=asked.as_of,
    )
    if found is None:
        return [row("touches", 0, "nothing went out to them")]
    return [
        row("touches", found["touches"], "messages a provider accepted"),
        row("first touch", found["first_touch"], local(found["first_at"], asked.shop)),
        row("last touch", found["last_touch"], local(found["last_at"], asked.shop)),
    ]


def _series(asked: _Asked) -> list[Row]:
    of_one = {"shop_id": asked.shop.id, "customer_no": asked.customer_no}
    bought = asked.tx.many("segments/series_of_customer", series=asked.everyone.series, **of_one)
    told = [(each, counted(each["order_count"], "paid order")) for each in bought]
    return [
        row(f"series {each['series']}", major(each["net_minor"], asked.shop), f"in {orders}") for each, orders in told
    ]


def _tags(asked: _Asked) -> list[Row]:
    """Every tag there is: what it says, else why it says nothing; then what agents alone can say.

    What agents said of a tag holds where the shop lacks the facts to infer it, too.
    """
    said, within = _said(asked), availability.reach(asked.tx, shops=asked.shops, as_of=asked.as_of, tags=asked.tags)
    rows = []
    known = [tag.name for tag in asked.tags.all_of(asked.shop)]
    for name in known:
        by_hand = name in said and said[name]["is_manual"]
        if name in within.reasons and not by_hand:
            rows.append(row(f"tag {name}", "unavailable", within.reasons[name]))
        elif name in said:
            rows.append(reasons.tag(said[name], asked.shop))
        else:
            rows.append(row(f"tag {name}", "none", "not enough evidence"))
    return rows + [reasons.tag(each, asked.shop) for name, each in sorted(said.items()) if name not in known]


def _said(asked: _Asked) -> dict[str, Row]:
    """The tags they have; inferred ones with the date the record first said so, which a brand has none of."""
    everyone, at, of_one = asked.everyone, asked.as_of, {"customer_no": asked.customer_no}
    found = effective(asked.tx, shop=asked.shop, as_of=at, tags=everyone.tags, scope=everyone.scope, **of_one)
    is_stored = everyone.scope != "brand"
    read = {"shop_id": asked.shop.id, "as_of": at, **of_one}
    kept = asked.tx.many("segments/tags_of_customer", **read) if is_stored else []
    since = {(each["tag"], each["value"]): each["valid_from"] for each in kept}
    return {
        each["tag"]: each if each["is_manual"] else {**each, "since": since.get((each["tag"], each["value"]))}
        for each in found
    }
