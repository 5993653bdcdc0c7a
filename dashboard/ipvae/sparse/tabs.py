"""The parts of the Sparse code page; each draws itself from one ``View``."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dashboard.components.digit_input import digit_input
from dashboard.figures.style import Palette, trace_styles
from dashboard.ipvae import cache as ours
from dashboard.ipvae.sparse import figures
from dashboard.ipvae.sparse.figures import Course, Moments, Point
from dashboard.shell import cache
from dashboard.shell.checkpoints import checkpoints_picker, of_systems
from dashboard.shell.controls import BOUND, clamp
from dashboard.shell.export import chart, clicked

if TYPE_CHECKING:
    from corelib.models.ipvae.inference import Convergence, Trace
    from corelib.models.ipvae.network import IterativeVAE
    from corelib.reproduce.ipvae import Published
    from corelib.runs.registry import Checkpoint
    from corelib.runs.store import Run

SORTS = ("rate", "orientation", "frequency", "Gabor fit", "number")
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
MOMENTS = 26
STRONGEST = 40
READ_TRAIN, READ_TEST, READ_STEPS = 5000, 2000, 100
MISSING = (
    "The paper's table beside ours is not part of this copy yet. This command trains the networks "
    "it needs and makes it; the tab shows it from then on."
)
"""What is said where the table is missing."""


class Theirs(NamedTuple):
    """The paper's figures: codes after 1,000 steps by the name of their kind, other codes in the
    plane of sparsity and quality by name, and the readout of digits."""

    converged: dict[str, Point]
    plane: dict[str, Point]
    digits: "Published"


def theirs() -> Theirs:
    """As ``reproduce ipvae`` prints them."""
    from corelib.reproduce.ipvae import IP_DIGITS, SECTIONS

    first, second, third = SECTIONS.values()
    points = [
        {name: Point(p.zeros / 100, p.r2 / 100) for name, p in section.items() if p is not None}
        for section in (first, second)
    ]
    return Theirs(
        {name.split(",")[0]: point for name, point in points[0].items()},
        points[1],
        third[IP_DIGITS],
    )


class Picture(NamedTuple):
    """The image to be inferred, float32 (row, column) in its own unit, and what it is."""

    pixels: np.ndarray
    caption: str

    @property
    def key(self) -> bytes:
        return np.ascontiguousarray(self.pixels, np.float32).tobytes()


class View(NamedTuple):
    """The network chosen, the image, and what a person does to the network."""

    item: "Checkpoint"
    which: cache.CheckpointKey
    kind: str
    picture: Picture | None
    n_steps: int
    intervention: ours.Intervention
    neuron: int
    seed: int
    palette: Palette

    @property
    def spikes(self) -> bool:
        return self.kind == "iP-VAE"

    @property
    def changed(self) -> bool:
        return self.intervention != ours.Intervention()

    def trace(self, intervention: ours.Intervention | None = None) -> "Trace":
        return ours.settled(
            self.which, self.picture.key, self.n_steps, intervention or self.intervention, self.seed
        )

    def course(self, intervention: ours.Intervention | None = None) -> "Convergence":
        return ours.course(
            self.which, self.picture.key, self.n_steps, intervention or self.intervention, self.seed
        )


def activity_words(kind: str) -> tuple[str, str, str]:
    """What potential, rate and activity of a network are called."""
    if kind == "iP-VAE":
        return "potentials u", "rates exp(u)", "spikes z"
    return "means μ", "mean activity", "activity drawn"


def picture_input(which: cache.CheckpointKey) -> Picture | None:
    """A patch by its place among the test patches, or a digit from the test set, drawn or
    uploaded; None until there is one."""
    import torch

    data = cache.dataset(which.dataset)
    if not data.test.pixels.is_floating_point():
        chosen = digit_input("sparse", data)
        if chosen is None:
            return None
        unit = ours.own_unit(which.dataset, torch.from_numpy(chosen.pixels)[None])[0].numpy()
        return Picture(unit.reshape(chosen.pixels.shape), chosen.caption)
    last = len(data.test.labels) - 1
    clamp("sparse_patch", last)
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        index = st.number_input(
            "Patch",
            0,
            last,
            0,
            key="sparse_patch",
            **BOUND,
            help=f"Place among the test patches, 0 to {last}",
        )
    with right:
        st.button("Another", key="sparse_another", on_click=_another, args=(last,), width="stretch")
    name = data.class_names[int(data.test.labels[index])]
    side = data.test.pixels.shape[-1]
    unit = ours.own_unit(which.dataset, data.test.pixels[index : index + 1])[0].numpy()
    return Picture(unit.reshape(side, side), f"test patch {index}, of the picture “{name}”")


def _another(last: int) -> None:
    st.session_state["sparse_patch"] = int(np.random.default_rng().integers(last + 1))


def sentence(v: View) -> str:
    """What is shown, in words."""
    features = ours.features(v.which)
    text = f"**{v.item.name}** ({v.kind}) has {len(features)} features. "
    if v.picture is None:
        return text
    now = v.course()
    text += (
        f"After **{v.n_steps:,}** step{'s' * (v.n_steps > 1)} its code reconstructs this image "
        f"with an R² of **{now.r2[-1]:.2f}**, **{now.zeros[-1]:.0%}** of the neurons at zero"
    )
    if v.changed:
        then = v.course(ours.Intervention())
        text += f"; untouched it would be {then.r2[-1]:.2f} and {then.zeros[-1]:.0%}"
    if not v.intervention.explaining_away:
        text += ". Without explaining-away nothing stops the neurons whose features overlap"
    return text + "."


def feature_mosaic(v: View) -> None:
    """All features, sorted, and the chosen one."""
    sort = st.segmented_control(
        "Sort by",
        SORTS,
        default="rate",
        required=True,
        key="sparse_sort",
        **BOUND,
        help="Rate: mean activity over 100 test images after 100 steps; the others come from a "
        "Gabor function fitted to each feature",
    )
    features = ours.features(v.which)
    order, captions = _order(v.which, sort)
    left, right = st.columns([3, 1], gap="large")
    columns, cell = grid(len(features))

    def pick() -> None:
        point = clicked("sparse_mosaic")
        if point and "customdata" in point:
            st.session_state["sparse_neuron"] = int(np.ravel(point["customdata"])[0])

    with left:
        chart(
            figures.mosaic(features, captions, order, v.neuron, columns, v.palette, cell=cell),
            "sparse_mosaic",
            alt="All learned features",
            caption=f"The {len(features)} features (columns of W) by {sort}, each scaled by its "
            "largest value: blue positive, red negative. Click one to choose it.",
            on_select=pick,
        )
    with right:
        _chosen_feature(v)


def grid(n: int) -> tuple[int, int]:
    """How many features stand in a row, and how wide one is on the screen."""
    columns = int(np.ceil(np.sqrt(2.2 * n)))
    return columns, max(18, min(44, 770 // columns))


def _order(which: cache.CheckpointKey, sort: str) -> tuple[np.ndarray, list[str]]:
    """The neurons in order, and what the pointer says of each."""
    rate = ours.mean_rate(which)
    said = [f"neuron {k}, mean rate {r:.3f}" for k, r in enumerate(rate)]
    if sort == "number":
        return np.arange(len(rate)), said
    if sort == "rate":
        return np.argsort(-rate, kind="stable"), said
    fits = ours.gabors(which)
    said = [
        f"{text}<br>axis {axis:.0f}°, {f:.2f} cycles a pixel, fit R² {r2:.2f}"
        for text, axis, f, r2 in zip(said, fits.orientation, fits.frequency, fits.r2, strict=True)
    ]
    by = {"orientation": fits.orientation, "frequency": fits.frequency, "Gabor fit": -fits.r2}
    return np.argsort(by[sort], kind="stable"), said


def _chosen_feature(v: View) -> None:
    feature = ours.features(v.which)[v.neuron]
    fit, image = ours.gabor_of(v.which, v.neuron)
    st.markdown(f"**Neuron {v.neuron}**")
    bound = float(np.abs(feature).max()) or 1.0
    if np.isnan(fit.r2[0]):
        st.caption("This feature is flat; no Gabor function can be fitted to it.")
        return
    chart(
        figures.row_of_images(
            [feature, image], ["feature", "Gabor fit"], v.palette, limits=[bound, bound], height=150
        ),
        "sparse_feature",
        alt=f"The feature of neuron {v.neuron} and the Gabor function fitted to it",
        caption=f"Axis of the stripes {fit.orientation[0]:.0f}°, {fit.frequency[0]:.2f} cycles a "
        f"pixel; the fit explains {fit.r2[0]:.0%} of the feature.",
    )
    threshold = cache.model(v.which).log_bias[v.neuron].exp().item()
    st.caption(
        f"Threshold e^b = {threshold:.1e}; mean activity over {ours.IMAGES} test images "
        f"{ours.mean_rate(v.which)[v.neuron]:.3f}."
    )


def one_image(v: View) -> None:
    """Inference of the image chosen, to be played, and its curves on logarithmic time."""
    if v.picture is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    found = v.trace()
    at = np.unique(np.rint(np.geomspace(1, v.n_steps, MOMENTS)).astype(int))
    side = v.picture.pixels.shape[0]
    order, _ = _order(v.which, st.session_state.get("sparse_sort", "rate"))
    columns = int(np.ceil(np.sqrt(len(order))))
    moments = Moments(
        at,
        found.reconstruction[0, at - 1].reshape(-1, side, side),
        *(part[0, at - 1] for part in (found.potential, found.rate, found.activity)),
    )
    chart(
        figures.player(
            v.picture.pixels, moments, order, columns, activity_words(v.kind), v.palette
        ),
        "sparse_player",
        alt="Image, reconstruction, potentials, rates and spikes during inference",
        caption=f"{v.picture.caption.capitalize()}, noise {v.seed}. Press Play, or move the "
        f"slider. The reconstruction is from one step's {'spikes' if v.spikes else 'activity'}. "
        "Neurons row by row in the order of the mosaic. n = 1 image.",
    )
    courses = {v.kind: _as_course(v.course())}
    if v.changed:
        courses["untouched"] = _as_course(v.course(ours.Intervention()))
    chart(
        figures.settling(courses, trace_styles(list(courses)), v.palette),
        "sparse_course",
        alt="R², portion of zeros and change of the potentials against steps",
        caption="One image; R² of what a single step's activity reconstructs, which goes on to "
        "fluctuate as spikes do. ‖Δu‖: length of the potentials' change in a step.",
    )
    units = np.argsort(-np.abs(found.rate[0]).mean(0), kind="stable")[:STRONGEST]
    names = activity_words(v.kind)
    chart(
        figures.strongest(
            found.potential[0][:, units],
            found.activity[0][:, units],
            units,
            (names[0], names[2] + " a step"),
            v.palette,
        ),
        "sparse_strongest",
        alt="Potentials of the ten strongest neurons and spikes of the forty strongest",
        caption="Left: the ten most active neurons. Right: the forty most active, the strongest at "
        "the top; means over the steps of a column.",
    )


def _as_course(found: "Convergence") -> Course:
    return Course(found.r2, found.zeros, found.change)


def convergence(v: View) -> None:
    """Several networks over 1,000 steps, with the paper's points."""
    items = _compared(v)
    if not items:
        return
    kinds = {item.name: ours.NAMES[item.card.system] for item in items}
    styles = trace_styles(list(kinds))
    found = {
        item.name: ours.convergence(cache.checkpoint_key(item), ours.Intervention())
        for item in items
    }
    courses = {name: _as_course(f) for name, f in found.items()}
    if v.changed and v.item.name in courses:
        changed = f"{v.item.name}, changed"
        courses[changed] = _as_course(ours.convergence(v.which, v.intervention))
        styles = trace_styles(list(courses))
    published = {
        name: (ours.PATIENCE, theirs().converged[kind])
        for kind, name in _first_of_kind(kinds).items()
        if _natural(v)
    }
    chart(
        figures.settling(courses, styles, v.palette, published=published),
        "sparse_convergence",
        alt="R², zeros and change of the potentials over 1,000 steps for each network",
        caption=f"Means over {ours.LONG} test images; n = 1 seed a network. "
        + (
            "Hollow: the paper's, on van Hateren's images, which ours are not."
            if published
            else "No published curves for these images."
        ),
    )


def _compared(v: View) -> "list[Checkpoint]":
    """The networks to stand side by side: at first one of each kind that reads the same images."""
    fitting = [n for n, i in of_systems(ours.SYSTEMS).items() if i.card.dataset == v.which.dataset]
    first = _first_of_kind(
        {n: ours.NAMES[i.card.system] for n, i in of_systems(ours.SYSTEMS).items() if n in fitting}
    )
    standard = [v.item.name, *(n for k, n in first.items() if k != v.kind)]
    items = checkpoints_picker(
        "Networks", f"sparse_{v.which.dataset}_models", ours.SYSTEMS, standard, fitting
    )
    if not items:
        st.info("Choose at least one network above.")
    elif len({ours.NAMES[item.card.system] for item in items}) < 3:
        st.caption("Train the missing kinds under Train to see all three side by side.")
    return items


def _first_of_kind(kinds: dict[str, str]) -> dict[str, str]:
    first: dict[str, str] = {}
    for name, kind in kinds.items():
        first.setdefault(kind, name)
    return first


def _natural(v: View) -> bool:
    return cache.dataset(v.which.dataset).test.pixels.is_floating_point()


def rate_distortion(v: View) -> None:
    """How much a code tells against how much of it is silent."""
    items = _compared(v)
    if not items:
        return
    kinds = {item.name: ours.NAMES[item.card.system] for item in items}
    found = {
        item.name: ours.convergence(cache.checkpoint_key(item), ours.Intervention())
        for item in items
    }
    points = {n: Point(float(f.zeros[-1]), float(f.r2[-1])) for n, f in found.items()}
    published, of = {}, {n: n for n in kinds}
    if _natural(v):
        told, first = theirs(), _first_of_kind(kinds)
        # iP-VAE stands in both tables; in the plane under the name that tells its β.
        baselines = {name: p for name, p in told.converged.items() if name != "iP-VAE"}
        published = baselines | told.plane
        of |= {name: first[kind] for name in published if (kind := name.split(",")[0]) in first}
    chart(
        figures.rate_distortion(points, published, trace_styles(list(kinds)), of, v.palette),
        "sparse_plane",
        alt="R² against the portion of zeros, ours and the paper's",
        caption=f"After 1,000 steps; ours (filled): means over {ours.LONG} test images, n = 1 "
        "seed. "
        + (
            "Hollow and crosses: the paper's, on van Hateren's images; ours are whitened pictures "
            "of another kind."
            if published
            else ""
        ),
    )
    rows = [
        {
            "network": item.name,
            "kind": kinds[item.name],
            "neurons": item.card.config["n_latents"],
            "β": f"{item.card.training.get('beta_outer', float('nan')):g}",
            "R² at 1,000": round(float(found[item.name].r2[-1]), 3),
            "zeros at 1,000": round(float(found[item.name].zeros[-1]), 3),
        }
        for item in items
    ]
    table(rows, "sparse_plane_table", 3)
    st.caption("Train with another β under Train: less of it buys R² with spikes.")


def sparsity(v: View) -> None:
    """Lifetime and population sparsity."""
    from corelib.models.ipvae.analysis import lifetime_sparsity, population_sparsity

    items = _compared(v)
    if not items:
        return
    codes = {
        item.name: ours.code(cache.checkpoint_key(item), ours.STEPS, ours.Intervention())
        for item in items
    }
    lifetime = {n: lifetime_sparsity(c.rate) for n, c in codes.items()}
    population = {n: population_sparsity(c.rate) for n, c in codes.items()}
    chart(
        figures.sparsities(lifetime, population, trace_styles(list(codes)), v.palette),
        "sparse_sparsities",
        alt="Distributions of lifetime sparsity over neurons and population sparsity over images",
        caption=f"Of mean activity after {ours.STEPS} steps over {ours.IMAGES} test images (Vinje "
        "and Gallant 2000); of Gaussian codes its size. n = 1 seed a network.",
    )
    rows = [
        {
            "network": n,
            "lifetime sparsity, median": round(float(np.nanmedian(lifetime[n])), 3),
            "population sparsity, median": round(float(np.nanmedian(population[n])), 3),
            "zeros": round(float(c.zeros[-1]), 3),
            "R²": round(float(c.r2[-1]), 3),
        }
        for n, c in codes.items()
    ]
    table(rows, "sparse_sparsity_table", 3)


def lesions(v: View) -> None:
    """Which neurons the code of this image needs."""
    if v.picture is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    drop = ours.needed(v.which, v.picture.key, v.n_steps, v.seed)
    most = int(drop.argmax())
    lesioned = v.course(v.intervention._replace(lesioned=(v.neuron,)))
    whole = v.course(v.intervention._replace(lesioned=()))
    last = slice(-min(20, v.n_steps), None)
    st.markdown(
        f"Taken out of the finished code, neuron **{v.neuron}** costs this image "
        f"**{drop[v.neuron]:z.3f}** of R². If it is silenced from the start, others speak up in "
        f"its place: R² is {lesioned.r2[last].mean():.3f} instead of {whole.r2[last].mean():.3f} "
        f"(mean of the last {min(20, v.n_steps)} steps). Most needed here: neuron **{most}**, "
        f"{drop[most]:.3f}."
    )
    chart(
        figures.lesions(drop, v.neuron, v.palette),
        "sparse_lesions",
        alt="What R² loses without each neuron",
        caption=f"{v.picture.caption.capitalize()}, rates after {v.n_steps:,} steps; vermilion: "
        "neuron chosen. The toggle in the sidebar silences it from the start. n = 1 image.",
    )


def digits(v: View) -> None:
    """MNIST: how well a code can be read."""
    data = cache.dataset(v.which.dataset)
    if data.test.pixels.is_floating_point():
        others = [
            n for n, i in of_systems(ours.SYSTEMS).items() if i.card.dataset != v.which.dataset
        ]
        st.info(
            "This network reads patches of natural images, which have no classes. "
            + (
                f"Choose {others[0]} in the sidebar to see how digits are read from spikes."
                if others
                else "Train one on MNIST under Train, then choose it in the sidebar."
            )
        )
        return
    kept = st.session_state.setdefault("_sparse_readouts", {})
    key = (v.which, v.intervention)
    st.markdown(
        f"A logistic regression learns the class from the rates of {READ_TRAIN:,} training digits "
        f"after {READ_STEPS} steps, and is tried on {READ_TEST:,} test digits."
    )
    if st.button(
        "Read the code",
        key="sparse_read",
        icon=":material/menu_book:",
        help="Takes about twenty seconds",
    ):
        kept[key] = _read(v)
    if key in kept:
        from corelib.reproduce.ipvae import READOUT_IMAGES

        found, paper = kept[key], theirs().digits
        rows = [
            {
                "": "this network",
                "R²": f"{found[0]:.3f}",
                "zeros": f"{found[1]:.3f}",
                "digits read": f"{found[2]:.2%}",
            },
            *_by_card(v),
            {
                "": "paper, iP-VAE",
                "R²": f"{paper.r2 / 100:.3f}",
                "zeros": f"{paper.zeros / 100:.3f}",
                "digits read": f"{paper.readout:.2f}%",
            },
        ]
        st.dataframe(rows, hide_index=True, width="stretch", key="sparse_read_table")
        st.caption(
            f"R² and zeros of the test digits after {READ_STEPS} steps. The card's: "
            f"after {ours.PATIENCE:,} steps, and a readout that learned from {READOUT_IMAGES:,} "
            "digits. The paper's readout learns from all training digits. n = 1 seed."
        )


def _by_card(v: View) -> list[dict[str, str]]:
    """What the network's card tells, as a row; none of one's own trainings."""
    told = v.item.card.test or {}
    r2, zeros = (told.get(f"{name} after {ours.PATIENCE:,} steps") for name in ("R²", "zeros"))
    if r2 is None or zeros is None or "readout" not in told:
        return []
    return [
        {
            "": "this network, its card",
            "R²": f"{r2:.3f}",
            "zeros": f"{zeros:.3f}",
            "digits read": f"{told['readout']:.2%}",
        }
    ]


def _read(v: View) -> tuple[float, float, float]:
    from corelib.models.ipvae.analysis import encode, read_out

    model, data = cache.model(v.which), cache.dataset(v.which.dataset)
    changed = ours.controls(model, v.intervention)
    bar = st.progress(0.0, "Inferring training digits")
    train, test = data.train, data.test
    rates = []
    for at in range(0, READ_TRAIN, 500):
        x = ours.own_unit(v.which.dataset, train.pixels[at : at + 500])
        rates.append(encode(model, x, READ_STEPS, changed, seed=at).rate)
        bar.progress(0.7 * (at + 500) / READ_TRAIN, "Inferring training digits")
    x = ours.own_unit(v.which.dataset, test.pixels[:READ_TEST])
    found = encode(model, x, READ_STEPS, changed, seed=READ_TRAIN)
    bar.progress(0.9, "Learning to read them")
    readout = read_out(
        np.concatenate(rates),
        train.labels[:READ_TRAIN].numpy(),
        found.rate,
        test.labels[:READ_TEST].numpy(),
    )
    bar.empty()
    return float(found.r2[-1]), float(found.zeros[-1]), readout.accuracy


def table(rows: list[dict], key: str, decimals: int = 2) -> None:
    """Rows of numbers with as many decimals in each line."""
    form = st.column_config.NumberColumn(format=f"%.{decimals}f")
    config = {name: form for name, value in rows[0].items() if isinstance(value, float)}
    st.dataframe(rows, hide_index=True, width="stretch", column_config=config, key=key)


def draw_features(network: "IterativeVAE", run: "Run") -> None:
    """The features of a network while it learns."""
    from corelib.models.ipvae.analysis import features
    from dashboard.shell.theme import palette

    found = features(network)
    columns, cell = grid(len(found))
    chart(
        figures.mosaic(
            found,
            [f"neuron {k}" for k in range(len(found))],
            np.arange(len(found)),
            None,
            columns,
            palette(),
            cell=cell,
        ),
        f"ipvae_learning_{run.spec.system}",
        alt="The features as they are now",
        caption=f"Features a moment ago: they begin as noise (n = {len(found)}, seed "
        f"{run.spec.seed}).",
    )
