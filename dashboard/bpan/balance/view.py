"""What the E/I balance page shows: its controls, one record, and the sentence computed from it."""

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from corelib.analysis.anytime import at_threshold, changes_of_mind
from corelib.words import percent
from dashboard.bpan import cache as bpan_cache
from dashboard.components.digit_input import ANY, TEST, ChosenDigit, digit_at, digit_input
from dashboard.figures.style import Palette
from dashboard.shell import cache
from dashboard.shell.checkpoints import NO_NETWORK, checkpoint_picker
from dashboard.shell.controls import number, slider, switch
from dashboard.shell.page import NothingToShow
from dashboard.shell.presets import Preset
from dashboard.shell.text import called, plain
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    from corelib.data import ImageDataset
    from corelib.models.bpan.analysis import Controls, Currents, Summary
    from corelib.models.bpan.network import BPAN
    from corelib.runs.registry import Checkpoint

PAGE = "balance"
STEPS = 40
"""The most steps that can be chosen, also for a network trained with fewer."""


class View(NamedTuple):
    """One network or two, read by the same controls; ``currents`` of the chosen image, if any."""

    items: "list[Checkpoint]"
    keys: list[cache.CheckpointKey]
    models: "list[BPAN]"
    data: "ImageDataset"
    chosen: ChosenDigit | None
    currents: "list[Currents]"
    controls: "Controls"
    theta: float
    with_drive: bool
    palette: Palette

    @property
    def caption(self) -> str:
        """Which image this is, and how many."""
        seed = self.items[0].card.seed
        return f"{self.chosen.caption}; n = 1 image, seed {seed}" if self.chosen else ""

    def summary(self, i: int) -> "Summary":
        """What network i answers to the image and to the test set at the threshold."""
        return self._summary(i, self.currents[i], self.controls)

    def summary_as_trained(self, i: int) -> "Summary":
        """The same without what the controls change."""
        assert self.chosen is not None
        own = trained(self.models[i])
        currents = _currents(self.keys[i], self.models[i], self.chosen, own)
        return self._summary(i, currents, own)

    def _summary(self, i: int, currents: "Currents", controls: "Controls") -> "Summary":
        from corelib.models.bpan.analysis import summary

        tested = bpan_cache.test_answers(self.keys[i], controls)
        return summary(currents, tested, cache.test_labels(self.keys[i].dataset), self.theta)


def view() -> View:
    """The sidebar, and what it shows. Raises ``CheckpointError``, ``DataError`` or
    ``NothingToShow``."""
    with st.sidebar:
        first = checkpoint_picker(PAGE, "model", "Network", "bpan", on_change=_forget_trained)
        if first is None:
            raise NothingToShow(NO_NETWORK)
        versus = checkpoint_picker(
            PAGE, "versus", "Compare with", "bpan", optional=True, like=first
        )
    items = [first] if versus is None else [first, versus]
    keys = [cache.checkpoint_key(item) for item in items]
    models = [bpan_cache.bpan(key) for key in keys]
    data = cache.dataset(keys[0].dataset)
    if len({key.dataset for key in keys}) > 1:
        st.warning(
            "These two networks were trained on different data sets; both now read the same image."
        )
    with st.sidebar:
        chosen = digit_input(PAGE, data)
        theta = slider(PAGE, "theta", "Confidence threshold θ", 0.10, 1.0, 0.90, 0.01)
        gain = slider(PAGE, "gain", "Inhibition gain g", 0.0, 3.0, 1.0, 0.05)
        with st.expander("More"):
            controls, with_drive = _more_controls(models, gain)
    shown = (
        []
        if chosen is None
        else [
            _currents(key, model, chosen, controls) for key, model in zip(keys, models, strict=True)
        ]
    )
    return View(items, keys, models, data, chosen, shown, controls, theta, with_drive, palette())


def standard(item: "Checkpoint") -> View:
    """One network, with the controls as the page opens."""
    key, theta = cache.checkpoint_key(item), 0.9
    model, data = bpan_cache.bpan(key), cache.dataset(key.dataset)
    chosen, controls = digit_at(data, 0), trained(model)
    currents = _currents(key, model, chosen, controls)
    return View([item], [key], [model], data, chosen, [currents], controls, theta, False, palette())


def trained(model: "BPAN") -> "Controls":
    """The controls as a network was trained."""
    from corelib.models.bpan.analysis import Controls

    return Controls(model.n_steps, model.alpha)


def _forget_trained() -> None:
    """A newly picked network brings its own α and number of steps."""
    for name in ("alpha", "steps"):
        st.session_state.pop(f"{PAGE}_{name}", None)


def _more_controls(models: "list[BPAN]", gain: float) -> "tuple[Controls, bool]":
    from corelib.models.bpan.analysis import Controls

    first = models[0]
    least_e = min(model.n_excitatory for model in models)
    least_i = min(model.n_inhibitory for model in models)
    n_steps = slider(
        PAGE,
        "steps",
        "Steps T",
        1,
        max(STEPS, first.n_steps),
        first.n_steps,
        words={"steps": first.n_steps},
    )
    alpha = slider(
        PAGE, "alpha", "Leak α", 0.01, 1.0, first.alpha, 0.01, words={"alpha": first.alpha}
    )
    lesioned_e = slider(PAGE, "lesion_e", "Silence E units", 0, least_e, 0)
    lesioned_i = slider(PAGE, "lesion_i", "Silence I units", 0, least_i, 0)
    lesion_seed = number(PAGE, "lesion_seed", "Lesion seed", 0, 999, 0)
    with_drive = switch(PAGE, "drive", "Count the input in the balance")
    return Controls(n_steps, alpha, gain, lesioned_e, lesioned_i, lesion_seed), with_drive


def _currents(
    key: cache.CheckpointKey, model: "BPAN", chosen: ChosenDigit, controls: "Controls"
) -> "Currents":
    """The network reads the image as its own training data was scaled."""
    import torch

    from corelib.models.bpan.analysis import currents

    pixels = torch.from_numpy(chosen.pixels)[None]
    return currents(model, cache.dataset(key.dataset).inputs(pixels), controls)


def sentence(v: View) -> str:
    """What the controls cost each network, or how far its currents cancel; what it answers, and how
    well it does on the test set."""
    if v.chosen is None:
        return "Draw a digit, or upload one, in the sidebar on the left."
    return "\n\n".join(_about(v, i) for i in range(len(v.items)))


def _about(v: View, i: int) -> str:
    """The sentences about one network."""
    network = f"**{plain(v.items[i].title)}**" if len(v.items) > 1 else "this network"
    now, before = v.summary(i), v.summary_as_trained(i)
    changes = _changes(v.controls, trained(v.models[i]))
    if not changes:
        return (
            f"{_cancelling(v, i, network)} {_answer(v, i)} Over the {_n_test(v)} it answers "
            f"after **{now.mean_steps:.2f} steps** on average and is **{percent(now.accuracy)}** "
            f"correct; without inhibition, at g = 0, it would be {_at_theta(v, i, gain=0.0)}."
        )
    lost = 100 * (before.accuracy - now.accuracy)
    verdict = f"{abs(lost):.1f} points {'less' if lost > 0 else 'more'} accurate"
    return (
        f"With {' and '.join(changes)}, {network} is **"
        f"{verdict if abs(lost) >= 0.05 else 'as accurate as before'}**: it is "
        f"**{percent(now.accuracy)}** correct over the {_n_test(v)}, was "
        f"{percent(before.accuracy)}{_steps_alone(v, i, changes)}, and answers after "
        f"**{now.mean_steps:.2f} steps** on average, was {before.mean_steps:.2f}. "
        f"{_answer(v, i)} As trained, it answers {v.data.class_names[before.answer]}."
    )


def _steps_alone(v: View, i: int, changes: list[str]) -> str:
    """What T by itself changes, where it is one of several changes."""
    own, n_steps = trained(v.models[i]), v.controls.n_steps
    if len(changes) < 2 or n_steps == own.n_steps:
        return ""
    return f" (with T = {n_steps} alone {_at_theta(v, i, n_steps=n_steps)})"


def _at_theta(v: View, i: int, n_steps: int | None = None, gain: float = 1.0) -> str:
    """How much of the test set a network gets right with one change of the controls as trained."""
    own = trained(v.models[i])
    changed = own._replace(n_steps=n_steps or own.n_steps, inhibition_gain=gain)
    tested = bpan_cache.test_answers(v.keys[i], changed)
    labels = cache.test_labels(v.keys[i].dataset)
    return percent(at_threshold(tested.confidence, tested.predicted, labels, v.theta).accuracy)


def _n_test(v: View) -> str:
    return f"{len(v.data.test.labels):,} test images"


def _changes(now: "Controls", own: "Controls") -> list[str]:
    """How the controls differ from those of training, in words."""
    numbers = (
        ("inhibition gain g", now.inhibition_gain, own.inhibition_gain),
        ("leak α", now.alpha, own.alpha),
        ("T", now.n_steps, own.n_steps),
    )
    changes = [f"{name} = {is_:g} (was {was:g})" for name, is_, was in numbers if is_ != was]
    silenced = (("E", now.lesioned_e), ("I", now.lesioned_i))
    return changes + [f"{n} {kind} unit{'s' * (n > 1)} silenced" for kind, n in silenced if n]


def _cancelling(v: View, i: int, network: str) -> str:
    """How far the recurrent currents cancel at the last step."""
    from corelib.models.bpan.analysis import balance_at_end

    e, i_units = balance_at_end(v.currents[i])
    if e != e or i_units != i_units:
        return f"In {network} no recurrent current flows here."
    # Without it two networks may seem to differ the wrong way: the balance term counts the input.
    aside = ", the input left out" if len(v.items) > 1 else ""
    return (
        f"In {network} recurrent excitation and inhibition cancel by **{percent(e, 0)}** in the E "
        f"units and by **{percent(i_units, 0)}** in the I units at the last step{aside}."
    )


def _answer(v: View, i: int) -> str:
    """What the network answers to the image, when, and whether it is right."""
    assert v.chosen is not None
    summary = v.summary(i)
    answer = v.data.class_names[summary.answer]
    true = None if v.chosen.label is None else v.data.class_names[v.chosen.label]
    kind = "digit" if v.keys[i].dataset == "mnist" else "image"
    network = "it" if len(v.items) == 1 else f"**{plain(v.items[i].title)}**"
    of = f"{summary.step} of {v.controls.n_steps} steps"
    when = f"after **{of}**" if summary.reached else f"after {of}, **without reaching θ**"
    aside = f" ({percent(summary.probability, 0)}) {when}"
    return f"At θ = {v.theta:.2f} {network} {called(kind, answer, true, aside)}."


def presets(v: View) -> list[Preset]:
    """Things to try; all but the first from the controls as trained."""
    first = v.models[0]
    least_e = min(model.n_excitatory for model in v.models)
    as_trained = {
        "gain": 1.0,
        "steps": first.n_steps,
        "lesion_e": 0,
        "lesion_i": 0,
        "versus": "none",
        "theta": 0.9,
        "alpha": first.alpha,
        "drive": False,
    }
    hard = changes_of_mind(
        bpan_cache.test_answers(v.keys[0], trained(first)).predicted,
        cache.test_labels(v.keys[0].dataset),
    )
    rows = [
        (
            "gain",
            "No inhibition",
            "g = 0 for 30 steps: does activity run away?",
            {"gain": 0.0, "steps": 30},
        ),
        ("triple", "Triple inhibition", "g = 3 for 30 steps", {"gain": 3.0, "steps": 30}),
        (
            "lesion",
            "Half the E units",
            "Silence half of the excitatory units",
            {"lesion_e": least_e // 2},
        ),
        (
            "unbalanced",
            "Trained without balance",
            "Compared with the network trained without the balance term",
            {"versus": "bpan-unbalanced-mnist"},
        ),
        (
            "dale",
            "Without Dale's law",
            "Compared with the network whose weights may take any sign",
            {"versus": "bpan-nodale-mnist"},
        ),
    ]
    if len(hard):
        image = {"input": TEST, "class": ANY, "index": int(hard[0])}
        rows.insert(0, ("hard", "A hard digit", "First wrong, then correct: move θ", image))
    return [Preset(name, label, help, as_trained | own) for name, label, help, own in rows]
