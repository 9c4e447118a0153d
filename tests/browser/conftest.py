"""A real Chromium on a real server. Without one these tests skip and say so; under CI that is a failure."""

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.smtp import SmtpServer

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 700}
AXE = Axe().axe_script
RUN_AXE = "axe.run({resultTypes: ['violations']}).then(results => results.violations)"
PATIENCE_MS = 10_000  # a screen that asks for itself again does so every 2 s
PASSWORD = "une phrase de passe longue"  # of every user a factory makes

expect.set_options(timeout=PATIENCE_MS)
# Playwright runs an event loop in this thread; the tests' own queries are synchronous all the same.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session", autouse=True)
def chromium_is_here():
    if CHROMIUM is None and os.environ.get("CI") == "true":
        pytest.fail("Chromium est introuvable : les tests de navigateur sont obligatoires ici.")
    if CHROMIUM is None:
        pytest.skip("Chromium introuvable : tests de navigateur sautés (apt-get install chromium).")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": [*sandbox, *quiet]}


@pytest.fixture
def browser_context_args(browser_context_args, live_server):
    return browser_context_args | {"base_url": live_server.url, "locale": "fr-FR", "timezone_id": "Europe/Paris"}


@contextlib.contextmanager
def without_complaint(page: Page) -> Iterator[Page]:
    """Any error in the browser's console, refused by the content policy included, fails the test."""
    complaints: list[str] = []
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    expected = ("status of 40", "status of 41", "status of 42")
    assert [text for text in complaints if not any(status in text for status in expected)] == []


@pytest.fixture
def page(page):
    page.set_viewport_size(DESKTOP)
    with without_complaint(page):
        yield page


@pytest.fixture
def phone(new_context):
    """A telephone held upright, that is tapped."""
    with without_complaint(new_context(viewport=PHONE, is_mobile=True, has_touch=True).new_page()) as page:
        yield page


@pytest.fixture
def page_without_script(new_context):
    with without_complaint(new_context(java_script_enabled=False).new_page()) as page:
        yield page


@pytest.fixture
def signed_in_page(page, live_server, signed_in):
    """`signed_in_page(user)`: the page, with the session cookie of that user."""

    def open_session(user):
        cookie = signed_in(user).cookies["sessionid"]
        page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        return page

    return open_session


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def sink(settings, live_server):
    """A real mail server; the mails' links lead to the site under test."""
    settings.SITE_URL = live_server.url
    with SmtpServer() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def assert_accessible(page: Page) -> None:
    """No axe-core finding on the page as it stands, at the desktop's width and at 320 px."""
    page.evaluate(AXE)
    for size in (DESKTOP, SMALL):
        page.set_viewport_size(size)
        findings = [
            f"{violation['id']}: {node['target']} — {node['failureSummary']}"
            for violation in page.evaluate(RUN_AXE)
            for node in violation["nodes"]
        ]
        assert findings == [], f"{page.url} at {size['width']} px"
        assert_reflows(page)


def assert_reflows(page: Page) -> None:
    """WCAG 1.4.10: nothing but tables scrolls sideways."""
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 1, f"{page.url} is {overflow} px too wide"
