"""Sparse code: spiking neurons that infer, step by step, what an image is made of."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.errors import SynaptariumError
from dashboard.shell import cache
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.sparse import tabs as sparse_tabs
from dashboard.shell.checkpoints import checkpoint_picker, of_systems
from dashboard.shell.export import export_row
from dashboard.shell.train_form import training_section
from dashboard.shell.controls import BOUND, clamp, preset
from dashboard.shell.theme import palette

TABS = (
    "One image",
    "Convergence",
    "Rate and distortion",
    "Sparsity",
    "Lesions",
    "Digits",
    "What you see",
    "Published",
    "Train",
    "Take home",
)

st.title("Sparse code")
headline = st.container()

item = None
with st.sidebar:
    if of_systems(ipvae_cache.SYSTEMS):
        item = checkpoint_picker(
            "sparse", "model", "Network", ipvae_cache.SYSTEMS, begin_with=ipvae_cache.EXAMPLE
        )

if item is None:
    st.info(
        "No iterative VAE is on the shelf yet. Train one below; the quick preset takes a minute."
    )

v = None
if item is not None:
    try:
        which = cache.checkpoint_key(item)
        with st.sidebar:
            picture = sparse_tabs.picture_input(which)
            n_steps = st.select_slider(
                "Steps of inference",
                sparse_tabs.STEPS,
                100,
                key="sparse_steps",
                **BOUND,
                help=f"Trained with {item.card.config['t_train']}; it may go on for longer",
            )
            away = st.toggle(
                "Explaining-away",
                True,
                key="sparse_away",
                **BOUND,
                help="The drive -(WᵀW)z/σ²: what is reconstructed already excites nobody. Off, "
                "every neuron whose feature fits goes on firing",
            )
            most = len(ipvae_cache.features(which)) - 1
            clamp("sparse_neuron", most)
            neuron = st.number_input(
                "Neuron",
                0,
                most,
                0,
                key="sparse_neuron",
                **BOUND,
                help="Or click a feature in the mosaic",
            )
            lesion = st.toggle(
                "Silence this neuron",
                False,
                key="sparse_lesion",
                **BOUND,
                help="Its spikes are taken away from the first step on",
            )
            with st.expander("More"):
                leak = st.slider(
                    "Leak",
                    0.0,
                    1.0,
                    0.0,
                    0.05,
                    key="sparse_leak",
                    **BOUND,
                    help="Pulls each potential back to where it began; the paper's network with "
                    "one inner step has none",
                )
                seed = st.number_input(
                    "Draw of the noise",
                    0,
                    999,
                    0,
                    key="sparse_seed",
                    **BOUND,
                    help="Other spikes for the same image",
                )
        intervention = ipvae_cache.Intervention(away, leak, (int(neuron),) if lesion else ())
        v = sparse_tabs.View(
            item,
            which,
            ipvae_cache.NAMES[item.card.system],
            picture,
            int(n_steps),
            intervention,
            int(neuron),
            int(seed),
            palette(),
        )
        with headline:
            st.markdown(sparse_tabs.sentence(v))
    except SynaptariumError as error:
        st.error(str(error))
        st.stop()

    with headline, st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Try this", width="content")
        calm = {"sparse_away": True, "sparse_lesion": False, "sparse_leak": 0.0, "sparse_seed": 0}
        for text, values, key, told in (
            (
                "Long inference",
                {"sparse_steps": 1000, "sparse_tab": "One image"},
                "long",
                "1,000 steps, many more than it learned with",
            ),
            (
                "No explaining-away",
                {"sparse_away": False, "sparse_steps": 100, "sparse_tab": "One image"},
                "away",
                "What happens when neurons do not inhibit each other?",
            ),
            (
                "Sorted by orientation",
                {"sparse_sort": "orientation"},
                "sorted",
                "Which edges does it know?",
            ),
            (
                "Three networks",
                {"sparse_tab": "Convergence"},
                "three",
                "Spikes, rectified and plain Gaussian codes side by side",
            ),
            (
                "Standard view",
                {
                    "sparse_sort": "rate",
                    "sparse_steps": 100,
                    "sparse_neuron": 0,
                    "sparse_tab": "One image",
                },
                "standard",
                "All as it was",
            ),
        ):
            preset(text, calm | values, key=f"sparse_try_{key}", help=told)

    sparse_tabs.feature_mosaic(v)

tabs = dict(zip(TABS, st.tabs(TABS, key="sparse_tab", on_change="rerun", **BOUND), strict=True))

for tab, draw in (
    ("One image", sparse_tabs.one_image),
    ("Convergence", sparse_tabs.convergence),
    ("Rate and distortion", sparse_tabs.rate_distortion),
    ("Sparsity", sparse_tabs.sparsity),
    ("Lesions", sparse_tabs.lesions),
    ("Digits", sparse_tabs.digits),
):
    if tabs[tab].open:
        with tabs[tab]:
            if v is None:
                st.caption("Shown as soon as there is a network.")
            else:
                draw(v)

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "sparse.md").read_text(encoding="utf-8"))

if tabs["Published"].open:
    with tabs["Published"]:
        from dashboard.shell.reproduction import reproduction_section

        reproduction_section("ipvae", "sparse", sparse_tabs.MISSING)

if tabs["Train"].open:
    with tabs["Train"]:
        from corelib.models.ipvae.config import PRESETS

        system = st.selectbox("System", ipvae_cache.SYSTEMS, key="sparse_system", **BOUND)
        training_section(system, f"sparse_{system}", sparse_tabs.draw_features, PRESETS.get(system))

if tabs["Take home"].open and item is not None:
    with tabs["Take home"]:
        export_row(item, "sparse_export")
