"""Bring the browser's libraries into the house: `python -m gisapp.maps.vendor`.

Each library is taken by name and exact version with `npm pack` (one tarball, no dependencies; npm's own
configuration decides where from), the few files that our pages use are copied to
static/vendor/<library>-<version>/ with their licence, and static/vendor/vendor.json says what stands where.
The files are committed: neither an installation nor a page ever asks anybody else for them.

A link of the manifest is what an element of a figure writes: a CDN address as Folium writes it, or
`vendor:<name>` as our own elements do. It leads to a file, or to null where the library is left out on
purpose.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import folium

from gisapp.maps.figure import MANIFEST
from gisapp.settings import ROOT


@dataclass(frozen=True)
class Library:
    """One package: `files` maps a path in it to the name that it gets here (a folder keeps its files)."""

    package: str
    version: str
    licence: str
    licence_file: str
    files: dict[str, str]
    links: dict[str, str] = field(default_factory=dict)  # name of a link of an element → file

    @property
    def folder(self) -> str:
        """`leaflet-1.9.4`; a scope (`@maplibre/`) is left out."""
        return f"{self.package.rpartition('/')[2]}-{self.version}"


LIBRARIES = (
    Library(
        "leaflet",
        "1.9.4",
        "BSD-2-Clause",
        "LICENSE",
        {"dist/leaflet.js": "leaflet.js", "dist/leaflet.css": "leaflet.css", "dist/images": "images"},
        {"leaflet": "leaflet.js", "leaflet_css": "leaflet.css"},
    ),
    # 5.24 is the last line with a classic script and a build for a strict Content-Security-Policy; 6 is ESM
    # only, which the plain scripts that Folium writes cannot use.
    Library(
        "maplibre-gl",
        "5.24.1",
        "BSD-3-Clause",
        "LICENSE.txt",
        {
            "dist/maplibre-gl-csp.js": "maplibre-gl-csp.js",
            "dist/maplibre-gl-csp-worker.js": "maplibre-gl-csp-worker.js",
            "dist/maplibre-gl.css": "maplibre-gl.css",
        },
        {
            "maplibre-gl": "maplibre-gl-csp.js",
            "maplibre-gl-worker": "maplibre-gl-csp-worker.js",
            "maplibre-gl-css": "maplibre-gl.css",
        },
    ),
    Library(
        "@maplibre/maplibre-gl-leaflet",
        "0.1.4",
        "ISC",
        "LICENSE",
        {"leaflet-maplibre-gl.js": "leaflet-maplibre-gl.js"},
        {"maplibre-gl-leaflet": "leaflet-maplibre-gl.js"},
    ),
    # Our pages do without; Folium's popups, which a notebook may use, are made with it.
    Library(
        "jquery",
        "3.7.1",
        "MIT",
        "LICENSE.txt",
        {"dist/jquery.min.js": "jquery.min.js"},
        {"jquery": "jquery.min.js"},
    ),
)

TEST_LIBRARIES = (
    Library("axe-core", "4.14.1", "MPL-2.0", "LICENSE", {"axe.min.js": "axe.min.js"}, {"axe": "axe.min.js"}),
)

DROPPED = (
    "bootstrap",
    "bootstrap_css",
    "glyphicons_css",
    "awesome_markers",
    "awesome_markers_css",
    "awesome_markers_font_css",
    "awesome_rotate_css",
)
"""Links of every folium.Map that are left out: 1.5 MB of icons and widgets that no page of ours uses."""

NEEDED_BY = {"jquery": "$(", "awesome_markers": "L.AwesomeMarkers"}
"""The text in a page's script that tells whether it uses the library at all."""


def vendor(libraries: tuple[Library, ...], target: Path) -> dict[str, object]:
    """Fetch `libraries` into `target` (emptied before) and write its manifest, which is also returned.

    Raises subprocess.CalledProcessError when npm cannot get a package, FileNotFoundError when a package does
    not hold a file that it should.
    """
    shutil.rmtree(target, ignore_errors=True)
    for library in libraries:
        with tempfile.TemporaryDirectory() as work:
            package = _unpack(library, Path(work))
            _copy(library, package, target / library.folder)
    manifest = _manifest(libraries, target)
    text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    (target / MANIFEST).write_text(text, "utf-8")
    return manifest


def integrity(path: Path) -> str:
    """Subresource-integrity value of a file: `sha384-…`."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def closed_css(css: str) -> str:
    """The style sheet without a way out: every `url(http…)` and every `@import` of another host is emptied.

    >>> closed_css('a{background:url("https://example.org/a.png")} b{background:url(images/b.png)}')
    'a{background:url("data:,")} b{background:url(images/b.png)}'
    """
    css = re.sub(r"""@import\s+(?:url\()?\s*["']?(?:https?:)?//[^;]*;""", "", css)
    return re.sub(r"""url\(\s*["']?(?:https?:)?//[^)]*\)""", 'url("data:,")', css)


def _unpack(library: Library, work: Path) -> Path:
    command = [
        "npm",
        "pack",
        f"{library.package}@{library.version}",
        "--silent",
        "--pack-destination",
        str(work),
    ]
    subprocess.run(command, check=True, cwd=work, stdout=subprocess.DEVNULL)
    (tarball,) = work.glob("*.tgz")
    with tarfile.open(tarball) as archive:
        archive.extractall(work, filter="data")
    return work / "package"


def _copy(library: Library, package: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for source, name in {**library.files, library.licence_file: "LICENSE"}.items():
        if (package / source).is_dir():
            shutil.copytree(package / source, folder / name)
        else:
            shutil.copyfile(package / source, folder / name)
    for css in folder.rglob("*.css"):
        css.write_text(closed_css(css.read_text("utf-8")), "utf-8")
    for script in folder.rglob("*.js"):
        # The maps (megabytes) stay out; without the comment a developer's browser does not ask for them.
        script.write_text(re.sub(r"\n?//# sourceMappingURL=\S+", "", script.read_text("utf-8")), "utf-8")


def _manifest(libraries: tuple[Library, ...], target: Path) -> dict[str, object]:
    on_cdn = dict(folium.Map.default_js) | dict(folium.Map.default_css)
    here = {name: f"{lib.folder}/{file}" for lib in libraries for name, file in lib.links.items()}
    links: dict[str, str | None] = {on_cdn.get(name, f"vendor:{name}"): path for name, path in here.items()}
    used = any(name in on_cdn for name in here)
    links |= {on_cdn[name]: None for name in DROPPED} if used else {}
    files = sorted(path for path in target.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {
        "links": links,
        "needed_by": {on_cdn[name]: text for name, text in NEEDED_BY.items()} if used else {},
        "files": {path.relative_to(target).as_posix(): integrity(path) for path in files},
        "libraries": {
            lib.package: {"version": lib.version, "licence": lib.licence, "folder": lib.folder}
            for lib in libraries
        },
    }


def main() -> int:
    """Fetch everything anew: static/vendor for the pages, tests/vendor for the tests."""
    for libraries, target in ((LIBRARIES, ROOT / "static/vendor"), (TEST_LIBRARIES, ROOT / "tests/vendor")):
        vendor(libraries, target)
        for library in libraries:
            print(f"{library.package} {library.version} ({library.licence}) → {target.name}/{library.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
