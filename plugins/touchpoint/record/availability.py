"""Which tags a shop has the facts for as of an instant. What it lacks is unavailable, never 0, and says what to do.

A kind of fact is there when the shop's file names a source of it, or some of it has come; what comes with another kind
(order lines and refunds with orders), and a column, only when some of it has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from touchpoint.db import Transaction
from touchpoint.settings import NEEDS, Shop, Tag


def met(tx: Transaction, *, shop: Shop, as_of: datetime, needs: Iterable[str]) -> frozenset[str]:
    """Those needs that a shop meets as of an instant, by what was known then. Words: settings.NEEDS."""
    wanted = set(needs)
    configured = {need for need in wanted if not NEEDS[need].column and NEEDS[need].source in shop.sources}
    asked = sorted(wanted - configured)
    told = tx.many("tagging/told", shop_id=shop.id, as_of=as_of, needs=asked) if asked else []
    return frozenset(configured | {row["need"] for row in told})


def within_reach(
    tx: Transaction, *, shop: Shop, as_of: datetime, tags: Sequence[Tag], others: Sequence[Shop] = ()
) -> tuple[Tag, ...]:
    """Those tags that a shop, or it and the others of its brand, has the facts for as of an instant, in their order."""
    needs = {need for tag in tags for need in (*tag.needs, *tag.uses)}
    found = met(tx, shop=shop, as_of=as_of, needs=needs)
    for other in others:
        found |= met(tx, shop=other, as_of=as_of, needs=needs - found)
    return tuple(tag for tag in tags if not lacking(tag, found))


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
