"""What ``dutycenter run`` tells whoever started it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from dutycenter.cli.run import tell_when_it_answers
from tests.conftest import free_port

SECONDS = 20


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_it_says_once_that_the_pages_can_be_opened_and_not_before() -> None:
    address, said, told = ("127.0.0.1", free_port()), [], threading.Event()

    def say(name: str, line: str) -> None:
        said.append((name, line))
        told.set()

    waits = threading.Thread(target=tell_when_it_answers, args=(address, say), daemon=True)
    waits.start()
    assert said == []
    with HTTPServer(address, Page) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        assert told.wait(SECONDS)
        waits.join(SECONDS)
        server.shutdown()
    assert said == [("web", f"Ready: open http://127.0.0.1:{address[1]}/")]
