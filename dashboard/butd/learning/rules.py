"""Learning rules that can be compared: the networks that were trained alike but for the rule."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.errors import SynaptariumError
from corelib.reproduce.butd import WAYS
from corelib.runs.registry import history
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import ENDED, History, find_run, list_runs
from dashboard.butd import cache as butd_cache
from dashboard.butd.cache import Switches
from dashboard.butd.learning.figures import OverSeeds
from dashboard.shell import cache
from dashboard.shell.checkpoints import of_systems

if TYPE_CHECKING:
    from typing import Any

    from corelib.runs.registry import Checkpoint

SYSTEM = "counter-hebb"
SAME_DEG = 1.0
"""A rule nearer to the gradient than this is taken for back-propagation."""


class Member(NamedTuple):
    """A network of the comparison: its rule, seed, checkpoint, None until there is one, and what
    its training told."""

    rule: str
    seed: int
    item: "Checkpoint | None"
    history: History
    alive: bool


def rule_of(config: "dict[str, Any]", training: "dict[str, Any]") -> str:
    """The name of a learning rule, from a network's settings."""
    backprop, decay = training["rule"] == "backprop", training["weight_decay"]
    weights = "shared" if backprop else config["weights"]
    for name, way in WAYS.items():
        if (way.rule, way.weights, way.weight_decay) == (training["rule"], weights, decay):
            return _noisy(name, training["noise"])
    name = "back-propagation" if backprop else f"Counter-Hebb, {config['weights']}"
    return _noisy(f"{name}, decay {decay:g}" if decay else name, training["noise"])


def _noisy(name: str, noise: float) -> str:
    return f"{name}, noise {noise:g}" if noise else name


def setting_of(config: "dict[str, Any]", training: "dict[str, Any]") -> str:
    """What rules must share to be compared, in words."""
    size = f"{config['hidden']} hidden" if config["network"] != "resnet18" else "no hidden layer"
    updates = f" of at most {training['max_steps']:,} updates" if training["max_steps"] else ""
    return (
        f"{config['network']}, {size}{', batch norm' * config['norm']}; {training['epochs']} "
        f"epochs{updates}, batches of {training['batch_size']}, rate {training['learning_rate']:g}"
    )


def members(dataset: str) -> dict[str, list[Member]]:
    """The networks trained on a data set, by what they share; most networks first."""
    found: dict[str, list[Member]] = {}
    items = {name: i for name, i in of_systems([SYSTEM]).items() if i.card.dataset == dataset}
    for item in items.values():
        if not item.own:
            key = setting_of(item.card.config, item.card.training)
            rule = rule_of(item.card.config, item.card.training)
            member = Member(rule, item.card.seed, item, history(item), alive=False)
            found.setdefault(key, []).append(member)
    for run in list_runs():
        try:
            spec, state = run.spec, run.status.state
        except (SynaptariumError, OSError):
            continue
        if spec.system != SYSTEM or spec.dataset != dataset:
            continue
        key = setting_of(spec.config, spec.training)
        rule = rule_of(spec.config, spec.training)
        alive = state not in ENDED
        member = Member(rule, spec.seed, items.get(run.id), _history(run.id), alive)
        found.setdefault(key, []).append(member)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def _history(run_id: str) -> History:
    """Kept between reruns, so that only new lines are read."""
    kept = st.session_state.setdefault("_learn_histories", {})
    if run_id not in kept:
        while len(kept) >= 64:
            kept.pop(next(iter(kept)))
        kept[run_id] = find_run(run_id).history()
    return kept[run_id].refresh()


def find_datasets() -> tuple[str, ...]:
    from corelib.catalog import system

    return system(SYSTEM).datasets


def specs_of(
    dataset: str, chosen: Sequence[str], seeds: int, settings: "dict[str, dict]"
) -> list[RunSpec]:
    """One spec a seed and rule."""
    return [
        make_spec(
            SYSTEM,
            dataset=dataset,
            config={**settings["config"], "weights": WAYS[name].weights},
            training={
                **settings["training"],
                "rule": WAYS[name].rule,
                "weight_decay": WAYS[name].weight_decay,
            },
            seed=seed,
            variant=WAYS[name].variant,
        )
        for seed in range(seeds)
        for name in chosen
    ]


def layers_told(told: list[Member], measure: str) -> list[str]:
    """The layers for which a measure was told, in their order; the first five."""
    before, after = measure.split("{}")
    found: dict[str, None] = {}
    for member in told:
        for name in member.history.validations[-1].metrics:
            if name.startswith(before) and name.endswith(after):
                found[name.removeprefix(before).removesuffix(after)] = None
    return list(found)[:5]


def curve(told: list[Member], rule: str, measure: str) -> OverSeeds | None:
    """Mean and sd over the seeds of one rule, at the epochs that all of them have reached."""
    rows = [
        {v.epoch: v.metrics[measure] for v in m.history.validations if measure in v.metrics}
        for m in told
        if m.rule == rule
    ]
    rows = [row for row in rows if row]
    if not rows:
        return None
    epochs = sorted(set.intersection(*map(set, rows)))
    values = np.array([[row[epoch] for epoch in epochs] for row in rows])
    sd = values.std(0, ddof=min(1, len(rows) - 1))
    return OverSeeds(np.array(epochs), values.mean(0), sd, len(rows))


def angle_of(item: "Checkpoint") -> float:
    """Mean over the layers below the readout, in degrees, with the noise of its training."""
    training = item.card.training
    if training["rule"] == "backprop":
        return 0.0
    switches = Switches(noise=training["noise"], loss=training["loss"])
    found = butd_cache.difference(cache.checkpoint_key(item), switches)
    # The readout is last; no error reaches it by the way down.
    return float(np.nanmean(found.angle[:-1]))


def finding(points: dict[str, tuple[np.ndarray, np.ndarray]]) -> str:
    """Whether a smaller angle went with better accuracy, in words, from what is shown."""
    off = {
        rule: (angle.mean(), accuracy.mean())
        for rule, (angle, accuracy) in points.items()
        if angle.mean() > SAME_DEG
    }
    exact = [accuracy.mean() for angle, accuracy in points.values() if angle.mean() <= SAME_DEG]
    said = ""
    if exact:
        said = (
            f"Rules whose update is back-propagation's reach {100 * min(exact):.2f} to "
            f"{100 * max(exact):.2f} %. "
            if len(exact) > 1
            else f"The rule whose update is back-propagation's reaches {100 * exact[0]:.2f} %. "
        )
    if len(off) < 2:
        return said + "Train two rules with weights of their own to compare angles."
    pairs = [(a, b) for a in off.values() for b in off.values() if a[0] < b[0]]
    agree = sum(a[1] > b[1] for a, b in pairs)
    verdict = (
        "Here a smaller angle went with better accuracy"
        if agree == len(pairs)
        else "A smaller angle did not mean better accuracy"
    )
    single = all(len(accuracy) == 1 for _, accuracy in points.values())
    alone = " With one seed a rule, what lies between neighbours may be chance." * single
    order = sorted(off, key=lambda rule: off[rule][0])
    told = ", ".join(f"{rule} {off[rule][0]:.0f}° and {100 * off[rule][1]:.2f} %" for rule in order)
    return (
        f"{said}**{verdict}**: in {agree} of {len(pairs)} pairs of the other rules the one nearer "
        f"to the gradient is the more accurate ({told}).{alone}"
    )
