"""Who goes first where processors are short: what is ready to be sent, before what has to be computed.

On Linux a process's nice value says little by itself: where tasks are grouped by session (`sched_autogroup_enabled`, as most
distributions have it) it counts among the processes of one session only, and every backend of PostgreSQL is a session of
its own. So a few tiles that had to be made took half of a machine from thousands that were ready. Here the whole session
gives way, and with it the backends of its connections.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

COMPUTES = 5
"""Nice value of what computes: a third of what others have, where they want all of a processor; all of it where nobody does."""
MAKES_TILES = 8
"""Of the tile maker: a sixth. Twice as far down as `COMPUTES` a tile waits too long beside other work."""
TRIES, APART = 8, 0.15  # the kernel takes one such wish in 0.1 s from those who are not root


def give_way(nice: int) -> None:
    """Lower this process and all that it will start, and its session if it leads one."""
    os.nice(max(nice - os.nice(0), 0))
    if os.getsid(0) == os.getpid():
        _lower_session(os.getpid(), nice)


def lower_like_ours(backend: int) -> None:
    """Lower a backend of PostgreSQL that works for this process as far as this process is, in the background.

    backend: its process id. Does nothing where it belongs to another account or is not of this machine.
    """
    nice = os.getpriority(os.PRIO_PROCESS, os.getpid())
    if nice > 0:
        threading.Thread(target=_lower_backend, args=(backend, nice), daemon=True).start()


def _lower_backend(pid: int, nice: int) -> None:
    with contextlib.suppress(OSError):
        if not Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"postgres:"):
            return
        if os.getpriority(os.PRIO_PROCESS, pid) < nice:
            os.setpriority(os.PRIO_PROCESS, pid, nice)
        _lower_session(pid, nice)


def _lower_session(pid: int, nice: int) -> None:
    for _ in range(TRIES):
        try:
            Path(f"/proc/{pid}/autogroup").write_text(str(nice))
        except BlockingIOError:
            time.sleep(APART)
            continue
        except OSError:  # another system, or a kernel that does not group by session
            pass
        return
