"""Sequential evidence: digits revealed step by step, and networks that answer too early."""

from dashboard.router import ensure_routed

ensure_routed()

from corelib.data import read_ahead

# The images are read while the libraries are imported.
read_ahead()

from dashboard.bpan.evidence import tabs, view
from dashboard.shell.page import Page, Published, Training, draw_page

draw_page(
    Page(
        name=view.PAGE,
        room="evidence",
        view=view.view,
        sentence=view.sentence,
        presets=view.presets,
        main=tabs.draw_main,
        tabs={"Too early": tabs.draw_too_early, "Numbers": tabs.draw_numbers},
        published=Published(("sequential",)),
        training=Training(view.SYSTEMS),
        export=lambda v: v.items,
        main_first=True,
    )
)
