"""The digit input, run without a browser: what a person chooses is what the page gets."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from corelib.data import load_dataset
from corelib.data.drawn import from_strokes
from dashboard.components.digit_record import in_levels

SEVEN = [[[0.2, 0.2], [0.8, 0.2], [0.4, 0.9]]]
BAR = [[[0.5, 0.1], [0.5, 0.9]]]


def app() -> None:
    """A page with one digit input; what it gets goes to the session."""
    import streamlit as st

    from corelib.data import load_dataset
    from dashboard.components.digit_input import digit_input

    dataset = load_dataset("mnist")
    if st.toggle("Other images", key="other"):
        dataset = dataset._replace(name="fashion-mnist")
    if st.toggle("Letters", key="letters"):
        dataset = dataset._replace(class_names=tuple("ABCDEFGHIJ"))
    if st.toggle("Elsewhere", key="elsewhere"):
        st.session_state.chosen = "elsewhere"
    elif st.toggle("Next page", key="next"):
        st.session_state.chosen = digit_input("y", dataset)
    else:
        st.session_state.chosen = digit_input("x", dataset)


@pytest.fixture(scope="module")
def truth() -> tuple[np.ndarray, np.ndarray]:
    test = load_dataset("mnist").test
    return test.pixels.numpy().copy(), test.labels.numpy().copy()


def opened(**query: str) -> AppTest:
    page = AppTest.from_function(app, default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    return checked(page.run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def chosen(page: AppTest):
    return page.session_state["chosen"]


def shown(page: AppTest) -> np.ndarray:
    """The one thumbnail on the page, uint8 (row, column)."""
    (element,) = page.get("image")
    (image,) = element.proto.imgs
    kind, data = image.url.split(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def check_thumbnail(page: AppTest, pixels: np.ndarray) -> None:
    """Every pixel became a square of its own value, at the same size for all inputs."""
    image = shown(page)
    assert image.shape == (224, 224)
    np.testing.assert_array_equal(image, np.kron(pixels, np.ones((8, 8), np.uint8)))


def toggle(page: AppTest, key: str) -> AppTest:
    widget = page.toggle(key=key)
    return checked(widget.set_value(not widget.value).run())


def choose_input(page: AppTest, source: str) -> AppTest:
    return checked(page.segmented_control(key="x_input").set_value(source).run())


def png(pixels: np.ndarray) -> tuple[str, bytes, str]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "digit.png", file.getvalue(), "image/png"


# The test set


def test_a_link_reproduces_the_image(truth):
    pixels, labels = truth
    page = opened(x_index="1234", x_class=str(labels[1234]))
    assert chosen(page).label == labels[1234] == 8
    assert chosen(page).caption == "test image 1234, an 8"
    np.testing.assert_array_equal(chosen(page).pixels, pixels[1234])
    check_thumbnail(page, pixels[1234])
    assert page.selectbox(key="x_class").value == "8"
    # Without the class, and with one that it is not of, the index decides.
    for query in ({}, {"x_class": "3"}):
        assert chosen(opened(x_index="1234", **query)).label == 8


@pytest.mark.parametrize("index", ["10000", "-1", "seven"])
def test_an_impossible_index_gives_the_first_image(index):
    assert chosen(opened(x_index=index)).caption == "test image 0, a 7"


def test_an_index_that_no_browser_sends_gives_the_first_image():
    page = opened(x_index="7")
    checked(page.number_input(key="x_index").set_value(12_345).run())
    assert chosen(page).caption == "test image 0, a 7"


def test_input_class_and_index_are_bound_to_the_address_and_persist():
    page = opened()
    bound = (page.segmented_control[0], page.selectbox[0], page.number_input[0])
    keys = [widget.proto.query_param_key for widget in bound]
    assert keys == ["x_input", "x_class", "x_index"]
    page.number_input(key="x_index").set_value(4321)
    page = choose_input(checked(page.run()), "Draw")
    assert chosen(page) is None
    assert chosen(choose_input(page, "Test set")).caption == "test image 4321, a 9"


def test_what_a_page_gets_is_its_own_copy(truth):
    page = opened(x_index="5")
    chosen(page).pixels[:] = 99
    np.testing.assert_array_equal(load_dataset("mnist").test.pixels[5].numpy(), truth[0][5])


def test_another_class_moves_to_its_first_image_unless_it_is_already_there(truth):
    labels = truth[1]
    page = opened(x_index="1234")
    checked(page.selectbox(key="x_class").set_value("8").run())
    assert page.number_input(key="x_index").value == 1234
    checked(page.selectbox(key="x_class").set_value("3").run())
    assert page.number_input(key="x_index").value == int((labels == 3).argmax())
    assert chosen(page).label == 3
    checked(page.selectbox(key="x_class").set_value("any").run())
    assert page.number_input(key="x_index").value == int((labels == 3).argmax())


def test_an_index_of_another_class_clears_the_class(truth):
    labels = truth[1]
    page = opened(x_index="1234", x_class="8")
    eight = int(np.flatnonzero(labels == 8)[-1])
    checked(page.number_input(key="x_index").set_value(eight).run())
    assert page.selectbox(key="x_class").value == "8"
    checked(page.number_input(key="x_index").set_value(0).run())
    assert page.selectbox(key="x_class").value == "any"
    assert chosen(page).label == 7


def test_another_one_is_another_image_of_the_same_class():
    page = opened(x_index="1234", x_class="8")
    seen = [1234]
    for _ in range(6):
        checked(page.button(key="x_another").click().run())
        assert chosen(page).label == 8
        index = page.number_input(key="x_index").value
        assert index != seen[-1]
        seen.append(index)
    assert len(set(seen)) > 3
    checked(page.selectbox(key="x_class").set_value("any").run())
    labels = {chosen(checked(page.button(key="x_another").click().run())).label for _ in range(8)}
    assert len(labels) > 1


def test_other_data_sets_bring_the_names_of_their_classes():
    page = toggle(opened(x_index="1234", x_class="8"), "letters")
    assert chosen(page).caption == "test image 1234, an I"
    assert page.selectbox(key="x_class").value == "any"
    checked(page.button(key="x_another").click().run())
    checked(page.selectbox(key="x_class").set_value("B").run())
    assert chosen(page).label == 1
    assert chosen(page).caption.endswith(", a B")


# Drawing


def draw(page: AppTest, strokes: object) -> AppTest:
    page.session_state["x_pad"] = {"strokes": strokes}
    return checked(page.run())


def given_to_pad(page: AppTest) -> str:
    (pad,) = page.get("bidi_component")
    return pad.proto.json


def test_nothing_is_chosen_until_something_is_drawn():
    page = opened(x_input="Draw")
    assert chosen(page) is None
    assert page.caption[0].value == "No image yet: draw on the pad."
    check_thumbnail(page, np.zeros((28, 28), np.uint8))
    draw(page, SEVEN)
    expected = in_levels(from_strokes(SEVEN, 1.0))
    np.testing.assert_array_equal(chosen(page).pixels, expected)
    assert chosen(page)[1:] == (None, "drawn")
    check_thumbnail(page, expected)
    assert page.caption[0].value == "The network's input: drawn"
    assert chosen(draw(page, [])) is None


@pytest.mark.parametrize("away", ["elsewhere", "Test set"])
def test_a_drawing_is_kept_while_something_else_is_shown(away):
    page = draw(opened(x_input="Draw"), BAR)
    if away == "elsewhere":
        page = toggle(page, "elsewhere")
        assert chosen(page) == "elsewhere"
        assert "x_pad" not in page.session_state
        page = toggle(page, "elsewhere")
        assert page.segmented_control(key="x_input").value == "Draw"
    else:
        page = choose_input(page, away)
        assert chosen(page).label == 7
        page = choose_input(page, "Draw")
    np.testing.assert_array_equal(chosen(page).pixels, in_levels(from_strokes(BAR, 1.0)))
    assert given_to_pad(page) == '{"strokes": [[[0.5, 0.1], [0.5, 0.9]]]}'


def test_malformed_strokes_give_a_sentence_and_are_not_kept():
    page = draw(draw(opened(x_input="Draw"), BAR), [[["<b>", 1]]])
    assert [error.value for error in page.error] == [
        "The drawing cannot be read; clear it and draw again."
    ]
    assert chosen(page) is None
    assert given_to_pad(page) == '{"strokes": [[[0.5, 0.1], [0.5, 0.9]]]}'


# Uploads


def upload(page: AppTest, *file: object) -> AppTest:
    return checked(page.file_uploader(key="x_upload").set_value(file or None).run())


def test_an_upload_is_chosen_and_a_bad_one_does_not_replace_it(truth):
    pixels = truth[0]
    page = opened(x_input="Upload")
    assert chosen(page) is None
    assert page.caption[0].value == "No image yet: upload a picture."
    upload(page, "notes.png", b"not a picture", "image/png")
    assert chosen(page) is None
    assert [error.value for error in page.error] == [
        "The file is not a readable picture; choose a PNG, JPEG, GIF, BMP or WebP."
    ]
    upload(page, *png(pixels[12]))
    assert not page.error
    np.testing.assert_array_equal(chosen(page).pixels, in_levels(pixels[12]))
    assert chosen(page)[1:] == (None, "uploaded")
    check_thumbnail(page, in_levels(pixels[12]))
    upload(page, *png(np.zeros((28, 28), np.uint8)))
    assert page.error[0].value.startswith("The picture looks blank;")
    assert page.error[0].value.endswith(" The last good picture is kept.")
    np.testing.assert_array_equal(chosen(page).pixels, in_levels(pixels[12]))
    upload(page, *png(pixels[13]))
    assert not page.error
    np.testing.assert_array_equal(chosen(page).pixels, in_levels(pixels[13]))


def test_the_last_good_upload_outlives_its_file(truth):
    """Browsers remove the old file before they send the new one, which may be bad."""
    page = upload(opened(x_input="Upload"), *png(truth[0][3]))
    page = choose_input(choose_input(page, "Draw"), "Upload")
    np.testing.assert_array_equal(chosen(page).pixels, in_levels(truth[0][3]))
    assert not upload(page).error
    upload(page, "notes.png", b"not a picture", "image/png")
    assert page.error[0].value.endswith(" The last good picture is kept.")
    np.testing.assert_array_equal(chosen(page).pixels, in_levels(truth[0][3]))
    assert not upload(page).error


def test_an_upload_is_decoded_once(truth, monkeypatch):
    import dashboard.components.digit_input

    decoded = []

    def counted(data: bytes) -> np.ndarray:
        decoded.append(len(data))
        return truth[0][0]

    monkeypatch.setattr(dashboard.components.digit_input, "from_image", counted)
    page = upload(opened(x_input="Upload"), *png(truth[0][3]))
    checked(page.run())
    checked(page.run())
    assert len(decoded) == 1


# The record that pages share


def address(page: AppTest) -> str | None:
    value = page.query_params.get("digit")
    return value[0] if isinstance(value, list) else value


def next_page(page: AppTest) -> AppTest:
    """To the other page: as in a browser, the address loses what belongs to the page left."""
    for key in ("input", "class", "index"):
        for prefix in ("x", "y"):
            page.query_params.pop(f"{prefix}_{key}", None)
    return toggle(page, "next")


def test_what_is_drawn_is_on_the_next_page_and_in_its_address():
    page = draw(opened(x_input="Draw"), SEVEN)
    drawn, text = chosen(page).pixels, address(page)
    assert text.startswith("draw.")
    next_page(page)
    assert page.segmented_control(key="y_input").value == "Draw"
    np.testing.assert_array_equal(chosen(page).pixels, drawn)
    # In another session, from the link alone.
    other = opened(digit=text)
    assert chosen(other)[1:] == (None, "drawn")
    np.testing.assert_array_equal(chosen(other).pixels, drawn)
    checked(other.run())
    assert address(other) == text


def test_what_is_uploaded_is_on_the_next_page(truth):
    page = upload(opened(x_input="Upload"), *png(truth[0][12]))
    next_page(page)
    assert chosen(page).caption == "uploaded"
    np.testing.assert_array_equal(chosen(page).pixels, in_levels(truth[0][12]))
    assert address(page).startswith("upload.")


def test_a_chosen_test_image_is_on_the_next_page_by_its_index():
    page = opened(x_index="1234")
    next_page(page)
    assert page.number_input(key="y_index").value == 1234
    assert chosen(page).label == 8
    assert address(page) is None, "the control of the index is in the address already"
    checked(page.number_input(key="y_index").set_value(0).run())
    next_page(page)
    assert chosen(page).caption == "test image 0, a 7"


def test_a_link_with_an_index_of_its_own_shows_that():
    assert chosen(opened(x_index="1234", digit="mnist.7")).label == 8
    assert chosen(opened(digit="mnist.7")).caption.startswith("test image 7,")


def test_other_images_keep_the_digit_for_the_pages_that_read_digits():
    page = AppTest.from_function(app, default_timeout=60)
    page.query_params["digit"] = "mnist.1234"
    page.session_state["other"] = True
    checked(page.run())
    assert chosen(page).caption == "test image 0, a 7"
    assert any("test image 1234 of MNIST" in item.value for item in page.caption)
    assert address(page) == "mnist.1234"
    toggle(page, "other")
    assert chosen(page).caption == "test image 1234, an 8", "a network that reads digits"
    next_page(page)
    assert page.number_input(key="y_index").value == 1234
    toggle(page, "other")
    assert chosen(page).caption == "test image 0, a 7"
    assert address(page) == "mnist.1234"


def test_reset_input_ends_it_everywhere():
    page = draw(opened(x_input="Draw"), SEVEN)
    next_page(page)
    checked(page.button(key="y_reset_input").click().run())
    assert chosen(page).caption == "test image 0, a 7"
    assert address(page) is None
    assert page.button(key="y_reset_input").disabled
    next_page(page)
    assert chosen(page).caption == "test image 0, a 7"
    assert chosen(choose_input(page, "Draw")) is None


def test_a_cleared_drawing_is_gone_from_the_address():
    page = draw(draw(opened(x_input="Draw"), SEVEN), [])
    assert address(page) is None
    next_page(page)
    assert chosen(page).caption == "test image 0, a 7"


@pytest.mark.parametrize(
    "text", ["draw.", "draw.!!", "mnist.-1", "mnist.9" + "9" * 400, "x" * 100_000, "\0", "cats.1"]
)
def test_a_damaged_digit_is_dropped(text):
    page = opened(digit=text)
    assert chosen(page).caption == "test image 0, a 7"
    assert address(page) is None


def test_an_index_beyond_the_data_set_is_moved_inside():
    assert chosen(opened(digit="mnist.9999999")).caption.startswith("test image 9999,")
