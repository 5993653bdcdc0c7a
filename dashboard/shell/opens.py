"""The experiments in which a network can be seen, and the address that opens it there."""

import streamlit as st

from corelib.data import DATASETS
from corelib.reproduce.model_card import pages_of
from corelib.runs.registry import Checkpoint
from dashboard.rooms import ROOMS, Room


def rooms_of(item: Checkpoint) -> list[Room]:
    """The experiments that take this network."""
    titles = pages_of(item.card.system)
    return [room for room in ROOMS if room.title in titles]


def query_for(room: Room, item: Checkpoint) -> dict[str, str]:
    """What the address asks of an experiment to show this network."""
    card = item.card
    names = {"input_dim": DATASETS[card.dataset].input_dim}
    asked = {room.networks.format(**names): item.name}
    return asked | ({"evidence_task": card.dataset} if room.file == "evidence.py" else {})


def draw_links(item: Checkpoint) -> None:
    """A link to each experiment that takes this network."""
    with st.container(horizontal=True):
        for room in rooms_of(item):
            st.page_link(
                f"pages/{room.file}",
                label=room.title,
                icon=room.icon,
                query_params=query_for(room, item),
            )
