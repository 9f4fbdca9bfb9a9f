"""How well a score told who would buy: areas under the curve and their intervals, calibration, Brier scores.

NumPy is heavy: import this where it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from touchpoint.learning.lifetime import Numbers

Flags = NDArray[np.bool_]
Z = 1.959964  # 95 % of a normal distribution lie within so many standard errors


@dataclass(frozen=True)
class Areas:
    """Areas under the curve of several scores of the same customers.

    Attributes:
        names: of the scores.
        values: the chance that a buyer scores above one who does not buy, ties counting half.
        covariance: of the areas, by the method of DeLong, DeLong and Clarke-Pearson (Biometrics 44:3, 1988).
    """

    names: tuple[str, ...]
    values: Numbers
    covariance: Numbers

    def of(self, name: str) -> float:
        """An area."""
        return float(self.values[self.names.index(name)])

    def error(self, name: str) -> float:
        """Standard error of an area."""
        place = self.names.index(name)
        return sqrt(max(0.0, float(self.covariance[place, place])))

    def difference(self, name: str, other: str) -> tuple[float, float]:
        """By how much one area exceeds another, and the standard error of that: the same customers, so correlated."""
        one, two = self.names.index(name), self.names.index(other)
        spread = self.covariance[one, one] + self.covariance[two, two] - 2 * self.covariance[one, two]
        return float(self.values[one] - self.values[two]), sqrt(max(0.0, float(spread)))


def areas(scores: Mapping[str, Numbers], bought: Flags) -> Areas:
    """Areas under the curve of scores that are high where a purchase is expected.

    Args:
        scores: by name, one of each customer.
        bought: who bought; some did and some did not, two of each at least.
    """
    buyers, others = int(bought.sum()), int((~bought).sum())
    above, below = [], []
    for score in scores.values():
        ranks = _ranks(score)
        above.append((ranks[bought] - _ranks(score[bought])) / others)
        below.append(1 - (ranks[~bought] - _ranks(score[~bought])) / buyers)
    covariance = np.atleast_2d(np.cov(above)) / buyers + np.atleast_2d(np.cov(below)) / others
    return Areas(tuple(scores), np.array([placed.mean() for placed in above]), covariance)


def calibration(chance: Numbers, bought: Flags, parts: int = 10) -> list[dict[str, Any]]:
    """What was predicted and what came, in parts of as many customers, the least likely first."""
    order = np.argsort(chance, kind="stable")
    return [
        {
            "part": number,
            "customers": len(part),
            "predicted": float(chance[part].mean()),
            "bought": float(bought[part].mean()),
        }
        for number, part in enumerate(np.array_split(order, parts), 1)
        if len(part)
    ]


def brier(chance: Numbers, bought: Flags) -> tuple[float, float]:
    """The mean squared error of a chance, and that of telling everybody the share who bought."""
    share = float(bought.mean())
    return float(((chance - bought) ** 2).mean()), share * (1 - share)


def _ranks(score: Numbers) -> Numbers:
    """Of each, from 1 on; ties share their mean. As scipy.stats.rankdata, which takes a second to import."""
    _, places, counts = np.unique(score, return_inverse=True, return_counts=True)
    return np.asarray((counts.cumsum() - (counts - 1) / 2)[places])
