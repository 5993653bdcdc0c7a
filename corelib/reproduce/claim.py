"""One published figure beside ours, and the rule that gives the verdict."""

from __future__ import annotations

from typing import Literal, NamedTuple

from corelib.analysis.anytime import Spread, t_interval
from corelib.words import percent

Verdict = Literal["reproduced", "exceeded", "reproduced in part", "not reproduced"]
Better = Literal["more", "less", "neither"]
POINTS, SHARE = 0.5, 0.02
"""How far apart two figures may be that count as the same: in percentage points, and as a share of
the published one for other figures."""

RULE = (
    "a figure is reproduced if the two differ by no more than twice the standard deviation over "
    f"our seeds or {POINTS:g} percentage points ({percent(SHARE, 0)} of the published figure for "
    "what is no percentage), and for a difference between two networks if its 95 % t-interval over "
    "paired seeds contains the published one. It is exceeded if ours is better by more than that, "
    "reproduced in part if a difference is smaller than published but its interval lies on the "
    "same side of zero, and else not reproduced."
)


class Claim(NamedTuple):
    """One published figure and ours: ``table`` is the reproduction that computes ours, ``better``
    which way is better. With ``paired`` ours is a difference between two networks over paired
    seeds."""

    what: str
    table: str
    unit: str
    published: float
    ours: Spread
    better: Better = "more"
    paired: bool = False

    @property
    def verdict(self) -> Verdict:
        """By ``RULE``."""
        ours, published = self.ours.mean, self.published
        ahead = ours > published if self.better == "more" else ours < published
        interval = t_interval(self.ours) if self.paired else None
        if interval is None:
            tolerance = POINTS if self.unit == "%" else SHARE * abs(published)
            chance = 2 * self.ours.sd if self.ours.n > 1 else 0.0
            same = abs(ours - published) <= max(tolerance, chance)
        else:
            same = interval.holds(published)
        if same:
            return "reproduced"
        if ahead and self.better != "neither":
            return "exceeded"
        if interval is not None and not interval.holds(0) and ours * published > 0:
            return "reproduced in part"
        return "not reproduced"

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        seeds = "one seed" if self.ours.n == 1 else f"{self.ours.n} seeds"
        return (
            f"{self.what}: published {self.published:g}{unit}, ours {self.ours}{unit} ({seeds}): "
            f"{self.verdict}."
        )
