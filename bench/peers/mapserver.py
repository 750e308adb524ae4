"""MapServer 8 (C), Debian's, as FastCGI behind lighttpd; MVT by its own driver."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.city import WORK, first_port
from bench.measure import Answer, Requests
from bench.peers import PATIENCE, PROCESSES, SCHEMA, Peer, View, login, name_of, running
from bench.places import Tile
from gisapp.installation import Installation
from gisapp.settings import ROOT

PROGRAM = "/usr/bin/mapserv"


@contextmanager
def mapserver(installation: Installation, views: list[View]) -> Iterator[Peer]:
    """A running MapServer over the views."""
    port = first_port() + 4
    folder = WORK / "mapserver"
    folder.mkdir(parents=True, exist_ok=True)
    _install()
    (folder / "bench.map").write_text(_mapfile(installation, views))
    (folder / "mapserver.conf").write_text('CONFIG\n ENV\n  MS_MAP_PATTERN "."\n END\nEND\n')
    (folder / "lighttpd.conf").write_text(_lighttpd(folder, port))
    words = [str(_lighttpd_program()), "-D", "-f", str(folder / "lighttpd.conf"), "-m", str(_modules())]
    requests = Requests(
        f"http://127.0.0.1:{port}", {"Accept-Encoding": "identity"}, keep=False, seconds=3 * PATIENCE
    )

    def ask(layer: str, tile: Tile) -> Answer:
        z, x, y = tile
        wanted = f"mode=tile&tilemode=gmap&tile={x}+{y}+{z}&layers={name_of(layer, tile)}&map.imagetype=mvt"
        return requests.ask(f"/mapserv?map={folder / 'bench.map'}&{wanted}")

    with running("mapserver", words, port):
        yield Peer("MapServer", _version(), ask)


def _install() -> None:
    """MapServer as a package; lighttpd only unpacked: installed, it would start a service on port 80."""
    subprocess.run(
        [ROOT / ".ci" / "packages", "MapServer as a peer of the bench", "cgi-mapserver"], check=True
    )
    if not _lighttpd_program().exists():
        folder = WORK / "lighttpd"
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", "lighttpd"], cwd=folder, check=True, capture_output=True)
        package = next(folder.glob("lighttpd_*.deb"))
        subprocess.run(["dpkg", "-x", package, folder], check=True)


def _lighttpd_program() -> Path:
    return WORK / "lighttpd" / "usr" / "sbin" / "lighttpd"


def _modules() -> Path:
    return WORK / "lighttpd" / "usr" / "lib" / "lighttpd"


def _version() -> str:
    said = subprocess.run([PROGRAM, "-v"], capture_output=True, text=True).stdout
    found = re.search(r"version (\S+)", said)
    return found[1] if found else "?"


def _lighttpd(folder: Path, port: int) -> str:
    socket = folder / "mapserv.socket"
    return f"""
server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ("mod_fastcgi")
fastcgi.server = ("/mapserv" => ((
  "bin-path" => "{PROGRAM}", "socket" => "{socket}", "max-procs" => {PROCESSES}, "check-local" => "disable",
  "bin-environment" => ("MAPSERVER_CONFIG_FILE" => "{folder}/mapserver.conf")
)))
"""


def _mapfile(installation: Installation, views: list[View]) -> str:
    one = login(installation)
    words = f"host={one['host']} port={one['port']} dbname={one['database']} user={one['user']} password={one['password']}"
    return f"""
MAP
 NAME "bench"
 SIZE 256 256
 MAXSIZE 8192
 EXTENT -20037508 -20037508 20037508 20037508
 PROJECTION "init=epsg:3857" END
 WEB METADATA "ows_enable_request" "*" "tile_map_edge_buffer" "0" END END
 OUTPUTFORMAT
  NAME "mvt" DRIVER "MVT" MIMETYPE "application/vnd.mapbox-vector-tile" EXTENSION "mvt"
  FORMATOPTION "EXTENT=4096" FORMATOPTION "EDGE_BUFFER=4"
 END
{"".join(_layer(view, installation, words) for view in views)}
END
"""


def _layer(view: View, installation: Installation, connection: str) -> str:
    kind = installation.catalogue.layer(view.layer).geometry.removeprefix("Multi")
    drawn = {"Polygon": "POLYGON", "LineString": "LINE", "Point": "POINT"}[kind]
    columns = ", ".join(("id", *view.columns, "geom_web"))
    return f"""
 LAYER
  NAME "{view.name}"
  TYPE {drawn}
  STATUS OFF
  CONNECTIONTYPE POSTGIS
  CONNECTION "{connection}"
  PROCESSING "CLOSE_CONNECTION=DEFER"
  DATA "geom_web FROM (SELECT {columns} FROM {SCHEMA}.{view.name}) AS t USING UNIQUE id USING SRID=3857"
  PROJECTION "init=epsg:3857" END
  METADATA "gml_include_items" "{",".join(view.columns) or "id"}" "gml_featureid" "id" "ows_include_items" "all" END
  CLASS STYLE COLOR 0 0 0 END END
 END"""
