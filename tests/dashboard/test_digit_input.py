"""The digit input, run without a browser; the canvas itself is tested in tests/browser."""

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from corelib.data import load_dataset


def input_app() -> None:
    import streamlit as st

    from corelib.data import load_dataset
    from dashboard.digit_input import digit_input

    st.session_state["chosen"] = digit_input("p", load_dataset())


def open_app(**query: str) -> AppTest:
    app = AppTest.from_function(input_app, default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


@pytest.fixture(scope="module")
def test_split():
    return load_dataset().test


def test_a_link_names_the_digit(test_split):
    chosen = open_app(p_index="1234").session_state["chosen"]
    assert (chosen.pixels == test_split.pixels[1234].numpy()).all()
    assert chosen.label == test_split.labels[1234]
    assert chosen.caption == f"test image 1234, a {chosen.label}"


def test_a_link_with_a_class_keeps_the_digit(test_split):
    label = int(test_split.labels[1234])
    app = open_app(p_index="1234", p_class=str(label))
    assert app.session_state["chosen"].label == label
    assert app.number_input(key="p_index").value == 1234


def test_choosing_a_class_moves_to_a_digit_of_it(test_split):
    app = open_app()
    app.selectbox(key="p_class").select("3").run()
    chosen = app.session_state["chosen"]
    assert chosen.label == 3
    first = int((test_split.labels == 3).nonzero()[0])
    assert app.number_input(key="p_index").value == first


def test_another_one_is_another_of_its_class():
    app = open_app(p_class="5")
    seen = set()
    for _ in range(4):
        before = app.number_input(key="p_index").value
        app.button(key="p_another").click().run()
        after = app.number_input(key="p_index").value
        assert after != before
        assert app.session_state["chosen"].label == 5
        seen.add(after)
    assert len(seen) > 1


def test_a_drawing_is_none_until_there_is_one_and_outlives_another_input():
    app = open_app(p_input="Draw")
    assert not app.exception
    assert app.session_state["chosen"] is None
    app.session_state["_p_strokes"] = [[[0.5, 0.1], [0.5, 0.9]]]
    app.run()
    drawn = app.session_state["chosen"]
    assert drawn.label is None
    assert drawn.pixels[:, 13:15].mean() > 100
    app.segmented_control(key="p_input").select("Test set").run()
    app.segmented_control(key="p_input").select("Draw").run()
    assert (app.session_state["chosen"].pixels == drawn.pixels).all()


def test_a_drawing_that_cannot_be_read_is_said():
    app = open_app(p_input="Draw")
    app.session_state["_p_strokes"] = [[["a", "b"]]]
    app.run()
    assert app.session_state["chosen"] is None
    assert "clear it and draw again" in app.error[0].value


def picture(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_upload_is_read_and_a_bad_one_leaves_the_last_good(test_split):
    app = open_app(p_input="Upload")
    assert app.session_state["chosen"] is None
    digit = test_split.pixels[7].numpy()
    uploader = app.get("file_uploader")[0]
    uploader.set_value(("seven.png", picture(digit), "image/png")).run()
    assert (app.session_state["chosen"].pixels == digit).all()
    app.get("file_uploader")[0].set_value(("bad.png", b"not a picture", "image/png")).run()
    assert "not a picture" in app.error[0].value
    assert (app.session_state["chosen"].pixels == digit).all()
