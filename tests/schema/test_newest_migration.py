"""The newest migration is known without Alembic, and it is Alembic's."""

from __future__ import annotations

import subprocess
import sys

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask.testing import FlaskClient

from gisapp.schema.newest import newest_migration
from gisapp.settings import ROOT


def test_it_is_the_head_that_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    assert newest_migration() == ScriptDirectory.from_config(config).get_current_head()


def test_a_migrated_database_is_ready(client: FlaskClient) -> None:
    said = client.get("/readyz")
    assert said.status_code == 200 and said.get_json()["migrations"] is True


def test_a_web_process_does_not_load_alembic() -> None:
    code = "import sys; from gisapp import health, maps, ogc, web; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
