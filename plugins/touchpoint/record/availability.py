"""Which tags a shop has the facts for as of an instant. What it lacks is unavailable, never 0, and says what to do.

A kind of fact is there when the shop's file names a source of it, or some of it has come; what comes with another kind
(order lines and refunds with orders), and a column, only when some of it has come. Of a brand it is there when any of
its shops has it, except where nothing told means none: refunds must come from every shop that sells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from touchpoint import statements
from touchpoint.db import Transaction
from touchpoint.settings import NEEDS, Shop, Tag, Tags


@dataclass(frozen=True)
class Reach:
    """What a shop, or the shops of a brand, can be told as of an instant.

    Attributes:
        met: the needs of tags that are met, by any of the shops.
        reasons: of each tag that is unavailable, what to do about it, in a sentence.
        tags: the others, in the order of the file.
    """

    met: frozenset[str]
    reasons: dict[str, str]
    tags: tuple[Tag, ...]


def met(tx: Transaction, *, shop: Shop, as_of: datetime, needs: Iterable[str]) -> frozenset[str]:
    """Those needs that a shop meets as of an instant, by what was known then. Words: settings.NEEDS."""
    wanted = set(needs)
    configured = {need for need in wanted if not NEEDS[need].column and NEEDS[need].source in shop.sources}
    return frozenset(configured) | _told(tx, shop, as_of, wanted - configured)


def met_by_any(tx: Transaction, *, shops: Sequence[Shop], as_of: datetime, needs: Iterable[str]) -> frozenset[str]:
    """Those needs that any of the shops meets."""
    wanted, found = frozenset(needs), frozenset[str]()
    for shop in shops:
        found |= met(tx, shop=shop, as_of=as_of, needs=wanted - found)
    return found


def reach(tx: Transaction, *, shops: Sequence[Shop], as_of: datetime, tags: Tags) -> Reach:
    """Which tags can be inferred of a shop, or of all shops of a brand at once, and why others cannot."""
    known = tags.all_of(shops[0])
    found = met_by_any(tx, shops=shops, as_of=as_of, needs={need for tag in known for need in (*tag.needs, *tag.uses)})
    quiet = silent(tx, shops=shops, as_of=as_of, needs={"refund"}).get("refund")
    other = differing(tags, shops)
    reasons: dict[str, str] = {}
    for tag in known:
        missing = lacking(tag, found)
        if missing:
            reasons[tag.name] = remedies(missing)
        elif tag.name in other:
            reasons[tag.name] = f"give all shops of the brand the same `{other[tag.name]}` in config/tags.yaml"
        elif tag.unset:
            reasons[tag.name] = f"give `{tag.unset}` for this shop in config/tags.yaml"
        elif quiet and "refund" in tag.needs:
            reasons[tag.name] = f"{', '.join(quiet)}: {remedies(['refund'])}"
    return Reach(found, reasons, tuple(tag for tag in known if tag.name not in reasons))


def within_reach(tx: Transaction, *, shop: Shop, as_of: datetime, tags: Sequence[Tag]) -> tuple[Tag, ...]:
    """Those tags that a shop has the facts for as of an instant, in their order."""
    found = met(tx, shop=shop, as_of=as_of, needs={need for tag in tags for need in (*tag.needs, *tag.uses)})
    return tuple(tag for tag in tags if not lacking(tag, found))


def differing(tags: Tags, shops: Sequence[Shop]) -> dict[str, str]:
    """Tags of which config/tags.yaml says one thing for one of the shops and another for another: name -> which rule.

    By the rules of either, what the other sold or where it sent would be taken for something else.
    """
    first, *others = [{tag.name: tag for tag in tags.all_of(shop)} for shop in shops]
    pairs = [(tag, other[name]) for other in others for name, tag in first.items()]
    return {tag.name: rule for tag, other in pairs for rule in _unlike(tag, other)}


def silent(
    tx: Transaction, *, shops: Sequence[Shop], as_of: datetime, needs: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Needs that one shop of a brand meets and another does not that has sold: need -> those others."""
    wanted = set(needs)
    if len(shops) == 1:
        return {}
    told = {shop.id: _told(tx, shop, as_of, {"order", *wanted}) for shop in shops}
    found = {
        need: tuple(shop_id for shop_id, each in told.items() if "order" in each and need not in each)
        for need in sorted(wanted & frozenset[str]().union(*told.values()))
    }
    return {need: shop_ids for need, shop_ids in found.items() if shop_ids}


def lacking(tag: Tag, found: frozenset[str]) -> tuple[str, ...]:
    """What a tag cannot do without and the shop does not have; empty: it can be inferred."""
    missing = tuple(need for need in tag.needs if need not in found)
    return missing + (tag.uses if tag.uses and not found.intersection(tag.uses) else ())


def overlooked(tag: Tag, found: frozenset[str]) -> tuple[str, ...]:
    """What a tag would look at and the shop does not have; it is inferred from the rest."""
    return tuple(need for need in tag.uses if need not in found)


def remedies(needs: Iterable[str]) -> str:
    """What to do to have them, in a sentence."""
    return "; ".join(dict.fromkeys(NEEDS[need].remedy for need in needs))


def _told(tx: Transaction, shop: Shop, as_of: datetime, needs: Iterable[str]) -> frozenset[str]:
    asked = sorted(needs)
    told = tx.many("tagging/told", shop_id=shop.id, as_of=as_of, needs=asked) if asked else []
    return frozenset(row["need"] for row in told)


def _unlike(one: Tag, other: Tag) -> list[str]:
    """Rules of a tag that two shops have differently; their zone counts where the statement reads it."""
    keys = sorted({*one.rules, *other.rules})
    if "'zone'" not in statements.load(one.statement).body:
        keys.remove("zone")
    return [key for key in keys if one.rules.get(key) != other.rules.get(key)]
