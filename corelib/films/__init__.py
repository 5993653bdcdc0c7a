"""Films of the experiments, as MP4 with sound or as GIF.

``Film`` is pictures and sound; ``bars_film``, ``code_film``, ``evidence_film``, ``inference_film``
and ``passes_film`` make one of what an experiment returns, and ``film.save("it.mp4")`` writes it.
"""

from typing import TYPE_CHECKING

from corelib import lazy

if TYPE_CHECKING:
    from corelib.films.bars import bars_film as bars_film
    from corelib.films.code import code_film as code_film
    from corelib.films.evidence import evidence_film as evidence_film
    from corelib.films.film import Film as Film
    from corelib.films.inference import inference_film as inference_film
    from corelib.films.passes import passes_film as passes_film

__getattr__, __dir__, __all__ = lazy.names(  # pyright: ignore[reportUnsupportedDunderAll]
    __name__,
    {
        "Film": "corelib.films.film",
        "bars_film": "corelib.films.bars",
        "code_film": "corelib.films.code",
        "evidence_film": "corelib.films.evidence",
        "inference_film": "corelib.films.inference",
        "passes_film": "corelib.films.passes",
    },
)
