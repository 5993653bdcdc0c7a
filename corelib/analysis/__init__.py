"""Measures of networks, one call each; tables are DataFrames with one row for each thing named.

Steps
    ``accuracy_curve`` against the threshold, ``halting_steps`` image by image,
    ``accuracy_by_severity`` under a corruption; ``correctness`` of every image, of any classifier.
Inside
    ``currents`` of a BPAN, ``energy_trace`` of predictive coding, ``gates`` of an instructed
    network, ``tuning`` and ``selectivity`` of the neurons of an iterative VAE.
Statistics
    ``spread`` over seeds, ``paired_difference`` and its ``t_interval``, ``calibration``,
    ``pareto_front``.

The modules of this package measure arrays and import no network.
"""

from typing import TYPE_CHECKING

from corelib import lazy

if TYPE_CHECKING:
    from corelib.analysis.anytime import calibration as calibration
    from corelib.analysis.anytime import paired_difference as paired_difference
    from corelib.analysis.anytime import pareto_front as pareto_front
    from corelib.analysis.anytime import spread as spread
    from corelib.analysis.anytime import t_interval as t_interval
    from corelib.measures.correctness import correctness as correctness
    from corelib.measures.inside import currents as currents
    from corelib.measures.inside import energy_trace as energy_trace
    from corelib.measures.inside import gates as gates
    from corelib.measures.inside import selectivity as selectivity
    from corelib.measures.inside import tuning as tuning
    from corelib.measures.steps import accuracy_by_severity as accuracy_by_severity
    from corelib.measures.steps import accuracy_curve as accuracy_curve
    from corelib.measures.steps import halting_steps as halting_steps

_inside, _steps = "corelib.measures.inside", "corelib.measures.steps"
_statistics = "corelib.analysis.anytime"
__getattr__, __dir__, __all__ = lazy.names(  # pyright: ignore[reportUnsupportedDunderAll]
    __name__,
    {
        "accuracy_by_severity": _steps,
        "accuracy_curve": _steps,
        "calibration": _statistics,
        "correctness": "corelib.measures.correctness",
        "currents": _inside,
        "energy_trace": _inside,
        "gates": _inside,
        "halting_steps": _steps,
        "paired_difference": _statistics,
        "pareto_front": _statistics,
        "selectivity": _inside,
        "spread": _statistics,
        "t_interval": _statistics,
        "tuning": _inside,
    },
)
