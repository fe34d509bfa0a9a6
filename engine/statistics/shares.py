"""A share of counted parts and how sure it is: the one interval of this house (Wilson), and its one test (McNemar)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Z = 1.959964
"""Of the normal distribution lies 95 % within ± this."""

WIDE = 0.2


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of` parts, with its 95 % interval."""

    count: int
    of: int

    @property
    def rate(self) -> float:
        """0…1; nan of no parts."""
        return self.count / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, 0…1, at 95 % confidence; (0, 1) of no parts.

        E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212:
        it keeps its promise near 0 and 1, where a good model's mistakes lie, and of none it tells how many may be.
        """
        hits, total = self.count, self.of
        if total <= 0:
            return 0.0, 1.0
        share, spread = hits / total, Z * Z / total
        centre = (share + spread / 2) / (1 + spread)
        half = Z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
        return (0.0 if hits == 0 else max(0.0, centre - half)), (1.0 if hits == total else min(1.0, centre + half))

    def plain(self) -> dict[str, Any]:
        """For JSON, under the keys of `lineside evaluate`."""
        return {"count": self.count, "of": self.of, "interval": rounded(self.interval)}

    @property
    def says_little(self) -> bool:
        """Whether the true share may be anywhere in a range wider than 20 points: too few parts were counted."""
        low, high = self.interval
        return high - low > WIDE


NOTHING = Share(0, 0)
"""A share of no parts."""


def rounded(interval: Sequence[float]) -> list[float]:
    """An interval for JSON."""
    return [round(end, 6) for end in interval]


def exact_p(gained: int, lost: int) -> float:
    """Two-sided exact p that gains and losses are equally likely: 2·P(X ≤ min), X ~ B(gained + lost, ½), at most 1.

    Q. McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12 (1947),
    153-157; the binomial tail itself instead of its approximation, for the parts that turn round are few.
    """
    total = gained + lost
    tail = sum(math.comb(total, k) for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / (1 << total))
