"""The sealer of the audit as a process: `python -m gisapp.cli.sealer`, started by `gisapp up`.

A process of its own rather than a thread of the worker: the worker holds the owner's password and opens files of
strangers; this one knows a single password, which lets it read entries and add links to the chain.
"""

from __future__ import annotations

import logging
import signal
import threading

from gisapp.audit.roots import root_files
from gisapp.audit.seal import run
from gisapp.installation import open_for_web, sealing_database
from gisapp.settings import load_settings


def main() -> None:
    """Seal until asked to end."""
    logging.basicConfig(level=logging.WARNING, format="sealer: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    installation = open_for_web(load_settings())
    run(sealing_database(installation), root_files(installation.settings), stop)


if __name__ == "__main__":
    main()
