"""A real Chromium on a real server. Without one these tests skip and say so; under CI that is a failure."""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 700}

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
def browser_context_args(browser_context_args):
    return browser_context_args | {"viewport": DESKTOP, "locale": "fr-FR", "timezone_id": "Europe/Paris"}


@pytest.fixture
def page(page):
    """Any error in the browser's console, refused by the content policy included, fails the test."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    unexpected = [text for text in complaints if "status of 40" not in text and "status of 41" not in text]
    assert unexpected == []


@pytest.fixture
def signed_in_page(page, live_server, signed_in):
    """`signed_in_page(user)`: the page, with the session cookie of that user."""

    def open_session(user):
        cookie = signed_in(user).cookies["sessionid"]
        page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        return page

    return open_session


def assert_accessible(page) -> None:
    """No axe-core finding on the page as it stands, at the desktop's width and at 320 px."""
    for size in (DESKTOP, SMALL):
        page.set_viewport_size(size)
        results = Axe().run(page)
        findings = [
            f"{violation['id']}: {node['target']} — {node['failureSummary']}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]
        assert findings == [], f"{page.url} at {size['width']} px"
        assert_reflows(page)


def assert_reflows(page) -> None:
    """WCAG 1.4.10: nothing but tables scrolls sideways."""
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 1, f"{page.url} is {overflow} px too wide"
