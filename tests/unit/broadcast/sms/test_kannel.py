"""Against a real Kannel: texts out, reports and replies in, over our real web application."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from sqlalchemy import select

from broadcast.sms.gateways import Gateway, Kannel
from broadcast.sms.models import TextReply
from broadcast.sms.sender import Sender
from dutycenter.interfaces import SmsRefused, SmsUncertain
from dutycenter.secret import secret_key
from dutycenter.vocabulary import SmsWhen
from tests.conftest import web_application
from tests.support.kannel import PATIENCE, kannel

REFERENCE = "00000000-0000-4000-8000-000000000001"
SECRET = "a password"


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web(small_town) -> Iterator[str]:
    """Our web application on a port of its own."""
    app = web_application(small_town.work.settings)
    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def box(small_town, web, tmp_path):
    """Kannel, a broadcast's three texts, and a sender that uses it."""
    from tests.unit.broadcast.sms.conftest import Post, ScriptedSms

    token = secret_key(small_town.work.settings.sms_callback_token_file)
    small_town.settle(3)
    small_town.gateway()
    with kannel(
        tmp_path, user="dutycenter", password=SECRET.replace(" ", ""), reply_url=f"{web}/sms/reply/{token}"
    ) as running:
        port = Kannel(
            running.url,
            user="dutycenter",
            password=SECRET.replace(" ", ""),
            sender="07318888",
            report_url=f"{web}/sms/report/{token}",
        )
        running.port = port
        running.post = Post(small_town, ScriptedSms(small_town))
        running.sender = Sender(small_town.work, [Gateway("kannel", 100.0, port)])
        yield running


def eventually(look: Callable[[], object]) -> object:
    ends = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.05)
    return found


class TestARealKannel:
    def test_out_with_reports_and_back_with_answers(self, box) -> None:
        town = box.post.town
        box.post.launch(
            SmsWhen.WITH, exercise=True, message="水库水位已超过汛限水位,请立即组织下游群众转移,到岗后报告。" * 3
        )
        box.post.write()
        assert box.sender.run() == 3
        received = [box.network.receive() for _ in range(6)]
        for number in ("13800000000", "13800000010", "13800000020"):
            parts = [octets for to, _form, octets in received if to == number]
            text = b"".join(parts).decode("utf-16-be")
            assert len(parts) == 2, "two parts, as they were counted"
            assert text.startswith("【演练】水库水位")
            assert text.endswith("不能到请回复4。")
        eventually(lambda: box.post.states() == ["delivered"] * 3)

        box.network.write("13800000000", "1")
        box.network.write("13800000010", "\uff11。")
        box.network.write("13800000020", "正在路上,十分钟到 😀")
        eventually(lambda: len(replies(town)) == 3)
        assert replies(town) == {
            "人0": ("acknowledge", "1"),
            "人1": ("acknowledge", "\uff11。"),
            "人2": ("other", "正在路上,十分钟到 😀"),
        }
        assert town.outcomes() == {"人0": "acknowledged", "人1": "acknowledged", "人2": None}

    def test_a_wrong_password_is_a_refusal(self, box) -> None:
        wrong = Kannel(box.url, user="dutycenter", password="wrong", sender="1", report_url="http://127.0.0.1")
        with pytest.raises(SmsRefused, match="403"):
            wrong.send("13800000000", "x", REFERENCE)

    def test_words_that_could_be_taken_for_parameters_are_words(self, box) -> None:
        box.port.send("13800000000", "a&to=110&text=b#c%20d 100%\n{e}", REFERENCE)
        assert box.network.receive()[0] == "13800000000"


def replies(town) -> dict[str, tuple[str, str]]:
    with town.work.read() as request:
        rows = request.db.scalars(select(TextReply)).all()
        return {row.recipient.name: (row.meaning.value, row.text) for row in rows if row.recipient}


class TestWhatIsCertain:
    """Against sockets that do what networks do."""

    def port(self, listens: int, timeout: float = 0.3) -> Kannel:
        return Kannel(
            f"http://127.0.0.1:{listens}/send",
            user="u",
            password="p",
            sender="1",
            report_url="http://x",
            timeout=timeout,
        )

    def test_nobody_listening_is_a_refusal(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            with pytest.raises(SmsRefused, match="no connection"):
                self.port(unused.getsockname()[1]).send("13800000000", "x", REFERENCE)

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (b"", SmsUncertain),
            (b"HTTP/1.1 20", SmsUncertain),
            (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", SmsUncertain),
            (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", SmsUncertain),
            (b"rubbish\x00\xff\r\n\r\n", SmsUncertain),
            (b"HTTP/1.1 400 Bad\r\nContent-Length: 4\r\n\r\nno\x00!", SmsRefused),
        ],
    )
    def test_each_answer_says_what_it_says(self, answer: bytes, error: type[Exception]) -> None:
        with self.answering(answer) as listens, pytest.raises(error):
            self.port(listens).send("13800000000", "x", REFERENCE)

    def test_no_answer_at_all_is_uncertain(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(SmsUncertain, match="Timeout"):
            self.port(server.getsockname()[1]).send("13800000000", "x", REFERENCE)

    @pytest.mark.parametrize(("number", "reference"), [("110\r\n", REFERENCE), ("+86138", REFERENCE), ("138", "x&y")])
    def test_what_is_no_number_never_leaves(self, number: str, reference: str) -> None:
        with pytest.raises(SmsRefused, match="none that can be"):
            self.port(1).send(number, "x", reference)

    def answering(self, answer: bytes):
        from contextlib import contextmanager

        @contextmanager
        def listen() -> Iterator[int]:
            with socket.create_server(("127.0.0.1", 0)) as server:

                def serve() -> None:
                    connection, _address = server.accept()
                    with connection:
                        connection.recv(4096)
                        connection.sendall(answer)

                thread = threading.Thread(target=serve)
                thread.start()
                yield server.getsockname()[1]
                thread.join()

        return listen()
