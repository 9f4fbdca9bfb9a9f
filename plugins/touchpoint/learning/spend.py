"""Gamma-gamma: what a purchase of each customer is worth in the long run, from the mean of those they made.

Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (note 025, 2013, brucehardie.com/notes/025): amounts of a
customer vary around a mean of their own (gamma: p), whose scale differs among customers (gamma: q, v; v in the unit of
money). It takes how much is spent and how often as unrelated: `Spend.correlation` says how far that holds.

NumPy and SciPy are heavy: import this where it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from touchpoint.learning.lifetime import LEAST, MOST, TIGHT, NotLearned, Numbers

STARTS = ((0.0, 0.5, 0.0), (1.5, 1.5, 0.0), (0.0, 1.5, 2.0))


@dataclass(frozen=True)
class Spend:
    """A fitted gamma-gamma model.

    Attributes:
        p, q: shapes; q above 1, else no mean exists.
        v: scale, in the unit of money.
        customers: how many it was fitted to; 0 where parameters alone are known.
        correlation: of how often with how much among them, -1 to 1; the model has 0.
        log_likelihood: of them all; None likewise.
    """

    p: float
    q: float
    v: float
    customers: int = 0
    correlation: float = 0.0
    log_likelihood: float | None = None

    @property
    def mean(self) -> float:
        """What a purchase of somebody unknown is worth."""
        return self.p * self.v / (self.q - 1)

    def expected(self, repeats: Numbers, mean: Numbers) -> Numbers:
        """What a purchase of each is worth in the long run: own mean and that of all, weighted by how many were seen.

        Args:
            repeats: purchases seen, 0 where none was.
            mean: their mean amount; any number where none was.
        """
        own = self.p * repeats / (self.p * repeats + self.q - 1)
        return np.asarray((1 - own) * self.mean + own * mean)


def fit(repeats: Numbers, mean: Numbers, *, min_customers: int = 2) -> Spend:
    """The most likely model.

    Args:
        repeats: purchases of each customer whose amounts are looked at, 1 at least.
        mean: their mean amount, above 0.
        min_customers: fewer are refused.

    Raises:
        NotLearned: too few customers, no maximum was found, or it has no mean.
    """
    count = len(repeats)
    if count < max(min_customers, 2):
        raise NotLearned(f"{count} customers with repeat purchases, {min_customers} needed", remedy="value is not told")
    unit = float(mean.mean())
    scaled = mean / unit
    bounds = [(LEAST, MOST)] * 3
    found = [
        minimize(_cost, start, args=(repeats, scaled), jac=True, method="L-BFGS-B", bounds=bounds, options=TIGHT)
        for start in STARTS
    ]
    best = min((one for one in found if one.success), key=lambda one: float(one.fun), default=None)
    if best is None:
        raise NotLearned("gamma-gamma: no maximum of the likelihood was found", remedy="value is not told")
    p, q, v = (float(value) for value in np.exp(best.x))
    if q <= 1 or not all(LEAST + 0.01 < value < MOST - 0.01 for value in best.x):
        raise NotLearned("gamma-gamma: the likeliest parameters give no mean", remedy="value is not told")
    varied = bool(repeats.std() and mean.std())
    correlation = float(np.corrcoef(repeats, mean)[0, 1]) if varied else 0.0
    return Spend(p, q, v * unit, count, correlation, -float(best.fun) * count - count * float(np.log(unit)))


def _cost(logarithms: Numbers, x: Numbers, m: Numbers) -> tuple[float, Numbers]:
    """Minus the mean log-likelihood (their equation 1a, of the mean of x amounts), and its gradient."""
    p, q, v = np.exp(logarithms)
    total = np.log(x * m + v)
    likely = (
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
        + q * np.log(v) + (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * total
    )  # fmt: skip
    slopes = (
        x * (digamma(p * x + q) - digamma(p * x) + np.log(m) + np.log(x) - total),
        digamma(p * x + q) - digamma(q) + np.log(v) - total,
        q / v - (p * x + q) / (x * m + v),
    )
    gradient = np.array([slope.mean() for slope in slopes]) * (p, q, v)
    return -float(likely.mean()), -gradient
