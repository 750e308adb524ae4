"""The background worker: `python -m gisapp.cli.worker`, started by `gisapp up`. It holds the owner's rights.

It takes files from the queue one after the other, each in a child process of its own: a file that brings a reader down,
or eats the memory, ends the child and becomes a sentence. Beside them it performs what people asked for on pages and the
web process has not the right to do, and keeps the notes of changes short. One worker works at a time; a second one waits
for its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import procrastinate
import psycopg
import sqlalchemy as sa
from procrastinate import JobContext

from gisapp import errors, priority
from gisapp.access import wishes
from gisapp.catalogue.search import searchable
from gisapp.changes.derived import Stopped
from gisapp.changes.prune import prune_often
from gisapp.generalise import follow as generalised
from gisapp.heavy import leave_out_pandas
from gisapp.installation import Installation, open_for_shell
from gisapp.intake.jobs import PROCESS, QUEUE
from gisapp.intake.raw import raw_connection
from gisapp.intake.stage import drop_stage
from gisapp.intake.uploads import fail_upload, forget_old_uploads, purge
from gisapp.revisions.forget import forget_old_history
from gisapp.schema.perform import perform_waiting, perform_wish
from gisapp.search import follow as search_index
from gisapp.settings import load_settings

log = logging.getLogger("gisapp.worker")
ONE_WORKER = 0x6715A993  # the advisory lock that a working worker holds
LONGEST_JOB = 3600.0  # seconds
GRACE = 2.0  # seconds that a job is given when the worker is to stop; then it is begun anew at the next start
TRIES = 3
FOLLOW = 0.5  # seconds between two looks at what changed
FOLLOW_LATER = 10.0  # seconds after one that failed


@dataclass(frozen=True)
class Derived:
    """Tables made of the layers, and the function that brings them up to date until told to stop."""

    name: str
    follow: Callable[[Installation, Callable[[], bool]], int]


DERIVED = (
    Derived("generalised tables", generalised.follow),
    Derived("search tables", search_index.follow),
)
UNFINISHED = ("received", "checking", "publishing", "undoing")
TIDY_EVERY = 3600.0  # seconds between two removals of what nobody waits for any more
CRASHED = ("ファイルの処理中に異常終了しました。", "Processing the file ended unexpectedly.")
TOO_LONG = (
    "ファイルの処理に時間がかかりすぎたため中止しました。",
    "Processing the file took too long and was stopped.",
)
INTERRUPTED = (
    "処理が中断され、再開できませんでした。もう一度送ってください。",
    "Processing was interrupted. Send the file again.",
)


def main() -> None:
    """Run the worker, or with `--upload ID` process one upload and end."""
    logging.basicConfig(level=logging.WARNING, format="worker: %(message)s")
    priority.give_way(priority.COMPUTES)
    if sys.argv[1:2] == ["--upload"]:
        _process_here(uuid.UUID(sys.argv[2]))
        return
    installation = open_for_shell(load_settings())
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(work(installation))


def _process_here(upload_id: uuid.UUID) -> None:
    """In the child: end when the worker is gone (its end of the pipe closes), so that nobody works unsupervised."""
    leave_out_pandas()
    from gisapp.intake.process import process_upload

    threading.Thread(target=_end_with_the_worker, daemon=True).start()
    process_upload(open_for_shell(load_settings()), upload_id)


def _end_with_the_worker() -> None:
    while os.read(0, 1):  # nothing is ever sent; the end comes when the worker is gone
        pass
    os._exit(1)


async def work(installation: Installation, *, wait: bool = True) -> None:
    """Do the jobs of the queue until told to stop; `wait=False`: until the queue is empty."""
    async with _only_worker(installation):
        app = job_app(installation)
        async with app.open_async():
            await recover(app)
            reconcile(installation)
            perform_waiting(installation)
            await _work_in_lanes(installation, app, wait)


async def _work_in_lanes(installation: Installation, app: procrastinate.App, wait: bool) -> None:
    """Files one after the other, and beside them rights, generalised tables and search tables: who is given a post, or has changed a
    feature, does not wait for somebody's upload. While there may be more to come, old notes of changes are removed too."""
    kept: dict[str, Any] = {"shutdown_graceful_timeout": GRACE, "delete_jobs": "successful"}
    async with asyncio.TaskGroup() as lanes:
        rights = lanes.create_task(
            app.run_worker_async(queues=[wishes.QUEUE], wait=wait, install_signal_handlers=False, **kept)
        )
        following = [lanes.create_task(_follow_changes(installation, one)) for one in DERIVED if wait]
        pruning = (
            lanes.create_task(prune_often(installation.database, _followed(installation))) if wait else None
        )
        tidying = lanes.create_task(_tidy_often(installation)) if wait else None
        await app.run_worker_async(queues=[QUEUE], wait=wait, **kept)
        for lane in (rights, *following, pruning, tidying) if wait else ():
            if lane is not None:
                lane.cancel()


def _followed(installation: Installation) -> list[str]:
    catalogue = installation.catalogue
    return [layer.id for layer in (*generalised.generalised_layers(catalogue), *searchable(catalogue))]


async def _follow_changes(installation: Installation, derived: Derived) -> None:
    """Keep tables made of the layers up to date. What fails is said and tried again: they stay those of the last build."""
    stopped = threading.Event()
    try:
        await _follow_until(installation, derived, stopped)
    finally:
        stopped.set()  # the thread ends at its next tile or chunk, a long statement is cancelled


async def _follow_until(installation: Installation, derived: Derived, stopped: threading.Event) -> None:
    while True:
        try:
            await asyncio.to_thread(derived.follow, installation, stopped.is_set)
        except Stopped:
            return
        except errors.GisappError as error:
            log.warning("%s wait: %s", derived.name, error.sentence("en"))
            await asyncio.sleep(FOLLOW_LATER)
        except Exception:
            log.exception("%s could not be brought up to date", derived.name)
            await asyncio.sleep(FOLLOW_LATER)
        await asyncio.sleep(FOLLOW)


def job_app(installation: Installation) -> procrastinate.App:
    """Procrastinate on this installation's database, with the tasks that the worker knows."""
    url = (
        installation.database.url("owner").set(drivername="postgresql").render_as_string(hide_password=False)
    )
    options = {"options": "-c search_path=jobs,public"}
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=url, kwargs=options, min_size=1, max_size=6)
    )
    retry = procrastinate.RetryStrategy(
        max_attempts=TRIES
    )  # only for a job that was stopped: others end by themselves

    @app.task(name=PROCESS, pass_context=True, retry=retry)
    async def process(context: JobContext, upload: str) -> None:
        await _process_in_child(installation, uuid.UUID(upload))

    @app.task(name=wishes.PERFORM, pass_context=True, retry=retry)
    async def perform(context: JobContext, wish: str) -> None:
        await asyncio.to_thread(perform_wish, installation, uuid.UUID(wish))

    return app


async def _process_in_child(installation: Installation, upload_id: uuid.UUID) -> None:
    command = [sys.executable, "-m", "gisapp.cli.worker", "--upload", str(upload_id)]
    environment = os.environ | {
        "GISAPP_HOME": str(installation.settings.home),
        "GISAPP_CITY": installation.city.key,
    }
    child = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, env=environment)
    sentence = CRASHED
    try:
        await asyncio.wait_for(child.wait(), LONGEST_JOB)
    except TimeoutError:
        sentence = TOO_LONG
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        _say_failed(installation, upload_id, sentence)


def _say_failed(installation: Installation, upload_id: uuid.UUID, sentence: tuple[str, str]) -> None:
    log.error("upload %s: %s", upload_id, sentence[1])
    ended = False
    with contextlib.suppress(errors.UploadNotFound), installation.database.transaction("owner") as connection:
        ended = fail_upload(connection, upload_id, *sentence)
        if ended:
            drop_stage(raw_connection(connection), upload_id)
    if ended:
        purge(installation.settings, upload_id)


async def recover(app: procrastinate.App) -> None:
    """Put the jobs of a worker that was killed back into the queue; nobody else is working now."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=0):
        if job.attempts + 1 < TRIES:
            await app.job_manager.retry_job(job)
        else:
            await app.job_manager.finish_job(job, procrastinate.jobs.Status.FAILED, delete_job=False)


def reconcile(installation: Installation) -> None:
    """Say `failed` of uploads that no job will finish any more, and remove files that nobody waits for."""
    question = sa.text(
        "SELECT id FROM gisapp.upload AS u WHERE state = ANY(:states) AND NOT EXISTS (SELECT FROM jobs.procrastinate_jobs "
        "WHERE status IN ('todo', 'doing') AND task_name = :task AND args->>'upload' = u.id::text)"
    )
    with installation.database.transaction("owner") as connection:
        lost = list(connection.scalars(question, {"states": list(UNFINISHED), "task": PROCESS}))
    for upload_id in lost:
        _say_failed(installation, upload_id, INTERRUPTED)
    tidy(installation)


def tidy(installation: Installation) -> None:
    """Remove uploads that waited too long, with their files and staged rows, and history older than is kept."""
    with installation.database.transaction("owner") as connection:
        forget_old_uploads(connection, installation.settings)
    with installation.database.transaction("owner") as connection:
        days = installation.settings.history_days
        forget_old_history(raw_connection(connection), installation.catalogue, days)


async def _tidy_often(installation: Installation) -> None:
    while True:
        await asyncio.sleep(TIDY_EVERY)
        try:
            await asyncio.to_thread(tidy, installation)
        except errors.GisappError as error:
            log.warning("tidying waits: %s", error.sentence("en"))


@contextlib.asynccontextmanager
async def _only_worker(installation: Installation) -> AsyncIterator[None]:
    """Hold the place of the one worker; waits while another has it. Its session's end gives the place back."""
    url = (
        installation.database.url("owner").set(drivername="postgresql").render_as_string(hide_password=False)
    )
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as place:
        while True:
            row = await (await place.execute("SELECT pg_try_advisory_lock(%s)", [ONE_WORKER])).fetchone()
            if row is not None and row[0]:
                break
            await asyncio.sleep(1)
        yield


if __name__ == "__main__":
    main()
