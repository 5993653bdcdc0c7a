"""One published figure beside ours, and the rule that gives the verdict."""

from __future__ import annotations

from math import inf
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from corelib.analysis.anytime import Spread, t_interval
from corelib.words import PER_CENT, PROGRAM, percent

Verdict = Literal[
    "reproduced", "exceeded", "reproduced in part", "not reproduced", "cannot be tested here"
]
Better = Literal["more", "less", "neither"]
POINTS, SHARE = 0.5, 0.02
"""How far apart two figures may be that count as the same: in percentage points, and as a share of
the published one for other figures."""
PARAMETERS = "parameters"
"""The unit of a number of weights and biases, which is counted and so has no spread."""

RULE = (
    "a figure is reproduced if the two differ by no more than twice the standard deviation over "
    f"our seeds or {POINTS:g} percentage points ({percent(SHARE, 0)} of the published figure for "
    "what is no percentage), and for a difference between two networks if its 95 % t-interval over "
    "paired seeds contains the published one. It is exceeded if ours is better by more than that, "
    "reproduced in part if a difference is smaller than published but its interval lies on the "
    "same side of zero, and else not reproduced. It cannot be tested here if no table of ours "
    "speaks to it."
)


class View(NamedTuple):
    """Where in the app one can see it for oneself: a page and the controls to set there, by their
    keys in the address."""

    page: str
    controls: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, page: str, **controls: str) -> View:
        """``View.of("halting", halting_theta="0.9")``."""
        return cls(page, tuple(controls.items()))

    @property
    def address(self) -> str:
        """What follows the app's own address: ``halting?halting_theta=0.9``."""
        return f"{self.page}?{urlencode(self.controls)}" if self.controls else self.page


class Claim(NamedTuple):
    """One published figure and ours: ``table`` is the reproduction that computes ours, ``better``
    which way is better. With ``paired`` ours is a difference between two networks over paired
    seeds. ``control`` is what we measured besides that speaks to it, in a sentence.

    Ours is None where no table speaks to it; ``untested`` then says why. Published is None where a
    claim is about data or settings and no one figure stands for it.
    """

    what: str
    table: str
    unit: str
    published: float | None
    ours: Spread | None
    better: Better = "more"
    paired: bool = False
    control: str = ""
    view: View = View("home")
    untested: str = ""

    @property
    def allowed(self) -> float:
        """How far ours may be from the published figure, by ``RULE``."""
        if self.ours is None or self.published is None:
            return 0.0
        interval = t_interval(self.ours) if self.paired else None
        if interval is not None:
            return (interval.high - interval.low) / 2
        tolerance = POINTS if self.unit == "%" else SHARE * abs(self.published)
        return max(tolerance, 2 * self.ours.sd if self.ours.n > 1 else 0.0)

    @property
    def distance(self) -> float | None:
        """Ours less published, as a multiple of what ``RULE`` allows: from -1 to 1 it is
        reproduced. None where it cannot be tested."""
        if self.ours is None or self.published is None:
            return None
        apart = self.ours.mean - self.published
        if self.allowed == 0:
            return 0.0 if apart == 0 else inf if apart > 0 else -inf
        return apart / self.allowed

    @property
    def verdict(self) -> Verdict:
        """By ``RULE``."""
        if self.ours is None or self.published is None:
            return "cannot be tested here"
        ours, published = self.ours.mean, self.published
        if abs(ours - published) <= self.allowed:
            return "reproduced"
        ahead = ours > published if self.better == "more" else ours < published
        if ahead and self.better != "neither":
            return "exceeded"
        interval = t_interval(self.ours) if self.paired else None
        if interval is not None and not interval.holds(0) and ours * published > 0:
            return "reproduced in part"
        return "not reproduced"

    @property
    def command(self) -> str:
        """What computes ours again."""
        return f"{PROGRAM} reproduce {self.table} --train"

    @property
    def published_text(self) -> str:
        """The published figure with its unit; a dash where there is none."""
        if self.published is None:
            return "–"
        return self._with_unit(self._count(self.published) or f"{self.published:g}")

    @property
    def ours_text(self) -> str:
        """Our figure with its spread and unit; a dash where there is none."""
        if self.ours is None:
            return "–"
        return self._with_unit(self._count(self.ours.mean) or str(self.ours))

    @property
    def seeds_text(self) -> str:
        """How many seeds ours is of."""
        n = self.ours.n if self.ours is not None else 0
        return "one seed" if n == 1 else f"{n} seeds"

    @property
    def sentence(self) -> str:
        """All of it in one sentence."""
        if self.verdict == "cannot be tested here":
            known = f", published {self.published_text}" if self.published is not None else ""
            return f"{self.what}{known}: {self.untested}"
        return (
            f"{self.what}: published {self.published_text}, ours {self.ours_text} "
            f"({self.seeds_text}): {self.verdict}."
        )

    def _count(self, value: float) -> str:
        return f"{value:,.0f}" if self.unit == PARAMETERS else ""

    def _with_unit(self, figure: str) -> str:
        if self.unit in ("", PARAMETERS):
            return figure
        return figure + {"%": PER_CENT, "°": "°"}.get(self.unit, f" {self.unit}")
