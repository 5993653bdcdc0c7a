"""The tab Digits of the Sparse code page: how well digits can be read from the code."""

from typing import TYPE_CHECKING

import streamlit as st

from corelib.models.ipvae.coding import ReadoutSize, read_digits
from corelib.models.ipvae.experiment import controls
from corelib.reproduce.ipvae import READOUT_IMAGES, published_points
from corelib.words import percent
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.sparse import cache as sparse_cache
from dashboard.ipvae.sparse.view import PAGE, View
from dashboard.shell import cache
from dashboard.shell.checkpoints import of_systems
from dashboard.shell.help import help_texts
from dashboard.shell.numbers import side_by_side
from dashboard.shell.text import plain

if TYPE_CHECKING:
    from corelib.models.ipvae.coding import DigitReadout

SIZE = ReadoutSize()


def draw_digits(v: View) -> None:
    """MNIST: how well classes can be read from the code."""
    if v.natural:
        st.info(
            "This network reads patches of natural images, which have no classes. " + _elsewhere(v)
        )
        return
    st.markdown(
        f"A logistic regression learns the class from the rates of {SIZE.n_train:,} training "
        f"digits after {SIZE.n_steps} steps, and is tested on {SIZE.n_test:,} test digits."
    )
    pressed = st.button(
        "Read the code",
        key=f"{PAGE}_read",
        icon=":material/menu_book:",
        help=help_texts(PAGE)["read"],
    )
    readout = _readout(v, pressed)
    if readout is not None:
        _draw_readout(v, readout)


def _readout(v: View, pressed: bool) -> "DigitReadout | None":
    """How well this network was read in this session, with this intervention; read once more if the
    button was ``pressed``."""
    kept = cache.kept(f"_{PAGE}_readouts", 16)
    key = (v.key, v.intervention)
    if pressed:
        kept[key] = _read(v)
    return kept.get(key)


def _elsewhere(v: View) -> str:
    """Where there are digits to be read."""
    others = [
        item.title
        for item in of_systems(ipvae_cache.SYSTEMS).values()
        if item.card.dataset != v.key.dataset
    ]
    if others:
        return f"Choose {plain(others[0])} in the sidebar to see how digits are read from spikes."
    return "Train one on MNIST under Train, then choose it in the sidebar."


def _read(v: View) -> "DigitReadout":
    model = ipvae_cache.network(v.key)
    bar = st.progress(0.0, "Inferring training digits")
    changed = controls(model, v.intervention)
    readout = read_digits(model, cache.dataset(v.key.dataset), SIZE, changed, bar.progress)
    bar.empty()
    return readout


def _draw_readout(v: View, readout: "DigitReadout") -> None:
    paper = published_points().digits
    rows = [
        _row("this network", readout.point.r2, readout.point.zeros, percent(readout.accuracy, 2)),
        *_row_of_card(v),
        _row(
            "paper, iP-VAE",
            paper.r2 / 100,
            paper.zeros / 100,
            paper.readout and percent(paper.readout / 100, 2),
        ),
    ]
    side_by_side(rows, f"{PAGE}_read_table", across=False, decimals=3)
    st.caption(
        f"R² and zeros of the test digits after {SIZE.n_steps} steps. On its card: after "
        f"{sparse_cache.CONVERGENCE_STEPS:,} steps, with a readout that learned from "
        f"{READOUT_IMAGES:,} digits. The paper's readout learned from all training digits. "
        "n = 1 seed."
    )


def _row_of_card(v: View) -> list[dict[str, object]]:
    """The figures on the network's card as a row; none for networks that were trained here."""
    test = v.item.card.test or {}
    steps = f"{sparse_cache.CONVERGENCE_STEPS:,} steps"
    r2, zeros = (test.get(f"{name} after {steps}") for name in ("R²", "zeros"))
    if r2 is None or zeros is None or "readout" not in test:
        return []
    return [_row("this network, its card", r2, zeros, percent(test["readout"], 2))]


def _row(name: str, r2: float, zeros: float, digits: object) -> dict[str, object]:
    return {"": name, "R²": r2, "zeros": zeros, "digits read correctly": digits}
