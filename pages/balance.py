"""E/I balance: the currents of a balanced network while it reads a digit."""

from dashboard.router import ensure_routed

ensure_routed()

from corelib.data import read_ahead

# The images are read while the libraries are imported.
read_ahead()

from dashboard.bpan.balance import tabs, view
from dashboard.shell.page import Page, Published, Training, draw_page

draw_page(
    Page(
        name=view.PAGE,
        room="balance",
        view=view.view,
        sentence=view.sentence,
        presets=view.presets,
        main=tabs.draw_main,
        tabs={
            "Units": tabs.draw_units,
            "Test set": tabs.draw_test_set,
            "Weights": tabs.draw_weights,
        },
        published=Published(("balance",)),
        training=Training(("bpan",)),
        export=lambda v: v.items,
        about_first=True,
        main_first=True,
    )
)
