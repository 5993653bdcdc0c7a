"""The parts of the BPC digits page; each draws itself from one ``View``."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.checkpoints import of_systems
from dashboard.export import chart
from dashboard.figures import bpc as figures
from dashboard.figures.style import Look, signs
from dashboard.mask_pad import mask_pad
from dashboard.state import BOUND

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.data import ImageDataset
    from corelib.models.bpc.analysis import Axes, Completed
    from corelib.models.bpc.inference import Given, Procedure
    from corelib.models.bpc.network import TwoWay
    from corelib.runs.shelf import Shelved
    from corelib.runs.store import Run
    from dashboard.digit_input import ChosenDigit

SYSTEMS = ("bpc", "gpc", "dpc", "hybrid-pc", "backprop")
INFERENCE = ("n_steps", "step_size", "alpha_f", "alpha_b", "start", "optimiser")
STARTS = ("bottom-up", "top-down", "random")
MASKS = ("left half", "right half", "top half", "bottom half", "random half", "painted")
NONE = "none"
COMPARED = 1000
COMPLETED = 500
SIDE = 28


class View(NamedTuple):
    """The network chosen and how it is to infer."""

    item: "Shelved"
    which: cache.Stamp
    model: "TwoWay"
    data: "ImageDataset"
    procedure: "Procedure"
    look: Look

    def pixels(self, images: "Tensor") -> np.ndarray:
        """Normalised images (…, pixel) as uint8 (…, row, column)."""
        return pixels(self.data, images)


def pixels(data: "ImageDataset", images: "Tensor") -> np.ndarray:
    unit = (images * data.std + data.mean).clamp(0, 1).mul(255).round().byte()
    return unit.unflatten(-1, (SIDE, SIDE)).cpu().numpy()


def inference_controls(model: "TwoWay") -> "Procedure":
    """Controls of inference in the sidebar; at first those that the network was trained with."""
    from corelib.models.bpc.inference import Procedure
    from corelib.models.bpc.network import PredictiveCoding

    own = model.learning if isinstance(model, PredictiveCoding) else Procedure(8, 0.1)
    # A network that has one direction has one kind of errors, and one pass to start from.
    both = bool(model.generator) and bool(model.amortiser)
    starts = STARTS if both else ("random", "top-down" if model.generator else "bottom-up")
    with st.expander("Inference"):
        n_steps = st.slider(
            "Steps T", 0, 100, own.n_steps, key="bpc_n_steps", **BOUND,
            help=f"Trained with {own.n_steps}",
        )  # fmt: skip
        step_size = st.number_input(
            "Step size γ", 1e-4, 2.0, own.step_size, 0.01, format="%g", key="bpc_step_size",
            help=f"Of one sample's energy; trained with {own.step_size:g}", **BOUND,
        )  # fmt: skip
        alpha_f, alpha_b = own.alpha_f, own.alpha_b
        if both:
            alpha_f = st.number_input(
                "α_f", 0.0, 100.0, own.alpha_f, 0.1, format="%g", key="bpc_alpha_f", **BOUND,
                help="Weight of the generator's errors in the energy",
            )  # fmt: skip
            alpha_b = st.number_input(
                "α_b", 0.0, 100.0, own.alpha_b, 0.1, format="%g", key="bpc_alpha_b", **BOUND,
                help="Weight of the amortiser's errors in the energy",
            )  # fmt: skip
        start = st.selectbox(
            "Start", starts, starts.index(own.start), key="bpc_start", **BOUND,
            help="Activity before the first step: the amortiser's pass from the image, the "
            "generator's from the label, or small random numbers",
        )  # fmt: skip
        optimiser = st.segmented_control(
            "Moves by", ("gradient", "adam"), default="gradient", required=True,
            key="bpc_optimiser", width="stretch", **BOUND,
        )  # fmt: skip
    if alpha_f == alpha_b == 0:
        alpha_b = 1.0
        st.warning("One of α_f and α_b should be above 0; α_b is taken as 1.")
    return Procedure(int(n_steps), step_size, alpha_f, alpha_b, start, optimiser)


def standard_view() -> None:
    """All controls of the page as they were."""
    for key in list(st.session_state):
        if isinstance(key, str) and key in {
            *(f"bpc_{name}" for name in INFERENCE), "bpc_tab", "bpc_mix", "bpc_from", "bpc_to",
            "bpc_mask", "bpc_told", "bpc_label",
        }:  # fmt: skip
            del st.session_state[key]


def draw_digits(network: "TwoWay", run: "Run") -> None:
    """The digit of each class as a network generates it, while it learns."""
    import torch

    from dashboard.theme import look

    data = cache.dataset(run.spec.dataset)
    with torch.no_grad():
        images = network.generate(torch.eye(network.n_classes))
    chart(
        figures.gallery(pixels(data, images), data.class_names, 10, look(), cell=84),
        "bpc_learning",
        alt="The digit of each class as the network generates it now",
        caption="What the network generates from each label, a moment ago.",
    )
    told = run.history().steps
    names = ("generator loss", "amortiser loss")
    both = [np.array([e.metrics.get(name, np.nan) for e in told]) for name in names]
    best = _best_loss(run.spec.dataset)
    chart(
        figures.losses(np.array([e.step for e in told]), *both, best, look()),
        "bpc_losses",
        alt="Generator loss and amortiser loss against updates",
        caption="Half the squared error, mean over all elements, on the training batches. Dotted: "
        "the mean of each class.",
    )


def inference(v: View, chosen: "ChosenDigit | None") -> None:
    """Inference step by step: energy, errors, activity, the predicted image."""
    import torch

    from corelib.models.bpc.inference import Given, infer
    from corelib.models.bpc.network import PredictiveCoding

    if not isinstance(v.model, PredictiveCoding):
        st.info("This network answers in one pass; it has no inference to watch.")
        return
    if chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    names = v.data.class_names
    known = NONE if chosen.label is None else names[chosen.label]
    given_label = st.selectbox(
        "Label given", [NONE, *names], key="bpc_label", **BOUND,
        help=f"Clamped at the other end; none: it is inferred. This digit: {known}",
    )  # fmt: skip
    x = v.data.inputs(torch.from_numpy(chosen.pixels)[None])
    y = torch.zeros(1, len(names))
    y_known = None
    if given_label == NONE:
        y_known = torch.zeros(len(names), dtype=torch.bool)
    else:
        y[0, names.index(given_label)] = 1
    torch.manual_seed(0)
    trace = infer(Given(x, y, None, y_known), v.model.weights(), v.procedure, _every(v.procedure))
    if not torch.isfinite(trace.energy).all():
        st.warning(
            "Inference ran off to infinity: the step size is too large for this network. Lower γ, "
            "or let it move by adam."
        )
        return
    label = trace.label if trace.predicted_label is None else trace.predicted_label
    image = trace.image if trace.predicted_image is None else trace.predicted_image
    view = figures.Settling(
        trace.step.numpy(),
        trace.energy[0].numpy(),
        trace.forward[0].numpy(),
        trace.backward[0].numpy(),
        v.pixels(image[0]),
        label[0].numpy(),
        tuple(h[0].numpy() for h in trace.hidden),
    )
    _gauge(v, Given(x, y, None, y_known))
    first, last = view.energy[0], view.energy[-1]
    st.markdown(
        f"In {v.procedure.n_steps} steps the energy goes from {first:.4g} to **{last:.4g}**"
        + (f", {1 - last / first:.1%} less" if last < first else "")
        + ". At the end the evidence is for a "
        f"**{names[int(view.label[-1].argmax())]}**."
    )
    chart(
        figures.player(view, names, chosen.label, v.look),
        "bpc_player",
        alt="Predicted image, class evidence and hidden activity during inference",
        caption=f"{chosen.caption}; label given: {given_label}. Press Play, or move the slider. "
        "Units row by row; blue positive, red negative.",
    )
    chart(
        figures.settling(view, v.look),
        "bpc_settling",
        alt="Energy and squared errors of each layer during inference",
        caption="Squared lengths of the errors, unweighted; the energy weighs them by α_f/2 and "
        "α_b/2. n = 1 image.",
    )


def _every(procedure: "Procedure") -> int:
    """So that at most about forty moments are played."""
    return max(1, -(-procedure.n_steps // 40))


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


@st.cache_resource(show_spinner=False, max_entries=16)
def _axes(which: cache.Stamp, layer: int) -> "Axes":
    """The principal axes of a layer's activity over test digits with their labels given."""
    import torch

    from corelib.models.bpc.analysis import activity, axes
    from corelib.models.bpc.inference import Procedure
    from corelib.models.bpc.network import PredictiveCoding

    model, data = cache.model(which), cache.dataset(which.dataset)
    x, labels = data.inputs(data.test.pixels[:COMPARED]), data.test.labels[:COMPARED]
    learned = isinstance(model, PredictiveCoding)
    procedure = model.learning if learned else Procedure(0, 0.1, start="bottom-up")
    y = torch.eye(model.n_classes)[labels]
    return axes(activity(model, x, y, layer, procedure), labels.numpy())


def generate(v: View, chosen: "ChosenDigit | None") -> None:
    """Digits from labels, mixed labels, moved activity, and samples around a digit's own."""
    import torch

    from corelib.models.bpc.analysis import class_means, labels_of

    names = v.data.class_names
    with torch.no_grad():
        images = v.model.generate(labels_of(v.model))
    chart(
        figures.gallery(v.pixels(images), names, 10, v.look),
        "bpc_digits",
        alt="The digit that each label generates",
        caption=f"{v.item.name}: one image from each label. n = 1 seed.",
    )
    chart(
        figures.gallery(v.pixels(class_means(v.data)), [""] * len(names), 10, v.look),
        "bpc_means",
        alt="The mean training image of each class",
        caption="The mean training image of each class: nothing that knows the label alone comes "
        "closer in squared error.",
    )
    if not v.model.generator:
        st.info("This network has no generator: its images are inferred, and there is no activity "
                "above the label to move.")  # fmt: skip
        return
    _mix(v)
    _move(v, chosen)


def _mix(v: View) -> None:
    import torch

    names = v.data.class_names
    st.markdown("##### Two labels at once")
    controls, picture = st.columns([2, 5], gap="large")
    with controls:
        one = st.selectbox("From", names, 4, key="bpc_from", **BOUND)
        other = st.selectbox("To", names, 9, key="bpc_to", **BOUND)
        share = st.slider("Share of the second", 0.0, 1.0, 0.5, 0.05, key="bpc_mix", **BOUND)
    shares = [*np.linspace(0, 1, 6), share]
    y = torch.zeros(len(shares), len(names))
    for k, s in enumerate(shares):
        y[k, names.index(one)] += 1 - s
        y[k, names.index(other)] += s
    with torch.no_grad():
        images = v.model.generate(y)
    titles = [f"{s:.0%} {other}" for s in shares]
    with picture:
        chart(
            figures.gallery(v.pixels(images), titles, 7, v.look),
            "bpc_mixed",
            alt="Digits generated from mixtures of two labels",
            caption=f"From {one} to {other}; at the right, the share chosen.",
        )


def _move(v: View, chosen: "ChosenDigit | None") -> None:
    """Activity moved along its principal axes, and samples around the digit chosen."""
    import torch

    from corelib.models.bpc.analysis import activity, around, decode, moved

    names = v.data.class_names
    st.markdown("##### Moving the hidden activity")
    controls, picture = st.columns([2, 5], gap="large")
    n_hidden = len(v.model.sizes) - 2
    with controls:
        layer = int(
            st.segmented_control(
                "Layer", [f"z{k}" for k in range(1, n_hidden + 1)], default=f"z{n_hidden}",
                required=True, key="bpc_layer", width="stretch", **BOUND,
            )[1:]
        )  # fmt: skip
        start = st.selectbox(
            "Start from", ["this digit", *names], key="bpc_start_from", **BOUND,
            help="The activity of the digit in the sidebar, or the mean activity of a class",
        )  # fmt: skip
        steps = [
            st.slider(
                f"Along axis {k + 1} / sd", -3.0, 3.0, 0.0, 0.1, key=f"bpc_axis{k + 1}", **BOUND
            )
            for k in range(2)
        ]
        spread = st.slider(
            "Spread of the samples / sd", 0.0, 3.0, 1.0, 0.1, key="bpc_spread", **BOUND,
            help="Along the same two axes",
        )  # fmt: skip
    along = _axes(v.which, layer)
    if start != "this digit":
        origin, of = along.of_class[names.index(start)], f"the mean activity of class {start}"
    elif chosen is None:
        origin, of = along.mean, "the mean activity of all digits"
    else:
        x = v.data.inputs(torch.from_numpy(chosen.pixels)[None])
        with torch.no_grad():
            told = v.model(x)[0].argmax() if chosen.label is None else chosen.label
        y = torch.eye(len(names))[[int(told)]]
        origin = activity(v.model, x, y, layer, v.procedure)[0].numpy()
        of = f"the activity of {chosen.caption}"

    def images(z: np.ndarray) -> np.ndarray:
        return v.pixels(decode(v.model, torch.from_numpy(z.astype(np.float32)), layer))

    grid = np.array([[a, b] for b in (2, 0, -2) for a in (-2, -1, 0, 1, 2)], float)
    with picture:
        here = images(moved(origin, along, np.array([steps])))
        drawn = images(around(along, origin, spread, 6, seed=0))
        chart(
            figures.gallery(
                np.concatenate([here, drawn]),
                ["moved", *(f"sample {k + 1}" for k in range(6))], 7, v.look,
            ),
            "bpc_moved",
            alt="The image of the moved activity, and samples around it",
            caption=f"From {of}, layer z{layer}.",
        )  # fmt: skip
        titles = [f"{a:+.0f}, {b:+.0f}" for a, b in grid]
        chart(
            figures.gallery(images(moved(origin, along, grid)), titles, 5, v.look, cell=104),
            "bpc_grid",
            alt="Images over a grid of the two axes",
            caption="The plane of the two axes, in standard deviations.",
        )


def classify(v: View, chosen: "ChosenDigit | None") -> None:
    """Class evidence before and after inference, and the energy of each label."""
    import torch

    from corelib.models.bpc.analysis import label_energies
    from corelib.models.bpc.network import PredictiveCoding

    if chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    names = v.data.class_names
    x = v.data.inputs(torch.from_numpy(chosen.pixels)[None])
    inferring = isinstance(v.model, PredictiveCoding)
    evidence = {}
    with torch.no_grad():
        if v.model.amortiser:
            evidence["the amortiser's one pass"] = v.model.amortise(x)[0].numpy()
        if inferring:
            torch.manual_seed(0)
            found = v.model.infer_label(x, v.procedure)[0].numpy()
            if np.isfinite(found).all():
                evidence[f"after {v.procedure.n_steps} steps of inference"] = found
            else:
                st.warning("Inference ran off to infinity; lower γ in the sidebar.")
    left, right = st.columns(2)
    with left:
        chart(
            figures.bars(evidence, names, chosen.label, "evidence", v.look),
            "bpc_evidence",
            alt="Evidence for each class, by the amortiser and after inference",
            caption=f"{chosen.caption}; framed: the true class, where it is known.",
        )
    if not inferring:
        return
    torch.manual_seed(0)
    energies = label_energies(v.model, x, v.procedure)[0].numpy()
    with right:
        if np.isfinite(energies).all():
            chart(
                figures.energies(energies, names, chosen.label, v.look),
                "bpc_energies",
                alt="Energy after inference with each label clamped",
                caption=f"Energy after {v.procedure.n_steps} steps with each label clamped in "
                "turn; green: the lowest. The axis does not begin at 0.",
            )


def _gauge(v: View, given: "Given") -> None:
    from corelib.models.bpc.analysis import stability

    gauge = stability(given, v.model.weights(), v.procedure)
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.metric("Step × largest eigenvalue", f"{gauge.value:.2f}")
    if v.procedure.optimiser == "adam":
        right.markdown("Adam scales its steps; the limit of 2 holds for gradient steps.")
    else:
        (right.warning if gauge.value >= 2 else right.markdown)(str(gauge))


def mask_of(name: str, painted: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """Bool (row, column): which pixels are hidden."""
    hidden = np.zeros((SIDE, SIDE), bool)
    half = SIDE // 2
    match name:
        case "left half":
            hidden[:, :half] = True
        case "right half":
            hidden[:, half:] = True
        case "top half":
            hidden[:half] = True
        case "bottom half":
            hidden[half:] = True
        case "random half":
            order = np.random.default_rng(seed).permutation(SIDE * SIDE)
            hidden.ravel()[order[: SIDE * SIDE // 2]] = True
        case _:
            hidden |= False if painted is None else painted
    return hidden


def complete(v: View, chosen: "ChosenDigit | None") -> None:
    """Hidden pixels filled in, for one digit and for the test set."""
    import torch

    from corelib.models.bpc.inference import COMPLETION, Given, infer
    from corelib.models.bpc.network import PredictiveCoding

    if not isinstance(v.model, PredictiveCoding):
        st.info("This network has no inference, so it cannot fill in what is hidden.")
        return
    if chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    names = v.data.class_names
    controls, picture = st.columns([2, 5], gap="large")
    with controls:
        mask = st.selectbox("Hidden", MASKS, key="bpc_mask", **BOUND)
        painted = mask_pad("bpc_painted", chosen.pixels) if mask == "painted" else None
        if mask == "painted":
            st.caption("Paint over the pixels to hide; with Shift they are uncovered.")
        told = st.toggle(
            "The label is known", False, key="bpc_told", **BOUND, disabled=chosen.label is None,
            help="Clamp the true class at the other end",
        )  # fmt: skip
        n_steps = st.slider("Steps of Adam", 10, 600, COMPLETION.n_steps, 10,
                            key="bpc_complete_steps", **BOUND)  # fmt: skip
    hidden = mask_of(mask, painted)
    x = v.data.inputs(torch.from_numpy(chosen.pixels)[None])
    y = torch.zeros(1, len(names))
    if chosen.label is not None:
        y[0, chosen.label] = 1
    label_known = bool(told) and chosen.label is not None
    known = torch.from_numpy(~hidden.ravel())
    procedure = completing(v.model, n_steps)
    given = Given(x, y, known, torch.full((len(names),), label_known))
    trace = infer(given, v.model.weights(), procedure, max(1, n_steps // 12))
    images = v.pixels(trace.image[0])
    shown = np.concatenate([v.pixels(x), images])
    answers = v.model(trace.image[0]).argmax(1)
    titles = ["whole"] + [
        f"step {int(t)}: {names[a]}" for t, a in zip(trace.step, answers, strict=True)
    ]
    with picture:
        chart(
            figures.gallery(shown, titles, 7, v.look, cell=100),
            "bpc_completed",
            alt="The digit as its hidden pixels are filled in",
            caption=f"{chosen.caption}, {hidden.mean():.0%} of the pixels hidden, which start at "
            "the mean grey. After the colon: what the network calls it.",
        )
    if st.button("Measure on the test set", key="bpc_complete_measure", icon=":material/speed:",
                 help=f"{COMPLETED} digits, five masks; about ten seconds"):  # fmt: skip
        st.session_state["bpc_completion_asked"] = True
    if st.session_state.get("bpc_completion_asked"):
        _completion(v, label_known)


def completing(model: "TwoWay", n_steps: int) -> "Procedure":
    """How a network fills in pixels: by Adam, with all the errors that it has, weighed alike."""
    from corelib.models.bpc.inference import COMPLETION

    start = COMPLETION.start if model.amortiser else "top-down"
    return COMPLETION._replace(n_steps=n_steps, start=start)


@st.cache_data(show_spinner=False, max_entries=64)
def completed(which: cache.Stamp, mask: str, label_known: bool) -> "Completed":
    """Test digits read before and after their hidden pixels are inferred."""
    import torch

    from corelib.models.bpc.analysis import complete
    from corelib.models.bpc.inference import COMPLETION

    model, data = cache.model(which), cache.dataset(which.dataset)
    x, labels = data.inputs(data.test.pixels[:COMPLETED]), data.test.labels[:COMPLETED]
    known = torch.from_numpy(~mask_of(mask).ravel())
    procedure = completing(model, COMPLETION.n_steps)
    return complete(model, x, known, labels, label_known, procedure)[0]


def _completion(v: View, label_known: bool) -> None:
    found, bar = {}, st.progress(0.0, "Filling in")
    for k, mask in enumerate(MASKS[:-1]):
        bar.progress(k / (len(MASKS) - 1), f"Filling in: {mask}")
        found[mask] = completed(v.which, mask, label_known)
    bar.empty()
    whole = float((v.item.card.test or {}).get("accuracy", 1.0))
    chart(
        figures.completion(
            {m: f.before for m, f in found.items()}, {m: f.after for m, f in found.items()},
            whole, v.look,
        ),
        "bpc_completion",
        alt="Accuracy before and after the hidden pixels are filled in, by mask",
        caption=f"The first {COMPLETED} test digits, {v.item.name}, label "
        f"{'known' if label_known else 'unknown'}. Before: grey in place of the hidden pixels. "
        "Dotted: accuracy on whole digits. n = 1 seed.",
    )  # fmt: skip


def compare(v: View) -> None:
    """All networks of this room: accuracy against generation, and completion."""
    import pandas as pd

    items = {
        name: item
        for name, item in of_systems(SYSTEMS).items()
        if "generator loss" in (item.card.test or {})
    }
    sign = signs(list(items))
    best = _best_loss("mnist")
    chart(
        figures.trade_off(
            {
                name: (item.card.test["generator loss"], item.card.test["accuracy"])
                for name, item in items.items()
            },
            "generator loss, mean over all pixels", sign, best, v.look,
        ),
        "bpc_trade_off",
        alt="Accuracy against generation loss of all networks of this room",
        caption=f"10,000 test digits; dotted: the mean of each class, {best:.4f}. n = 1 seed a "
        "network; over seeds: tab Published.",
    )  # fmt: skip
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
