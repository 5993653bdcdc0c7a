"""Spikes as sound: one pop per spike, at its time, in a standard audio file."""

import io
import wave

import numpy as np
import pytest

from corelib.models.ipvae import sound

FRAME = 0.02


def test_a_pop_is_a_short_500_hertz_tone():
    pop = sound.pop()
    assert len(pop) < 0.01 * sound.RATE
    spectrum = np.abs(np.fft.rfft(pop, 48_000))
    # Of three periods under a window the highest line is within a Hertz or two of the tone.
    assert spectrum.argmax() == pytest.approx(500, abs=5)
    # The sine is highest a quarter of a period from the middle, where it is 0.
    t = np.arange(288) / 48_000
    middle = np.sin(2 * np.pi * 500 * t) * 0.5 * (1 - np.cos(2 * np.pi * np.arange(288) / 287))
    assert np.abs(pop).max() == pytest.approx(sound.LOUDNESS * np.abs(middle).max(), rel=1e-6)


def test_each_spike_pops_within_its_frame():
    spikes = np.zeros(30)
    spikes[[3, 11, 20]] = 1
    wave_ = sound.waveform(spikes, FRAME, seed=5)
    assert wave_.dtype == np.float32
    assert len(wave_) == round(30 * FRAME * sound.RATE) + len(sound.pop())
    sounding = np.flatnonzero(wave_)
    groups = np.split(sounding, np.flatnonzero(np.diff(sounding) > 100) + 1)
    assert len(groups) == 3
    for frame, group in zip((3, 11, 20), groups, strict=True):
        # The very first sample of a pop is 0.
        start = (group[0] - 1) / sound.RATE
        assert frame * FRAME <= start < (frame + 1) * FRAME
        np.testing.assert_array_equal(wave_[group[0] - 1 :][: len(sound.pop())], sound.pop())


def test_pops_add_up_and_never_exceed_the_range():
    counts = np.full(10, 3)
    rng = np.random.default_rng(2)
    starts = ((np.repeat(np.arange(10), 3) + rng.random(30)) * FRAME * sound.RATE).astype(int)
    slow = np.zeros(round(10 * FRAME * sound.RATE) + len(sound.pop()))
    for start in starts:
        slow[start : start + len(sound.pop())] += sound.pop()
    slow /= max(1, np.abs(slow).max())
    np.testing.assert_allclose(sound.waveform(counts, FRAME, seed=2), slow, atol=1e-6)
    assert np.abs(sound.waveform(np.full(20, 200), FRAME)).max() <= 1


def test_sound_is_determined_by_its_seed():
    counts = np.random.default_rng(0).poisson(0.5, 50)
    first, again, other = (sound.waveform(counts, FRAME, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not sound.waveform(np.zeros(5), FRAME).any()


def test_the_file_holds_the_sound():
    made = sound.waveform(np.random.default_rng(0).poisson(0.5, 50), FRAME)
    with wave.open(io.BytesIO(sound.wav(made))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 1, 2)
        read = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767
    np.testing.assert_allclose(read, made, atol=1 / 32767)
