"""POST /api/signed-addresses: an address of tiles or of an export for a client that can send no header."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, jsonify, request

from gisapp import errors
from gisapp.access import trail
from gisapp.access.guard import asker, installation, signed_in
from gisapp.access.signing import Wanted, details, make, read_zooms, refused
from gisapp.features.exports.asked import require

signed_addresses = Blueprint("signed_addresses", __name__)
NAMES = ("tiles", "export", "zoom", "hours")


@signed_addresses.post("/api/signed-addresses")
@signed_in
def sign() -> Response:
    """Sign an address within one's own rights: fields of a form or of a JSON object (`tiles` or `export`, `zoom`, `hours`).

    Raises errors.ParameterInvalid, LayerNotFound, SignInNeeded, AuditUnavailable.
    """
    wanted = _wanted(request.get_json() if request.is_json else request.form.to_dict())
    made = make(installation(), asker(), wanted)
    if wanted.export:
        require(installation(), asker(), wanted.export)
    said = details(wanted, made)
    trail.write(*(trail.entry("address_signed", layer, **said) for layer in made.layers))
    root = request.url_root.rstrip("/")
    addresses = {what: root + path for what, path in made.paths.items()}
    answer = jsonify({"name": made.address.name, "expires": said["until"], **addresses})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _wanted(values: Any) -> Wanted:
    if not isinstance(values, dict):
        raise errors.RequestInvalid()
    texts = {name: str(value) for name, value in values.items() if name != "csrf_token"}
    for name in texts:
        if name not in NAMES:
            listed = ", ".join(NAMES)
            raise refused(name, f"使えるのは {listed} です", f"there are {listed}", "tiles=roads.street")
    zooms = read_zooms(texts.get("zoom", ""))
    hours = texts.get("hours") or str(Wanted.hours)
    if not re.fullmatch(r"[0-9]{1,6}", hours):
        raise refused("hours", "整数です", "it is a whole number", "hours=24")
    return Wanted(texts.get("tiles", ""), texts.get("export", "").removeprefix("?"), *zooms, int(hours))
