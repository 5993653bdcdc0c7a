"""Learning rules that can be compared: the networks that were trained alike but for the rule."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from corelib.catalog import system
from corelib.environment import runs_root
from corelib.errors import SynaptariumError
from corelib.models.butd.rules import AngleAndAccuracy, OverSeeds, compare, over_seeds, rule_name
from corelib.runs.history import History
from corelib.runs.registry import history
from corelib.runs.store import ENDED, Run, find_run
from corelib.words import percent
from dashboard.butd.learning import cache as own_cache
from dashboard.shell import cache
from dashboard.shell.checkpoints import of_systems

if TYPE_CHECKING:
    from typing import Any

    from corelib.runs.registry import Checkpoint

SYSTEM = "counter-hebb"
MOST_LAYERS = 5
"""Layers of which curves are shown."""


class Member(NamedTuple):
    """A network of the comparison: its rule, seed, checkpoint (None until there is one), the
    history of its training, and whether that is under way."""

    rule: str
    seed: int
    item: "Checkpoint | None"
    history: History
    alive: bool


def datasets() -> tuple[str, ...]:
    """The data sets that the rules can be trained on."""
    return system(SYSTEM).datasets


def setting_of(config: "Mapping[str, Any]", training: "Mapping[str, Any]") -> str:
    """The settings that rules must share to be compared, in words."""
    size = f"{config['hidden']} hidden" if config["network"] != "resnet18" else "no hidden layer"
    updates = f" of at most {training['max_steps']:,} updates" if training["max_steps"] else ""
    return (
        f"{config['network']}, {size}{', batch norm' * config['norm']}; {training['epochs']} "
        f"epochs{updates}, batches of {training['batch_size']}, rate {training['learning_rate']:g}"
    )


def members(dataset: str) -> dict[str, list[Member]]:
    """The networks trained on a data set, by the settings that they share, in words; the largest
    group first."""
    groups: dict[str, list[Member]] = {}
    items = {name: i for name, i in of_systems([SYSTEM]).items() if i.card.dataset == dataset}
    for item in items.values():
        if not item.own:
            key = setting_of(item.card.config, item.card.training)
            rule = rule_name(item.card.config, item.card.training)
            member = Member(rule, item.card.seed, item, history(item), alive=False)
            groups.setdefault(key, []).append(member)
    for row in cache.rows():
        if row.system != SYSTEM or row.dataset != dataset:
            continue
        run = Run(runs_root() / row.id)
        try:
            spec, state = run.spec, row.state
        except (SynaptariumError, OSError):
            continue
        key = setting_of(spec.config, spec.training)
        rule = rule_name(spec.config, spec.training)
        alive = state not in ENDED
        member = Member(rule, spec.seed, items.get(run.id), _history(run.id), alive)
        groups.setdefault(key, []).append(member)
    return dict(sorted(groups.items(), key=lambda pair: -len(pair[1])))


def _history(run_id: str) -> History:
    """Kept between reruns, so that only new lines are read."""
    kept = cache.kept("_learn_histories", 64)
    if run_id not in kept:
        kept[run_id] = find_run(run_id).history()
    return kept[run_id].refresh()


def layers_measured(group: Sequence[Member], measure: str) -> list[str]:
    """The layers for which the trainings report a measure, in their order; the first few."""
    before, after = measure.split("{}")
    layers: dict[str, None] = {}
    for member in group:
        for name in member.history.validations[-1].metrics:
            if name.startswith(before) and name.endswith(after):
                layers[name.removeprefix(before).removesuffix(after)] = None
    return list(layers)[:MOST_LAYERS]


def curve(group: Sequence[Member], rule: str, measure: str) -> OverSeeds | None:
    """A measure over epochs: mean and sd over the seeds of one rule."""
    return over_seeds(
        [
            {v.epoch: v.metrics[measure] for v in m.history.validations if measure in v.metrics}
            for m in group
            if m.rule == rule
        ]
    )


def angle_of(item: "Checkpoint") -> float:
    """Mean over the layers below the readout, in degrees, with the noise of its training."""
    from corelib.models.butd.departures import Switches

    training = item.card.training
    if training["rule"] == "backprop":
        return 0.0
    switches = Switches(noise=training["noise"], loss=training["loss"])
    return own_cache.difference(cache.checkpoint_key(item), switches).mean_angle()


def finding(points: Mapping[str, AngleAndAccuracy]) -> str:
    """Whether a smaller angle went with better accuracy, in words, from what is shown."""
    exact, others, pairs, agreeing = compare(points)
    first = ""
    if exact:
        first = (
            f"Rules whose update equals that of back-propagation reach {percent(min(exact), 2)} to "
            f"{percent(max(exact), 2)}. "
            if len(exact) > 1
            else "The rule whose update equals that of back-propagation reaches "
            f"{percent(min(exact), 2)}. "
        )
    if len(others) < 2:
        return first + "Train two rules with separate feedback weights to compare angles."
    verdict = (
        "Here a smaller angle went with better accuracy"
        if agreeing == pairs
        else "A smaller angle did not mean better accuracy"
    )
    single = all(len(p.accuracy) == 1 for p in points.values())
    alone = " With one seed per rule, differences between neighbours may be chance." * single
    means = ", ".join(
        f"{rule} {mean.angle:.0f}° and {percent(mean.accuracy, 2)}" for rule, mean in others.items()
    )
    return (
        f"{first}**{verdict}**: in {agreeing} of {pairs} pairs of the other rules the one nearer "
        f"to the gradient is the more accurate ({means}).{alone}"
    )
