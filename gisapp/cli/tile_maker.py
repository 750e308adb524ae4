"""The tile maker of a node as a process: started by `gisapp up`, without the owner's password like the web processes.

At a lower priority, and its connections with it: what is kept goes out before what has to be made.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading

from gisapp import priority
from gisapp.installation import open_for_web
from gisapp.settings import load_settings
from gisapp.tiles.making.process import run
from gisapp.tiles.setup import SWITCH_SECONDS


def main() -> None:
    """Make tiles until asked to end."""
    logging.basicConfig(level=logging.WARNING, format="tile maker: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    priority.give_way(priority.MAKES_TILES)
    sys.setswitchinterval(SWITCH_SECONDS)
    run(open_for_web(load_settings()), stop)


if __name__ == "__main__":
    main()
