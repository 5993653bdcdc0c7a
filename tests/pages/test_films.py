"""Figures that are played can be saved as films, which show what the page shows."""

import json

import numpy as np
import pytest

from corelib.films.film import NO_MP4
from dashboard.shell import export
from dashboard.shell import film as shell_film
from tests.charts import charts
from tests.pages import butd
from tests.pages.app import open_page
from tests.pages.ipvae import store_network


@pytest.fixture
def films(monkeypatch):
    """What makes the film of each figure of the page, by the figure's key."""
    made = {}
    draw = export.film_buttons

    def overheard(make, name, key):
        made[key] = make
        draw(make, name, key)

    monkeypatch.setattr(export, "film_buttons", overheard)
    return made


def buttons(app) -> dict:
    """The buttons that save films, by label."""
    return {b.label: b for b in app.get("download_button") if b.label in ("GIF", "MP4")}


def test_moving_bars_are_saved_with_their_sound(runs_root, films):
    app = open_page("bars", bars_model=store_network(), bars_neuron="3", bars_frame="50")
    assert not app.exception
    assert set(buttons(app)) == {"GIF", "MP4"}
    film = films["bars_player"]()
    assert film.seconds == pytest.approx(160 * 0.05)
    assert film.sound is not None
    spec = charts(app)[0].spec
    assert '"bars_player"' not in spec, "the film is no part of the figure"


def test_evidence_is_saved_as_it_is_shown(runs_root, films):
    app = open_page("evidence", evidence_144_models=["bpan-sequence-ct-mnist"])
    assert set(buttons(app)) == {"GIF", "MP4"}
    film = films["evidence_player"]()
    assert film.seconds == pytest.approx(5 * 0.9 + 2.4)
    assert film.sound is None
    open_page("evidence", evidence_144_models=["bpan-sequence-ct-mnist"], evidence_draw="3")
    other = films["evidence_player"]()
    assert (film.frames[0] != other.frames[0]).any(), "another scene"


def test_inference_is_saved_as_it_is_shown(runs_root, films):
    app = open_page("bpc", bpc_tab="Inference", bpc_n_steps="5")
    assert set(buttons(app)) == {"GIF", "MP4"}
    film = films["bpc_player"]()
    assert film.seconds == pytest.approx(5 * 0.3 + 2.4)
    open_page("bpc", bpc_tab="Inference", bpc_n_steps="5", bpc_label="3")
    other = films["bpc_player"]()
    assert np.abs(film.frames[-1].astype(int) - other.frames[-1]).max() > 0


def test_a_sparse_code_is_saved_as_it_is_shown(runs_root, films):
    app = open_page("sparse", sparse_model=store_network())
    assert not app.exception
    assert set(buttons(app)) == {"GIF", "MP4"}
    assert films["sparse_player"]().seconds > 2.4


@pytest.mark.parametrize(
    ("system", "dataset"), [("counter-hebb", "mnist"), ("butd", "multi-mnist")]
)
def test_the_three_passes_are_saved_as_they_are_shown(runs_root, films, system, dataset):
    name = butd.store_network(system, dataset, butd.SMALL).id
    app = open_page("learning", learn_model=name)
    assert not app.exception
    assert set(buttons(app)) == {"GIF", "MP4"}
    film = films["learn_passes"]()
    figure = json.loads(charts(app)[0].spec)
    assert film.seconds == pytest.approx((len(figure["frames"]) - 1) * 0.7 + 2.4)
    view = films["learn_passes"].args[0]
    shown = {trace["name"]: trace for trace in figure["data"]}
    for title, values in (("the answer", view.probability), ("its error", view.output_error)):
        np.testing.assert_allclose(shown[title]["y"], values, rtol=1e-6)
    open_page("learning", learn_model=name, learn_image=1, learn_index=1, learn_loss="mse")
    other = films["learn_passes"]()
    assert (film.frames[-1] != other.frames[-1]).any(), "another image"


def test_the_film_of_the_three_passes_says_what_was_changed(runs_root, films):
    name = butd.store_network("butd", "multi-mnist", butd.SMALL).id
    open_page("learning", learn_model=name)
    assert films["learn_passes"].args[-1].endswith(", instruction left")
    changed = {"learn_weights": "separate", "learn_norm": "true", "learn_bias": "true"}
    open_page("learning", learn_model=name, learn_task="right", learn_loss="bce", **changed)
    said = films["learn_passes"].args[-1]
    assert ", instruction right, separate feedback weights, batch norm" in said
    assert said.endswith(", biases act on the error, loss bce")


def test_without_pyav_the_button_says_what_to_install(runs_root, monkeypatch):
    monkeypatch.setattr(shell_film, "has_mp4", lambda: False)
    shown = buttons(open_page("bpc", bpc_tab="Inference", bpc_n_steps="2"))
    assert shown["MP4"].proto.disabled
    assert shown["MP4"].proto.help == NO_MP4
    assert not shown["GIF"].proto.disabled


def test_figures_that_stand_still_have_no_film(runs_root, films):
    open_page("halting")
    assert films == {}
