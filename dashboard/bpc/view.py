"""The parts of the BPC digits page; each draws itself from one ``View``."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from corelib.errors import SynaptariumError
from dashboard.bpc import figures
from dashboard.figures.style import Palette, trace_styles
from dashboard.shell import cache
from dashboard.shell.checkpoints import of_systems
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.data import ImageDataset
    from corelib.models.bpc.inference import InferenceConfig
    from corelib.models.bpc.network import TwoWay
    from corelib.runs.registry import Checkpoint
    from corelib.runs.store import Run
    from dashboard.components.digit_input import ChosenDigit

SYSTEMS = ("bpc", "gpc", "dpc", "hybrid-pc", "backprop")
INFERENCE = ("n_steps", "step_size", "alpha_f", "alpha_b", "start", "optimiser")
STARTS = ("bottom-up", "top-down", "random")
COMPARED = 1000
SIDE = 28


class View(NamedTuple):
    """The network chosen and how it is to infer."""

    item: "Checkpoint"
    which: cache.CheckpointKey
    model: "TwoWay"
    data: "ImageDataset"
    inference_config: "InferenceConfig"
    palette: Palette

    def pixels(self, images: "Tensor") -> np.ndarray:
        """Normalised images (…, pixel) as uint8 (…, row, column)."""
        return pixels(self.data, images)


def pixels(data: "ImageDataset", images: "Tensor") -> np.ndarray:
    unit = (images * data.std + data.mean).clamp(0, 1).mul(255).round().byte()
    return unit.unflatten(-1, (SIDE, SIDE)).cpu().numpy()


def inference_controls(model: "TwoWay") -> "InferenceConfig":
    """Controls of inference in the sidebar; at first those that the network was trained with."""
    from corelib.models.bpc.inference import InferenceConfig

    own = learned(model)
    # A network that has one direction has one kind of errors, and one pass to start from.
    both = bool(model.generator) and bool(model.amortiser)
    starts = STARTS if both else ("random", "top-down" if model.generator else "bottom-up")
    with st.expander("Inference"):
        n_steps = st.slider(
            "Steps T",
            0,
            100,
            own.n_steps,
            key="bpc_n_steps",
            **BOUND,
            help=f"Trained with {own.n_steps}",
        )
        step_size = st.number_input(
            "Step size γ",
            1e-4,
            2.0,
            own.step_size,
            0.01,
            format="%g",
            key="bpc_step_size",
            help=f"Of one sample's energy; trained with {own.step_size:g}",
            **BOUND,
        )
        alpha_f, alpha_b = own.alpha_f, own.alpha_b
        if both:
            alpha_f = st.number_input(
                "α_f",
                0.0,
                100.0,
                own.alpha_f,
                0.1,
                format="%g",
                key="bpc_alpha_f",
                **BOUND,
                help="Weight of the generator's errors in the energy",
            )
            alpha_b = st.number_input(
                "α_b",
                0.0,
                100.0,
                own.alpha_b,
                0.1,
                format="%g",
                key="bpc_alpha_b",
                **BOUND,
                help="Weight of the amortiser's errors in the energy",
            )
        start = st.selectbox(
            "Start",
            starts,
            starts.index(own.start),
            key="bpc_start",
            **BOUND,
            help="Activity before the first step: the amortiser's pass from the image, the "
            "generator's from the label, or small random numbers",
        )
        optimiser = st.segmented_control(
            "Moves by",
            ("gradient", "adam"),
            default="gradient",
            required=True,
            key="bpc_optimiser",
            width="stretch",
            **BOUND,
        )
    if alpha_f == alpha_b == 0:
        alpha_b = 1.0
        st.warning("One of α_f and α_b should be above 0; α_b is taken as 1.")
    return InferenceConfig(int(n_steps), step_size, alpha_f, alpha_b, start, optimiser)


def learned(model: "TwoWay") -> "InferenceConfig":
    """How a network infers while it learns; eight small steps where it does not."""
    from corelib.models.bpc.inference import InferenceConfig
    from corelib.models.bpc.network import PredictiveCoding

    return model.learning if isinstance(model, PredictiveCoding) else InferenceConfig(8, 0.1)


def standard_view(model: "TwoWay") -> dict[str, Any]:
    """The controls of the page as they are at first for this network."""
    own = {f"bpc_{name}": value for name, value in learned(model)._asdict().items()}
    return own | {
        "bpc_tab": "Generate",
        "bpc_mix": 0.5,
        "bpc_from": "4",
        "bpc_to": "9",
        "bpc_mask": "left half",
        "bpc_told": False,
        "bpc_label": "none",
    }


def draw_digits(network: "TwoWay", run: "Run") -> None:
    """The digit of each class as a network generates it, while it learns."""
    import torch

    from dashboard.shell.theme import palette

    data = cache.dataset(run.spec.dataset)
    with torch.no_grad():
        images = network.generate(torch.eye(network.n_classes))
    chart(
        figures.gallery(pixels(data, images), data.class_names, 10, palette(), cell=84),
        "bpc_learning",
        alt="The digit of each class as the network generates it now",
        caption="What the network generates from each label, a moment ago.",
    )
    told = run.history().steps
    names = ("generator loss", "amortiser loss")
    both = [np.array([e.metrics.get(name, np.nan) for e in told]) for name in names]
    best = _best_loss(run.spec.dataset)
    chart(
        figures.losses(np.array([e.step for e in told]), *both, best, palette()),
        "bpc_losses",
        alt="Generator loss and amortiser loss against updates",
        caption="Half the squared error, mean over all elements, on the training batches. Dotted: "
        "the mean of each class.",
    )


def sentence(v: View, chosen: "ChosenDigit | None") -> str:
    """What this network is worth, and what it makes of the digit chosen."""
    import torch

    names = v.data.class_names
    test = v.item.card.test or v.item.card.metrics
    text = (
        f"**{v.item.name}** reads **{test.get('accuracy', float('nan')):.1%}** of the test digits"
    )
    if "generator loss" in test:
        best = _best_loss(v.which.dataset)
        text += (
            f" and generates them with a loss of **{test['generator loss']:.4f}**; the mean of "
            f"each class, the best there is, has {best:.4f}"
        )
    if chosen is None:
        return text + "."
    with torch.no_grad():
        evidence = v.model(v.data.inputs(torch.from_numpy(chosen.pixels)[None]))[0]
    answer = int(evidence.argmax())
    right = ""
    if chosen.label is not None:
        right = ", rightly" if answer == chosen.label else f", but it is a {names[chosen.label]}"
    return f"{text}. It calls this digit a **{names[answer]}**{right}."


@st.cache_data(show_spinner=False, max_entries=4)
def _best_loss(name: str) -> float:
    """The generation loss of the class means on the test images."""
    from corelib.models.bpc.analysis import class_means, generation_loss

    data = cache.dataset(name)
    return generation_loss(class_means(data), data, data.test)


def compare(v: View) -> None:
    """All networks of this room: accuracy against generation, and completion."""
    import pandas as pd

    items = {
        name: item
        for name, item in of_systems(SYSTEMS).items()
        if "generator loss" in (item.card.test or {})
    }
    styles = trace_styles(list(items))
    best = _best_loss("mnist")
    chart(
        figures.trade_off(
            {
                name: (item.card.test["generator loss"], item.card.test["accuracy"])
                for name, item in items.items()
            },
            "generator loss, mean over all pixels",
            styles,
            best,
            v.palette,
        ),
        "bpc_trade_off",
        alt="Accuracy against generation loss of all networks of this room",
        caption=f"10,000 test digits; dotted: the mean of each class, {best:.4f}. n = 1 seed a "
        "network; over seeds: tab Published.",
    )
    rows = []
    for name, item in items.items():
        test = item.card.test
        rows.append(
            {
                "network": name,
                "accuracy / %": 100 * test["accuracy"],
                "the amortiser's / %": 100 * test["accuracy of the amortiser"]
                if "accuracy of the amortiser" in test
                else None,
                "generator loss": test["generator loss"],
                "summed over pixels": test["generator loss, summed"],
                "amortiser loss": test.get("amortiser loss"),
                "α_f": item.card.config.get("alpha_f"),
                "α_b": item.card.config.get("alpha_b"),
                "T": item.card.config.get("n_steps"),
            }
        )
    st.dataframe(
        pd.DataFrame(rows).round(4), hide_index=True, width="stretch", key="bpc_comparison"
    )
    st.caption("Losses: half the squared error, mean over all elements and summed over pixels.")
    _over_seeds(v)


def _over_seeds(v: View) -> None:
    """What needs several trainings: α_f against both, completion network by network."""
    from corelib.reproduce import results
    from corelib.reproduce.bpc import ALPHAS, summary

    try:
        rows = results.newest("bpc").rows
    except SynaptariumError as error:
        st.error(str(error))
        return
    groups = dict(iter(rows.groupby("network")))
    alphas = [alpha for alpha, name in ALPHAS.items() if name in groups]
    both = [
        np.array([[groups[ALPHAS[a]][c].mean(), groups[ALPHAS[a]][c].std()] for a in alphas])
        for c in ("accuracy", "generator loss")
    ]
    n = len(groups[ALPHAS[alphas[0]]])
    st.markdown("##### The weight of the generator's errors")
    chart(
        figures.weighing(np.array(alphas), *both, v.palette),
        "bpc_weighing",
        alt="Accuracy and generator loss against the weight of the generator's errors",
        caption=f"One epoch each; mean ± sd over {n} seeds, 10,000 test digits. α_f = 1 with "
        "smaller steps of inference.",
    )
    st.markdown("##### Filling in the left half")
    table = summary(rows).set_index("network")
    columns = ["seeds", "left half grey: accuracy / %", "completed: accuracy / %"]
    shown = table[table[columns[2]].notna()][columns].map(str)
    st.dataframe(shown, width="stretch", key="bpc_completion_table")
    st.caption("500 test digits a seed; the label is unknown. Back-propagation has no inference.")
