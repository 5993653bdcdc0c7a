"""What a browser is sent while its person is faster than the page."""

from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.driver import no_errors, open_page, ready, widget


class Late:
    """A connection that, once ``held``, keeps a whole run back until the next move was made, and
    the answer to that move until ``release``: so they reach a browser that is busy drawing."""

    def __init__(self, page: Page) -> None:
        self.held = self.moved = self.ended = False
        self.kept: list[bytes] = []
        page.route_web_socket("**/_stcore/stream", self.connect)

    def connect(self, browser: WebSocketRoute) -> None:
        self.browser = browser
        server = browser.connect_to_server()

        def to_browser(message: str | bytes) -> None:
            assert isinstance(message, bytes)
            if self.held:
                self.ended |= ForwardMsg.FromString(message).HasField("script_finished")
                self.kept.append(message)
            else:
                browser.send(message)

        def to_server(message: str | bytes) -> None:
            assert isinstance(message, bytes)
            server.send(message)
            if self.ended and BackMsg.FromString(message).HasField("rerun_script"):
                self.moved = True
                self.send_kept()

        server.on_message(to_browser)
        browser.on_message(to_server)

    def send_kept(self) -> None:
        for message in self.kept:
            self.browser.send(message)
        self.kept.clear()

    def release(self) -> None:
        self.held = False
        self.send_kept()


def test_a_figure_seen_before_is_drawn_again_before_the_last_run_has_ended(page: Page, server: str):
    """Streamlit would send it as a reference, to a message that the browser has just let go."""
    late = Late(page)
    open_page(page, f"{server}/balance?balance_theta=1.0")
    slider = widget(page, "balance_theta").get_by_role("slider")
    slider.focus()
    slider.press("ArrowLeft")
    expect(page.get_by_text("At θ = 0.99").first).to_be_visible()
    ready(page)
    late.held = True
    slider.press("ArrowLeft")
    while not late.ended:
        page.wait_for_timeout(50)
    slider.press("End")
    while not (late.moved and late.kept):
        page.wait_for_timeout(50)
    late.release()
    expect(page.get_by_text("At θ = 1.00").first).to_be_visible()
    ready(page)
    no_errors(page)
