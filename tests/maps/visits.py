"""A page in the browser: what it asked for, what it complained of, and when its map has been drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
]


@dataclass
class Visit:
    """A page in the browser, with what it asked for and what it complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def others(self, server: str) -> list[str]:
        """Requests that went elsewhere than to `server`."""
        return [url for url in self.requests if not url.startswith((server, "data:", "blob:"))]


def open_page(browser: Browser, url: str, width: int, height: int, **options: Any) -> Visit:
    """A fresh context with a page that will be watched from its first request on; it is not opened yet."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="ja-JP", **options)
    found = Visit(context.new_page())
    found.page.on("request", lambda asked: found.requests.append(asked.url))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("console", lambda line: note(found, line))
    found.page.goto(url)
    return found


def note(visit: Visit, line: Any) -> None:
    # The driver's own remarks about drawing in software are not the page's.
    if (
        line.type in ("error", "warning")
        and "GL Driver Message" not in line.text
        and "WebGL" not in line.text
    ):
        visit.complaints.append(line.text)


def wait_until(page: Page, so: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until `so()`. Polls from outside: a page's policy forbids the eval of the driver's own wait."""
    for _ in range(int(seconds * 10)):
        if so():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come about")


def wait_until_drawn(page: Page) -> None:
    """Wait until MapLibre has nothing left to load or draw, twice in a row."""
    drawn = """() => {
      const config = JSON.parse(document.getElementById("config").textContent);
      const gl = window[config.renderer]?.getMaplibreMap?.();
      return Boolean(gl && gl.loaded() && gl.areTilesLoaded());
    }"""
    wait_until(page, lambda: page.evaluate(drawn))
    page.wait_for_timeout(250)
    wait_until(page, lambda: page.evaluate(drawn))
