"""The two buttons that save what is played as a film."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from corelib.films.film import NO_MP4, has_mp4
from dashboard.shell.save import save_button

if TYPE_CHECKING:
    from corelib.films.film import Film


def film_buttons(make: "Callable[[], Film]", name: str, key: str) -> None:
    """Save the film that ``make`` makes as ``name`` with the ending .gif or .mp4.

    It is made, some seconds long, when a button is pressed, outside the page's script: ``make``
    holds what it needs and asks nothing of Streamlit.
    """
    save_button("GIF", lambda: make().encode("gif"), name, key, "Played, as a GIF: without sound")
    lacks = not has_mp4()
    save_button(
        "MP4",
        lambda: make().encode("mp4"),
        name,
        key,
        NO_MP4 if lacks else "Played, as an MP4: with sound, where there is one",
        disabled=lacks,
    )
