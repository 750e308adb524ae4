"""Child processes that calculate for this one: what all of them are to keep to."""

from __future__ import annotations

import os
import threading
import time

WATCH = 1.0  # seconds between two looks of a child at whether its parent is still there


def end_with_the_parent(parent: int) -> None:
    """In a child: nobody calculates for a parent that was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
