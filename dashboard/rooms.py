"""The experiments: what each page is called, what it asks, and which systems it shows."""

from typing import NamedTuple


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
