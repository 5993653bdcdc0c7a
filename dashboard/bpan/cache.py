"""What the BPAN pages compute once and keep, as ``dashboard.shell.cache`` does.

All sessions share the results, which must not be changed.
"""

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import streamlit as st

from dashboard.shell.cache import CheckpointKey, dataset, model, test_inputs, test_labels

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.analysis.anytime import Answers, Curve
    from corelib.analysis.representation import Projection
    from corelib.data.corruptions import Corruption
    from corelib.models.bpan.analysis import Controls, LoopGain, NetDensity
    from corelib.models.bpan.anytime import AnytimeClassifier
    from corelib.models.bpan.halting import Clock, OwnAnswers, StepTimes
    from corelib.models.bpan.network import BPAN
    from corelib.reproduce.sequential import OverSteps


def classifier(which: CheckpointKey) -> "AnytimeClassifier":
    """A network that answers after each of its steps."""
    return cast("AnytimeClassifier", model(which))


def bpan(which: CheckpointKey) -> "BPAN":
    """A balanced network."""
    return cast("BPAN", model(which))


@st.cache_resource(show_spinner=False, max_entries=8)
def _test_drive(which: CheckpointKey):
    from corelib.models.bpan.analysis import drive_of

    data = dataset(which.dataset)
    return drive_of(bpan(which), data.inputs(data.test.pixels))


@st.cache_resource(show_spinner=False, max_entries=32)
def test_answers(which: CheckpointKey, controls: "Controls") -> "Answers":
    """The answer to every test image at every step, under controls."""
    from corelib.models.bpan.analysis import answers

    return answers(bpan(which), _test_drive(which), controls)


@st.cache_resource(show_spinner="Measuring the test images", max_entries=8)
def test_densities(which: CheckpointKey, controls: "Controls") -> "tuple[NetDensity, NetDensity]":
    """How the net current is distributed over the test set, under controls."""
    from corelib.models.bpan.analysis import net_densities

    return net_densities(bpan(which), _test_drive(which), controls)


@st.cache_data(show_spinner=False, max_entries=64)
def loop_gain(which: CheckpointKey, inhibition_gain: float) -> "LoopGain":
    from corelib.models.bpan.analysis import loop_gain

    return loop_gain(bpan(which), inhibition_gain)


# Halting: any classifier that answers after each of its steps.


@st.cache_resource(show_spinner=False, max_entries=32)
def step_answers(which: CheckpointKey, recurrence: bool = True) -> "Answers":
    """The answer to every test image at every step; without its recurrence, if a BPAN."""
    from corelib.models.bpan.halting import answers

    return answers(classifier(which), test_inputs(which.dataset), recurrence)


@st.cache_resource(show_spinner=False, max_entries=16)
def own_answers(which: CheckpointKey) -> "OwnAnswers":
    """The test images answered by the network's own rule."""
    from corelib.models.bpan.halting import own_answers

    return own_answers(classifier(which), test_inputs(which.dataset))


@st.cache_data(show_spinner=False, max_entries=64)
def clock(which: CheckpointKey, threshold: float, batch: int, images: int, rounds: int) -> "Clock":
    """Stopping early against fixed depth, timed on this machine."""
    from corelib.models.bpan.halting import clock

    inputs = test_inputs(which.dataset)[:images]
    return clock(classifier(which), inputs, threshold, batch, rounds)


@st.cache_data(show_spinner=False, max_entries=64)
def step_times(which: CheckpointKey, thresholds: tuple[float, ...], images: int) -> "StepTimes":
    """How long images take by how many steps they take, in batches of 256, on this machine."""
    from corelib.analysis import anytime
    from corelib.models.bpan import halting

    inputs = test_inputs(which.dataset)[:images]
    images = len(inputs)
    ms = halting.clock_curve(classifier(which), inputs, thresholds, 256)
    answers, labels = step_answers(which), test_labels(which.dataset)
    curve = anytime.threshold_curve(answers.confidence, answers.predicted, labels, thresholds)
    return halting.step_times(curve.mean_steps, ms, images)


@st.cache_data(show_spinner=False, max_entries=64)
def trajectory(which: CheckpointKey, pixels: np.ndarray) -> np.ndarray:
    """Class probabilities of an image, uint8 (28, 28), over time: (time, class)."""
    import torch

    from corelib.models.bpan.halting import trajectory

    inputs = dataset(which.dataset).inputs(torch.from_numpy(pixels)[None])
    return trajectory(classifier(which), inputs)


@st.cache_data(show_spinner=False, max_entries=64)
def threshold_curve(which: CheckpointKey) -> "Curve":
    """Accuracy and mean steps over a fine grid of thresholds."""
    from corelib.analysis.anytime import threshold_curve
    from corelib.analysis.halting import THRESHOLDS

    answers, labels = step_answers(which), test_labels(which.dataset)
    return threshold_curve(answers.confidence, answers.predicted, labels, THRESHOLDS)


@st.cache_data(show_spinner=False, max_entries=64)
def work_curve(which: CheckpointKey) -> np.ndarray:
    """Mean multiply-adds per image at each of those thresholds."""
    from corelib.analysis.halting import THRESHOLDS
    from corelib.models.bpan.halting import mean_macs

    return mean_macs(classifier(which).macs(), step_answers(which).confidence, THRESHOLDS)


# Robustness: the same networks under corrupted images.


@st.cache_resource(show_spinner=False, max_entries=24)
def corrupted(name: str, corruption: "Corruption", images: int) -> "Tensor":
    """The first test images corrupted, before normalisation: (image, row, column)."""
    from corelib.data.corruptions import corrupt

    data = dataset(name)
    return corrupt(data.test.pixels[:images], corruption, data.mean, data.std)


@st.cache_resource(show_spinner=False, max_entries=512)
def corrupted_answers(which: CheckpointKey, corruption: "Corruption", images: int) -> "Answers":
    """The answer to each of the first test images, corrupted, at each step."""
    from corelib.models.bpan.halting import answers

    inputs = dataset(which.dataset).inputs(corrupted(which.dataset, corruption, images))
    return answers(classifier(which), inputs)


@st.cache_resource(show_spinner=False, max_entries=128)
def final_states(which: CheckpointKey, corruption: "Corruption", images: int) -> np.ndarray:
    """The rates of a BPAN after its last step under corrupted test images: (image, unit)."""
    from corelib.models.bpan.robustness import final_states

    inputs = dataset(which.dataset).inputs(corrupted(which.dataset, corruption, images))
    return final_states(bpan(which), inputs)


@st.cache_resource(show_spinner=False, max_entries=8)
def projection(which: CheckpointKey, images: int) -> "Projection":
    """The principal axes of a BPAN's states after its last step, under clean test images."""
    from corelib.analysis.representation import principal
    from corelib.data.corruptions import Corruption

    return principal(final_states(which, Corruption("gaussian", 0.0), images))


# Sequential evidence.


class OverSeeds(NamedTuple):
    """What ships about a network of a task: its accuracy over seeds, and the published one."""

    task: str
    accuracy: "OverSteps"
    published: float | None


@st.cache_resource(show_spinner=False, max_entries=24)
def sequence_answers(which: CheckpointKey, task: str) -> "Answers":
    """The answer to every test sequence of a task after each of its parts."""
    from corelib.models.bpan.halting import answers

    return answers(classifier(which), test_inputs(task))


def over_seeds(name: str) -> OverSeeds | None:
    """What ships about the network of this name over seeds; None if nothing does."""
    from corelib.reproduce import results

    return _over_seeds(name, results.shipped_state())


@st.cache_resource(show_spinner=False, max_entries=64)
def _over_seeds(name: str, state: tuple) -> OverSeeds | None:
    from corelib.reproduce import results, sequential

    row = sequential.row_of(name)
    if row is None:
        return None
    accuracy = sequential.accuracy_over_steps(results.shipped("sequential"), row)
    return OverSeeds(row.task, accuracy, sequential.published_accuracy(row))
