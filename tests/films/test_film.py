"""A film's files hold its pictures at their times, and its sound at its times."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corelib.errors import SettingsError, SynaptariumError
from corelib.films import Film, film
from corelib.films.film import Drawn, held, kind_of
from corelib.models.ipvae import sound
from tests.films.decoded import of_gif, of_mp4


def counted(n: int, height: int = 48, width: int = 64) -> np.ndarray:
    """Picture k is grey, with a white square at its left for each 1 of k in binary."""
    pictures = np.full((n, height, width, 3), 90, np.uint8)
    for k in range(n):
        for bit in range(6):
            if k >> bit & 1:
                pictures[k, 8 * bit : 8 * bit + 8, :16] = 255
    return pictures


def test_an_mp4_holds_every_picture_at_its_time():
    pictures = counted(40)
    read = of_mp4(Film(pictures, fps=1000 / 35).encode("mp4"))
    assert read.pictures.shape == pictures.shape
    np.testing.assert_allclose(read.times, 0.035 * np.arange(41), atol=1e-3)
    assert np.abs(read.pictures.astype(int) - pictures).max() < 12
    assert read.sound is None


def test_colours_come_back_from_an_mp4():
    colours = np.array([[230, 159, 0], [0, 114, 178], [213, 94, 0], [0, 158, 115], [103, 0, 31]])
    picture = colours.astype(np.uint8).repeat(16, 0)[:, None].repeat(32, 1)
    read = of_mp4(Film(picture[None].repeat(3, 0), fps=10).encode("mp4"))
    for k, colour in enumerate(colours):
        # A film has 219 levels of brightness and 224 of colour differences in place of 255: their
        # rounding moves blue by up to 0.6 + 1.0, the others by less, and is then rounded again.
        np.testing.assert_allclose(read.pictures[1, 16 * k + 8, 16], colour, atol=2)


def test_odd_sides_are_made_even_by_repeating_the_last():
    pictures = np.random.default_rng(0).integers(0, 2, (4, 5, 7, 1)).astype(np.uint8)
    large = (200 * pictures).repeat(9, 1).repeat(9, 2).repeat(3, 3)
    read = of_mp4(Film(large, fps=25).encode("mp4"))
    assert large.shape[1:3] == (45, 63)
    assert read.pictures.shape[1:3] == (46, 64)
    assert (
        np.abs(read.pictures[:, 4:40:9, 4:60:9].astype(int) - large[:, 4:40:9, 4:60:9]).max() < 12
    )


def test_pops_are_heard_when_the_spikes_are():
    spikes = np.zeros(80, int)
    spikes[[3, 4, 20, 55, 77]] = [1, 2, 1, 4, 1]
    wave = sound.waveform(spikes, 0.025, seed=1)
    read = of_mp4(Film(counted(80), fps=40, sound=wave).encode("mp4"))
    assert read.rate == sound.RATE
    heard = read.sound[: len(wave)]
    assert len(read.sound) - len(wave) < 1024
    assert np.corrcoef(heard, wave)[0, 1] > 0.99
    # A shift by half a pop would not fit.
    assert np.corrcoef(np.roll(heard, 150), wave)[0, 1] < 0.5
    silent = wave == 0
    assert (heard[silent] ** 2).sum() < 0.02 * (heard**2).sum()


def test_silence_stays_silent():
    wave = sound.waveform(np.zeros(20), 0.05)
    read = of_mp4(Film(counted(20), fps=20, sound=wave).encode("mp4"))
    assert np.abs(read.sound).max() < 1e-4


def test_a_sound_longer_than_the_pictures_is_kept():
    wave = np.zeros(48_000, np.float32)
    wave[40_000:40_288] = sound.pop()
    read = of_mp4(Film(counted(5), fps=10, sound=wave).encode("mp4"))
    assert abs(np.abs(read.sound).argmax() - np.abs(wave).argmax()) < 60


def test_a_gif_holds_every_picture_and_repeats():
    pictures = counted(12)
    read = of_gif(Film(pictures, fps=10).encode("gif"))
    np.testing.assert_array_equal(read.pictures, pictures)
    np.testing.assert_allclose(read.times, 0.1 * np.arange(13), atol=1e-9)
    assert read.loop == 0, "for ever"


@given(st.integers(1, 30), st.floats(0.7, 120), st.randoms(use_true_random=False))
def test_a_gif_lasts_as_long_as_its_film_and_shows_each_picture_in_time(n, fps, chance):
    # Two pictures alike after one another become one that lasts as long as both.
    shades = np.array([chance.choice((0, 120, 255)) for _ in range(n)], np.uint8)
    pictures = np.broadcast_to(shades[:, None, None, None], (n, 4, 4, 3))
    made = Film(pictures, fps)
    read = of_gif(made.encode("gif"))
    assert read.times[-1] == pytest.approx(made.seconds, abs=0.0051)
    if len(read.pictures) > 1:
        assert np.diff(read.times).min() > 0.029
    for begins, picture in zip(read.times[:-1], read.pictures, strict=True):
        # Times of a GIF are hundredths of a second.
        near = {shades[min(n - 1, int((begins + e) * fps + 1e-6))] for e in (-0.0051, 0, 0.0051)}
        assert picture[0, 0, 0] in near


def test_the_paper_of_a_gif_stays_white():
    pictures = np.random.default_rng(1).integers(0, 256, (3, 60, 60, 3), np.uint8)
    pictures[:, :, :30] = 255
    read = of_gif(Film(pictures, fps=5).encode("gif"))
    assert (read.pictures[:, :, :30] == 255).all()
    assert np.abs(read.pictures.astype(int) - pictures)[:, :, 30:].mean() < 25


def test_pictures_are_drawn_only_when_they_are_needed():
    drawn = []
    pictures = counted(20)

    def draw(k: int) -> np.ndarray:
        drawn.append(k)
        return pictures[k]

    made = Film(Drawn(draw, 20), fps=50)
    assert drawn == []
    read = of_gif(made.encode("gif"))
    np.testing.assert_array_equal(read.pictures, pictures[::2])
    assert set(drawn) == set(range(0, 20, 2))


def test_held_pictures_stand_still():
    pictures = counted(3)
    made = held(pictures, 0.4, 1.0)
    assert made.seconds == pytest.approx(1.8)
    shown = [next(k for k in range(3) if (made.frames[i] == pictures[k]).all()) for i in range(18)]
    assert shown == [0] * 4 + [1] * 4 + [2] * 10
    read = of_gif(made.encode("gif"))
    np.testing.assert_allclose(read.times, [0, 0.4, 0.8, 1.8])


def test_the_ending_says_what_is_written(tmp_path):
    made = Film(counted(3), fps=10)
    for name, begins in (("a.gif", b"GIF89a"), ("b.MP4", b"ftyp")):
        made.save(tmp_path / name)
        assert begins in (tmp_path / name).read_bytes()[:12]
    assert kind_of("x.y.GIF") == "gif"
    for name in ("a.avi", "mp4", "a."):
        with pytest.raises(SettingsError, match=r"change its ending"):
            made.save(tmp_path / name)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.gif", "b.MP4"]


@pytest.mark.parametrize(
    ("differs", "says"),
    [
        ({"frames": np.zeros((0, 4, 4, 3), np.uint8)}, "at least one picture"),
        ({"frames": np.zeros((2, 4, 4, 3))}, r"is float64 \(4, 4, 3\), but should be uint8"),
        ({"frames": np.zeros((2, 4, 4), np.uint8)}, r"\(height, width, 3\)"),
        ({"fps": 0.0}, "fps is 0.0, but should be above 0"),
        ({"fps": np.nan}, "fps is nan"),
        ({"sound": np.full(9, 1.5)}, "from -1 to 1"),
        ({"sound": np.full(9, np.nan)}, "from -1 to 1"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(differs, says, tmp_path):
    made = Film(**{"frames": counted(2), "fps": 10.0, **differs})
    with pytest.raises(SettingsError, match=says):
        made.save(tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_a_missing_pyav_is_a_sentence_and_gif_needs_none(monkeypatch):
    monkeypatch.setattr(film, "has_mp4", lambda: False)
    made = Film(counted(2), fps=10)
    with pytest.raises(SynaptariumError, match="pip install av"):
        made.encode("mp4")
    assert made.encode("gif")[:3] == b"GIF"
    with pytest.raises(SettingsError, match="should be one of: mp4, gif"):
        made.encode("avi")
