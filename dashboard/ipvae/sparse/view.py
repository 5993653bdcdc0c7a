"""What the Sparse code page shows: its controls, one record, and the sentence computed from it."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import Intervention
from corelib.words import percent
from dashboard.components.digit_input import digit_input
from dashboard.figures.style import Palette
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.sparse import cache as sparse_cache
from dashboard.shell import cache
from dashboard.shell.checkpoints import NO_NETWORK, checkpoint_picker
from dashboard.shell.controls import number, slider, steps_slider, switch
from dashboard.shell.page import NothingToShow
from dashboard.shell.presets import Preset
from dashboard.shell.registry import set_values
from dashboard.shell.text import plain
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    from corelib.data import ImageDataset
    from corelib.models.ipvae.inference import Convergence, Trace
    from corelib.runs.registry import Checkpoint

PAGE = "sparse"
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
NO_IMAGE = "Draw a digit, or upload one, in the sidebar on the left."


class Picture(NamedTuple):
    """The image to be inferred, float32 (row, column) in its own unit, and what it is."""

    pixels: np.ndarray
    caption: str

    @property
    def data(self) -> bytes:
        return np.ascontiguousarray(self.pixels, np.float32).tobytes()


class View(NamedTuple):
    """The network chosen, the image, and what a person does to the network."""

    item: "Checkpoint"
    key: cache.CheckpointKey
    kind: str
    picture: Picture | None
    n_steps: int
    intervention: Intervention
    neuron: int
    seed: int
    palette: Palette

    @property
    def spikes(self) -> bool:
        return self.kind == "iP-VAE"

    @property
    def changed(self) -> bool:
        return self.intervention != Intervention()

    @property
    def natural(self) -> bool:
        """Whether the network reads patches of natural images, not digits."""
        return is_natural(cache.dataset(self.key.dataset))

    def trace(self, picture: Picture) -> "Trace":
        """Everything over time for the image."""
        return sparse_cache.image_trace(
            self.key, picture.data, self.n_steps, self.intervention, self.seed
        )

    def convergence(
        self, picture: Picture, intervention: Intervention | None = None
    ) -> "Convergence":
        """How inference of the image converges, under the intervention shown or another one."""
        chosen = self.intervention if intervention is None else intervention
        return sparse_cache.image_convergence(
            self.key, picture.data, self.n_steps, chosen, self.seed
        )


def is_natural(data: "ImageDataset") -> bool:
    """Whether a data set holds patches of natural images; their pixels are whitened numbers."""
    return data.test.pixels.is_floating_point()


def view() -> View:
    """The sidebar, and what it shows. Raises ``NothingToShow``, ``CheckpointError`` or
    ``DataError``."""
    with st.sidebar:
        item = checkpoint_picker(
            PAGE, "model", "Network", ipvae_cache.SYSTEMS, begin_with=ipvae_cache.EXAMPLE
        )
        if item is None:
            raise NothingToShow(NO_NETWORK)
        key = cache.checkpoint_key(item)
        picture = _picture_input(key)
        n_steps = steps_slider(
            PAGE,
            "steps",
            "Steps of inference",
            STEPS,
            100,
            words={"trained": item.card.config["t_train"]},
        )
        away = switch(PAGE, "away", "Explaining-away", True)
        last = len(ipvae_cache.features(key)) - 1
        neuron = number(PAGE, "neuron", "Neuron", 0, last, 0)
        lesion = switch(PAGE, "lesion", "Silence this neuron")
        with st.expander("More"):
            leak = slider(PAGE, "leak", "Leak", 0.0, 1.0, 0.0, 0.05)
            seed = number(PAGE, "seed", "Noise seed", 0, 999, 0)
    intervention = Intervention(away, leak, (neuron,) if lesion else ())
    kind = ipvae_cache.kind_of(item)
    return View(item, key, kind, picture, n_steps, intervention, neuron, seed, palette())


def standard(item: "Checkpoint") -> View:
    """One network without an image, with the other controls as the page opens."""
    key, kind = cache.checkpoint_key(item), ipvae_cache.kind_of(item)
    return View(item, key, kind, None, 100, Intervention(), 0, 0, palette())


def _picture_input(key: cache.CheckpointKey) -> Picture | None:
    """A patch by its place among the test patches, or a digit from the test set, drawn or
    uploaded; None until there is one."""
    data = cache.dataset(key.dataset)
    return _patch_input(key, data) if is_natural(data) else _digit_input(key, data)


def _digit_input(key: cache.CheckpointKey, data: "ImageDataset") -> Picture | None:
    import torch

    chosen = digit_input(PAGE, data)
    if chosen is None:
        return None
    pixels = ipvae_cache.own_unit(key.dataset, torch.from_numpy(chosen.pixels)[None])[0].numpy()
    return Picture(pixels.reshape(chosen.pixels.shape), chosen.caption)


def _patch_input(key: cache.CheckpointKey, data: "ImageDataset") -> Picture:
    last = len(data.test.labels) - 1
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        index = number(PAGE, "patch", "Patch", 0, last, 0, words={"last": last})
    with right:
        st.button(
            "Another", key=f"{PAGE}_another", on_click=_another, args=(last,), width="stretch"
        )
    name = data.class_names[int(data.test.labels[index])]
    side = data.test.pixels.shape[-1]
    pixels = ipvae_cache.own_unit(key.dataset, data.test.pixels[index : index + 1])[0].numpy()
    return Picture(pixels.reshape(side, side), f"test patch {index}, from the picture “{name}”")


def _another(last: int) -> None:
    set_values({f"{PAGE}_patch": int(np.random.default_rng().integers(last + 1))})


def sentence(v: View) -> str:
    """How well the code reconstructs the image and how sparse it is."""
    text = f"**{plain(v.item.title)}** ({v.kind}) has {len(ipvae_cache.features(v.key))} features. "
    if v.picture is None:
        return text + NO_IMAGE
    now = v.convergence(v.picture)
    text += (
        f"After **{v.n_steps:,}** step{'s' * (v.n_steps > 1)} its code reconstructs this image "
        f"with an R² of **{now.r2[-1]:.2f}**, with **{percent(now.zeros[-1], 0)}** of the neurons "
        "at zero"
    )
    if v.changed:
        intact = v.convergence(v.picture, Intervention())
        zeros = percent(intact.zeros[-1], 0)
        text += f"; in the intact network these would be {intact.r2[-1]:.2f} and {zeros}"
    if not v.intervention.explaining_away:
        text += ". Without explaining-away, nothing holds back neurons whose features overlap"
    return text + "."


def presets(v: View) -> list[Preset]:
    """Things to try, each in the intact network but for what it names."""
    intact = {"away": True, "lesion": False, "leak": 0.0, "seed": 0}
    rows = [
        (
            "long",
            "Long inference",
            "1,000 steps, many more than in training",
            {"steps": 1000, "tab": "One image"},
        ),
        (
            "away",
            "No explaining-away",
            "What happens when neurons do not inhibit each other?",
            {"away": False, "steps": 100, "tab": "One image"},
        ),
        ("sorted", "Sorted by orientation", "Which edges has it learned?", {"sort": "orientation"}),
        (
            "three",
            "Three networks",
            "Spiking, rectified and plain Gaussian codes side by side",
            {"tab": "Convergence"},
        ),
    ]
    return [Preset(name, label, text, intact | values) for name, label, text, values in rows]
