"""Moving bars: Hubel and Wiesel's experiment on a neuron of a spiking network."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.errors import SynaptariumError
from dashboard.ipvae.bars import tabs as bars_tabs
from dashboard.shell import cache
from dashboard.ipvae import cache as ipvae_cache
from dashboard.shell.checkpoints import checkpoint_picker, of_systems
from dashboard.shell.export import export_row
from dashboard.shell.train_form import training_section
from dashboard.ipvae.sparse.tabs import MISSING, draw_features
from dashboard.shell.controls import BOUND, preset
from dashboard.shell.theme import palette

# The first tab is open at the start: a slider would wait for each figure in it.
TABS = (
    "What you see",
    "Tuning",
    "Drives",
    "Curves",
    "Adaptation",
    "Population",
    "Other networks",
    "Published",
    "Train",
    "Take home",
)

st.title("Moving bars")
headline = st.container()

item = None
with st.sidebar:
    if of_systems(ipvae_cache.SYSTEMS):
        item = checkpoint_picker(
            "bars", "model", "Network", ipvae_cache.SYSTEMS, begin_with=ipvae_cache.EXAMPLE
        )

if item is None:
    st.info("No iterative VAE is on the shelf yet. Train one under Train; it takes a minute.")

v = None
if item is not None:
    try:
        which = cache.checkpoint_key(item)
        with st.sidebar:
            neuron = bars_tabs.neuron_control(which)
            st.selectbox("Stimulus", ipvae_cache.KINDS, key="bars_kind", **BOUND)
            direction = st.slider(
                "Direction / degrees",
                0,
                359,
                0,
                1,
                key="bars_direction",
                **BOUND,
                help="0: moves rightward, 90: upward, counter-clockwise. The bar's own axis is "
                "this plus 90",
            )
            frame_ms = st.session_state.get("bars_frame", 25)
            stimulus = bars_tabs.stimulus_controls(which, neuron, direction, frame_ms)
            with st.expander("Network and trials"):
                away = st.toggle(
                    "Explaining-away",
                    True,
                    key="bars_away",
                    **BOUND,
                    help="Off: neurons with overlapping features no longer inhibit each other",
                )
                leak = st.slider(
                    "Leak",
                    0.0,
                    1.0,
                    0.0,
                    0.05,
                    key="bars_leak",
                    **BOUND,
                    help="Pulls each potential back to where it began; these networks have none",
                )
                reset = st.slider(
                    "Reset every so many frames",
                    0,
                    100,
                    0,
                    5,
                    key="bars_reset",
                    **BOUND,
                    help="All begins anew, from the stimulus' onset on; 0: never",
                )
                trials = st.slider("Trials", 5, 50, 10, 5, key="bars_trials", **BOUND)
                frame_ms = st.slider(
                    "Frame lasts / ms",
                    10,
                    100,
                    25,
                    5,
                    key="bars_frame",
                    **BOUND,
                    help="Of film and sound",
                )
                seed = st.number_input("Draw of the noise", 0, 999, 0, key="bars_seed", **BOUND)
        v = bars_tabs.View(
            item,
            which,
            ipvae_cache.NAMES[item.card.system],
            neuron,
            stimulus,
            float(direction),
            trials,
            ipvae_cache.Intervention(away, leak),
            reset,
            frame_ms,
            int(seed),
            palette(),
        )
        with headline:
            st.markdown(bars_tabs.sentence(v))
    except SynaptariumError as error:
        st.error(str(error))
        st.stop()

    usual = bars_tabs.standard(which)
    with headline, st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Try this", width="content")
        calm = {
            "bars_kind": "moving bar",
            "bars_contrast": 1.0,
            "bars_width": usual.width,
            "bars_polarity": "bright",
            "bars_speed": usual.speed,
            "bars_blanks": usual.blanks,
            "bars_frames": usual.frames,
            "bars_away": True,
            "bars_leak": 0.0,
            "bars_reset": 0,
        }
        for text, values, key, told in (
            (
                "Its best bar",
                {"bars_direction": bars_tabs.best_slider(v)},
                "best",
                "The direction that excites this neuron most",
            ),
            (
                "Turned by 90°",
                {"bars_direction": (bars_tabs.best_slider(v) + 90) % 360},
                "turned",
                "The same bar across: does it still fire?",
            ),
            (
                "The paper's bar",
                {"bars_blanks": 300, "bars_frames": 400, "bars_speed": 0.064},
                "paper",
                "300 blank frames, 400 frames, 0.064 pixels a frame; some seconds",
            ),
            ("By hand", {"bars_kind": "dragged bar"}, "hand", "Drag the bar yourself, and listen"),
            ("Without inhibition", {"bars_away": False}, "away", "Explaining-away switched off"),
            ("Everyone", {"bars_tab": "Population"}, "everyone", "All neurons at once"),
            (
                "Standard view",
                {"bars_direction": 0, "bars_tab": "What you see"},
                "standard",
                "All as it was",
            ),
        ):
            preset(text, calm | values, key=f"bars_try_{key}", help=told)

    bars_tabs.player(v)
    bars_tabs.over_trials(v)

tabs = dict(zip(TABS, st.tabs(TABS, key="bars_tab", on_change="rerun", **BOUND), strict=True))

for tab, draw in (
    ("Tuning", bars_tabs.tuning),
    ("Drives", bars_tabs.drives),
    ("Curves", bars_tabs.curves),
    ("Adaptation", bars_tabs.adaptation),
    ("Population", bars_tabs.population),
    ("Other networks", bars_tabs.other_networks),
):
    if tabs[tab].open:
        with tabs[tab]:
            if v is None:
                st.caption("Shown as soon as there is a network.")
            else:
                draw(v)

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "bars.md").read_text(encoding="utf-8"))

if tabs["Published"].open:
    with tabs["Published"]:
        from dashboard.shell.reproduction import reproduction_section

        reproduction_section("ipvae", "bars", MISSING)

if tabs["Train"].open:
    with tabs["Train"]:
        from corelib.models.ipvae.config import PRESETS

        system = st.selectbox("System", ipvae_cache.SYSTEMS, key="bars_system", **BOUND)
        training_section(system, f"bars_{system}", draw_features, PRESETS.get(system))

if tabs["Take home"].open and item is not None:
    with tabs["Take home"]:
        export_row(item, "bars_export")
