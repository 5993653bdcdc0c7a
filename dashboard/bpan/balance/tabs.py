"""The figures of the E/I balance page, above its tabs and in them."""

import streamlit as st

from corelib.analysis.anytime import decision
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.balance.view import View
from dashboard.shell import cache
from dashboard.shell.export import chart
from dashboard.shell.text import plain


def draw_main(v: View) -> None:
    """The currents into both populations; below them the decision and the balance."""
    if v.chosen is None:
        return
    from dashboard.bpan.balance.figures import over_time

    span = over_time.currents_range(v.currents)
    several = len(v.items) > 1
    columns = st.columns(len(v.items))
    for i, (column, item, view) in enumerate(zip(columns, v.items, v.currents, strict=True)):
        with column:
            if several:
                st.markdown(f"##### {plain(item.title)}")
            chart(
                cache.figure(over_time.currents, view, v.palette, stacked=several, y_range=span),
                f"balance_currents_{i}",
                alt="Excitatory, inhibitory and input current, bias, and net current over time",
                caption="Mean currents into each population; excitation, inhibition, input and "
                f"bias add up to net: {v.caption}. Bands of the first two: ± 1 sd over units.",
            )
    for i, (item, view) in enumerate(zip(v.items, v.currents, strict=True)):
        left, right = st.columns(2)
        of = f" {item.title}: " if several else " "
        with left:
            chart(
                cache.figure(
                    over_time.probabilities,
                    view,
                    v.data.class_names,
                    v.theta,
                    decision(view.probability, v.theta).step,
                    v.palette,
                ),
                f"balance_probability_{i}",
                alt="Class probabilities over time with the threshold and the step of the answer",
                caption=f"The decision:{of}{v.caption}.",
            )
        with right:
            chart(
                cache.figure(over_time.balance_over_time, view, v.with_drive, v.palette),
                f"balance_index_{i}",
                alt="Balance index of the excitatory and inhibitory population over time",
                caption=f"The balance,{of}input {'counted' if v.with_drive else 'left out'}; "
                "mean ± 1 sd over units. At step 1 no recurrent current has flowed.",
            )


def draw_units(v: View) -> None:
    """Every unit's currents and rate over time."""
    if v.chosen is None:
        st.caption("The units appear with the digit.")
        return
    from dashboard.bpan.balance.figures import units

    for i, (item, view) in enumerate(zip(v.items, v.currents, strict=True)):
        chart(
            cache.figure(units.unit_heatmaps, view, v.palette),
            f"balance_units_{i}",
            alt="Recurrent current, net current and rate of every unit over time",
            caption=f"{item.title}: {v.caption}. E units above the line, I units below.",
        )


def draw_test_set(v: View) -> None:
    """How the net current is distributed over the test set at each step."""
    from dashboard.bpan.balance.figures import units

    for i, (item, key) in enumerate(zip(v.items, v.keys, strict=True)):
        chart(
            cache.figure(
                units.net_distribution, bpan_cache.test_densities(key, v.controls), v.palette
            ),
            f"balance_density_{i}",
            alt="Distribution of the net current over the test set at each step",
            caption=f"{item.title}: net current of all intact units over "
            f"{len(v.data.test.labels):,} test images. "
            "White: mean ± 1 sd. The outermost 0.2 % of the values lie outside the figure.",
        )


def draw_weights(v: View) -> None:
    """The recurrent weights, and whether activity can run away through them."""
    from dashboard.bpan.balance.figures import units

    gain = v.controls.inhibition_gain
    columns = st.columns(2, gap="large", vertical_alignment="center")
    for i, (item, key, model) in enumerate(zip(v.items, v.keys, v.models, strict=True)):
        with columns[i]:
            chart(
                cache.figure(
                    units.weight_matrix,
                    model.weights(gain).recurrent.detach().numpy(),
                    model.n_excitatory,
                    v.palette,
                ),
                f"balance_weights_{i}",
                alt="Signed recurrent weight matrix",
                caption=f"{item.title} at g = {gain:.2f}: recurrent weights, E units first.",
            )
        with columns[-1] if len(v.items) == 1 else columns[i]:
            _loop_gain(key, gain)


def _loop_gain(key: cache.CheckpointKey, gain: float) -> None:
    loop = bpan_cache.loop_gain(key, gain)
    st.metric("Loop gain of the E units alone", f"{loop.excitatory:.2f}")
    st.metric("Loop gain of the whole network", f"{loop.whole:.2f}")
    if loop.excitatory < 1:
        st.write("E units return less than they lose: activity decays at any g.")
    elif loop.whole < 1:
        st.write(f"E units alone would run away; at g = {gain:.2f} inhibition holds them.")
    else:
        st.write(f"Activity can run away at g = {gain:.2f}.")
    st.caption("Spectral radius of W_EE; largest real part of the eigenvalues of W at this g.")
