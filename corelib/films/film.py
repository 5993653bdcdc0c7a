"""A film: its pictures, its sound, and the files that it becomes.

>>> import numpy as np
>>> frames = np.zeros((10, 48, 64, 3), np.uint8)
>>> frames[5:] = 255
>>> len(Film(frames, fps=25).encode("gif")) > 100
True

MP4 is H.264 with AAC sound, written by PyAV; GIF has no sound and is written by Pillow.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Protocol, cast, get_args

import numpy as np

from corelib.errors import SettingsError, SynaptariumError
from corelib.files import write_bytes

Kind = Literal["mp4", "gif"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHORTEST = 0.04
"""Seconds that a picture of a GIF lasts at least: viewers slow down shorter ones, in their own
ways, and half as many pictures are half as large a file."""
COLOURS = 256
NEARLY_WHITE = 248
SAMPLED = 9
"""The colours of a GIF are chosen from as many pixels as this many pictures have."""


class Frames(Protocol):
    """Pictures by number, each uint8 (height, width, 3): an array (time, height, width, 3), a list
    of pictures, or ``Drawn``."""

    def __len__(self) -> int: ...
    def __getitem__(self, number: int, /) -> np.ndarray: ...


class Drawn:
    """Pictures that are drawn one by one when they are needed: a long film would fill the memory.

    ``draw`` makes the picture of a number from 0 to ``n`` - 1.
    """

    def __init__(self, draw: Callable[[int], np.ndarray], n: int) -> None:
        self._draw = draw
        self._n = n

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, number: int, /) -> np.ndarray:
        return self._draw(number)


@dataclass(frozen=True)
class Film:
    """Pictures at ``fps`` frames a second, and what is heard with them.

    ``frames`` are uint8 (time, height, width, 3), or drawn when needed (``Frames``). ``sound`` is
    float (sample,) within [-1, 1], at ``rate`` samples a second, or None.
    """

    frames: Frames
    fps: float
    sound: np.ndarray | None = None
    rate: int = 48_000

    @property
    def seconds(self) -> float:
        """How long the pictures last."""
        return len(self.frames) / self.fps

    def encode(self, kind: Kind) -> bytes:
        """The bytes of a file of this kind.

        Raises ``SettingsError`` for an unknown kind and for a film that cannot be shown, and
        ``SynaptariumError`` where PyAV, which writes MP4, is not installed.
        """
        write = {"mp4": _mp4, "gif": _gif}.get(kind)
        if write is None:
            raise SettingsError(f"kind is {kind!r}, but should be one of: {', '.join(KINDS)}.")
        _check(self)
        return write(self)

    def save(self, path: str | Path) -> None:
        """Write or replace a file; its ending, .mp4 or .gif, says of which kind. Raises what
        ``encode`` raises."""
        file = Path(path)
        write_bytes(file, self.encode(kind_of(file)))


def kind_of(path: str | Path) -> Kind:
    """The kind of a film by the ending of its file. Raises ``SettingsError`` for another."""
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise SettingsError(
            f"A film is an .mp4, with sound, or a .gif, without; {Path(path).name!r} is neither: "
            "change its ending."
        )
    return cast(Kind, kind)


def held(pictures: Frames, seconds: float, last: float, fps: float = 10) -> Film:
    """A silent film of ``pictures`` that stand still for ``seconds`` each, the last one for
    ``last``. It has ``fps`` frames a second, as players stumble over films of one or two."""
    n, each = len(pictures), max(1, round(seconds * fps))
    order = np.minimum(np.arange((n - 1) * each + max(1, round(last * fps))) // each, n - 1)
    return Film(Drawn(lambda k: pictures[order[k]], len(order)), fps)


def has_mp4() -> bool:
    """Whether PyAV, which writes MP4, is installed."""
    from importlib.util import find_spec

    return find_spec("av") is not None


NO_MP4 = "MP4 needs PyAV, which is not installed; install it with: pip install av"


def _check(film: Film) -> None:
    if not len(film.frames):
        raise SettingsError("frames is empty, but a film needs at least one picture.")
    if not (np.isfinite(film.fps) and film.fps > 0):
        raise SettingsError(f"fps is {film.fps}, but should be above 0.")
    first = film.frames[0]
    if first.dtype != np.uint8 or first.ndim != 3 or first.shape[2] != 3:
        raise SettingsError(
            f"A frame is {first.dtype} {first.shape}, but should be uint8 (height, width, 3)."
        )
    sound = film.sound
    if sound is not None and (sound.ndim != 1 or not (np.abs(sound) <= 1).all()):
        raise SettingsError("sound should be one row of samples from -1 to 1.")


def _mp4(film: Film) -> bytes:
    if not has_mp4():
        raise SynaptariumError(NO_MP4)
    import av
    from av.video.reformatter import ColorRange, Colorspace

    height, width = film.frames[0].shape[:2]
    rate = Fraction(film.fps).limit_denominator(1000)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=rate, options={"crf": "16", "preset": "veryfast"})
        # H.264 with half the colours' resolution, which all players know, has even sides.
        video.width, video.height = width + width % 2, height + height % 2
        video.pix_fmt = "yuv420p"
        # 1 is BT.709 in each: unmarked, some players would take other colours.
        context: Any = video.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1
        context.color_range = ColorRange.MPEG
        audio = None
        if film.sound is not None:
            audio = out.add_stream("aac", rate=film.rate, layout="mono")
            audio.bit_rate = 128_000
        heard = _sound_by_frame(film)
        for k in range(len(film.frames)):
            picture = _even(film.frames[k])
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            frame.pts, frame.time_base = k, 1 / rate
            out.mux(video.encode(frame))
            if audio is not None:
                start, samples = next(heard)
                if len(samples):
                    part = av.AudioFrame.from_ndarray(samples[None], "fltp", "mono")
                    part.sample_rate, part.pts = film.rate, start
                    part.time_base = Fraction(1, film.rate)
                    out.mux(audio.encode(part))
        out.mux(video.encode())
        if audio is not None:
            out.mux(audio.encode())
    return file.getvalue()


def _sound_by_frame(film: Film) -> Iterator[tuple[int, np.ndarray]]:
    """The first sample and the samples heard with each picture, so that picture and sound stand
    side by side in the file; what is left is heard with the last."""
    sound = np.zeros(0) if film.sound is None else film.sound
    n = len(film.frames)
    ends = np.rint(np.arange(n + 1) * film.rate / film.fps).astype(int)
    ends[-1] = max(len(sound), ends[-1])
    for start, end in pairwise(ends):
        yield int(start), sound[start:end].astype(np.float32)


def _even(picture: np.ndarray) -> np.ndarray:
    """The picture with sides of even length: its last row and column are repeated."""
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), "edge")


def _gif(film: Film) -> bytes:
    from PIL import Image

    # GIFs count time in hundredths of a second.
    n, every = len(film.frames), max(1, int(np.ceil(SHORTEST * film.fps - 1e-9)))
    # Where they do not come out even, the last picture lasts longer, not a leftover too short.
    shown = np.append(np.arange(0, max(1, n - every + 1), every), n)
    durations = 10 * np.diff(np.rint(100 * shown / film.fps)).astype(int)
    # One palette for all: colours chosen anew for each picture would flicker.
    # Some pixels of every picture, since a colour may be in one alone.
    step = -(-(len(shown) - 1) // SAMPLED)
    pixels = [
        film.frames[int(k)].reshape(-1, 3)[j % step :: step] for j, k in enumerate(shown[:-1])
    ]
    seen = Image.fromarray(np.concatenate(pixels)[:, None])
    palette = seen.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    colours = np.array(palette.getpalette(), np.uint8).reshape(-1, 3)
    # Pillow finds the nearest colour only about, and white paper should stay white.
    colours[(colours > NEARLY_WHITE).all(1)] = 255
    palette.putpalette(colours.tobytes())

    def reduced(k: int) -> Image.Image:
        picture = Image.fromarray(film.frames[k])
        return picture.quantize(palette=palette, dither=Image.Dither.NONE)

    first, *rest = shown[:-1].tolist()
    file = io.BytesIO()
    reduced(first).save(
        file,
        "GIF",
        save_all=True,
        append_images=(reduced(k) for k in rest),
        loop=0,
        duration=durations.tolist(),
    )
    return file.getvalue()
