"""A real browser in front of a real sandbox, and a server that takes the webhooks."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from browser.chromium import NoBrowser, is_required, launched
from browser.rehearsal import ANA, OMAR, PATIENTS, SENDER, a_sandbox
from integration.sandbox.conftest import eventually, receiver  # noqa: F401 - fixtures
from playwright.sync_api import expect

MISSING = pytest.StashKey[str]()
PATIENCE_MS = 15_000


# Playwright holds the thread's event loop while it runs, so it must end before the next folder's tests.
@pytest.fixture(scope="module")
def chromium(pytestconfig):
    try:
        with launched() as browser:
            expect.set_options(timeout=PATIENCE_MS)
            yield browser
    except NoBrowser as reason:
        if is_required():
            pytest.fail(f"CI needs a browser: {reason}", pytrace=False)
        pytestconfig.stash[MISSING] = str(reason)
        pytest.skip(str(reason))


def pytest_terminal_summary(terminalreporter, config):
    reason = config.stash.get(MISSING, None)
    if reason:
        terminalreporter.write_line(f"The phones were not tested in a browser: {reason}.", yellow=True)


@dataclass
class Watched:
    """A page, and all that a well-behaved page would not do."""

    page: object
    complaints: list = field(default_factory=list)


@pytest.fixture
def opened(chromium):
    """Open an address in a fresh browser; the test fails if the page complained or asked elsewhere."""
    watched = []

    def open_page(url, *, width=1280, height=900, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE_MS)
        view = Watched(context.new_page())
        home = urlsplit(url)[:2]

        def heard(message):
            if message.type in {"error", "warning"}:
                view.complaints.append(message.text)

        def asked(request):
            if request.url.split(":")[0] != "data" and urlsplit(request.url)[:2] != home:
                view.complaints.append(f"asked another origin: {request.url}")

        context.on("console", heard)
        context.on("weberror", lambda error: view.complaints.append(str(error.error)))
        context.on("request", asked)
        watched.append((context, view))
        view.page.goto(url)
        return view

    yield open_page
    complaints = [complaint for _, view in watched for complaint in view.complaints]
    for context, _ in watched:
        context.close()
    assert complaints == []


@pytest.fixture
def phones(sandbox, opened):
    """Open the page of the sandbox."""
    return lambda path="/", **options: opened(sandbox.url + path, **options).page


@pytest.fixture(scope="module")
def sandbox_of_the_module(chromium, tmp_path_factory):  # noqa: ARG001 - without a browser there is nothing to start
    with a_sandbox(tmp_path_factory.mktemp("phones"), "--receipt-delay", "0.01") as process:
        yield process


@pytest.fixture
def sandbox(sandbox_of_the_module):
    sandbox_of_the_module.post("settings", {"inbound_url": None, "opt_out_reply": "ours"})
    sandbox_of_the_module.post("reset")
    return sandbox_of_the_module


@pytest.fixture
def send(sandbox):
    """Text a phone as the service would."""
    client = sandbox.client()
    return lambda body, to=ANA: client.messages.create(to=to, from_=SENDER, body=body)


@pytest.fixture
def clinic(sandbox, send, eventually):  # noqa: F811 - the fixture of that name
    """A few phones with every kind of text: long, right-to-left, without spaces, refused, unanswered."""
    sandbox.post("faults", {"outcomes": {"+12605550107": 30005, "+12605550108": {"status": "sent"}}})
    sandbox.post("clock", {"shown_at": "2031-12-01T09:30:00", "zone": "America/New_York"})
    for number, label, language, *bodies in PATIENTS:
        sandbox.post(f"phones/{number}/label", {"label": label, "language": language})
        for body in bodies:
            send(body, to=number)
    sandbox.post(f"phones/{ANA}/reply", {"body": "¿Puedo tomar ibuprofeno la noche antes?"})
    sandbox.post(f"phones/{OMAR}/reply", {"body": "نعم، شكرًا"})
    eventually(sandbox.settled)
    return sandbox
