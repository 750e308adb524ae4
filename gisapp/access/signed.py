"""Signed addresses: for clients that cannot send a header (a QGIS project, a link to a file), one thing for a while.

The signature (HMAC-SHA-256 under the installation's secret file `web`) says what is opened, at which zooms, for whom and
until when; nothing is kept of it. What is restricted stays so: whoever made it must still be there, hold the same posts, and,
where a token made it, the token must still be valid. All of that is asked anew with every request that reaches the guard.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from werkzeug.datastructures import MultiDict

from gisapp import errors, keys
from gisapp.settings import City, Settings

SIGNATURE = "signature"
"""The parameter of an address that carries it."""
TILES, EXPORT = "tiles", "export"
EXPORT_PATH = "/api/export"
DEEPEST = 30  # a zoom beyond every layer's last
LONGEST = 1000  # letters: nothing longer is looked at
CLOCKS_DIFFER = 600  # seconds by which the clocks of several web servers may be apart


@dataclass(frozen=True)
class Address:
    """What a signed address opens. `what`: the layers of its tiles as its path names them, or the digest of an export's question.

    `session_number` is the person's, so that a new password ends it; 0 where a token made it, which is revoked by itself.
    """

    kind: str
    what: str
    person: int
    token: int
    session_number: int
    audience: str
    first: int
    last: int
    made: int
    ends: int

    @property
    def name(self) -> str:
        """What the audit calls it: no secret, and the same where it is made and where it is used."""
        said = "|".join(map(str, self.__dict__.values()))
        return hashlib.sha256(said.encode()).hexdigest()[:12]

    def seconds_left(self) -> float:
        """Seconds until it expires."""
        return self.ends - time.time()


def sign(settings: Settings, city: City, address: Address) -> str:
    """The signature of an address."""
    return str(_serializer(settings, city).dumps(list(address.__dict__.values())))


def read(settings: Settings, city: City, signature: str) -> Address:
    """What a signature opens. Raises errors.AddressInvalid: not ours, changed, expired, or the clock stands before it was made."""
    try:
        if len(signature) > LONGEST:
            raise BadData("too long")
        address = Address(*_serializer(settings, city).loads(signature))
    except (BadData, TypeError) as error:
        raise changed() from error
    if address.seconds_left() <= 0:
        raise errors.AddressInvalid(why_ja="期限が切れています", why_en="it has expired")
    if address.made > time.time() + CLOCKS_DIFFER:
        raise errors.AddressInvalid(
            why_ja="サーバーの時計が作成時より前に戻っているため、期限を確かめられません",
            why_en="the server's clock stands before it was made, so that its end cannot be told",
        )
    return address


def layers_of(
    address: Address, path: str, parts: Mapping[str, Any], parameters: MultiDict[str, str]
) -> tuple[str, ...]:
    """The layers that the address opens to this request (its path, the path's typed parts, its query).

    Raises errors.AddressInvalid for whatever else is asked with its signature.
    """
    if address.kind == TILES and path.startswith("/tiles/"):
        fits = (
            parts.get("layers") == address.what
            and address.first <= parts.get("z", address.first) <= address.last
        )
        layers = address.what.split(",")
    else:
        fits = address.kind == EXPORT and path == EXPORT_PATH
        fits = fits and digest_of(parameters.items(multi=True)) == address.what
        layers = export_layers(parameters)
    if not fits:
        raise changed()
    return tuple(layers)


def export_layers(parameters: Mapping[str, str]) -> list[str]:
    """The layers that an export's question is about."""
    return [parameters[name] for name in ("layer", "meets") if parameters.get(name)]


def changed() -> errors.AddressInvalid:
    """The refusal of an address that is not the one that was signed; it says nothing of what there is."""
    return errors.AddressInvalid(
        why_ja="署名がこのアドレスのものではありません", why_en="its signature is not of this address"
    )


def digest_of(parameters: Iterable[tuple[str, str]]) -> str:
    """A short name for an export's question: its parameters in whatever order, without the signature."""
    said = sorted((name, value) for name, value in parameters if name != SIGNATURE)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def audience_of(departments: Iterable[str]) -> str:
    """A short name for the departments that somebody speaks for."""
    return hashlib.sha256("\x1f".join(sorted(departments)).encode()).hexdigest()[:12]


def _serializer(settings: Settings, city: City) -> URLSafeSerializer:
    key = keys.derive(keys.read_secret(settings.home, "web"), "signed-address", city.key)
    return URLSafeSerializer(
        key, salt="gisapp.address", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    )
