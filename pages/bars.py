"""Moving bars: Hubel and Wiesel's experiment on a neuron of a spiking network."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.ipvae.bars.comparison import draw_other_networks
from dashboard.ipvae.bars.controls import PAGE
from dashboard.ipvae.bars.headline import sentence
from dashboard.ipvae.bars.player import draw_main
from dashboard.ipvae.bars.population import draw_population
from dashboard.ipvae.bars.responses import draw_adaptation, draw_curves
from dashboard.ipvae.bars.tuning import draw_drives, draw_tuning
from dashboard.ipvae.bars.view import presets, view
from dashboard.ipvae.cache import SYSTEMS
from dashboard.ipvae.features import MISSING, draw_features
from dashboard.shell.page import Page, Published, Training, draw_page

draw_page(
    Page(
        name=PAGE,
        room="bars",
        view=view,
        sentence=sentence,
        presets=presets,
        main=draw_main,
        tabs={
            "Tuning": draw_tuning,
            "Drives": draw_drives,
            "Curves": draw_curves,
            "Adaptation": draw_adaptation,
            "Population": draw_population,
            "Other networks": draw_other_networks,
        },
        published=Published(("selectivity",), MISSING),
        training=Training(SYSTEMS, draw_features),
        export=lambda v: [v.item],
        keep=("model", "neuron"),
        about_first=True,
        main_first=True,
    )
)
