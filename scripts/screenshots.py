"""The pictures of the README, taken from a running site: `python scripts/screenshots.py URL ACCOUNT PASSWORD`.

The account is a counsellor's, on the demonstration that `make run` serves. Chromium must be on the PATH.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
DESKTOP: ViewportSize = {"width": 1120, "height": 700}
PHONE: ViewportSize = {"width": 390, "height": 780}
LARGEST = 120_000  # bytes: a README is read on telephones too


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    url, account, password = arguments
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        counsellor(browser, url, account, password)
        young_person(browser, url)
        browser.close()
    return 0


def counsellor(browser: Browser, url: str, account: str, password: str) -> None:
    page = browser.new_page(base_url=url, viewport=DESKTOP, locale="fr-FR")
    page.goto("/connexion/")
    page.get_by_label("Adresse électronique").fill(account)
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_role("button", name="Se connecter").click()
    take(page, "accueil")
    page.goto("/campagnes/")
    page.locator("main th a").first.click()
    take(page, "campagne")
    page.locator("main tr", has_text="Envoyé").last.locator("th a").click()
    page.wait_for_load_state("networkidle")
    page.set_viewport_size({"width": DESKTOP["width"], "height": 640})
    page.evaluate("scrollTo(0, 140)")  # past the menu: wishes, then proposals and their reasons
    take(page, "dossier")


def young_person(browser: Browser, url: str) -> None:
    page = browser.new_page(base_url=url, viewport=PHONE, locale="fr-FR")
    page.goto("/offres/")
    page.get_by_label("Ville ou code postal").fill("Rouen")
    page.get_by_role("button", name="Chercher").click()
    take(page, "offres")


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    sys.stdout.write(f"{path.name} : {size // 1000} ko{' (trop gros)' if size > LARGEST else ''}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
