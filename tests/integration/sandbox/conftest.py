"""A real sandbox process, and a web server that stands for the service it posts webhooks to."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

ROOT = Path(__file__).parents[3]
ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "rehearsal-token"


class SandboxProcess:
    """Starts, kills and restarts a sandbox on one data file and one port."""

    def __init__(self, data, *flags):
        self.account, self.token, self.data, self.root = ACCOUNT, TOKEN, data, ROOT
        self.flags, self.port = flags, 0
        self.start()
        self.http = httpx.Client(base_url=self.url, timeout=10)

    def start(self):
        self.process = subprocess.Popen(
            self.command(self.port, *self.flags), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        ready = self.process.stdout.readline()
        assert "ready on" in ready, ready
        self.url = ready.split()[-1]
        self.port = int(self.url.rpartition(":")[2])

    def command(self, port, *flags):
        account = ["--account-sid", ACCOUNT, "--auth-token", TOKEN]
        told = ["--port", str(port), "--data", str(self.data), *account, *flags]
        return [sys.executable, "-m", "sms_service.sandbox", *told]

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.http.close()
        self.process.terminate()
        code = self.process.wait(10)
        self.process.stdout.close()
        return code

    def client(self, token=TOKEN, timeout=5):
        return Client(ACCOUNT, token, http_client=Local(self.url, timeout))

    def post(self, path, body=None):
        answer = self.http.post(f"/sandbox/{path}", json=body or {})
        answer.raise_for_status()
        return answer.json()

    def get(self, path, **query):
        answer = self.http.get(f"/sandbox/{path}", params=query)
        answer.raise_for_status()
        return answer.json()

    def texts(self, **query):
        return self.get("messages", **query)["messages"]

    def settled(self):
        health = self.get("health")
        return health["in_flight"] == 0 and health["webhooks_pending"] == 0


class Local(TwilioHttpClient):
    """The official HTTP client with another address for api.twilio.com."""

    def __init__(self, url, timeout):
        super().__init__(timeout=timeout)
        self.url = url

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", self.url), *args, **kwargs)


@dataclass
class Receiver:
    """Collects webhooks; answers the statuses in `answers` first, then 200 with `twiml`."""

    url: str
    received: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    twiml: str = ""

    def statuses(self, sid):
        return [
            post["fields"]["MessageStatus"] for post in self.received if post["fields"]["MessageSid"] == sid
        ]


@pytest.fixture(scope="session")
def sandbox_process():
    return SandboxProcess


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite", "--receipt-delay", "0.01")
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def _fresh(request):
    if "sandbox" in request.fixturenames:
        process = request.getfixturevalue("sandbox")
        usual = {"inbound_url": None, "opt_out_reply": "ours", "segments_per_second": 0, "queue_depth": None}
        process.post("settings", usual)
        process.post("reset")


@pytest.fixture
def client(sandbox):
    return sandbox.client()


@pytest.fixture
def start_sandbox(tmp_path):
    started = []

    def start(*flags):
        started.append(SandboxProcess(tmp_path / f"{len(started)}.sqlite", *flags))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def receiver():
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            fields = dict(parse_qsl(body, keep_blank_values=True))
            collected.received.append({"path": self.path, "headers": dict(self.headers), "fields": fields})
            answer = collected.twiml.encode()
            self.send_response(collected.answers.pop(0) if collected.answers else 200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collected = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield collected
    server.shutdown()
    server.server_close()


@pytest.fixture
def eventually():
    def wait(condition, within=8.0):
        deadline = time.monotonic() + within
        while not (result := condition()):
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.01)
        return result

    return wait
