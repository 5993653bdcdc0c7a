"""The experiments: what each page is called, and what it asks."""

from typing import NamedTuple


class Family(NamedTuple):
    """A family of networks: its name in corelib, its title, and what it is in a sentence."""

    name: str
    title: str
    about: str


class Room(NamedTuple):
    """A page as Home shows it. ``family`` is a name in ``FAMILIES``, ``networks`` the key of the
    control that chooses its networks."""

    file: str
    family: str
    title: str
    icon: str
    question: str
    about: str
    paper: str
    picture: str
    networks: str


FAMILIES = (
    Family(
        "bpan",
        "Balanced recurrent networks",
        "Excitatory and inhibitory units settle until they are confident, beside other networks "
        "that choose when to stop.",
    ),
    Family(
        "bpc",
        "Predictive coding",
        "One network predicts in both directions: it classifies and generates.",
    ),
    Family(
        "butd",
        "Instructed vision",
        "Top-down instructions select a sub-network; top-down errors teach without "
        "back-propagation.",
    ),
    Family(
        "ipvae", "Iterative inference", "Spiking neurons compete to explain an image, step by step."
    ),
)

ROOMS = (
    Room(
        file="balance.py",
        family="bpan",
        title="E/I balance",
        icon=":material/balance:",
        question="Does inhibition hold excitation in check?",
        about="Watch excitatory and inhibitory currents build up while a network reads a digit. "
        "Turn inhibition down, silence units, raise the threshold, and see what the answer "
        "depends on.",
        paper="Balanced Predictive Attractor Networks",
        picture="balance",
        networks="balance_model",
    ),
    Room(
        file="halting.py",
        family="bpan",
        title="Halting",
        icon=":material/timer:",
        question="Which network knows early that it is right, and what does that save?",
        about="Six networks answer after each of their steps. Move one threshold and see which "
        "stops when, what it costs in steps, work and time, and whether recurrence matters.",
        paper="Balanced Predictive Attractor Networks; ACT; PonderNet; Multi-Exit",
        picture="halting",
        networks="halting_models",
    ),
    Room(
        file="robustness.py",
        family="bpan",
        title="Robustness",
        icon=":material/broken_image:",
        question="How much accuracy is left when the image is damaged?",
        about="Cover, blur, rotate and corrupt digits, and see which networks still read them. "
        "Drag a square over your own digit and watch the decision change. See what the "
        "balance term in the loss is really worth.",
        paper="Balanced Predictive Attractor Networks",
        picture="robustness",
        networks="robust_models",
    ),
    Room(
        file="evidence.py",
        family="bpan",
        title="Sequential evidence",
        icon=":material/visibility:",
        question="How much evidence does a confident answer need?",
        about="A digit is revealed in glimpses or strips, one per step. Play it, watch beliefs "
        "grow and flip, and see which network answers too early.",
        paper="Balanced Predictive Attractor Networks",
        picture="evidence",
        networks="evidence_{input_dim}_models",
    ),
    Room(
        file="bpc.py",
        family="bpc",
        title="BPC digits",
        icon=":material/swap_vert:",
        question="Can one network both classify and generate?",
        about="A network that predicts its hidden layers from both sides classifies digits, "
        "generates them from their labels and fills in the parts you hide. Step through its "
        "inference and watch the energy fall.",
        paper="Bidirectional predictive coding",
        picture="bpc",
        networks="bpc_model",
    ),
    Room(
        file="subnetworks.py",
        family="butd",
        title="Sub-networks",
        icon=":material/account_tree:",
        question="How does one network do two things?",
        about="Two digits overlap. A top-down instruction selects the sub-network that names the "
        "digit it asks for. See what the tasks share, silence it, swap it, and give instructions "
        "that the network was never trained on.",
        paper="Biologically inspired learning model for instructed vision",
        picture="subnetworks",
        networks="sub_model",
    ),
    Room(
        file="learning.py",
        family="butd",
        title="Counter-Hebb learning",
        icon=":material/sync_alt:",
        question="Can a network learn without back-propagation?",
        about="The error travels top-down along the same pathway as instructions, and each synapse "
        "learns from the activity at its two ends. Play the three passes, compare the update with "
        "the gradient, and break the conditions that make them equal.",
        paper="Biologically inspired learning model for instructed vision",
        picture="learning",
        networks="learn_model",
    ),
    Room(
        file="sparse.py",
        family="ipvae",
        title="Sparse code",
        icon=":material/grain:",
        question="What is an image made of, if only few neurons may fire?",
        about="Spiking neurons infer, step by step, what explains a patch of a natural image. Sort "
        "their features, watch potentials, rates and spikes converge, and take away the "
        "explaining-away that makes them compete.",
        paper="Brain-like variational inference",
        picture="sparse",
        networks="sparse_model",
    ),
    Room(
        file="bars.py",
        family="ipvae",
        title="Moving bars",
        icon=":material/rotate_right:",
        question="Which stimulus does a neuron of this network prefer?",
        about="Hubel and Wiesel's experiment: move a bar over the receptive field of a spiking "
        "neuron, listen to it, measure its tuning, and read out what the whole population knows "
        "about the bar.",
        paper="Brain-like variational inference",
        picture="bars",
        networks="bars_model",
    ),
)
