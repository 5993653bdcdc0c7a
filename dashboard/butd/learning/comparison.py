"""The tab Rules of the Counter-Hebb page: learning rules trained side by side, and compared."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.analysis.anytime import spread
from corelib.data import DATASETS, is_here
from corelib.errors import SettingsError, SynaptariumError
from corelib.models.butd.rules import RULES, AngleAndAccuracy
from corelib.reproduce.butd import rule_specs
from corelib.reproduce.seeds import stored
from dashboard.butd.learning import cache as own_cache
from dashboard.butd.learning.figures import rules as figures
from dashboard.butd.learning.figures import weights
from dashboard.butd.learning.rules import (
    Member,
    angle_of,
    curve,
    datasets,
    finding,
    layers_measured,
    members,
    setting_of,
)
from dashboard.butd.learning.view import PAGE, View
from dashboard.figures.style import Palette, TraceStyle, trace_styles
from dashboard.shell import cache
from dashboard.shell.apart import alone
from dashboard.shell.controls import number, select, several
from dashboard.shell.export import chart
from dashboard.shell.numbers import side_by_side
from dashboard.shell.person import start
from dashboard.shell.text import errors_shown, say_error
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    from corelib.models.butd.analysis import Alignment

MOST_RUNS = 18
POLL_S = 2.0


class Group(NamedTuple):
    """Networks alike but for the rule, the rules present in their order, and how each is drawn."""

    members: list[Member]
    present: list[str]
    styles: dict[str, TraceStyle]
    palette: Palette


def draw_rules(v: View | None) -> None:
    """The form that trains several rules, and the comparison of all networks there are."""
    here = [name for name in datasets() if is_here(name)]
    titles = "; ".join(f"{name}: {DATASETS[name].title}" for name in here)
    dataset = select(PAGE, "data", "Data", here, words={"titles": titles})
    with st.expander("Train rules side by side", icon=":material/play_arrow:"):
        _form()
    alive = any(m.alive for group in members(dataset).values() for m in group)
    alone(_comparison, POLL_S if alive else None)(dataset, palette(), alive)


def _form() -> None:
    chosen = several(PAGE, "rules", "Rules", list(RULES), list(RULES))
    row = st.columns(5)
    with row[0]:
        seeds = number(PAGE, "seeds", "Seeds", 1, 10, 1)
    with row[1]:
        select(PAGE, "network", "Network", ("fc", "simple", "conv"))
    with row[2]:
        number(PAGE, "hidden", "Hidden", 1, 4096, 100)
    with row[3]:
        number(PAGE, "epochs", "Epochs", 1, 1000, 3)
    with row[4]:
        number(PAGE, "batch", "Batch size", 1, 10_000, 100)
    n = len(chosen) * seeds
    st.button(
        f"Train {n} network{'s' * (n != 1)}",
        key="learn_start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not 0 < n <= MOST_RUNS,
        on_click=_start,
        help="With the same seed all rules have the same start and the same batches; networks that "
        "are already trained are reused",
    )
    if n > MOST_RUNS:
        st.caption(f"At most {MOST_RUNS} at once: choose fewer rules or seeds.")
    st.caption("The runs wait for one another and continue when this page is closed; see Runs.")
    problem = st.session_state.pop("_learn_problem", None)
    if problem:
        say_error(problem)


def _start() -> None:
    """Train what the form holds now: who types and presses at once is ahead of the script."""
    state = st.session_state
    settings = {
        "config": {name: state[f"{PAGE}_{name}"] for name in ("network", "hidden")},
        "training": {
            "epochs": state[f"{PAGE}_epochs"],
            "batch_size": state[f"{PAGE}_batch"],
            "learning_rate": 5e-4,
        },
    }
    try:
        chosen, seeds = state[f"{PAGE}_rules"], state[f"{PAGE}_seeds"]
        if not 0 < len(chosen) * seeds <= MOST_RUNS:
            raise SettingsError(f"choose 1 to {MOST_RUNS} networks")
        specs = rule_specs(state[f"{PAGE}_data"], chosen, seeds, settings)
        for spec, there in zip(specs, stored(specs), strict=True):
            if there is None:
                start(spec)
        if specs:
            st.session_state["learn_setting"] = setting_of(specs[0].config, specs[0].training)
    except (SynaptariumError, OSError) as error:
        st.session_state["_learn_problem"] = f"Not all runs started: {error}"


@errors_shown()
def _comparison(dataset: str, palette: Palette, was_alive: bool) -> None:
    groups = members(dataset)
    if not groups:
        st.info("No network was trained on this data yet. Train some rules above.")
        return
    label = "Networks alike but for the rule"
    own = groups[select(PAGE, "setting", label, list(groups))]
    waiting = sum(m.alive for m in own)
    if waiting:
        st.caption(f"{waiting} of {len(own)} runs under way.")
    order = [*RULES, *sorted({m.rule for m in own} - set(RULES))]
    present = [rule for rule in order if any(m.rule == rule for m in own)]
    group = Group(own, present, trace_styles(order), palette)
    # The result stands first.
    result = st.container()
    _over_epochs(group)
    with result:
        _after_training(group)
    if was_alive and not waiting:
        st.rerun(scope="app")


def _over_epochs(group: Group) -> None:
    """Accuracy, angle and cosine over epochs, as the trainings report them."""
    validated = [m for m in group.members if m.history.validations]
    if not validated:
        st.caption("Curves over epochs appear with the first validation.")
        return
    seeds = max(len({m.seed for m in validated if m.rule == rule}) for rule in group.present)
    n = f"Validation images; {seeds} seed{'s' * (seeds > 1)}{', bands ± 1 sd' * (seeds > 1)}."

    def curves(measure: str) -> "dict[str, figures.OverSeeds]":
        by_rule = {rule: curve(validated, rule, measure) for rule in group.present}
        return {rule: own for rule, own in by_rule.items() if own is not None}

    chart(
        figures.over_epochs(
            {"": curves("accuracy")},
            group.styles,
            "validation accuracy",
            group.palette,
            percent=True,
        ),
        "learn_accuracy",
        alt="Validation accuracy over epochs for each learning rule",
        caption=n,
    )
    above = "An error reaches a layer through the W̄ of the layers above, so its angle is theirs. "
    for measure, title, limits, key, more in (
        ("angle {} / °", "angle to the gradient / °", (0, 100), "angle", above),
        ("cosine {}", "cosine of W and W̄ᵀ", (-0.1, 1.05), "cosine", ""),
        ("distance {}", "‖W − W̄ᵀ‖", None, "distance", ""),
    ):
        layers = layers_measured(validated, measure)
        by_layer = {layer: curves(measure.format(layer)) for layer in layers}
        if by_layer:
            chart(
                figures.over_epochs(
                    by_layer, group.styles, title, group.palette, limits=limits, height=370
                ),
                f"learn_{key}",
                alt=f"{title} over epochs for each learning rule, by layer",
                caption="By layer, for rules with separate feedback weights; with shared weights "
                f"the {key} is {1 if key == 'cosine' else 0}. {more}{n}",
            )


def _after_training(group: Group) -> None:
    """Angle against accuracy, and the alignment of the weights, for trained networks."""
    from corelib.models.butd.analysis import mean_alignment

    points: dict[str, AngleAndAccuracy] = {}
    aligned: dict[str, Alignment] = {}
    for rule in group.present:
        items = [m.item for m in group.members if m.rule == rule and m.item is not None]
        items = [item for item in items if item.card.test]
        if not items:
            continue
        accuracy = np.array([item.card.test["accuracy"] for item in items])
        points[rule] = AngleAndAccuracy(np.array([angle_of(item) for item in items]), accuracy)
        own = [own_cache.alignment(cache.checkpoint_key(item)) for item in items]
        # Back-propagation never uses feedback weights; some of its networks may have them.
        own = mean_alignment([each for each in own if each.layers == own[0].layers])
        if own.layers:
            aligned[rule] = own
    if not points:
        st.caption("Accuracy on test images appears when the first run is completed.")
        return
    st.markdown(finding(points))
    left, right = st.columns([3, 2])
    with left:
        n = sum(len(p.angle) for p in points.values())
        chart(
            figures.angle_and_accuracy(points, group.styles, group.palette),
            "learn_scatter",
            alt="Test accuracy against the angle to the gradient for each trained network",
            caption=f"One mark per network, n = {n}, at its best checkpoint; angle for "
            f"{own_cache.IMAGES} validation images, mean over the layers below the readout.",
            n=1,
        )
    with right:
        if aligned:
            chart(
                weights.alignments(aligned, group.styles, group.palette),
                "learn_apart",
                alt="Cosine and distance of forward and feedback weights by layer and rule",
                caption="At the best checkpoint, mean over seeds, colours as on the left; with "
                "shared weights the cosine is 1 and the distance 0.",
            )
    _numbers(points, aligned)


def _numbers(points: dict[str, AngleAndAccuracy], aligned: "dict[str, Alignment]") -> None:
    """The same as a table."""
    rows = []
    for rule, (angle, accuracy) in points.items():
        row: dict[str, object] = {
            "rule": rule,
            "seeds": len(accuracy),
            "test accuracy / %": _mean_and_sd(100 * accuracy, 2),
            "mean angle / °": _mean_and_sd(angle, 1),
        }
        if rule in aligned:
            own = aligned[rule]
            for name, cosine in zip(own.layers, own.cosine, strict=True):
                row[f"cosine {name}"] = f"{round(cosine, 2) + 0.0:.2f}"
            for name, distance in zip(own.layers, own.distance, strict=True):
                row[f"‖W − W̄ᵀ‖ {name}"] = f"{distance:.3g}"
        rows.append(row)
    side_by_side(rows, "learn_numbers", across=False)
    st.caption("Mean ± sd over seeds where there are several.")


def _mean_and_sd(values: np.ndarray, digits: int) -> str:
    mean, sd, n = spread(values.tolist())
    return f"{mean:.{digits}f}" + (f" ± {sd:.{digits}f}" if n > 1 else "")
