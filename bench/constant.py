"""The ideal to compare hits with: WSGI applications that answer every request with the same bytes.

BENCH_CONSTANT names a JSON file: {"size": bytes of the body, "headers": [[name, value], …]}.
"""

from __future__ import annotations

import importlib
import json
import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
PATH = "/bench-constant"


def alone() -> Application:
    """An application that does nothing else: the least that the server itself costs."""
    described = json.loads(Path(os.environ["BENCH_CONSTANT"]).read_text())
    body = random.Random(7).randbytes(described["size"])
    headers = [(name, value) for name, value in described["headers"]]

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", list(headers))
        return [body]

    return application


def within_gisapp() -> Application:
    """gisapp (BENCH_APPLICATION, `module:factory`), with the constant below PATH before it, in the same processes."""
    module, _, factory = os.environ["BENCH_APPLICATION"].partition(":")
    whole: Application = getattr(importlib.import_module(module), factory)()
    constant = alone()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(PATH):
            return constant(environ, start_response)
        return whole(environ, start_response)

    return application
