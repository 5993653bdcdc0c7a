"""E/I balance: the currents of a balanced network while it reads a digit."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.analysis.anytime import at_threshold, changes_of_mind, halting_steps
from corelib.data import read_ahead
from corelib.errors import SynaptariumError
from dashboard.shell import cache
from dashboard.shell.checkpoints import checkpoint_picker
from dashboard.components.digit_input import ANY, TEST, digit_input
from dashboard.shell.export import chart, export_row
from dashboard.shell.run_panel import training_section
from dashboard.shell.controls import BOUND, clamp, preset
from dashboard.shell.theme import palette

TABS = ("What you see", "Units", "Test set", "Weights", "Train", "Take home")


def forget_trained_defaults() -> None:
    """A newly picked network brings its own α and number of steps."""
    for key in ("balance_alpha", "balance_steps"):
        st.session_state.pop(key, None)


# The images are read while the libraries are imported.
read_ahead()

st.title("E/I balance")
headline = st.container()

with st.sidebar:
    first = checkpoint_picker(
        "Network",
        "balance_model",
        "bpan",
        on_change=forget_trained_defaults,
        help="Three networks ship, from one seed and the same initial weights; your own follow.",
    )
    second = checkpoint_picker(
        "Compare with",
        "balance_versus",
        "bpan",
        optional=True,
        help="A second network beside it, reading the same digit under the same controls",
    )

items = [item for item in (first, second) if item is not None]
try:
    keys = [cache.checkpoint_key(item) for item in items]
    models = [cache.model(key) for key in keys]
    data = cache.dataset(keys[0].dataset)
except SynaptariumError as error:
    st.error(str(error))
    st.stop()
if len({key.dataset for key in keys}) > 1:
    st.warning("These two networks were trained on different images; both now read the same one.")

from corelib.models.bpan.analysis import Controls, currents

with st.sidebar:
    chosen = digit_input("balance", data)
    theta = st.slider(
        "Confidence threshold θ",
        0.10,
        1.0,
        0.90,
        0.01,
        key="balance_theta",
        **BOUND,
        help="The network answers at the first step whose largest class probability reaches θ",
    )
    gain = st.slider(
        "Inhibition gain g",
        0.0,
        3.0,
        1.0,
        0.05,
        key="balance_gain",
        **BOUND,
        help="Scales all weights from inhibitory units at test time; 1 is the trained network",
    )
    with st.expander("More"):
        most_steps = max(40, models[0].n_steps)
        least_e = min(model.n_excitatory for model in models)
        least_i = min(model.n_inhibitory for model in models)
        # What a smaller network left behind, or a larger one, must fit the one chosen now.
        clamp("balance_steps", most_steps)
        clamp("balance_lesion_e", least_e)
        clamp("balance_lesion_i", least_i)
        n_steps = st.slider(
            "Steps T",
            1,
            most_steps,
            models[0].n_steps,
            key="balance_steps",
            **BOUND,
            help=f"Trained with {models[0].n_steps}; more shows where the state goes",
        )
        alpha = st.slider(
            "Leak α",
            0.01,
            1.0,
            models[0].alpha,
            0.01,
            key="balance_alpha",
            **BOUND,
            help=f"Share of the state that each step replaces; trained with {models[0].alpha:g}",
        )
        lesioned_e = st.slider(
            "Silence E units",
            0,
            least_e,
            0,
            key="balance_lesion_e",
            **BOUND,
            help="So many random excitatory units neither receive nor send",
        )
        lesioned_i = st.slider(
            "Silence I units",
            0,
            least_i,
            0,
            key="balance_lesion_i",
            **BOUND,
            help="So many random inhibitory units neither receive nor send",
        )
        lesion_seed = st.number_input(
            "Draw of the silenced units",
            0,
            999,
            0,
            key="balance_lesion_seed",
            **BOUND,
            help="Another number silences other units",
        )
        with_drive = st.toggle(
            "Count the input in the balance",
            False,
            key="balance_drive",
            **BOUND,
            help="On: positive input counts as excitation, negative input as inhibition. "
            "Off: recurrent currents alone",
        )

controls = Controls(n_steps, alpha, gain, int(lesioned_e), int(lesioned_i), int(lesion_seed))

if chosen is None:
    headline.info("Draw a digit, or upload one, in the sidebar on the left.")
else:
    import torch

    from dashboard.bpan.balance import figures

    pixels = torch.from_numpy(chosen.pixels)[None]
    # Each network reads the image as its own training data was scaled.
    views = [
        currents(model, cache.dataset(key.dataset).inputs(pixels), controls)
        for model, key in zip(models, keys, strict=True)
    ]
    halts = [int(halting_steps(view.probability.max(1)[None], theta)[0]) for view in views]
    changed = (
        " under these controls" if controls != Controls(models[0].n_steps, models[0].alpha) else ""
    )

    with headline:
        for item, key, view, halt in zip(items, keys, views, halts, strict=True):
            answers = cache.test_answers(key, controls)
            tested = at_threshold(
                answers.confidence, answers.predicted, cache.test_labels(key.dataset), theta
            )
            sure = view.probability[halt - 1].max()
            answer = data.class_names[int(view.probability[halt - 1].argmax())]
            right = ""
            if chosen.label is not None:
                true = data.class_names[chosen.label]
                right = ", rightly" if true == answer else f", but it is a {true}"
            kind = "digit" if key.dataset == "mnist" else "image"
            who = f"**{item.name}**" if len(items) > 1 else "this network"
            st.markdown(
                f"At θ = {theta:.2f} {who} calls this {kind} "
                f"a **{answer}** ({sure:.0%}) after **{halt} of {n_steps} steps**{right}. "
                f"Over the 10,000 test images it answers after **{tested.mean_steps:.2f} steps** "
                f"on average and is **{tested.accuracy:.1%}** correct{changed}."
            )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Try this", width="content")
            reset = {
                "balance_gain": 1.0,
                "balance_steps": models[0].n_steps,
                "balance_lesion_e": 0,
                "balance_lesion_i": 0,
                "balance_versus": "none",
                "balance_theta": 0.9,
                "balance_alpha": models[0].alpha,
                "balance_drive": False,
            }
            trained = cache.test_answers(
                keys[0], Controls(models[0].n_steps, models[0].alpha)
            ).predicted
            pondered = changes_of_mind(trained, cache.test_labels(keys[0].dataset))
            if len(pondered):
                preset(
                    "A digit it ponders",
                    reset
                    | {
                        "balance_input": TEST,
                        "balance_class": ANY,
                        "balance_index": int(pondered[0]),
                    },
                    key="balance_try_hard",
                    help="First wrong, then right: move θ",
                )
            preset(
                "No inhibition",
                reset | {"balance_gain": 0.0, "balance_steps": 30},
                key="balance_try_gain",
                help="g = 0 for 30 steps: does activity run off?",
            )
            preset(
                "Triple inhibition",
                reset | {"balance_gain": 3.0, "balance_steps": 30},
                key="balance_try_triple",
                help="g = 3 for 30 steps",
            )
            preset(
                "Half the E units",
                reset | {"balance_lesion_e": least_e // 2},
                key="balance_try_lesion",
                help="Silence half of the excitatory units",
            )
            preset(
                "Trained without balance",
                reset | {"balance_versus": "bpan-unbalanced-mnist"},
                key="balance_try_unbalanced",
                help="Beside the network trained with λ_bal = 0",
            )
            preset(
                "Without Dale's law",
                reset | {"balance_versus": "bpan-nodale-mnist"},
                key="balance_try_dale",
                help="Beside the network whose weights may take any sign",
            )
            preset("Reset", reset, key="balance_reset", help="All controls as they were")

    seen = palette()
    what = f"{chosen.caption}; n = 1 image, seed {items[0].card.seed}"
    span = figures.currents_range(views)
    columns = st.columns(len(items))
    for i, (column, item, view) in enumerate(zip(columns, items, views, strict=True)):
        with column:
            if len(items) > 1:
                st.markdown(f"##### {item.name}")
            chart(
                cache.figure(figures.currents, view, seen, stacked=len(items) > 1, y_range=span),
                f"balance_currents_{i}",
                alt="Excitatory, inhibitory, input and net current over time",
                caption=f"Currents into the two populations: {what}. Bands: ± 1 sd over units.",
            )
    for i, (item, view, halt) in enumerate(zip(items, views, halts, strict=True)):
        left, right = st.columns(2)
        of = f" {item.name}: " if len(items) > 1 else " "
        with left:
            chart(
                cache.figure(figures.probabilities, view, data.class_names, theta, halt, seen),
                f"balance_probability_{i}",
                alt="Class probabilities over time with the threshold and the step of the answer",
                caption=f"The decision.{of}{what}.",
            )
        with right:
            chart(
                cache.figure(figures.balance_over_time, view, with_drive, seen),
                f"balance_index_{i}",
                alt="Balance index of the excitatory and inhibitory population over time",
                caption=f"The balance,{of}input {'counted' if with_drive else 'left out'}; "
                "mean ± 1 sd over units. At step 1 no recurrent current has flowed.",
            )

tabs = dict(zip(TABS, st.tabs(TABS, key="balance_tab", on_change="rerun", **BOUND), strict=True))

if tabs["Units"].open:
    with tabs["Units"]:
        if chosen is None:
            st.caption("The units appear with the digit.")
            views = []
        for i, (item, view) in enumerate(zip(items, views, strict=False)):
            chart(
                cache.figure(figures.unit_heatmaps, view, seen),
                f"balance_units_{i}",
                alt="Recurrent current, net current and rate of every unit over time",
                caption=f"{item.name}: {what}. E units above the line, I units below.",
            )

if tabs["Test set"].open:
    with tabs["Test set"]:
        from dashboard.bpan.balance import figures

        for i, (item, key) in enumerate(zip(items, keys, strict=True)):
            chart(
                cache.figure(
                    figures.net_distribution, cache.test_densities(key, controls), palette()
                ),
                f"balance_density_{i}",
                alt="Distribution of the net current over the test set at each step",
                caption=f"{item.name}: net current of all intact units over 10,000 test images. "
                "White: mean ± 1 sd. The outermost 0.2 % of the values lie outside the figure.",
            )

if tabs["Weights"].open:
    with tabs["Weights"]:
        from dashboard.bpan.balance import figures

        columns = st.columns(2, gap="large", vertical_alignment="center")
        for i, (item, key, model) in enumerate(zip(items, keys, models, strict=True)):
            loop = cache.loop_gain(key, gain)
            with columns[i]:
                chart(
                    cache.figure(
                        figures.weight_matrix,
                        model.weights(gain).recurrent.detach().numpy(),
                        model.n_excitatory,
                        palette(),
                    ),
                    f"balance_weights_{i}",
                    alt="Signed recurrent weight matrix",
                    caption=f"{item.name} at g = {gain:.2f}: recurrent weights, E units first.",
                )
            with columns[-1] if len(items) == 1 else columns[i]:
                st.metric("Loop gain of the E units alone", f"{loop.excitatory:.2f}")
                st.metric("Loop gain of the whole network", f"{loop.whole:.2f}")
                if loop.excitatory < 1:
                    verdict = "E units return less than they lose: activity settles whatever g."
                elif loop.whole < 1:
                    verdict = (
                        f"E units alone would run off; at g = {gain:.2f} inhibition holds them."
                    )
                else:
                    verdict = f"Activity can run off at g = {gain:.2f}."
                st.write(verdict)
                st.caption(
                    "Spectral radius of W_EE; largest real part of the eigenvalues of W at this g."
                )

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "balance.md").read_text())

if tabs["Train"].open:
    with tabs["Train"]:
        training_section("bpan", "balance")

if tabs["Take home"].open:
    with tabs["Take home"]:
        for i, item in enumerate(items):
            export_row(item, f"balance_export_{i}")
