"""Figures that are played can be saved as films, which show what the page shows."""

import numpy as np
import pytest

from corelib.films.film import NO_MP4
from dashboard.shell import export
from dashboard.shell import film as shell_film
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
    spec = app.get("plotly_chart")[0].proto.spec
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


def test_without_pyav_the_button_says_what_to_install(runs_root, monkeypatch):
    monkeypatch.setattr(shell_film, "has_mp4", lambda: False)
    shown = buttons(open_page("bpc", bpc_tab="Inference", bpc_n_steps="2"))
    assert shown["MP4"].proto.disabled
    assert shown["MP4"].proto.help == NO_MP4
    assert not shown["GIF"].proto.disabled


def test_figures_that_stand_still_have_no_film(runs_root, films):
    open_page("halting")
    assert films == {}
