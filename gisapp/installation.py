"""One running installation: its settings, its city, its layers and its database, opened together.

The shell and the worker open it with the owner's password; the web process opens it without.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gisapp import cluster, keys, roles
from gisapp.catalogue.load import Catalogue, load_catalogue
from gisapp.db import Address, Database, address_of
from gisapp.settings import City, Settings, load_city


@dataclass(frozen=True)
class Installation:
    """What every part of the program stands on."""

    settings: Settings
    city: City
    catalogue: Catalogue
    database: Database

    @property
    def embedded(self) -> bool:
        """Whether the database is gisapp's own cluster."""
        return not self.settings.database_url


def address_file(settings: Settings) -> Path:
    """Where the address of the city's database is kept for the web process."""
    return settings.home / "databases" / f"{settings.city}.json"


def owner_login(settings: Settings, city: City) -> tuple[str, str]:
    """User and password of the embedded database's owner."""
    owner = roles.full_name(city.database, "owner")
    return owner, keys.derive(keys.read_secret(settings.home, "owner"), "owner", city.database)


def open_for_shell(settings: Settings) -> Installation:
    """Open with the owner's rights. Starts the embedded cluster if needed; the database itself may not exist yet.

    Raises errors.ClusterFailed, CityNotFound, CatalogueInvalid, SettingInvalid.
    """
    city = load_city(settings.city)
    catalogue = load_catalogue(city)
    if settings.database_url:
        address, user, password = address_of(settings.database_url)
        owner = (user, password)
    else:
        place = cluster.locate(settings)
        cluster.start(place)
        address = Address(str(place.socket), cluster.PORT, city.database)
        owner = owner_login(settings, city)
    secret = keys.read_secret(settings.home, "web")
    database = Database(address, secret, owner=owner, limit=settings.max_connections)
    return Installation(settings, city, catalogue, database)


def sealing_database(installation: Installation) -> Database:
    """The database as the sealer of the audit sees it: with that one password, of a secret that the web never reads."""
    secret = keys.read_secret(installation.settings.home, "sealer")
    return Database(installation.database.address, secret, limit=1)


def open_for_web(settings: Settings) -> Installation:
    """Open without the owner's rights, at the address that the shell kept. Raises errors.NotMigrated."""
    city = load_city(settings.city)
    database = Database(
        Address.read(address_file(settings)),
        keys.read_secret(settings.home, "web"),
        limit=settings.max_connections,
        statement_timeout_ms=settings.statement_timeout_ms,
    )
    return Installation(settings, city, load_catalogue(city), database)
