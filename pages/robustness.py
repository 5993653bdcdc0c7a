"""Robustness: how well networks still classify digits when the image is corrupted."""

from dashboard.router import ensure_routed

ensure_routed()

from corelib.data import read_ahead

# The images are read while the libraries are imported.
read_ahead()

from dashboard.bpan.robustness import ablation, occlusion, states, tabs, view
from dashboard.shell.page import Page, Published, Training, draw_page

draw_page(
    Page(
        name=view.PAGE,
        room="robustness",
        view=view.view,
        sentence=view.sentence,
        presets=view.presets,
        main=tabs.draw_main,
        tabs={
            "One digit": tabs.draw_one_digit,
            "States": states.draw_states,
            "Occlusion sensitivity": occlusion.draw_occlusion_sensitivity,
            "Balance ablation": ablation.draw_ablation,
            "Numbers": tabs.draw_numbers,
        },
        published=Published(("robustness", "balance")),
        training=Training(
            view.SYSTEMS,
            note="Arms of the ablation: BPAN with another λ_bal, without Dale's law (dale off), "
            "without the activity term (λ_act = 0), or with a single step (T = 1).",
        ),
        export=lambda v: v.items,
        about_first=True,
    )
)
