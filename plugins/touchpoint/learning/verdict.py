"""Which dormancy rule tells best on a shop's own data, over several past instants, and keeping it as the shop's own.

NumPy and SciPy are heavy: import this where it is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from touchpoint.db import Transaction
from touchpoint.learning import kept, learners, lifetime
from touchpoint.learning.backtest import ALIVE, FIXED, RULES, Origin, origin
from touchpoint.learning.dormancy import WINNER
from touchpoint.learning.lessons import Rules
from touchpoint.learning.lifetime import NotLearned
from touchpoint.learning.measures import Z
from touchpoint.settings import Dormancy, Shop


@dataclass(frozen=True)
class Measured:
    """A score over all origins.

    Attributes:
        area, low, high: mean area under the curve, and its 95 % interval.
        lead, lead_low: over `fixed`, and the lower end of its 95 % interval.
        dormant: share of customers it called dormant, over all origins; None of what is no rule.
        of_dormant, of_awake: shares of the dormant and of the others who bought; None where there were none.
    """

    area: float
    low: float
    high: float
    lead: float
    lead_low: float
    dormant: float | None
    of_dormant: float | None
    of_awake: float | None


@dataclass(frozen=True)
class Backtest:
    """What all origins tell together.

    Attributes:
        origins: the instants that could be measured, the earliest first.
        refused: those that could not, and why.
        held: the rule that held before.
        winner: the rule that holds after it: another one only where that one told better beyond chance.
        measured: by name, what every origin could be measured by.
    """

    origins: tuple[Origin, ...]
    refused: dict[datetime, str]
    held: str
    winner: str
    measured: dict[str, Measured]

    @property
    def calibration(self) -> list[dict[str, float]]:
        """Means over the origins, part by part; empty where one of them has none."""
        tables = [one.calibration for one in self.origins]
        if not all(tables):
            return []
        return [
            {
                "part": rows[0]["part"],
                **{name: float(np.mean([row[name] for row in rows])) for name in ("predicted", "bought")},
            }
            for rows in zip(*tables, strict=True)
        ]

    @property
    def body(self) -> dict[str, Any]:
        """The winner as it is kept, with what it won by."""
        return {"rule": self.winner, "areas": {name: lifetime.digits(one.area) for name, one in self.measured.items()}}

    @property
    def sample(self) -> int:
        """Customers of the origin with most of them."""
        return max(one.customers for one in self.origins)

    @property
    def digest(self) -> str:
        """Of what was known at all origins, SHA-256, hex."""
        return hashlib.sha256("".join(one.digest for one in self.origins).encode()).hexdigest()


def backtest(
    tx: Transaction,
    *,
    shop: Shop,
    at: Sequence[datetime],
    known_at: datetime,
    dormancy: Dormancy,
    holds: str = FIXED,
) -> Backtest:
    """Backtest several instants; see `origin`, and `judge` for the rule that holds.

    Raises:
        NotLearned: none of them could be measured; says why, each reason once.
    """
    done, refused = [], {}
    for instant in sorted(at):
        try:
            done.append(origin(tx, shop=shop, at=instant, known_at=known_at, dormancy=dormancy))
        except NotLearned as error:
            refused[instant] = error.thing
    if not done:
        whys = "; ".join(dict.fromkeys(refused.values())) or "no instant to look from"
        raise NotLearned(
            f"no rule of dormancy could be measured: {whys}",
            place=f"shop {shop.id}",
            remedy="the rule that holds stays; docs/lifetime.md",
        )
    return Backtest(tuple(done), refused, holds, *judge(done, holds))


def judge(origins: Sequence[Origin], holds: str = FIXED) -> tuple[str, dict[str, Measured]]:
    """The rule to go by after all origins, and what each score comes to.

    The rule that holds stays, unless another one's lead over it lies above 0 with its whole 95 % interval: what two
    rules about as good differ by is chance, and they would take turns week by week, moving everybody each time. Where
    it could not be measured, `fixed` is in its place. Origins share customers, so standard errors are averaged, and not
    made smaller by their number.
    """
    names = [name for name in (*RULES, ALIVE) if all(name in one.areas.names for one in origins)]
    best = holds if holds in names else FIXED
    for name in RULES:
        if name != best and name in names and _lead(name, best, origins)[1] > 0:
            best = name
    return best, {name: _measured(name, origins) for name in names}


def holding(tx: Transaction, shop: Shop, as_of: datetime) -> str:
    """The rule that won before an instant; `fixed` where none did."""
    version = kept.Lessons(tx, shop.id, as_of).version(WINNER)
    return str(version.body["rule"]) if version else FIXED


def instants(until: datetime, horizon: timedelta, number: int) -> list[datetime]:
    """So many instants to look from, a horizon apart, the last of them a horizon before `until`."""
    return [until - horizon * place for place in range(number, 0, -1)]


def keep(tx: Transaction, *, shop: Shop, found: Backtest, as_of: datetime, rules: Rules) -> bool:
    """Make the winner the shop's own rule from an instant on, and learn what it goes by as of then.

    Returns:
        Whether that is another rule, or other areas, than before.

    Raises:
        LedgerError: something of the kind was kept, or the record made, as of a later instant.
        NotLearned: as of that instant there is too little to learn what the winner goes by.
    """
    if found.winner != FIXED:
        lesson, _ = learners.learn(tx, shop=shop, as_of=as_of, rules=rules, keep=True, only=[found.winner])[
            found.winner
        ]
        if lesson is None:
            raise NotLearned(f"{found.winner} cannot be learned as of {as_of.isoformat()}", remedy="nothing was kept")
    return kept.keep(
        tx,
        shop_id=shop.id,
        name=WINNER,
        body=found.body,
        as_of=as_of,
        since=None,
        until=as_of,
        sample=found.sample,
        data_hash=found.digest,
    )


def _measured(name: str, origins: Sequence[Origin]) -> Measured:
    area = float(np.mean([one.areas.of(name) for one in origins]))
    error = float(np.mean([one.areas.error(name) for one in origins]))
    calls = [one.calls.get(name, (0, 0, 0, 0)) for one in origins]
    dormant, dormant_bought, awake, awake_bought = (int(number) for number in np.sum(calls, axis=0))
    shares = (_share(dormant, dormant + awake), _share(dormant_bought, dormant), _share(awake_bought, awake))
    return Measured(area, area - Z * error, area + Z * error, *_lead(name, FIXED, origins), *shares)


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


def _lead(name: str, other: str, origins: Sequence[Origin]) -> tuple[float, float]:
    leads = np.array([one.areas.difference(name, other) for one in origins])
    return float(leads[:, 0].mean()), float(leads[:, 0].mean() - Z * leads[:, 1].mean())
