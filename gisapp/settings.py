"""Every setting: its name, its default, what it means; and the city that this installation serves.

Settings come from environment variables named GISAPP_*; `docs/settings.md` lists them (a test keeps both the same).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar

from gisapp import errors

ROOT = Path(os.environ.get("GISAPP_ROOT") or Path(__file__).resolve().parent.parent)
"""The checkout (or bundle): `layers/`, `static/`, `migrations/` and `cities/` stand in it."""


T = TypeVar("T")


def _setting(default: T, meaning: str) -> T:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """What an installation may choose; one environment variable `GISAPP_<NAME>` each."""

    home: Path = _setting(
        Path(".gisapp"), "Folder of this installation: embedded database, secrets, uploads."
    )
    database_url: str = _setting(
        "", "postgresql://… of a server to use as its owner; empty: the embedded one."
    )
    city: str = _setting("sample", "Which folder of cities/ this installation serves.")
    port: int = _setting(8000, "Port the server listens on.")
    bind: str = _setting("127.0.0.1", "Address the server listens on.")
    workers: int = _setting(2, "Web processes.")
    threads: int = _setting(128, "Threads of each web process; most of them wait for the database.")
    tile_cache_mb: int = _setting(2048, "Size of the tile cache on disk, vector tiles and pictures together.")
    tile_memory_mb: int = _setting(40, "Size of the tile cache in the memory of each web process.")
    max_connections: int = _setting(
        16, "Database connections that one web process may hold over all audiences."
    )
    drawing_processes: int = _setting(
        1,
        "Processes that draw picture tiles for each web process, started when one is asked for; at least 1.",
    )
    statement_timeout_ms: int = _setting(10_000, "Time limit of one statement of a request.")
    grids: str = _setting(
        "", "Folder of the national datum grids (`gisapp db grids`); empty: GISAPP_HOME/grids."
    )
    address_level: int = _setting(
        5,
        "Match level from which an address is a place, when a table of addresses comes in: 3 town, 4 chome, 5 block, 6 house, 7 lot.",
    )
    upload_limit_mb: int = _setting(512, "Largest file that may be uploaded.")
    history_days: int = _setting(
        400, "Days that rows are kept as they were before a change, so that it can be undone."
    )
    session_hours: int = _setting(10, "Hours after which a signed-in person signs in again.")
    secure_cookies: bool = _setting(
        False, "1 where the pages are served over TLS: cookies only over TLS, and HSTS."
    )
    trusted_hosts: str = _setting("", "Host names answered, separated by commas; empty: all.")
    exports_per_minute: int = _setting(
        60,
        "Exports that one person, or one address of visitors, may ask a web process for in a minute; 0: any.",
    )
    questions_per_minute: int = _setting(
        1200, "The same for searches, summaries, what lies at or near a place, and maps of WMS; 0: any."
    )
    requests_at_once: int = _setting(
        8,
        "Requests other than tiles that one person, or one address of visitors, may have in progress in a web process; 0: any.",
    )
    signed_days: int = _setting(92, "Days that a signed address of tiles or of an export holds at most.")
    oidc_issuer: str = _setting(
        "", "Issuer of the city's own sign-in (OpenID Connect); empty: passwords only."
    )
    oidc_client_id: str = _setting("", "The name under which that issuer knows this installation.")
    oidc_client_secret_file: str = _setting("", "File that holds the secret agreed with that issuer.")
    oidc_login_claim: str = _setting("preferred_username", "The claim that names a person's login.")
    forwarded: int = _setting(0, "Number of trusted proxies in front that set X-Forwarded-*.")
    audit_roots: str = _setting(
        "", "Folder for the audit's roots, best on another machine's disk; empty: GISAPP_HOME/audit-roots."
    )
    audit_years: int = _setting(5, "Years that `gisapp audit purge` keeps entries of the audit (at least 1).")


def grids_folder(settings: Settings) -> Path:
    """Where this installation keeps the national datum grids."""
    return Path(settings.grids) if settings.grids else settings.home / "grids"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (default: the process's).

    Raises errors.SettingInvalid for a value that does not fit, and for a GISAPP_* name that does not exist.
    """
    environ = os.environ if environ is None else environ
    known = {f"GISAPP_{f.name.upper()}": f for f in fields(Settings)}
    values: dict[str, object] = {}
    for name, raw in environ.items():
        if not name.startswith("GISAPP_") or name in {"GISAPP_ROOT", "GISAPP_TOKEN"} or raw == "":
            continue
        if name not in known:
            why = {"why_ja": "その名前の設定はありません", "why_en": "there is no setting of that name"}
            raise errors.SettingInvalid(name=name, value=raw, **why)
        values[known[name].name] = _parse(name, raw, type(known[name].default))
    settings = Settings(**values)  # type: ignore[arg-type]
    return replace(settings, home=settings.home.absolute())


def _parse(name: str, raw: str, kind: type) -> object:
    if kind is bool:
        if raw.lower() in {"1", "true", "yes", "on"}:
            return True
        if raw.lower() in {"0", "false", "no", "off"}:
            return False
        raise errors.SettingInvalid(name=name, value=raw, why_ja="1 か 0 です", why_en="it is 1 or 0")
    if kind is int:
        if not raw.isascii() or not raw.isdigit():
            raise errors.SettingInvalid(
                name=name, value=raw, why_ja="整数です", why_en="it is a whole number"
            )
        return int(raw)
    return Path(raw).expanduser() if issubclass(kind, Path) else raw


@dataclass(frozen=True)
class City:
    """One municipality, from cities/<key>/city.toml."""

    key: str
    code: str  # 団体コード, 6 digits with check digit
    name_ja: str
    name_en: str
    zone: int  # 平面直角座標系, 1 to 19
    bounds: tuple[float, float, float, float]  # west, south, east, north in degrees (JGD2011)
    languages: tuple[str, ...]
    sample: bool  # a made-up city: `make demo` generates its data
    folder: Path
    former_names: tuple[
        str, ...
    ] = ()  # names that the city, or a part of it, had before: addresses still carry them

    @property
    def srid(self) -> int:
        """EPSG code of the city's plane rectangular system on JGD2011: 6669 (I) to 6687 (XIX)."""
        return 6668 + self.zone

    @property
    def database(self) -> str:
        """Name of the city's own database in the embedded cluster."""
        return f"gisapp_{self.key}"


def load_city(key: str, root: Path = ROOT) -> City:
    """Read cities/<key>/city.toml. Raises errors.CityNotFound, errors.SettingInvalid."""
    cities = {folder.parent.name: folder for folder in sorted((root / "cities").glob("*/city.toml"))}
    if key not in cities:
        raise errors.CityNotFound(city=key, known=", ".join(cities))
    try:
        data = tomllib.loads(cities[key].read_text("utf-8"))
        city = City(
            key=key,
            code=str(data["code"]),
            name_ja=data["name"]["ja"],
            name_en=data["name"]["en"],
            zone=int(data["zone"]),
            bounds=tuple(float(v) for v in data["bounds"]),  # type: ignore[arg-type]
            languages=tuple(data.get("languages", ["ja", "en"])),
            sample=bool(data.get("sample", False)),
            folder=cities[key].parent,
            former_names=tuple(str(name) for name in data.get("former_names", [])),
        )
    except (KeyError, TypeError, ValueError) as error:
        what = f"cities/{key}/city.toml: {error}"
        raise errors.SettingInvalid(name="city.toml", value=key, why_ja=what, why_en=what) from error
    if not 1 <= city.zone <= 19 or len(city.bounds) != 4:
        why = {
            "why_ja": "系は 1〜19、範囲は西・南・東・北です",
            "why_en": "zone is 1 to 19, bounds w, s, e, n",
        }
        raise errors.SettingInvalid(name="city.toml", value=key, **why)
    return city
