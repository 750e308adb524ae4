"""Making a signed address: within the rights of whoever asks, and no longer than the settings allow."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.datastructures import MultiDict

from gisapp import errors
from gisapp.access import signed
from gisapp.access.policy import Asker, view_of
from gisapp.access.signed import EXPORT, EXPORT_PATH, SIGNATURE, TILES, Address
from gisapp.installation import Installation
from gisapp.text.reading import JAPAN

MOST_LAYERS = 20  # of one tile


@dataclass(frozen=True)
class Wanted:
    """What is to be opened: the tiles of layers (`a.b,c.d`) at some zooms, or one export's question (`layer=…&format=csv`)."""

    tiles: str = ""
    export: str = ""
    first: int = 0
    last: int = signed.DEEPEST
    hours: int = 24


@dataclass(frozen=True)
class Signed:
    """A signed address as it was made: what it opens, which layers that concerns, its addresses from the server's root on."""

    address: Address
    layers: tuple[str, ...]
    paths: Mapping[str, str]


def make(installation: Installation, asker: Asker, wanted: Wanted) -> Signed:
    """Sign an address for somebody. Raises errors.ParameterInvalid, LayerNotFound (hidden and missing are one), SignInNeeded."""
    who = asker.person
    if who is None:
        raise errors.SignInNeeded()
    _require(installation, wanted)
    parameters = MultiDict(parse_qsl(wanted.export, keep_blank_values=True))
    layers = wanted.tiles.split(",") if wanted.tiles else signed.export_layers(parameters)
    for layer in layers:
        if view_of(asker, installation.catalogue.layer(layer)) is None:
            raise errors.LayerNotFound(layer=layer)
    now = int(time.time())
    address = Address(
        TILES if wanted.tiles else EXPORT,
        wanted.tiles or signed.digest_of(parameters.items(multi=True)),
        who.id,
        asker.token.id if asker.token else 0,
        0 if asker.token else who.session_number,
        signed.audience_of(who.departments),
        wanted.first,
        wanted.last,
        now,
        now + wanted.hours * 3600,
    )
    signature = urlencode({SIGNATURE: signed.sign(installation.settings, installation.city, address)})
    return Signed(address, tuple(layers), _paths(wanted, parameters, signature))


def _paths(wanted: Wanted, parameters: MultiDict[str, str], signature: str) -> dict[str, str]:
    if wanted.export:
        question = urlencode(list(parameters.items(multi=True)))
        return {"export": f"{EXPORT_PATH}?{question}&{signature}"}
    base = f"/tiles/{wanted.tiles}"
    tiles = {form: f"{base}/{{z}}/{{x}}/{{y}}.{form}?{signature}" for form in ("mvt", "png", "webp")}
    return tiles | {"tilejson": f"{base}.json?{signature}", "pictures": f"{base}/pictures.json?{signature}"}


def _require(installation: Installation, wanted: Wanted) -> None:
    longest = installation.settings.signed_days * 24
    layers = wanted.tiles.split(",")
    asked = dict(parse_qsl(wanted.export))
    for name, fine, ja, en, example in (
        (
            "tiles",
            bool(wanted.tiles) != bool(wanted.export),
            "tiles か export の一方です",
            "either tiles or export",
            "tiles=roads.street",
        ),
        (
            "tiles",
            len(layers) <= MOST_LAYERS and len(set(layers)) == len(layers),
            f"異なる {MOST_LAYERS} レイヤーまでです",
            f"at most {MOST_LAYERS} different layers",
            "tiles=roads.street",
        ),
        (
            "export",
            not wanted.export or bool(asked.get("layer")) and SIGNATURE not in asked,
            "/api/export の ? から後ろで、layer が要ります",
            "what follows ? of /api/export, with a layer",
            "export=layer=roads.street&format=csv",
        ),
        (
            "zoom",
            0 <= wanted.first <= wanted.last <= signed.DEEPEST,
            f"0〜{signed.DEEPEST} の範囲です",
            f"a range within 0 to {signed.DEEPEST}",
            "zoom=10-16",
        ),
        (
            "hours",
            1 <= wanted.hours <= longest,
            f"1〜{longest} 時間です",
            f"1 to {longest} hours",
            "hours=24",
        ),
    ):
        if not fine:
            raise refused(name, ja, en, example)


def read_zooms(said: str) -> tuple[int, int]:
    """`10-16` or `14` as the first and the last zoom; nothing is every zoom. Raises errors.ParameterInvalid."""
    found = re.fullmatch(r"([0-9]{1,2})(?:-([0-9]{1,2}))?", said or f"0-{signed.DEEPEST}")
    if found is None:
        raise refused("zoom", "10-16 の形です", "it has the form 10-16", "zoom=10-16")
    return int(found[1]), int(found[2] or found[1])


def refused(name: str, why_ja: str, why_en: str, example: str) -> errors.ParameterInvalid:
    """The refusal of what was asked to be signed."""
    return errors.ParameterInvalid(name=name, why_ja=why_ja, why_en=why_en, example=example)


def details(wanted: Wanted, made: Signed) -> dict[str, Any]:
    """What the audit keeps of it: its name (`via` of what is done with it), what it opens, until when; no signature."""
    until = datetime.datetime.fromtimestamp(made.address.ends, JAPAN).isoformat()
    said: dict[str, Any] = {"address": made.address.name, "until": until}
    if wanted.export:
        return said | {"export": wanted.export[:300]}
    return said | {"tiles": wanted.tiles, "zooms": [wanted.first, wanted.last]}
