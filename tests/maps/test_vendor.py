"""What stands under static/ is what the manifest says, with its licence, and calls nobody."""

from __future__ import annotations

import json
import re
from pathlib import Path

import folium
import pytest

from gisapp.maps.figure import MANIFEST, manifest
from gisapp.maps.vendor import LIBRARIES, TEST_LIBRARIES, Library, closed_css, integrity
from gisapp.settings import ROOT

STATIC = ROOT / "static"
PLACES = [(ROOT / "static/vendor", LIBRARIES), (ROOT / "tests/vendor", TEST_LIBRARIES)]


@pytest.mark.parametrize(("folder", "libraries"), PLACES, ids=["pages", "tests"])
def test_the_vendored_files_are_those_of_the_manifest(folder: Path, libraries: tuple[Library, ...]) -> None:
    said = json.loads((folder / MANIFEST).read_text("utf-8"))
    files = {path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST}
    assert {path.relative_to(folder).as_posix(): integrity(path) for path in files} == said["files"]
    for library in libraries:
        assert said["libraries"][library.package]["version"] == library.version
        assert (folder / library.folder / "LICENSE").stat().st_size > 500


def test_every_link_of_a_folium_map_is_vendored_or_left_out_on_purpose() -> None:
    links = manifest()["links"]
    for _, url in (*folium.Map.default_js, *folium.Map.default_css):
        assert url in links
    assert all((STATIC / "vendor" / path).is_file() for path in links.values() if path)


def test_no_style_sheet_asks_another_host() -> None:
    sheets = sorted(STATIC.rglob("*.css"))
    assert len(sheets) >= 6
    for sheet in sheets:
        away = re.findall(r"""(?:url\(\s*|@import\s+)["']?(?:https?:)?//[^"')]*""", sheet.read_text("utf-8"))
        assert not away, sheet


def test_our_scripts_name_no_host_and_make_no_html_of_text() -> None:
    scripts = sorted((STATIC / "js").glob("*.js"))
    assert len(scripts) >= 10
    for script in scripts:
        text = script.read_text("utf-8")
        assert not re.search(
            r"https?://|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text
        ), script


@pytest.mark.parametrize(
    "css",
    [
        'a{background:url("https://example.org/a.png")}',
        "a{background:url(http://example.org/a.woff) format('woff')}",
        "a{background:url( '//example.org/a.png' )}",
        '@import url("https://example.org/a.css");a{}',
        "@import '//example.org/a.css' screen;a{}",
    ],
)
def test_a_way_out_of_a_style_sheet_is_closed(css: str) -> None:
    assert "example.org" not in closed_css(css)


def test_what_stays_in_the_house_stays_in_the_style_sheet() -> None:
    css = (
        "a{background:url(images/a.png)} b{background:url(\"data:image/svg+xml,%3Csvg xmlns='http://x'%3E\")}"
    )
    assert closed_css(css) == css
