"""Rights are given beside files: nobody waits for somebody's upload."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from gisapp.access import wishes
from gisapp.access.wishes import Wish
from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.intake.jobs import defer
from gisapp.intake.options import Options
from gisapp.intake.uploads import add_upload, file_of
from tests.access.conftest import number_of, within, working
from tests.conftest import PASSWORD
from tests.intake.test_worker import many_shelters


def test_a_post_is_given_while_a_large_file_is_being_checked(
    city_installation: Callable[[str], Installation], tmp_path: Path
) -> None:
    city, upload = city_installation("nerima"), uuid.uuid4()
    add_person(city, "sender", "", PASSWORD, {"disaster": "editor"})
    add_person(city, "chief", "", PASSWORD, {}, duty="administrator")
    sender, chief = number_of(city, "sender"), number_of(city, "chief")
    file_of(city.settings, upload).parent.mkdir(parents=True)
    many_shelters(file_of(city.settings, upload), 400_000)
    with city.database.transaction("app") as connection:
        options = Options().as_json() | {"publish": False}
        add_upload(connection, upload, "disaster.shelter", "many.csv", options, sender)
        defer(connection, upload, "disaster.shelter")

    def state() -> str:
        with city.database.transaction("owner") as connection:
            return str(
                connection.scalar(sa.text("SELECT state FROM gisapp.upload WHERE id = :id"), {"id": upload})
            )

    with working(city):
        assert within(30, lambda: state() == "checking")
        wish = wishes.ask(city, Wish("change", chief, sender, {"posts": {"tax": "viewer"}}))
        assert within(5, lambda: wishes.find_change(city, wish).state == "done")
        assert state() == "checking", "the file was too small for this test"
