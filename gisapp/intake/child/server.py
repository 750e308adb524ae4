"""The process that readers are forked from: it has imported everything once, and opens no file itself.

It is started by the first file (gisapp.intake.child.reader) and ends when the process that started it does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gisapp import errors
from gisapp.heavy import leave_out_pandas
from gisapp.intake.child import limits, wire
from gisapp.intake.options import options_from_json
from gisapp.intake.problem import refuse
from gisapp.intake.source import Source

LONGEST_ORDER = 65_536
RARELY = (200_000, 20, 100)
"""Thresholds of the garbage collector: rows are many objects without cycles."""

Opener = Callable[..., Source]


def serve(control: socket.socket) -> None:
    """Fork a reader for every order that comes, until the other side is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel forgets readers that have ended
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, LONGEST_ORDER, 2)
        if not message:
            return
        pipe, reply = descriptors
        pid = os.fork()
        if pid == 0:
            _read(control, pipe, json.loads(message))
        with socket.socket(fileno=reply) as answer, contextlib.suppress(OSError):  # it may have ended already
            handle = os.pidfd_open(pid)
            socket.send_fds(answer, [b"p"], [handle])
            os.close(handle)
        os.close(pipe)


def _read(control: socket.socket, pipe: int, order: dict[str, Any]) -> None:
    """Be a reader: never returns."""
    control.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        limits.apply(limits.Limits(**order["limits"]))
        limits.tell_through(lambda size: wire.send(pipe, wire.ALLOW, size))
        _tell(pipe, order)
    except BrokenPipeError:
        pass  # nobody wants the rest
    finally:
        os._exit(0)


def _tell(pipe: int, order: dict[str, Any]) -> None:
    module, _, name = order["opener"].partition(":")
    opener: Opener = getattr(importlib.import_module(module), name)
    try:
        try:
            source = opener(
                Path(order["path"]),
                order["name"],
                options_from_json(order["options"]),
                Path(order["scratch"]),
            )
            wire.send(pipe, wire.OPENED, wire.pack_source(source))
            with contextlib.closing(source.batches()) as batches:
                for batch in batches:
                    wire.send(pipe, wire.ROWS, *wire.pack_rows(batch))
            wire.send(pipe, wire.END, None)
        except MemoryError:
            refuse_large()
        except RecursionError:
            why = ("入れ子が深すぎます", "it is nested too deeply")
            refuse("too_deep", why, ("別の形式で書き出してください。", "Export it in another format."))
    except errors.FileRefused as refusal:
        wire.send(pipe, wire.REFUSED, wire.pack_refusal(refusal.values))
    except BrokenPipeError:
        raise
    except Exception:  # a mistake of ours: the file is refused, and the log says where
        wire.send(pipe, wire.FAILED, traceback.format_exc())


def refuse_large() -> None:
    """Raises errors.FileRefused for a file that needs more memory than a reader may have."""
    why = ("読むのに必要なメモリが上限を超えます", "reading it needs more memory than a reader may use")
    do = (
        "範囲を分けるか、GeoPackage か FlatGeobuf で書き出してください。",
        "Split it, or export GeoPackage or FlatGeobuf.",
    )
    refuse("too_large", why, do)


def main() -> None:
    """Import what readers need, then serve on the socket whose descriptor is the only argument."""
    leave_out_pandas()
    from gisapp.intake.gdal import pyogrio

    pyogrio()
    importlib.import_module("gisapp.intake.readers.opening")
    gc.collect()
    gc.freeze()  # what is imported is shared by all readers and never looked at again
    gc.set_threshold(*RARELY)
    with socket.socket(fileno=int(sys.argv[1])) as control:
        serve(control)


if __name__ == "__main__":
    main()
