"""The pages there are, and the way to them.

Beside a folder named ``pages`` Streamlit starts in its old multipage mode: until app.py has run
once, a deep link runs the page alone. So every page first calls ``ensure_routed``.
"""

import gc
import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import streamlit as st

ROOT = Path(__file__).parents[1]
ICON = str(ROOT / "assets" / "pictures" / "icon.png")


class Room(NamedTuple):
    """A page as the map on Home shows it. ``systems`` are names in the catalogue."""

    file: str
    title: str
    icon: str
    question: str
    about: str
    paper: str
    systems: tuple[str, ...]
    picture: str


ROOMS = (
    Room(
        file="balance.py",
        title="E/I balance",
        icon=":material/balance:",
        question="Does inhibition hold excitation in check?",
        about="Watch excitatory and inhibitory currents build up while a network reads a digit. "
        "Turn inhibition down, silence units, raise the threshold, and see what the answer "
        "depends on.",
        paper="Balanced Predictive Attractor Networks",
        systems=("bpan",),
        picture="balance",
    ),
    Room(
        file="halting.py",
        title="Halting",
        icon=":material/timer:",
        question="Who knows early that it is right, and what is that worth?",
        about="Six networks answer after each of their steps. Move one threshold and see who stops "
        "when, what it costs in steps, work and time, and whether the recurrence does anything.",
        paper="Balanced Predictive Attractor Networks; ACT; PonderNet; Multi-Exit",
        systems=("bpan", "act", "pondernet", "multi-exit", "gru", "mlp"),
        picture="halting",
    ),
    Room(
        file="robustness.py",
        title="Robustness",
        icon=":material/broken_image:",
        question="What is left of the answer when the image is damaged?",
        about="Cover, blur, turn and spoil digits, and see who still reads them. Drag a square "
        "over a digit of your own and watch the decision change; look at what the balance term "
        "of the training is really worth.",
        paper="Balanced Predictive Attractor Networks",
        systems=("bpan", "act", "pondernet", "multi-exit", "gru", "mlp"),
        picture="robustness",
    ),
    Room(
        file="evidence.py",
        title="Sequential evidence",
        icon=":material/visibility:",
        question="How much must one see before one may be sure?",
        about="A digit shows itself in glimpses or in strips, one a step. Play it, watch beliefs "
        "grow and tip over, and see who answers too early.",
        paper="Balanced Predictive Attractor Networks",
        systems=("bpan-sequence", "gru-sequence"),
        picture="evidence",
    ),
    Room(
        file="bpc.py",
        title="BPC digits",
        icon=":material/swap_vert:",
        question="Can one network both read and write?",
        about="A network that predicts its hidden layers from both sides classifies digits, "
        "generates them from their labels and fills in what you hide. Step through its inference "
        "and watch the energy fall.",
        paper="Bidirectional predictive coding",
        systems=("bpc", "gpc", "dpc", "hybrid-pc", "backprop"),
        picture="bpc",
    ),
    Room(
        file="subnetworks.py",
        title="Sub-networks",
        icon=":material/account_tree:",
        question="How does one network do two things?",
        about="Two digits overlap; an instruction that comes from above opens the part of the "
        "network that names the one it asks for. See what the tasks share, silence it, swap it, "
        "and give instructions that it never heard.",
        paper="Biologically inspired learning model for instructed vision",
        systems=("butd",),
        picture="subnetworks",
    ),
    Room(
        file="learning.py",
        title="Counter-Hebb learning",
        icon=":material/sync_alt:",
        question="Can a network learn without back-propagation?",
        about="The error comes down the same way as instructions, and each synapse learns from "
        "what is at its two ends. Play the three passes, hold the update against the gradient, "
        "and break what makes them equal.",
        paper="Biologically inspired learning model for instructed vision",
        systems=("counter-hebb", "butd"),
        picture="learning",
    ),
    Room(
        file="sparse.py",
        title="Sparse code",
        icon=":material/grain:",
        question="What is an image made of, if few may speak?",
        about="Spiking neurons infer what explains a patch of a natural image, a step at a time. "
        "Sort their features, watch potentials, rates and spikes settle, take away what makes "
        "them compete.",
        paper="Brain-like variational inference",
        systems=("ipvae", "igvae", "igvae-relu"),
        picture="sparse",
    ),
    Room(
        file="bars.py",
        title="Moving bars",
        icon=":material/rotate_right:",
        question="What does a neuron of this network like to see?",
        about="Hubel and Wiesel's experiment: move a bar over the receptive field of a spiking "
        "neuron, listen to it, measure what it is tuned to, and ask what all of them together "
        "know of the bar.",
        paper="Brain-like variational inference",
        systems=("ipvae", "igvae", "igvae-relu"),
        picture="bars",
    ),
)


def _pages() -> dict[str, list]:
    home = st.Page(ROOT / "pages" / "home.py", title="Home", icon=":material/home:", default=True)
    runs = st.Page(ROOT / "pages" / "trainings.py", title="Trainings", icon=":material/timeline:")
    rooms = [
        st.Page(ROOT / "pages" / room.file, title=room.title, icon=room.icon) for room in ROOMS
    ]
    return {"": [home], "Rooms": rooms, "Records": [runs]}


def run() -> None:
    """Build the navigation and run the page that the address names."""
    _set_aside(len(sys.modules))
    _configure()
    st.session_state["_routed"] = True
    st.navigation(_pages()).run()


@lru_cache(maxsize=1)
def _set_aside(modules: int) -> None:
    """Take what is imported from the garbage collector, as often as more ``modules`` are.

    Streamlit collects after each run of a page, and the page's last messages wait for it: with
    torch and plotly in memory longer than for all else that a slider moves. What has been imported
    is never garbage; the run before has just collected what was.
    """
    gc.freeze()


def _configure() -> None:
    # A picture of our own: without it the icon of the first page would be fetched as a web font.
    st.set_page_config(
        page_title="Synaptarium", page_icon=ICON, layout="wide", initial_sidebar_state="expanded"
    )


def ensure_routed() -> None:
    """First call of every page: go through app.py if a deep link came around it."""
    if not st.session_state.get("_routed"):
        _configure()
        st.session_state["_routed"] = True
        st.navigation(_pages())
        st.rerun()
