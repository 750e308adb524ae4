"""`gisapp up`, `gisapp down`: the whole installation as one program in the foreground.

`up` holds the owner's rights and starts children that do not share its terminal: the web server, the tile maker and the
sealer of the audit (without the owner's password: not even in their environment) and the background worker. When `up`
ends, they end; when it was killed, the next `up` ends what it left before it starts anew. A tile maker that ends is started
again, for without it everything goes on more slowly; when one of the others ends, all do.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

import click

from gisapp import cluster, errors
from gisapp.cli.db import prepare
from gisapp.installation import Installation, open_for_shell
from gisapp.rasters import MOST_WAITING
from gisapp.schema.sync import sync
from gisapp.settings import Settings, load_settings

GRACE_SECONDS = 8.0
WORKER = (
    "from gisapp.cli.worker import main; main()"  # imported, not run as __main__: its jobs are found by name
)
SEALER = "from gisapp.cli.sealer import main; main()"
TILE_MAKER = "from gisapp.cli.tile_maker import main; main()"
HEADERS_MS = 10_000  # for a request's headers: whoever sends them byte by byte is cut off
AGAIN_SECONDS = 1.0  # between two starts of the tile maker


@click.command()
@click.option("--open-message/--no-open-message", default=True, hidden=True)
def up(open_message: bool) -> None:
    """データベース・サーバー・ワーカーを起動する。Start everything; Ctrl-C stops it.

    \b
    Examples:
      gisapp up
      GISAPP_PORT=9000 GISAPP_CITY=yaizu gisapp up
    """
    settings = load_settings()
    with foreground(settings):
        installation = open_for_shell(settings)
        prepare(installation)
        sync(installation)
        run(installation, announce=open_message)


@contextlib.contextmanager
def foreground(settings: Settings) -> Iterator[None]:
    """Everything that `up` does, from the first check on: however it ends, the embedded cluster is stopped.

    Raises errors.AlreadyRunning, errors.PortTaken before anything is started.
    """
    end_leftovers(settings)
    require_free_port(settings)
    # Asked to end while still preparing. SIGINT too: who was started in the background begins with it ignored.
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    except KeyboardInterrupt:
        click.echo("中止しました / stopped", err=True)
        sys.exit(130)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if not settings.database_url:
            cluster.stop(cluster.locate(settings))
        _note(settings).unlink(
            missing_ok=True
        )  # last: whoever starts meanwhile would have the cluster stopped under them


@click.command()
def down() -> None:
    """起動中のものを止める。Stop what `gisapp up` started, and the embedded database."""
    settings = load_settings()
    note = _note(settings)
    if note.exists() and _is_ours(pid := json.loads(note.read_text())["up"]):
        os.kill(pid, signal.SIGTERM)  # it ends its children and the cluster itself
        until = time.monotonic() + 2 * GRACE_SECONDS
        while note.exists() and time.monotonic() < until:
            time.sleep(0.1)
        return
    end_leftovers(settings)
    if not settings.database_url:
        cluster.stop(cluster.locate(settings))


def require_free_port(settings: Settings) -> None:
    """Raises errors.PortTaken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind, settings.port))
        except OSError as error:
            raise errors.PortTaken(
                port=settings.port, other=settings.port + 1000 if settings.port < 64000 else 8000
            ) from error


def run(installation: Installation, *, announce: bool = True) -> None:
    """Run the web server and the worker until Ctrl-C, SIGTERM or the end of one of them."""
    settings = installation.settings
    children: dict[str, subprocess.Popen[bytes]] = {}
    stopping: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.append(number)

    # Before anything is started: a Ctrl-C in between would leave it behind.
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        children["web"] = _spawn(web_command(settings), web_environment(settings))
        children["worker"] = _spawn([sys.executable, "-c", WORKER], os.environ.copy())
        children["sealer"] = _spawn([sys.executable, "-c", SEALER], web_environment(settings))
        _start_tile_maker(settings, children)
        if wait_until_answering(settings, children["web"], stopping=stopping) and announce:
            click.echo(f"\n地図 / maps:  http://{settings.bind}:{settings.port}/   (Ctrl-C で終了 / stops)")
        started = time.monotonic()
        while not stopping and all(
            child.poll() is None for name, child in children.items() if name != "tiles"
        ):
            time.sleep(0.2)
            if children["tiles"].poll() is not None and time.monotonic() - started > AGAIN_SECONDS:
                started = time.monotonic()
                click.echo(
                    "タイル作成プロセスを再起動します / the tile maker ended and is started again", err=True
                )
                _start_tile_maker(settings, children)
        failed = [
            name for name, child in children.items() if child.poll() not in (None, 0) and name != "tiles"
        ]
    finally:
        for child in children.values():
            _end_group(child.pid)
        for child in children.values():
            child.wait(GRACE_SECONDS)
        installation.database.close()
        for number, handler in previous.items():
            signal.signal(number, handler)
    if failed and not stopping:
        click.echo(f"{', '.join(failed)}: 異常終了しました / ended unexpectedly", err=True)
        sys.exit(1)


def _start_tile_maker(settings: Settings, children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Start it, or start it again, and write down who is running."""
    children["tiles"] = _spawn(tile_maker_command(), web_environment(settings))
    _note(settings).parent.mkdir(parents=True, exist_ok=True)
    pids = {"up": os.getpid()} | {name: child.pid for name, child in children.items()}
    whole = _note(settings).with_suffix(".new")  # takes its name only when whole: others read it
    whole.write_text(json.dumps(pids))
    whole.replace(_note(settings))


def wait_until_answering(
    settings: Settings, child: subprocess.Popen[bytes], seconds: float = 60, stopping: Sequence[int] = ()
) -> bool:
    """Wait until the server takes connections; False when it ended, did not in time, or somebody wants to stop."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and child.poll() is None and not stopping:
        try:
            with socket.create_connection((settings.bind, settings.port), timeout=1):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def end_leftovers(settings: Settings) -> None:
    """End the children of an `up` that was killed before it could.

    Raises errors.AlreadyRunning when that `up` is alive.
    """
    note = _note(settings)
    if not note.exists():
        return
    pids = json.loads(note.read_text())
    if _is_ours(pids.pop("up")):
        raise errors.AlreadyRunning(bind=settings.bind, port=settings.port)
    for pid in pids.values():
        if _is_ours(pid):
            _end_group(pid)
    note.unlink(missing_ok=True)


def web_command(settings: Settings) -> list[str]:
    """How the web server is started (Granian, one Flask application a worker).

    Whoever waits for a picture has a thread besides: the threads of the settings stay free for the others.
    """
    return [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--factory", "gisapp:create_app",
        "--host", settings.bind, "--port", str(settings.port), "--workers", str(settings.workers),
        "--blocking-threads", str(settings.threads + 2 * MOST_WAITING), "--respawn-failed-workers", "--log-level", "error",
        "--no-ws", "--workers-kill-timeout", "5", "--http1-header-read-timeout", str(HEADERS_MS),
    ]  # fmt: skip


def tile_maker_command() -> list[str]:
    """How the node's tile maker is started; in the web server's environment."""
    return [sys.executable, "-c", TILE_MAKER]


def web_environment(settings: Settings) -> dict[str, str]:
    """The web server's environment: these settings, without the owner's password."""
    hidden = {"GISAPP_DATABASE_URL", "PGPASSWORD"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {
        "GISAPP_HOME": str(settings.home),
        "GISAPP_CITY": settings.city,
        "GISAPP_PORT": str(settings.port),
        "MALLOC_ARENA_MAX": "2",  # each of many threads would else keep freed memory for itself
    }


def _spawn(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)


def _note(settings: Settings) -> Path:
    return settings.home / "run" / f"{settings.city}.json"


def _is_ours(pid: int) -> bool:
    """Whether that number is still a process of ours: numbers are given out again after a restart."""
    try:
        return b"gisapp" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return _group_has_ours(pid)


def _group_has_ours(group: int) -> bool:
    """Whether somebody of ours is left in the group although its first process is gone (a server's workers)."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) == group and b"gisapp" in (entry / "cmdline").read_bytes():
                return True
        except OSError:
            continue
    return False


def _end_group(pid: int) -> None:
    """Ask the whole process group to end; after the grace time, make it."""
    for number, patience in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 2.0)):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + patience
        while time.monotonic() < until and _alive(pid):
            time.sleep(0.05)
        if not _alive(pid):
            return


def _alive(group: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(group, os.WNOHANG)  # reap it if it is our child: a zombie still counts as alive
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


COMMANDS = [up, down]
