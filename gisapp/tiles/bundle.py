"""Bundles: the tiles of public layers in one PMTiles 3 file, for an object store, a CDN or a place without a network.

https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md. Read from PostGIS in one snapshot and not from the cache, so
that the whole bundle shows one moment: a shelter that was moved stands in one place at every zoom. The tiles are those
that the server sends to visitors for the same layers joined, in the order of their ids.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pmtiles.tile import Compression, TileType, tileid_to_zxy, zxy_to_tileid
from pmtiles.writer import Writer

from gisapp import errors, roles
from gisapp.installation import Installation
from gisapp.tiles.cache import codings
from gisapp.tiles.cover import touched, unpack
from gisapp.tiles.maker import drawn_at
from gisapp.tiles.moment import Moment, moment
from gisapp.tiles.plan import Plan
from gisapp.tiles.public import Chosen, zooms_of
from gisapp.tiles.queries import tiles_on
from gisapp.tiles.several import several
from gisapp.tiles.tilejson import tilejson

READ_TOGETHER = 8  # tiles in one transaction
Told = Callable[[int, int], None]
"""Told how many tiles are done and how many there are."""


@dataclass(frozen=True)
class Bundled:
    """What a bundle holds. tiles: addresses with content; contents: different ones; moment: of the data, ISO 8601."""

    layers: tuple[str, ...]
    zooms: tuple[int, int]
    tiles: int
    contents: int
    empty: int
    bytes: int
    moment: str


def bundle(
    installation: Installation, chosen: Chosen, out: Path, first: int, last: int, lang: str, told: Told
) -> Bundled:
    """Write `out` with these layers between these zooms; it is there as a whole or not at all.

    Raises errors.DatabaseAway, TooSlow, DataReplaced; BundleRefused where there is nothing to write or no place to.
    """
    plans = tuple(plan for _, plan in chosen)
    zooms = zooms_of(chosen, first, last)
    if not zooms:
        raise errors.BundleRefused(
            why_ja="そのズームのタイルはありません", why_en="there are no tiles at these zooms"
        )
    with (
        _writing(out) as (file, beside),
        moment(installation.database, roles.PUBLIC_AUDIENCE, _relations(chosen, zooms)) as now,
    ):
        writer = Writer(file)
        writer.tile_f.close()
        writer.tile_f = beside  # type: ignore[assignment]  # its own would be in the folder for temporary files, which may be memory
        done = _write_tiles(writer, now, plans, zooms, told)
        if not writer.tile_entries:
            raise errors.BundleRefused(
                why_ja="これらのレイヤーには何も入っていません", why_en="these layers hold nothing"
            )
        found = [tileid_to_zxy(writer.tile_entries[at].tile_id)[0] for at in (0, -1)]
        writer.finalize(
            _header(installation, chosen, zooms), _metadata(installation, chosen, zooms, now, lang)
        )
        size = file.tell()
    return Bundled(
        tuple(layer.id for layer, _ in chosen),
        (found[0], found[1]),
        writer.addressed_tiles,
        len(writer.hash_to_offset),
        done - writer.addressed_tiles,
        size,
        now.at.isoformat(),
    )


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A file that takes `out`'s place when all went well, and another beside it for what is put in at the end."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        try:
            with open(part, "xb") as file, tempfile.TemporaryFile(dir=out.parent) as beside:
                yield file, beside
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, out)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else type(error).__name__
        raise errors.BundleRefused(
            why_ja=f"{out.name} に書き込めません（{why}）", why_en=f"{out.name}: {why}"
        ) from error


def _relations(chosen: Chosen, zooms: range) -> list[str]:
    """The tables that the tiles are read from."""
    depends = (plan.at(z).depends for _, plan in chosen for z in zooms)
    return list(dict.fromkeys([*(plan.source for _, plan in chosen), *depends]))


def _write_tiles(writer: Writer, now: Moment, plans: tuple[Plan, ...], zooms: range, told: Told) -> int:
    """Every tile that holds something, in the archive's own order; returns how many were read."""
    with now.reading() as connection:
        tiles = [
            tile
            for z, found in enumerate(touched(connection, plans, zooms[-1]))
            if z in zooms
            for tile in sorted(zxy_to_tileid(z, *unpack(one)) for one in found)
        ]
    chunks = (tiles[start : start + READ_TOGETHER] for start in range(0, len(tiles), READ_TOGETHER))
    done = 0
    for read in several(lambda some: _read(now, plans, some), chunks):
        for number, content in read:
            if content:
                writer.write_tile(number, content)
        done += len(read)
        now.stay()
        told(len(read), len(tiles))
    return done


def _read(now: Moment, plans: tuple[Plan, ...], numbers: list[int]) -> list[tuple[int, bytes]]:
    """The tiles of these numbers, compressed; empty ones as no bytes."""
    found: list[tuple[int, bytes]] = []
    with now.reading() as connection:
        for number in numbers:
            z, x, y = tileid_to_zxy(number)
            drawn = drawn_at(plans, z)
            content = b"".join(tiles_on(connection, drawn, z, x, y)[1]) if drawn else b""
            found.append((number, content))
    return [
        (number, codings.pack(content, codings.GZIP, hard=True) if content else b"")
        for number, content in found
    ]


def _header(installation: Installation, chosen: Chosen, zooms: range) -> dict[str, Any]:
    west, south, east, north = (round(degrees * 10_000_000) for degrees in installation.city.bounds)
    lon, lat, zoom = tilejson(installation.city, chosen, "", "ja")["center"]
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": min(max(zoom, zooms[0]), zooms[-1]),
        "center_lon_e7": round(lon * 10_000_000),
        "center_lat_e7": round(lat * 10_000_000),
    }


def _metadata(
    installation: Installation, chosen: Chosen, zooms: range, now: Moment, lang: str
) -> dict[str, Any]:
    """What the layers' TileJSON says, without addresses: a bundle knows none."""
    told = tilejson(installation.city, chosen, "", lang)
    within = {"minzoom": zooms[0], "maxzoom": zooms[-1]}
    layers = [
        {
            **one,
            "minzoom": max(one["minzoom"], within["minzoom"]),
            "maxzoom": min(one["maxzoom"], within["maxzoom"]),
        }
        for one in told["vector_layers"]
        if one["minzoom"] <= within["maxzoom"]
    ]
    return {
        "name": told["name"],
        "description": told["description"],
        "attribution": told["attribution"],
        "type": "overlay",
        "format": "pbf",
        "version": now.at.isoformat(),
        "vector_layers": layers,
    }
