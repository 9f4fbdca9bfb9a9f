"""BG/NBD: who is a customer still, and how often they will buy. From counts of purchase days alone.

Fader, Hardie and Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model, Marketing Science
24:2 (2005): customers buy at random at a rate of their own (gamma distributed: r, alpha), and after each repeat
purchase leave for good with a chance of their own (beta distributed: a, b). What is known of one: x, purchases after
the first; t_x, when the last of them was; T, how long ago the first was. All times in one unit, days with us; alpha is
in that unit, the others have none. docs/lifetime.md has the formulas; SQL has
two of them (record.alive, record.buys_within). NumPy and SciPy are heavy: import this where it is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaincinv, digamma, gammaln, hyp2f1

from touchpoint.errors import TouchpointError

Numbers = NDArray[np.float64]

LEAST, MOST = -9.2, 9.2  # logarithms: 0.0001 and 10,000 of the unit of time
PARAMETERS = ("r", "alpha", "a", "b")
TIGHT = {"maxiter": 500, "ftol": 1e-12, "gtol": 1e-7}
STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.5, 0.0, -1.0, 1.0), (1.0, 1.0, -2.0, 2.0))


class NotLearned(TouchpointError):
    """Too little data, or data that a model does not describe: what held before holds on."""


@dataclass(frozen=True)
class Histories:
    """What is known of customers, those with the same x, t_x and T counted together.

    Attributes:
        repeats: purchase days after the first (x).
        span: from the first to the last purchase day (t_x); 0 for one-time buyers.
        age: from the first purchase day to the instant looked from (T).
        customers: how many there are of each.
    """

    repeats: Numbers
    span: Numbers
    age: Numbers
    customers: Numbers

    @classmethod
    def of(cls, rows: Iterable[tuple[float, float, float, float]]) -> Histories:
        """From rows of repeats, span, age and how many customers."""
        columns = np.array(list(rows), dtype=np.float64).reshape(-1, 4).T
        return cls(*(np.ascontiguousarray(column) for column in columns))

    @property
    def total(self) -> int:
        """All customers."""
        return int(self.customers.sum())

    @property
    def repeat_buyers(self) -> int:
        """Customers who bought on two days at least."""
        return int(self.customers[self.repeats > 0].sum())


@dataclass(frozen=True)
class Lifetime:
    """A fitted BG/NBD.

    Attributes:
        r, alpha: shape and scale of the rate at which customers buy; alpha in the unit of time.
        a, b: shape of the chance to leave after a repeat purchase.
        log_likelihood: of all histories it was fitted to; None where parameters alone are known.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float | None = None

    def body(self) -> dict[str, float]:
        """As it is kept: three digits, which is more than a sample tells; alpha in days."""
        return {name: digits(getattr(self, name)) for name in PARAMETERS}

    def alive(self, known: Histories) -> Numbers:
        """The chance of each to be a customer still; 1 for one-time buyers, by the model."""
        return np.asarray(1 / (1 + self._odds_gone(known)))

    def buys_within(self, known: Histories, time: float) -> Numbers:
        """The chance of each to buy at least once in the next `time`: alive, and the next purchase is not later.

        Who is alive leaves after a purchase alone, so the next purchase of one who is alive is a plain gamma mixture.
        """
        later = np.exp((self.r + known.repeats) * np.log((self.alpha + known.age) / (self.alpha + known.age + time)))
        return np.asarray(self.alive(known) * (1 - later))

    def expected(self, known: Histories, time: float) -> Numbers:
        """Purchases expected of each in the next `time` (their equation 10).

        The hypergeometric function is taken through Euler's transformation, which keeps it finite for heavy buyers:
        2F1(r+x, b+x; a+b+x-1; z) = (1-z)^(a-1-r-x) 2F1(a+b-1-r, a-1; a+b+x-1; z). Where it is not finite all the same
        (customers who are all as likely to leave: a and b in the thousands), what it stands for is integrated.
        """
        a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6  # a limit there, not a value
        x, b = known.repeats, self.b
        z = time / (self.alpha + known.age + time)
        with np.errstate(all="ignore"):
            kept = np.exp((a - 1) * np.log1p(-z)) * hyp2f1(a + b - 1 - self.r, a - 1, a + b + x - 1, z)
            found = np.asarray((a + b + x - 1) / (a - 1) * (1 - kept))
        lost = ~np.isfinite(found)
        if lost.any():
            found[lost] = self._integrated(x[lost], time / (self.alpha + known.age[lost]))
        return np.asarray(found * self.alive(known))

    def _integrated(self, repeats: Numbers, time: Numbers) -> Numbers:
        """Purchases of who is alive: (1 - (1 + chance time)^-(r+x)) / chance, the chance to leave being beta(a, b+x).

        Args:
            repeats: x of each.
            time: looked ahead, as a part of alpha + T.
        """
        own, place = np.unique(repeats, return_inverse=True)
        nodes, weights = np.polynomial.legendre.leggauss(64)
        chance = np.maximum(betaincinv(self.a, self.b + own[:, None], (nodes + 1) / 2), 1e-12)[place]
        bought = -np.expm1(-(self.r + repeats[:, None]) * np.log1p(chance * time[:, None])) / chance
        return np.asarray((bought * weights / 2).sum(axis=1))

    def _odds_gone(self, known: Histories) -> Numbers:
        x = np.maximum(known.repeats, 1)
        silent = np.log((self.alpha + known.age) / (self.alpha + known.span))
        odds = np.exp(np.minimum(300, np.log(self.a / (self.b + x - 1)) + (self.r + x) * silent))
        return np.where(known.repeats > 0, odds, 0.0)


def digits(value: float, number: int = 3) -> float:
    """A value to so many digits: what is learned anew from almost the same data shall mostly be the same."""
    return float(f"{value:.{number}g}")


def fit(known: Histories, *, min_customers: int = 1, min_repeat_buyers: int = 1) -> Lifetime:
    """The most likely BG/NBD, to the data as they are: no penalty.

    Where the likelihood rises to the end of nobody ever leaving, as it does in young shops of loyal customers, that is
    what is told (a at its least and b at its most: the model is then the plain NBD).

    Raises:
        NotLearned: fewer customers or repeat buyers than asked for, or no maximum of the likelihood was found.
    """
    enough(known, min_customers, min_repeat_buyers)
    unit = float((known.age * known.customers).sum() / known.total) or 1.0
    scaled = Histories(known.repeats, known.span / unit, known.age / unit, known.customers)
    found = [
        minimize(_cost, start, args=(scaled,), jac=True, method="L-BFGS-B", bounds=[(LEAST, MOST)] * 4, options=TIGHT)
        for start in STARTS
    ]
    best = min((one for one in found if one.success), key=lambda one: float(one.fun), default=None)
    if best is None or not all(LEAST + 0.01 < value < MOST - 0.01 for value in best.x[:2]):
        raise NotLearned("BG/NBD: no maximum of the likelihood was found", remedy="what held before holds on")
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    if best.x[2] < LEAST + 0.01:
        b = exp(MOST)  # flat there: any would do
    likelihood = -float(best.fun) * known.total - float((known.repeats * known.customers).sum()) * log(unit)
    return Lifetime(r, alpha * unit, a, b, likelihood)


def enough(known: Histories, min_customers: int, min_repeat_buyers: int) -> None:
    """Refuse too little data.

    Raises:
        NotLearned: saying how much there is, and how much is asked for.
    """
    for what, there, least in (
        ("customers", known.total, min_customers),
        ("customers who bought on two days", known.repeat_buyers, min_repeat_buyers),
    ):
        if there < least:
            raise NotLearned(f"{there} {what}, {least} needed", remedy="what held before holds on")


def _cost(logarithms: Numbers, known: Histories) -> tuple[float, Numbers]:
    """Minus the mean log-likelihood (their equation 6, as A1 + A2 + ln(exp A3 + exp A4)), and its gradient."""
    r, alpha, a, b = np.exp(logarithms)
    x, repeats = known.repeats, known.repeats > 0
    later = np.maximum(x, 1)
    old, seen = np.log(alpha + known.age), np.log(alpha + known.span)
    alive = -(r + x) * old
    gone = np.where(repeats, np.log(a) - np.log(b + later - 1) - (r + x) * seen, -np.inf)
    either = np.logaddexp(alive, gone)
    chance = np.exp(gone - either)  # that they have left
    likely = (
        gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x) + either
    )  # fmt: skip
    waited = (1 - chance) * old + chance * seen
    rate = (1 - chance) / (alpha + known.age) + chance / (alpha + known.span)
    both = digamma(a + b) - digamma(a + b + x)
    slopes = (
        digamma(r + x) - digamma(r) + np.log(alpha) - waited,
        r / alpha - (r + x) * rate,
        both + chance / a,
        both + digamma(b + x) - digamma(b) - chance / (b + later - 1),
    )
    weights = known.customers / known.customers.sum()
    gradient = np.array([(weights * slope).sum() for slope in slopes]) * (r, alpha, a, b)
    return -float((weights * likely).sum()), -gradient
