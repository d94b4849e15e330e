"""A time-stamping authority of one's own: OpenSSL's ``ts`` behind HTTP on loopback."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {here}/serial
signer_cert = {here}/tsa.pem
signer_key = {here}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_chain = no
[stamps]
extendedKeyUsage = critical, timeStamping
"""


@contextmanager
def local_authority(here: Path) -> Iterator[tuple[str, Path]]:
    """Address and root certificate of an authority that answers while the context lasts."""
    here.mkdir(parents=True, exist_ok=True)
    (here / "tsa.cnf").write_text(CONFIG.format(here=here))
    (here / "serial").write_text("01\n")
    _openssl(here, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Test-root")
    _openssl(here, "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=Test-authority")
    _openssl(here, "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 30"
                   " -extfile tsa.cnf -extensions stamps")  # fmt: skip

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            (here / "query.tsq").write_bytes(query)
            _openssl(here, "ts -reply -config tsa.cnf -section own -queryfile query.tsq -out reply.tsr")
            reply = (here / "reply.tsr").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", here / "ca.pem"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _openssl(here: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], check=True, cwd=here, capture_output=True)
