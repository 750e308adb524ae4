"""The embedded PostgreSQL + PostGIS cluster: create, start, stop, and where it is.

Used when GISAPP_DATABASE_URL is empty. Its place is kept in GISAPP_HOME/cluster.json, because it is not always under
GISAPP_HOME: PostgreSQL refuses to run as root, so then it runs as the `postgres` user, who must be able to reach it, and
a unix socket's path may not be longer than about 100 bytes.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from gisapp import errors, keys, priority
from gisapp.settings import Settings

SUPERUSER = "gisapp"
PORT = 5432  # only names the socket file: the cluster listens on no network address
LONGEST_SOCKET = 100
HELP = {
    "do_ja": "`make demo` は必要な Debian パッケージ（postgresql-15-postgis-3）を入れます。詳しくは cluster.log を見てください。",
    "do_en": "`make demo` installs the Debian packages needed (postgresql-15-postgis-3). See also cluster.log.",
}


@dataclass(frozen=True)
class Cluster:
    """Where the cluster is and who runs it."""

    data: Path
    socket: Path
    log: Path
    programs: Path
    account: str | None  # the account it runs as when we are root; None: ourselves
    password: str = field(repr=False)  # of SUPERUSER


def locate(settings: Settings) -> Cluster:
    """Find the cluster of this GISAPP_HOME, or choose its place (nothing is created but its folders).

    Raises errors.ClusterFailed where PostgreSQL with PostGIS is not installed.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    note = settings.home / "cluster.json"
    account = "postgres" if os.geteuid() == 0 else None
    place = json.loads(note.read_text()) if note.exists() else None
    if place is None:
        place = _choose_place(settings.home, account)
        note.write_text(json.dumps(place, indent=1))
    return Cluster(
        data=Path(place["data"]),
        socket=Path(place["socket"]),
        log=Path(place["data"]).parent / "cluster.log",
        programs=_programs(),
        account=account,
        password=keys.derive(keys.read_secret(settings.home, "owner"), "superuser"),
    )


def _choose_place(home: Path, account: str | None) -> dict[str, str]:
    folder = home / "cluster"
    folder.mkdir(exist_ok=True)
    if account is not None:
        os.chown(folder, pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid)
        if not _can_reach(folder, account):
            folder.rmdir()
            folder = Path(tempfile.mkdtemp(prefix="gisapp-", dir=pwd.getpwnam(account).pw_dir))
            os.chown(folder, pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid)
    folder.chmod(0o700)
    socket = folder / "socket"
    if len(os.fsencode(socket / f".s.PGSQL.{PORT}")) > LONGEST_SOCKET:
        socket = Path(tempfile.mkdtemp(prefix="gisapp-", dir="/tmp"))
    return {"data": str(folder / "data"), "socket": str(socket)}


def _can_reach(folder: Path, account: str) -> bool:
    return (
        subprocess.run(
            ["test", "-x", folder], user=account, group=account, extra_groups=[], cwd="/"
        ).returncode
        == 0
    )


def _programs() -> Path:
    """The newest PostgreSQL whose PostGIS is installed too (Debian's layout, then whatever is on PATH)."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -float(p.parent.name)):
        if Path(f"/usr/share/postgresql/{folder.parent.name}/extension/postgis.control").exists():
            return folder
    on_path = shutil.which("pg_ctl")
    if on_path and not Path("/usr/lib/postgresql").exists():
        return Path(on_path).resolve().parent
    why = "PostgreSQL + PostGIS"
    raise errors.ClusterFailed(step_ja="用意", step_en="prepared", why=f"{why} ?", **HELP)


def _run(cluster: Cluster, program: str, *arguments: str, step: tuple[str, str], nice: int = 0) -> str:
    """Run one of PostgreSQL's programs as the cluster's account, outside our terminal's process group."""
    command = ["nice", "-n", str(nice), str(cluster.programs / program), *arguments]
    as_account = (
        {"user": cluster.account, "group": cluster.account, "extra_groups": []} if cluster.account else {}
    )
    with tempfile.TemporaryFile() as output:  # not a pipe: the server would keep it open for ever
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"},
            **as_account,  # type: ignore[call-overload]
        )
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if done.returncode != 0:
        last = said.splitlines()[-1] if said else f"{program} {done.returncode}"
        raise errors.ClusterFailed(step_ja=step[0], step_en=step[1], why=last, **HELP)
    return said


def is_running(cluster: Cluster) -> bool:
    """Whether the cluster's server answers on its socket."""
    if not (cluster.data / "PG_VERSION").exists():
        return False
    ready = [str(cluster.programs / "pg_isready"), "-q", "-h", str(cluster.socket), "-p", str(PORT)]
    return subprocess.run(ready, stdin=subprocess.DEVNULL).returncode == 0


def start(cluster: Cluster) -> None:
    """Create the cluster if it is not there, and start it if it does not run. Raises errors.ClusterFailed.

    After a crash or `kill -9` PostgreSQL recovers by itself when started.
    """
    if not (cluster.data / "PG_VERSION").exists():
        _create(cluster)
    _make_folder(cluster, cluster.socket)  # /tmp may have been emptied since
    if is_running(cluster):
        return
    _clear_stale_lock(cluster)
    step = ("起動", "started")
    words = ["-D", str(cluster.data), "-l", str(cluster.log), "-w", "-t", "120", "start"]
    _run(cluster, "pg_ctl", *words, step=step, nice=priority.COMPUTES)


def _clear_stale_lock(cluster: Cluster, seconds: float = 15) -> None:
    """Remove the lock files (of data and socket) when no process works in the data folder any more.

    PostgreSQL judges this itself, but takes a killed server that nobody reaped (a zombie, as in containers without an
    init) for a running one and then never starts again. Its processes work in the data folder, so that is where we look.
    """
    lock = cluster.data / "postmaster.pid"
    until = time.monotonic() + seconds
    while lock.exists() and not is_running(cluster) and time.monotonic() < until:
        if not _somebody_works_in(cluster.data):
            lock.unlink(missing_ok=True)
            (cluster.socket / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
            return
        time.sleep(0.1)  # the children of a killed server notice its end and leave


def _somebody_works_in(folder: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                return True
        except OSError:  # gone meanwhile, a zombie, or another account's
            continue
    return False


def stop(cluster: Cluster) -> None:
    """Stop the cluster, ending its connections; nothing happens when it does not run."""
    if is_running(cluster):
        step = ("停止", "stopped")
        _run(cluster, "pg_ctl", "-D", str(cluster.data), "-w", "-m", "fast", "stop", step=step)


def wait_until_ready(cluster: Cluster, seconds: float = 60) -> bool:
    """Wait while a server that is starting recovers; False when it did not become ready in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_running(cluster):
            return True
        time.sleep(0.1)
    return False


def _create(cluster: Cluster) -> None:
    _make_folder(cluster, cluster.data.parent)
    fresh = cluster.data.with_name(
        "data-new"
    )  # takes its name only when whole: an interrupted start begins again
    if fresh.exists():
        shutil.rmtree(fresh)
    with tempfile.NamedTemporaryFile("w", dir=cluster.data.parent, prefix="pw-") as file:
        file.write(cluster.password)
        file.flush()
        _own(cluster, Path(file.name))
        _run(
            cluster, "initdb", "-D", str(fresh), "-U", SUPERUSER, "--pwfile", file.name,
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions",
            step=("作成", "created"),
        )  # fmt: skip
    with (fresh / "postgresql.conf").open("a") as file:
        file.write(_configuration(cluster))
    fresh.rename(cluster.data)


def _configuration(cluster: Cluster) -> str:
    """Settings for a city on one machine: an eighth of the memory as buffers, no JIT (it costs more than it gives here)."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    lines = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{cluster.socket}'",
        "unix_socket_permissions": "0700",
        "port": PORT,
        "max_connections": 120,
        "shared_buffers": f"{min(max(memory_mb // 8, 64), 4096)}MB",
        "effective_cache_size": f"{max(memory_mb // 2, 256)}MB",
        "work_mem": f"{min(max(memory_mb // 512, 8), 64)}MB",
        "maintenance_work_mem": f"{min(max(memory_mb // 32, 64), 1024)}MB",
        "jit": "off",
        "random_page_cost": 1.1,
        "default_toast_compression": "lz4",  # a click that meets an outline of 15,000 points unpacks all of it
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "wal_compression": "on",
        "checkpoint_timeout": "15min",
        "password_encryption": "scram-sha-256",
        "idle_in_transaction_session_timeout": "5min",
        "log_min_duration_statement": "2s",
        "log_timezone": "'Asia/Tokyo'",
        "timezone": "'Asia/Tokyo'",
    }
    return "\n# gisapp\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())


def _make_folder(cluster: Cluster, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    _own(cluster, folder)


def _own(cluster: Cluster, path: Path) -> None:
    if cluster.account is not None:
        account = pwd.getpwnam(cluster.account)
        os.chown(path, account.pw_uid, account.pw_gid)
