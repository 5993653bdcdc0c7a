"""Sparse code: spiking neurons that infer, step by step, what an image is made of."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.ipvae.cache import SYSTEMS
from dashboard.ipvae.features import MISSING, draw_features
from dashboard.ipvae.sparse import comparison, digits, features, gradient, inference, lesions, view
from dashboard.shell.page import Page, Published, Training, draw_page

draw_page(
    Page(
        name=view.PAGE,
        room="sparse",
        view=view.view,
        sentence=view.sentence,
        presets=view.presets,
        main=features.draw_features,
        tabs={
            "One image": inference.draw_image,
            "Convergence": comparison.draw_convergence,
            "Rate and distortion": comparison.draw_rate_distortion,
            "Sparsity": comparison.draw_sparsity,
            "Lesions": lesions.draw_lesions,
            "Gradient": gradient.draw_gradient,
            "Digits": digits.draw_digits,
        },
        published=Published(("ipvae", "lca"), MISSING),
        training=Training(SYSTEMS, draw_features),
        export=lambda v: [v.item],
        keep=("model", "input", "class", "index", "patch"),
        main_first=True,
    )
)
