"""Films of the experiments as files."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corelib.cli.parse import Group, UsageError, flag, name, number, text, whole
from corelib.data.sources import DATASETS, load_dataset
from corelib.films.film import NO_MP4, has_mp4, kind_of
from corelib.runs.registry import find, load, shipped
from corelib.words import with_article

if TYPE_CHECKING:
    from corelib.films.film import Film

FILE = name("The new file; its ending says what it is: .mp4, with sound, or .gif, without")
FORCE = flag("Replace the file if there is one")
IMAGE = text("Which test image, from 0", "INT", "default: 0")
MOMENTS = 40
"""About as many moments of an inference are shown at most."""
TASKS = [name for name, source in DATASETS.items() if source.kind == "sequence"]


def _write(path: str, force: bool, make: "Callable[[], Film]") -> None:
    """Make a film and write it; what is wrong with the file is said before it is made."""
    file = Path(path)
    kind = kind_of(file)
    if kind == "mp4" and not has_mp4():
        raise UsageError(NO_MP4)
    if file.exists() and not force:
        raise UsageError(f"There is a file {path} already; choose another name, or add --force.")
    if not file.parent.is_dir():
        raise UsageError(f"There is no folder {file.parent}; create it, or choose another.")
    film = make()
    film.save(file)
    silent = film.sound is not None and kind == "gif"
    lost = "; a GIF has no sound, an .mp4 does" if silent else ""
    print(f"{path}: {film.seconds:.1f} s, {file.stat().st_size / 1000:,.0f} kB{lost}.")


def _network(name: str, kind: type, what: str) -> Any:
    """A trained network, if it is of the ``kind`` that the film is about."""
    model = load(find(name))
    if not isinstance(model, kind):
        raise UsageError(f"{name} is no {what}: choose another network.")
    return model


def _test_image(dataset: Any, word: str) -> tuple[int, int]:
    """The number of a test image, and its class."""
    index, n = whole("image", word), len(dataset.test.labels)
    if not 0 <= index < n:
        raise UsageError(f"image is {index}, but should be from 0 to {n - 1}.")
    return index, int(dataset.test.labels[index])


@dataclasses.dataclass(frozen=True)
class Bars:
    """A bar moves over a neuron's receptive field; its spikes are seen and heard."""

    file: FILE
    network: text("An iterative VAE", "NAME", "default: ipvae-natural-16") = "ipvae-natural-16"
    neuron: text("Its number, from 0", "INT", "default: one worth looking at") = ""
    direction: text("Where the bar goes, in degrees; 90 is upward", "FLOAT", "default: 0") = "0"
    contrast: text("In standard deviations of the patches", "FLOAT", "default: 2") = "2"
    dark: flag("A dark bar instead of a bright one") = False
    frame_ms: text("How long a frame lasts", "FLOAT", "default: 25") = "25"
    seed: text("Seed of the spikes", "INT", "default: 0") = "0"
    force: FORCE = False

    def __call__(self) -> None:
        _write(self.file, self.force, self._film)

    def _film(self) -> "Film":
        from corelib.films.bars import bars_film
        from corelib.models.ipvae.analysis import features
        from corelib.models.ipvae.experiment import Experiment, all_directions, run
        from corelib.models.ipvae.network import IterativeVAE
        from corelib.models.ipvae.stimuli import quick_bar
        from corelib.models.ipvae.tuning import default_neuron

        model = _network(self.network, IterativeVAE, "iterative VAE")
        fields = features(model)
        bar = quick_bar(fields.shape[1])
        if self.neuron:
            neuron = whole("neuron", self.neuron)
        else:
            neuron = default_neuron(fields, bar, all_directions(36))
        shown = bar._replace(
            contrast=number("contrast", self.contrast), polarity="dark" if self.dark else "bright"
        )
        direction, seed = number("direction", self.direction), whole("seed", self.seed)
        outcome = run(model, Experiment(shown, direction, trials=1, seed=seed))
        seconds = number("frame_ms", self.frame_ms) / 1000
        return bars_film(model, outcome, neuron, seconds, self.network)


@dataclasses.dataclass(frozen=True)
class Evidence:
    """A digit is revealed part by part, while networks' beliefs grow."""

    file: FILE
    networks: text(
        "Networks that read sequences, with commas between", "NAMES", "default: all for the task"
    ) = ""
    task: text("How the digit is revealed", "{" + ",".join(TASKS) + "}", "default: ct-mnist") = (
        "ct-mnist"
    )
    image: IMAGE = "0"
    force: FORCE = False

    def __call__(self) -> None:
        _write(self.file, self.force, self._film)

    def _film(self) -> "Film":
        from corelib.data.evidence import evidence_of_test
        from corelib.films.evidence import evidence_film
        from corelib.models.bpan.anytime import AnytimeClassifier
        from corelib.models.bpan.halting import trajectory

        if self.task not in TASKS:
            raise UsageError(f"task is {self.task!r}, but should be one of: {', '.join(TASKS)}.")
        data: Any = load_dataset(self.task)
        index, label = _test_image(data, self.image)
        evidence = evidence_of_test(data, index)
        x = data.inputs(evidence.sequence)
        beliefs = {
            name: trajectory(_network(name, AnytimeClassifier, "network that reads sequences"), x)
            for name in (self.networks.split(",") if self.networks else self._shipped())
        }
        about = f"Test image {index}, {with_article(data.class_names[label])}, as in the test set"
        return evidence_film(evidence, beliefs, data.class_names, label, about)

    def _shipped(self) -> list[str]:
        """The networks that ship for this task."""
        from corelib.catalog import showing

        systems, size = showing("sequence"), DATASETS[self.task].input_dim
        return [
            item.name
            for item in shipped()
            if item.card.system in systems and item.card.config["input_dim"] == size
        ]


@dataclasses.dataclass(frozen=True)
class Inference:
    """Predictive coding reads a digit: the energy falls, and the digit appears."""

    file: FILE
    network: text("A predictive coding network", "NAME", "default: bpc-mnist") = "bpc-mnist"
    image: IMAGE = "0"
    label: text("The class to clamp, from 0", "INT", "default: none, it is inferred") = ""
    steps: text("Steps of inference", "INT", "default: as it was trained") = ""
    step_size: text("Step size γ", "FLOAT", "default: as it was trained") = ""
    seed: text("Seed of the random start", "INT", "default: 0") = "0"
    force: FORCE = False

    def __call__(self) -> None:
        _write(self.file, self.force, self._film)

    def _film(self) -> "Film":
        import torch

        from corelib.films.inference import inference_film
        from corelib.models.bpc.analysis import clamped
        from corelib.models.bpc.checks import Watching
        from corelib.models.bpc.inference import infer
        from corelib.models.bpc.moments import view_of
        from corelib.models.bpc.network import PredictiveCoding

        model = _network(self.network, PredictiveCoding, "predictive coding network")
        data: Any = load_dataset(find(self.network).card.dataset)
        index, true = _test_image(data, self.image)
        label = whole("label", self.label) if self.label else None
        # From random activity, all is still to be inferred.
        config = model.learning._replace(start="random")
        if self.steps:
            config = config._replace(n_steps=whole("steps", self.steps))
        if self.step_size:
            config = config._replace(step_size=number("step_size", self.step_size))
        watching = Watching(n_steps=config.n_steps, every=max(1, -(-config.n_steps // MOMENTS)))
        noise = torch.Generator().manual_seed(whole("seed", self.seed))
        given = clamped(model, data.inputs(data.test.pixels[index : index + 1]), label)
        trace = infer(given, model.weights(), config, watching.every, noise)
        names = data.class_names
        clamp = "no label clamped" if label is None else f"label {names[label]} clamped"
        about = f"Test image {index}, {with_article(names[true])}, {clamp}, random start"
        return inference_film(
            view_of(trace, data), names, true, self.network, f"{about}, seed {self.seed}"
        )


FILM = Group(
    "Films of the experiments, as .mp4 with sound or as .gif.",
    "film",
    {"bars": Bars, "evidence": Evidence, "bpc": Inference},
)
