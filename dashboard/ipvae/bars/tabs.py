"""The parts of the Moving bars page; each draws itself from one ``View``."""

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import Intervention
from dashboard.components.bar_film import bar_film
from dashboard.components.bar_pad import bar_pad
from dashboard.figures import mosaic as mosaics
from dashboard.figures.mosaic import grid
from dashboard.figures.style import EXCITATORY, Palette, TraceStyle, trace_styles
from dashboard.ipvae import cache as ours
from dashboard.ipvae.bars import cache as bars_cache
from dashboard.ipvae.bars.cache import Stimulus
from dashboard.ipvae.bars.figures import bars as figures
from dashboard.ipvae.bars.figures.bars import Curve
from dashboard.ipvae.features import activity_words
from dashboard.shell import cache
from dashboard.shell.checkpoints import of_systems
from dashboard.shell.controls import BOUND, clamp, sticky_button
from dashboard.shell.export import chart, clicked, table

if TYPE_CHECKING:
    from corelib.models.ipvae.tuning import Selectivity, Tuning
    from corelib.runs.registry import Checkpoint

DIRECTIONS = 36
SWEEP_TRIALS = 4
PUBLISHED = {"iP-VAE": 0.85, "iG-VAE": 0.15, "iG-relu-VAE": 0.27}
"""1 - circular variance for orientation, as the paper reports it."""
RESPONSIVE = 0.05
CONTRASTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
WIDTHS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)
SPEEDS = (0.04, 0.064, 0.1, 0.2, 0.4, 0.8)
BIN = 5
OWN = TraceStyle(EXCITATORY, "solid", "circle")
"""How a single network is drawn: orange is the bar."""
OTHER_CONTRASTS = (0.5, 1.0, 2.0, 4.0)


class View(NamedTuple):
    """The network and neuron chosen, the stimulus, and what is done to the network."""

    item: "Checkpoint"
    which: cache.CheckpointKey
    kind: str
    neuron: int
    stimulus: Stimulus
    direction: float
    trials: int
    intervention: Intervention
    reset_every: int
    frame_ms: int
    seed: int
    palette: Palette

    @property
    def spikes(self) -> bool:
        return self.kind == "iP-VAE"

    @property
    def unit(self) -> str:
        return "spikes a frame" if self.spikes else "activity a frame"

    @property
    def field(self) -> np.ndarray:
        return ours.features(self.which)[self.neuron]

    def found(self) -> bars_cache.Trials:
        return bars_cache.trials(
            self.which,
            self.stimulus,
            self.direction,
            self.trials,
            self.intervention,
            self.reset_every,
            self.seed,
        )

    def sweeps(
        self, intervention: Intervention | None = None, reset_every: int | None = None
    ) -> bars_cache.Sweeps:
        return bars_cache.sweeps(
            self.which,
            self.stimulus,
            DIRECTIONS,
            SWEEP_TRIALS,
            self.intervention if intervention is None else intervention,
            self.reset_every if reset_every is None else reset_every,
            self.seed,
        )

    def tuning(self) -> "Tuning":
        return bars_cache.curves(self.sweeps(), self.stimulus.blanks)

    def selectivity(self) -> "Selectivity":
        return bars_cache.prefers(self.sweeps(), self.stimulus.blanks)


def standard(which: cache.CheckpointKey) -> Stimulus:
    """A bar that crosses the patch in 120 frames."""
    from corelib.models.ipvae.stimuli import quick_sweep

    sweep = quick_sweep(ours.features(which).shape[1])
    return Stimulus(
        "moving bar",
        sweep.blanks,
        sweep.frames,
        round(float(sweep.speed), 3),
        round(sweep.width, 2),
        sweep.contrast,
        sweep.polarity,
    )


def default_neuron(which: cache.CheckpointKey) -> int:
    """A neuron to begin with: its feature alone would be selective, and strongly driven at 0°.

    Spikes have no say in it, so that a link names the same neuron everywhere.
    """
    return bars_cache.default_neuron(which, standard(which), DIRECTIONS)


def neuron_control(which: cache.CheckpointKey) -> int:
    """The neuron: its number, a better one at a click, its receptive field in small."""
    most = len(ours.features(which)) - 1
    clamp("bars_neuron", most)
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        neuron = st.number_input(
            "Neuron",
            0,
            most,
            default_neuron(which),
            key="bars_neuron",
            **BOUND,
            help=f"0 to {most}; or click one under Population",
        )
    with right:
        st.button(
            "Another",
            key="bars_another",
            on_click=_another,
            args=(which,),
            width="stretch",
            help="One of those that answer",
        )
    return int(neuron)


def _another(which: cache.CheckpointKey) -> None:
    found = bars_cache.sweeps(which, standard(which), DIRECTIONS, 1, Intervention(), 0, 0)
    able = np.flatnonzero(_responsive(bars_cache.curves(found, standard(which).blanks)))
    if len(able):
        st.session_state["bars_neuron"] = int(np.random.default_rng().choice(able))


def _responsive(curves: "Tuning") -> np.ndarray:
    """Neurons whose best direction raises them noticeably, (unit,) of bool."""
    raised = curves.raised.max(0)
    return raised > RESPONSIVE * np.nanmax(raised)


def stimulus_controls(
    which: cache.CheckpointKey, neuron: int, direction: float, frame_ms: int
) -> Stimulus:
    """The stimulus but for its direction."""
    side = ours.features(which).shape[1]
    usual = standard(which)
    kind = st.session_state["bars_kind"]
    pad = st.container()
    contrast = st.slider(
        "Contrast",
        0.0,
        4.0,
        1.0,
        0.1,
        key="bars_contrast",
        **BOUND,
        help="In units of the patches' standard deviation; 0 shows nothing",
    )
    width, speed, frequency, place, on, path = usual.width, usual.speed, 0.1, 0.0, 0, ()
    polarity = "bright"
    if kind == "drifting grating":
        frequency = st.slider(
            "Spatial frequency / cycles a pixel",
            0.02,
            0.4,
            0.12,
            0.01,
            key="bars_frequency",
            **BOUND,
        )
    else:
        width = st.slider(
            "Width / pixels",
            0.5,
            float(side),
            usual.width,
            0.1,
            key="bars_width",
            **BOUND,
            help="A pixel belongs to the bar if its centre is at most half of this from its axis",
        )
        polarity = st.segmented_control(
            "Bar",
            ("bright", "dark"),
            default="bright",
            required=True,
            key="bars_polarity",
            width="stretch",
            **BOUND,
        )
    if kind in ("moving bar", "drifting grating"):
        speed = st.number_input(
            "Speed / pixels a frame",
            0.01,
            4.0,
            usual.speed,
            0.02,
            format="%g",
            key="bars_speed",
            help="The paper's bar moves by 0.064",
            **BOUND,
        )
    if kind == "flashed bar":
        place = st.slider(
            "Place / pixels from the middle",
            -side / 2,
            side / 2,
            0.0,
            0.5,
            key="bars_place",
            help="Along the direction",
            **BOUND,
        )
    with st.expander("More"):
        blanks = st.slider(
            "Blank frames before",
            0,
            300,
            usual.blanks,
            10,
            key="bars_blanks",
            **BOUND,
            help="The bare ground, from which the baseline is taken",
        )
        frames = st.slider(
            "Frames",
            20,
            400,
            usual.frames,
            10,
            key="bars_frames",
            **BOUND,
            disabled=kind == "dragged bar",
        )
        if kind == "flashed bar":
            clamp("bars_on", frames)
            on = st.slider("Frames with the bar", 1, frames, frames // 2, key="bars_on", **BOUND)
    if kind == "dragged bar":
        with pad:
            st.caption("Drag the bar over the receptive field.")
            path = bar_pad("bars_pad", ours.features(which)[neuron], direction, width, frame_ms)
        kept = "_bars_path"
        # The pad forgets its path when it is not shown; this copy does not.
        path = path or st.session_state.get(kept, ()) or tuple(np.linspace(-side, side, 80))
        st.session_state[kept] = path
        frames = len(path)
    return Stimulus(
        kind, blanks, frames, speed, width, contrast, polarity, frequency, place, int(on), path
    )


def sentence(v: View) -> str:
    """What this neuron does, in words."""
    chosen, curves = v.selectivity(), v.tuning()
    k = v.neuron
    if not np.isfinite(chosen.orientation[k]) or not _responsive(curves)[k]:
        return (
            f"**Neuron {k}** of {v.item.name} ({v.kind}) hardly answers this stimulus; choose "
            "another, or raise the contrast."
        )
    fit, _ = ours.gabor_of(v.which, k)
    counts = v.found().activity[:, v.stimulus.blanks :, k].sum(1)
    what = "bar" if "bar" in v.stimulus.kind else "stripe"
    text = (
        f"**Neuron {k}** of {v.item.name} ({v.kind}) likes a {what} whose axis is at "
        f"**{chosen.best_axis[k]:.0f}°**"
    )
    if np.isfinite(fit.orientation[0]):
        text += f" (the Gabor function of its receptive field: {fit.orientation[0]:.0f}°)"
    text += (
        f"; 1 − circular variance is **{chosen.orientation[k]:.2f}** for orientation and "
        f"**{chosen.direction[k]:.2f}** for direction. "
    )
    if v.spikes:
        fano = _fano(counts[:, None])[0]
        text += (
            f"At {v.direction:g}° it fires {counts.mean():.1f} ± {counts.std(ddof=1):.1f} spikes "
            f"in {v.stimulus.frames} frames"
            + (f", Fano factor {fano:.2f}." if np.isfinite(fano) else ".")
        )
    return text


def _fano(counts: np.ndarray) -> np.ndarray:
    from corelib.models.ipvae.tuning import fano_factor

    return fano_factor(counts)


def player(v: View) -> None:
    """The stimulus over the receptive field and the neuron's course, to be played and heard."""
    found = v.found().first
    run = figures.Run(
        *(part[0, :, v.neuron] for part in (found.potential, found.rate, found.activity))
    )
    chart(
        figures.player(
            v.field,
            outlines(v),
            run,
            activity_words(v.kind),
            v.stimulus.blanks,
            v.frame_ms,
            v.palette,
        ),
        "bars_player",
        alt="The stimulus over the receptive field, with potential, rate and spikes over time",
        caption=f"Neuron {v.neuron}, {v.stimulus.kind} at {v.direction:g}°, trial 1 (noise "
        f"{v.seed}). Press Play, or move the slider. Frame 0: the stimulus begins, after "
        f"{v.stimulus.blanks} blank frames. One frame lasts {v.frame_ms} ms.",
    )
    _sound(v, run)


def outlines(v: View) -> list[np.ndarray]:
    """What is bright in each frame."""
    half = v.field.shape[0] / 2
    width, period = _stripe(v)
    return [
        figures.outline(v.direction, place, width, half, period)
        for place in bars_cache.places(v.stimulus)
    ]


def _stripe(v: View) -> tuple[float, float]:
    """The width of what is bright, and how far apart stripes are; 0 for a bar."""
    if v.stimulus.kind == "drifting grating":
        return 0.5 / v.stimulus.frequency, 1 / v.stimulus.frequency
    return v.stimulus.width, 0.0


def _sound(v: View, run: figures.Run) -> None:
    """Spikes to be heard, and the film to be taken home."""
    if not v.spikes:
        st.caption("This network has no spikes, so there is nothing to hear: choose an iP-VAE.")
    else:
        from corelib.models.ipvae import sound

        wave = sound.waveform(run.activity, v.frame_ms / 1000, v.seed)
        left, right = st.columns([1, 5], vertical_alignment="center", gap="medium")
        with left:
            width, period = _stripe(v)
            bar_film(
                "bars_film",
                v.field,
                bars_cache.places(v.stimulus),
                run.activity,
                v.direction,
                width,
                period,
                v.frame_ms,
                v.palette.text,
                "bars_sound",
            )
        with right:
            with st.container(key="bars_sound"):
                # As a file: a row of numbers would be made as loud as can be, and silence to
                # nothing.
                st.audio(sound.wav(wave), format="audio/wav")
            with st.container(horizontal=True):
                st.download_button(
                    "Sound (WAV)",
                    data=lambda: sound.wav(wave),
                    mime="audio/wav",
                    on_click="ignore",
                    file_name=f"neuron-{v.neuron}-{v.direction:g}.wav",
                    key="bars_wav",
                    icon=":material/graphic_eq:",
                    help="48 kHz, one pop of 500 Hz a spike",
                )
                _film_button(v, run)
            st.caption(
                "The spikes of this trial as a loudspeaker gives them; the picture goes with the "
                f"sound. Pops: {int(run.activity.sum())}, in "
                f"{len(run.activity) * v.frame_ms / 1000:.1f} s."
            )
        return
    _film_button(v, run)


def _film_button(v: View, run: figures.Run) -> None:
    st.download_button(
        "Film (GIF)",
        data=lambda: gif(v, run),
        mime="image/gif",
        on_click="ignore",
        file_name=f"neuron-{v.neuron}-{v.direction:g}.gif",
        key="bars_gif",
        icon=":material/movie:",
        help="The stimulus over the receptive field, with spikes below",
    )


def gif(v: View, run: figures.Run) -> bytes:
    """The film as a GIF: the receptive field with the stimulus, and the activity so far."""
    from corelib.models.ipvae import movie

    shown = bars_cache.film(v.stimulus, v.field.shape[0], [v.direction])[0]
    file = io.BytesIO()
    movie.write_gif(file, movie.frames(v.field, shown, run.activity), v.frame_ms / 1000)
    return file.getvalue()


def over_trials(v: View) -> None:
    """Raster and PSTH, beside the tuning curve around the circle."""
    from corelib.models.ipvae.tuning import psth

    found, k = v.found(), v.neuron
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart(
            figures.raster(
                found.activity[:, :, k],
                found.rate[:, k],
                psth(found.activity[:, :, k], BIN),
                BIN,
                v.stimulus.blanks,
                v.spikes,
                v.unit,
                v.palette,
            ),
            "bars_raster",
            alt="Spikes of the neuron in each trial, and their mean over time",
            caption=f"Neuron {k} at {v.direction:g}°: n = {v.trials} trials; histogram in bins of "
            f"{BIN} frames, line: mean rate.",
        )
    with right:
        _polar(v)


def curve_of(curves: "Tuning", k: int) -> Curve:
    return Curve(
        curves.directions, curves.mean[:, k], curves.error[:, k], float(curves.baseline[k])
    )


def _gabor_axis(v: View) -> float | None:
    fit, _ = ours.gabor_of(v.which, v.neuron)
    axis = float(fit.orientation[0])
    return axis if np.isfinite(axis) else None


def _polar(v: View) -> None:
    name = v.item.name
    chart(
        figures.polar(
            {name: curve_of(v.tuning(), v.neuron)},
            {name: OWN},
            _gabor_axis(v),
            v.direction,
            v.palette,
        ),
        "bars_polar",
        alt="Tuning curve of the neuron around the circle",
        caption=f"Mean rate / {v.unit} while the stimulus is there, by direction; band ± 1 "
        f"standard error, n = {SWEEP_TRIALS} trials; dashed: baseline.",
    )


def drives(v: View) -> None:
    """The four drives of the potential."""
    found, k = v.found().first, v.neuron
    parts = {
        "stimulus": found.stimulus[0, :, k],
        "explaining-away": found.explaining_away[0, :, k],
        "threshold": np.full(found.stimulus.shape[1], found.threshold[k]),
        "leak": found.leak[0, :, k],
    }
    parts["sum"] = sum(parts.values())
    chart(
        figures.drives(
            parts, found.potential[0, :, k], activity_words(v.kind)[0], v.stimulus.blanks, v.palette
        ),
        "bars_drives",
        alt="The four drives and the potential over time",
        caption=f"Neuron {k}, {v.direction:g}°, one trial. The step size times the sum, softly "
        "limited, is the potential's change. Explaining-away is what all neurons' spikes have "
        "already said about this one's feature.",
    )


def tuning(v: View) -> None:
    """The tuning curve flat, angle by time, and the selectivities."""
    chosen, k = v.selectivity(), v.neuron
    found = v.sweeps()
    left, right = st.columns(2)
    with left:
        chart(
            figures.flat(
                {v.item.name: curve_of(v.tuning(), k)},
                {v.item.name: OWN},
                _gabor_axis(v),
                v.direction,
                f"rate / {v.unit}",
                v.palette,
            ),
            "bars_flat",
            alt="Tuning curve of the neuron against direction",
            caption=f"n = {SWEEP_TRIALS} trials, band ± 1 standard error; dashed: baseline; grey: "
            "across the Gabor's stripes; orange: the direction shown.",
        )
    with right:
        chart(
            figures.angle_time(
                found.over_time[:, :, k],
                found.directions,
                found.every,
                v.stimulus.blanks,
                v.direction,
                v.unit,
                v.palette,
            ),
            "bars_angle_time",
            alt="Rate by direction and time",
            caption=f"Mean rate over {SWEEP_TRIALS} trials.",
        )
    fit, _ = ours.gabor_of(v.which, k)
    counts = found.counts[:, :, k]
    fano = _fano(counts)
    from corelib.models.ipvae.tuning import axis_difference

    difference = float(axis_difference(chosen.best_axis[k], fit.orientation[0]))
    st.dataframe(
        [
            {
                "neuron": k,
                "best axis": f"{chosen.best_axis[k]:.0f}°",
                "Gabor axis": f"{fit.orientation[0]:.0f}°",
                "difference": f"{difference:.0f}°",
                "best direction": f"{chosen.best_direction[k]:.0f}°",
                "1 − CV, orientation": f"{chosen.orientation[k]:.2f}",
                "1 − CV, direction": f"{chosen.direction[k]:.2f}",
                "Fano factor, median over directions": f"{np.nanmedian(fano):.2f}"
                if v.spikes and np.isfinite(fano).any()
                else "–",
            }
        ],
        hide_index=True,
        width="stretch",
        key="bars_tuning_table",
    )
    st.caption(
        "1 − circular variance of the rate above baseline. Fano factor: variance over mean of the "
        f"spike counts of {SWEEP_TRIALS} trials; a Poisson process of fixed rate has 1, and rates "
        "that differ between trials add to it."
    )
    _history(v)


def _history(v: View) -> None:
    """Direction preference comes from what the potentials remember."""
    st.markdown(
        "##### Is it direction, or history?\nPotentials have no leak here: they keep what the bar "
        "did before. A neuron that meets its bright part first is driven up, then down again; the "
        "other way round it starts from below. Much of the preference for a direction is that "
        "memory. Forget it, by a leak or by beginning anew every few frames, and see what is left."
    )
    if not sticky_button(
        "bars", "history", "Compare with forgetful networks", icon=":material/history:"
    ):
        return
    rows = []
    able = _responsive(v.tuning())
    for name, leak, every in (
        ("as it is", 0.0, 0),
        ("leak 0.1", 0.1, 0),
        ("leak 0.5", 0.5, 0),
        ("reset every 20 frames", 0.0, 20),
        ("reset every 5 frames", 0.0, 5),
    ):
        found = v.sweeps(v.intervention._replace(leak=leak), every)
        chosen = bars_cache.prefers(found, v.stimulus.blanks)
        rows.append(
            {
                "network": name,
                f"neuron {v.neuron}, direction": round(float(chosen.direction[v.neuron]), 2),
                f"neuron {v.neuron}, orientation": round(float(chosen.orientation[v.neuron]), 2),
                "all, direction (median)": round(float(np.nanmedian(chosen.direction[able])), 2),
                "all, orientation (median)": round(
                    float(np.nanmedian(chosen.orientation[able])), 2
                ),
            }
        )
    table(rows, "bars_history_table")
    st.caption(
        f"1 − circular variance; all: {able.sum()} responsive neurons, {SWEEP_TRIALS} trials. Leak "
        "and reset are in the sidebar, too."
    )


def curves(v: View) -> None:
    """Contrast, width and speed, at the neuron's best direction; and a flashed bar."""
    side, k = v.field.shape[0], v.neuron
    chosen = v.selectivity()
    if not np.isfinite(chosen.best_direction[k]):
        st.info("This neuron does not answer; choose another.")
        return
    best = _best(v)
    base = standard(v.which)._replace(
        width=v.stimulus.width, contrast=v.stimulus.contrast, polarity=v.stimulus.polarity
    )
    reach = base.speed * base.frames
    several = {
        "contrast": (CONTRASTS, [base._replace(contrast=c) for c in CONTRASTS]),
        "width / pixels": (
            tuple(w * side for w in WIDTHS),
            [base._replace(width=w * side) for w in WIDTHS],
        ),
        "speed / pixels a frame": (
            SPEEDS,
            [base._replace(speed=s, frames=round(reach / s)) for s in SPEEDS],
        ),
    }
    found = {
        name: (
            np.array(x),
            bars_cache.series(v.which, tuple(stimuli), best, SWEEP_TRIALS, v.intervention, v.seed)[
                :, :, k
            ],
        )
        for name, (x, stimuli) in several.items()
    }
    chart(
        figures.response_curves(found, f"above baseline / {v.unit}", v.palette),
        "bars_curves",
        alt="Response against contrast, width and speed",
        caption=f"Neuron {k}, a moving bar at {best:g}°, the best of {DIRECTIONS} directions; mean "
        f"rate ± 1 standard error, n = {SWEEP_TRIALS} trials. What is not varied is as in the "
        "sidebar; every speed crosses the patch.",
    )


def _best(v: View) -> float:
    """The direction with the largest rate."""
    curves = v.tuning()
    return float(curves.directions[int(curves.mean[:, v.neuron].argmax())])


def adaptation(v: View) -> None:
    """A bar flashed where it excites most, held, and taken away."""
    from corelib.models.ipvae.tuning import adaptation

    left, right = st.columns(2)
    with left:
        on = st.slider("Frames with the bar", 10, 200, 80, 10, key="bars_flash_on", **BOUND)
    with right:
        off = st.slider("Frames after", 0, 200, 80, 10, key="bars_flash_off", **BOUND)
    k, side = v.neuron, v.field.shape[0]
    direction = _best(v)
    place = _best_place(v, direction)
    blanks = 40
    stimulus = Stimulus(
        "flashed bar",
        blanks,
        on + off,
        0.0,
        v.stimulus.width,
        v.stimulus.contrast,
        v.stimulus.polarity,
        place=place,
        on=on,
    )
    found = bars_cache.trials(v.which, stimulus, direction, 20, v.intervention, 0, v.seed)
    rate, error = found.rate[:, k], found.error[:, k]
    said = adaptation(rate[:, None], blanks, on)
    if np.isfinite(said.index[0]) and said.peak[0] > 0:
        st.markdown(
            f"The rate rises by **{said.peak[0]:.2f}** at its peak and has fallen to "
            f"**{said.late[0]:.2f}** in the last quarter of the time: "
            f"**{said.index[0]:.0%}** less. Once the bar is gone it stands "
            f"{abs(said.after[0]):.2f} "
            f"{'above' if said.after[0] > 0 else 'below'} its baseline. Nothing tires in this "
            "network: what fades is what other neurons have explained away."
        )
    chart(
        figures.flashed(rate, error, blanks, on, f"rate / {v.unit}", v.palette),
        "bars_flashed",
        alt="Rate of the neuron while a bar is flashed, held and taken away",
        caption=f"Neuron {k}: a {v.stimulus.polarity} bar of {v.stimulus.width:g} pixels at "
        f"{direction:g}°, {place:.1f} pixels from the middle, where its feature has most of the "
        f"bar's sign; orange: it stands. Mean ± 1 standard error, n = 20 trials; patch of {side} "
        "pixels.",
    )


def best_slider(v: View) -> int:
    """The best direction as the slider takes it."""
    return round(_best(v)) % 360


def _best_place(v: View, direction: float) -> float:
    """Where along a direction a bar fits the receptive field best, in pixels."""
    side = v.field.shape[0]
    places = np.arange(-side / 2, side / 2 + 0.25, 0.5)
    still = Stimulus(
        "dragged bar",
        0,
        len(places),
        0.0,
        v.stimulus.width,
        1.0,
        v.stimulus.polarity,
        path=tuple(places),
    )
    drive = bars_cache.film(still, side, [direction])[0] @ v.field.ravel()
    return float(places[int(drive.argmax())])


def population(v: View) -> None:
    """Everyone: the map, the raster, the readout."""
    chosen, curves = v.selectivity(), v.tuning()
    able = _responsive(curves)
    fits = ours.gabors(v.which)
    from corelib.models.ipvae.tuning import axis_difference

    off = axis_difference(chosen.best_axis, fits.orientation)[able]
    st.markdown(
        f"**{able.sum()}** of {len(able)} neurons answer; "
        f"**{np.mean(chosen.orientation[able] > 0.4):.0%}** of them have 1 − circular variance "
        f"over 0.4 for orientation (median {np.nanmedian(chosen.orientation[able]):.2f}; for "
        f"direction {np.nanmedian(chosen.direction[able]):.2f}). The axis of the best bar is "
        f"**{np.nanmedian(off):.0f}°** from that of the Gabor function at the median."
    )

    def pick(key: str):
        def picked() -> None:
            point = clicked(key)
            if point and "customdata" in point:
                st.session_state["bars_neuron"] = int(np.ravel(point["customdata"])[0])

        return picked

    left, right = st.columns(2, gap="large")
    with left:
        axis = np.where(able, chosen.best_axis, np.nan)
        chart(
            figures.orientation_map(
                fits,
                axis,
                np.nan_to_num(chosen.orientation),
                v.field.shape[0] / 2,
                v.neuron,
                v.palette,
            ),
            "bars_map",
            alt="Preferred axes of all neurons at the places of their receptive fields",
            caption="Each line: a neuron, at the place of its Gabor function, along the bar it "
            "prefers; longer: more selective. Click one to choose it.",
            on_select=pick("bars_map"),
        )
    with right:
        found = v.found().first.activity[0].T
        every = max(1, found.shape[1] // 200)
        binned = found[:, : found.shape[1] // every * every]
        binned = binned.reshape(len(found), -1, every).mean(2)
        order = np.argsort(np.where(able, chosen.best_direction, np.inf), kind="stable")
        order = order[: able.sum()]
        chart(
            figures.everyone(
                binned, order, chosen.best_direction, v.stimulus.blanks, every, v.palette
            ),
            "bars_everyone",
            alt="Activity of all neurons over time, ordered by preferred direction",
            caption=f"All that answer, {v.stimulus.kind} at {v.direction:g}°, one trial; brighter: "
            "more spikes.",
        )
    left, right = st.columns(2, gap="large")
    with left:
        chart(
            figures.agreement(
                fits.orientation,
                np.where(able, chosen.best_axis, np.nan),
                fits.r2,
                v.neuron,
                v.palette,
            ),
            "bars_agreement",
            alt="Axis of the best bar against the axis of the Gabor function",
            caption=f"n = {able.sum()} neurons that answer, {SWEEP_TRIALS} trials. Click one to "
            "choose it.",
            on_select=pick("bars_agreement"),
        )
    with right:
        decoded = bars_cache.decoded(
            v.which, v.stimulus, DIRECTIONS, SWEEP_TRIALS, v.intervention, v.reset_every, v.seed
        )
        chart(
            figures.decoding(decoded.shown, decoded.decoded, v.palette),
            "bars_decoding",
            alt="Direction decoded from all neurons against the direction shown",
            caption="A linear readout of all neurons' "
            f"{'spike counts' if v.spikes else 'summed activity'}, learned from half of the "
            f"trials and tried on the other half: median error {np.median(decoded.error):.0f}° "
            f"(chance: 90°), n = {len(decoded.shown)}.",
        )
    features = ours.features(v.which)
    columns, cell = grid(len(features))
    order = np.argsort(np.where(able, chosen.best_axis, 999), kind="stable")
    said = [
        f"neuron {k}: " + (f"{chosen.best_axis[k]:.0f}°" if able[k] else "hardly answers")
        for k in range(len(features))
    ]
    chart(
        mosaics.mosaic(features, said, order, v.neuron, columns, v.palette, cell=cell),
        "bars_mosaic",
        alt="All receptive fields, by the axis they prefer",
        caption="All features by the axis of the bar they prefer; at the end those that hardly "
        "answer. Click one to choose it.",
        on_select=pick("bars_mosaic"),
    )


def other_networks(v: View) -> None:
    """The same stimulus on the other kinds of networks."""
    side = v.field.shape[0]
    baselines = {v.kind: (v.item, v.neuron)}
    for item in of_systems(ours.SYSTEMS).values():
        kind = ours.NAMES[item.card.system]
        if kind not in baselines and item.card.dataset == v.which.dataset:
            fields = ours.features(cache.checkpoint_key(item))
            if fields.shape[1] == side:
                baselines[kind] = (item, _alike(v.field, fields))
    if len(baselines) < 3:
        lacking = [kind for kind in ours.NAMES.values() if kind not in baselines]
        st.info(
            f"No {' and no '.join(lacking)} for these images is on the shelf; train one under "
            "Train to see it here."
        )
    styles = trace_styles(list(baselines))
    curves, rates, values, rows = {}, {}, {}, []
    for kind, (item, neuron) in baselines.items():
        which = cache.checkpoint_key(item)
        other = v._replace(item=item, which=which, kind=kind, neuron=neuron)
        chosen, tuned = other.selectivity(), other.tuning()
        able = _responsive(tuned)
        curves[kind] = Curve(
            tuned.directions, tuned.raised[:, neuron], np.full(len(tuned.directions), np.nan), 0.0
        )
        rates[kind] = other.found().rate[:, neuron]
        values[kind] = chosen.orientation[able]
        rows.append(
            {
                "network": kind,
                "name": item.name,
                "neuron": neuron,
                "1 − CV of this neuron": round(float(chosen.orientation[neuron]), 2),
                "median": round(float(np.nanmedian(values[kind])), 2),
                "median, of its size": round(_median(other.sweeps(), other.stimulus, True), 2),
                "paper": PUBLISHED[kind],
                "direction, median": round(float(np.nanmedian(chosen.direction[able])), 2),
                "neurons that answer": int(able.sum()),
            }
        )
    fields = [ours.features(cache.checkpoint_key(item))[k] for item, k in baselines.values()]
    chart(
        mosaics.row_of_images(
            fields,
            [f"{kind}, neuron {k}" for kind, (_, k) in baselines.items()],
            v.palette,
            height=200,
        ),
        "bars_baseline_fields",
        alt="Receptive fields of the neurons compared",
        caption="The neuron chosen, and in each other network the one whose feature is most like "
        "it (largest cosine, either sign).",
    )
    left, right = st.columns(2, gap="large")
    with left:
        chart(
            figures.polar(curves, styles, _gabor_axis(v), None, v.palette, relative=True),
            "bars_baseline_polar",
            alt="Tuning curves of the three neurons",
            caption="Activity above baseline, each scaled by its largest value; n = "
            f"{SWEEP_TRIALS} trials.",
        )
    with right:
        chart(
            figures.over_time(rates, styles, v.stimulus.blanks, v.palette),
            "bars_baseline_rates",
            alt="Mean activity over time of the three neurons",
            caption=f"{v.stimulus.kind.capitalize()} at {v.direction:g}°; mean activity over "
            f"{v.trials} trials, each network in its own unit.",
        )
    chart(
        figures.selectivities(
            values, PUBLISHED, styles, "1 − circular variance, orientation", v.palette
        ),
        "bars_baseline_selectivity",
        alt="Distribution of orientation selectivity in each network",
        caption="Over the neurons that answer; upright: medians, dotted: the paper's. n = 1 seed a "
        "network.",
    )
    table(rows, "bars_baseline_table")
    st.caption(
        "Medians over the neurons that answer, orientation but for one column. What counts is the "
        "mean activity above baseline; an iG-VAE's has either sign and averages out while a bar "
        "passes, so the size |μ| is measured, too: of networks that are never negative it is the "
        f"same. Which of the two the paper's {PUBLISHED['iG-VAE']:g} is we do not know. “Answers”: "
        f"the best direction raises it by more than {RESPONSIVE:.0%} of what the most responsive "
        "neuron has."
    )
    _contrasts(v, baselines, styles)


def _median(found: bars_cache.Sweeps, stimulus: Stimulus, size: bool = False) -> float:
    """1 - circular variance for orientation, the median over the neurons that answer."""
    from corelib.models.ipvae.tuning import selectivity

    curves = bars_cache.curves(found, stimulus.blanks, size=size)
    return float(np.nanmedian(selectivity(curves).orientation[_responsive(curves)]))


def _contrasts(
    v: View, baselines: "dict[str, tuple[Checkpoint, int]]", styles: dict[str, TraceStyle]
) -> None:
    """Whose selectivity survives a brighter bar?"""
    st.markdown(
        "##### Does selectivity depend on contrast?\nAn orientation-selective cell of the visual "
        "cortex keeps its selectivity when the bar becomes brighter; a linear filter above a fixed "
        "threshold does not, for a brighter bar lifts ever more directions over it."
    )
    if not sticky_button("bars", "contrasts", "Compare contrasts", icon=":material/contrast:"):
        return
    medians = {}
    for kind, (item, _) in baselines.items():
        several = [v.stimulus._replace(contrast=c) for c in OTHER_CONTRASTS]
        which = cache.checkpoint_key(item)
        medians[kind] = np.array(
            [
                _median(
                    bars_cache.sweeps(
                        which, s, DIRECTIONS, 1, v.intervention, v.reset_every, v.seed
                    ),
                    s,
                )
                for s in several
            ]
        )
    chart(
        figures.by_contrast(np.array(OTHER_CONTRASTS), medians, PUBLISHED, styles, v.palette),
        "bars_by_contrast",
        alt="Orientation selectivity against contrast for each network",
        caption="Medians over the neurons that answer, n = 1 trial a direction; dotted: the "
        "paper's, at a contrast that we do not know. "
        + "; ".join(
            f"{kind}: {found[0]:.2f} at {OTHER_CONTRASTS[0]:g}, {found[-1]:.2f} at "
            f"{OTHER_CONTRASTS[-1]:g}"
            for kind, found in medians.items()
        )
        + ".",
    )


def _alike(field: np.ndarray, fields: np.ndarray) -> int:
    """The feature most like another, by the size of the cosine between them."""
    flat = fields.reshape(len(fields), -1)
    length = np.linalg.norm(flat, axis=1)
    return int(np.abs(flat @ field.ravel() / np.where(length > 0, length, np.inf)).argmax())
