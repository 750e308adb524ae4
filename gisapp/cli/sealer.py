"""The sealer of the audit as a process: `python -m gisapp.cli.sealer`, started by `gisapp up`.

A process of its own rather than a thread of the worker: the worker holds the owner's password and opens files of
strangers; this one knows a single password, which lets it read entries, add links to the chain, and call the one function that
ends statements that take too long.
"""

from __future__ import annotations

import logging
import signal
import threading

import psycopg

from gisapp import roles
from gisapp.audit.roots import root_files
from gisapp.audit.seal import run
from gisapp.db import Database
from gisapp.installation import open_for_web, sealing_database
from gisapp.settings import Settings, load_settings

log = logging.getLogger("gisapp.sealer")
LOOK = 1.0  # seconds between two looks for statements that take too long
LOOK_LATER = 30.0  # after one that failed
LONGEST = 10  # times the limit of one statement: what an export may take (features/exports)


def main() -> None:
    """Seal until asked to end."""
    logging.basicConfig(level=logging.WARNING, format="sealer: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    installation = open_for_web(load_settings())
    watching = (sealing_database(installation), longest_seconds(installation.settings), stop)
    threading.Thread(target=watch, args=watching, daemon=True).start()
    run(sealing_database(installation), root_files(installation.settings), stop)


def longest_seconds(settings: Settings) -> float:
    """What no statement of a request may take, whatever its role has set for itself."""
    return LONGEST * settings.statement_timeout_ms / 1000 + LOOK


def watch(database: Database, seconds: float, stop: threading.Event) -> None:
    """End statements that take longer, until told to stop. Goes on when the database was away for a while."""
    pause = LOOK
    while seconds > LOOK and not stop.wait(pause):
        pause = LOOK
        try:
            with database.standing(roles.SEALER) as raw:
                while not stop.wait(LOOK):
                    end_overlong(raw, seconds)
        except psycopg.Error as error:
            log.warning("statements that take too long are not ended: %s", error)
            pause = LOOK_LATER


def end_overlong(raw: psycopg.Connection, seconds: float) -> int:
    """End them once; returns how many there were."""
    found = raw.execute("SELECT login, ended FROM gisapp.end_overlong(%s)", [seconds]).fetchall()
    for login, ended in found:
        log.warning(
            "%s took longer than %.0f s: %s", login, seconds, "session ended" if ended else "cancelled"
        )
    return len(found)


if __name__ == "__main__":
    main()
