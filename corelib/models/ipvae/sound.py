"""Spikes as sound, like the audio monitor of an electrode: one short pop for each spike."""

import io
import wave

import numpy as np

RATE = 48_000
PITCH = 500.0
LENGTH = 0.006
LOUDNESS = 0.5


def pop() -> np.ndarray:
    """The sound of one spike: 6 ms of 500 Hz that fade in and out, float32 (sample,) at 48 kHz."""
    t = np.arange(round(LENGTH * RATE)) / RATE
    return (LOUDNESS * np.sin(2 * np.pi * PITCH * t) * np.hanning(len(t))).astype(np.float32)


def waveform(spikes: np.ndarray, frame_seconds: float, seed: int = 0) -> np.ndarray:
    """The sound of spike counts (time,), float32 (sample,) at 48 kHz, within [-1, 1].

    The spikes of a frame, which lasts ``frame_seconds``, are at random times in it, drawn uniformly
    from ``seed``. Pops that overlap add up; if the sum exceeds 1, the whole sound is scaled down.
    It lasts as long as the frames and the last pop.
    """
    counts = np.asarray(spikes).astype(int)
    frames = np.repeat(np.arange(len(counts)), counts)
    within = np.random.default_rng(seed).random(len(frames))
    starts = ((frames + within) * frame_seconds * RATE).astype(int)
    one = pop()
    length = round(len(counts) * frame_seconds * RATE) + len(one)
    places = starts[:, None] + np.arange(len(one))
    sound = np.bincount(places.ravel(), np.tile(one, len(starts)), length).astype(np.float32)
    return sound / max(np.abs(sound).max(), 1.0)


def wav(sound: np.ndarray) -> bytes:
    """The bytes of a WAV file of a sound (sample,) within [-1, 1]: 16 bits, one channel, 48 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(sound, -1, 1) * 32767).round().astype("<i2").tobytes())
    return file.getvalue()
