"""Films read again: by PyAV and by Pillow, which did not see what was drawn."""

import io
from typing import NamedTuple

import av
import numpy as np
from PIL import Image


class Decoded(NamedTuple):
    """Pictures uint8 (time, height, width, 3) and when each begins and the last ends, in seconds;
    ``sound`` (sample,) at ``rate``, None without a track; the GIF's ``loop``."""

    pictures: np.ndarray
    times: np.ndarray
    sound: np.ndarray | None = None
    rate: int = 0
    loop: int | None = None


def of_mp4(content: bytes) -> Decoded:
    with av.open(io.BytesIO(content)) as file:
        video = file.streams.video[0]
        assert video.codec_context.name == "h264"
        assert video.codec_context.pix_fmt == "yuv420p"
        end = float(video.duration * video.time_base)
        frames = list(file.decode(video))
    pictures = np.stack([frame.to_ndarray(format="rgb24") for frame in frames])
    times = np.array([*(frame.time for frame in frames), end])
    with av.open(io.BytesIO(content)) as file:
        if not file.streams.audio:
            return Decoded(pictures, times)
        audio = file.streams.audio[0]
        assert audio.codec_context.name == "aac"
        assert audio.codec_context.layout.name == "mono"
        parts = list(file.decode(audio))
    # Each part is put where its time stamp says it is heard.
    sound = np.zeros(max(part.pts + part.samples for part in parts))
    for part in parts:
        sound[part.pts : part.pts + part.samples] = part.to_ndarray()[0]
    return Decoded(pictures, times, sound, audio.codec_context.sample_rate)


def of_gif(content: bytes) -> Decoded:
    file = Image.open(io.BytesIO(content))
    pictures, times = [], [0.0]
    for k in range(file.n_frames):
        file.seek(k)
        pictures.append(np.asarray(file.convert("RGB")))
        times.append(times[-1] + file.info["duration"] / 1000)
    return Decoded(np.stack(pictures), np.array(times), loop=file.info.get("loop"))
