"""`gisapp audit …`: verify the record of who did what, list and export it, its root, and letting old entries go."""

from __future__ import annotations

import dataclasses
import datetime
import json
import sys
from pathlib import Path
from typing import Any

import click

from gisapp import roles
from gisapp.audit.events import EVENTS
from gisapp.audit.read import Wanted, as_dict, csv_lines, page
from gisapp.audit.record import Entry, record_now, shell_user
from gisapp.audit.retention import last_to_purge
from gisapp.audit.retention import purge as purge_entries
from gisapp.audit.roots import root_files
from gisapp.audit.verify import Finding
from gisapp.audit.verify import verify as verify_chain
from gisapp.installation import Installation, open_for_shell
from gisapp.settings import load_settings

BROKEN, LATE = 1, 3
DATE = click.DateTime(["%Y-%m-%d"])


@click.group()
def audit() -> None:
    """監査記録。Who did what.

    \b
    Examples:
      gisapp audit verify
      gisapp audit list --person yamada --from 2026-04-01
      gisapp audit export --layer tax.parcel -o april.csv
    """


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def verify(as_json: bool) -> None:
    """すべての記録の連鎖を検算する。Recompute the whole chain and compare it with the roots outside.

    Exit codes: 0 whole; 1 broken (the first broken row is named); 3 whole, but entries wait for the sealer.

    \b
    Examples:
      gisapp audit verify
      gisapp audit verify --json
    """
    installation = open_for_shell(load_settings())
    with installation.database.transaction(roles.AUDITOR) as connection:
        finding = verify_chain(connection, root_files(installation.settings))
    if as_json:
        broken = finding.broken
        said = dataclasses.asdict(finding) | {"ok": broken is None, "late": finding.late}
        if broken is not None:
            said["broken"] |= {"ja": broken.sentence("ja"), "en": broken.sentence("en")}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(finding)), err=finding.broken is not None)
    sys.exit(BROKEN if finding.broken else LATE if finding.late else 0)


def _lines(finding: Finding) -> list[str]:
    lines = [
        f"検算した記録 / verified: {finding.entries:,}（外部のルートと一致 / roots agreed: {finding.roots}）",
        f"ルート / root: {finding.root}",
        f"未封印 / unsealed: {finding.unsealed}（最古 / oldest {finding.oldest_unsealed_seconds} s）",
    ]
    if finding.purged_up_to:
        lines.insert(1, f"期限切れで削除済み / purged up to link {finding.purged_up_to:,}")
    if finding.broken is not None:
        return [f"改ざんを検出しました：{finding.broken.sentence('ja')}。", f"Broken: {finding.broken.sentence('en')}.", *lines]  # fmt: skip
    if finding.late:
        lines.append(
            "封印の処理が動いていません。`gisapp up` を確かめてください / the sealer does not work: see `gisapp up`"
        )
    return [*lines, "改ざんはありません / whole"]


def _filters(command: Any) -> Any:
    for option in (
        click.option("--to", "last", type=DATE, help="Last day (Japanese time)."),
        click.option("--from", "first", type=DATE, help="First day."),
        click.option("--layer", default="", help="Id of a layer."),
        click.option("--event", "what", type=click.Choice(list(EVENTS)), help="What was done."),
        click.option("--person", "login", default="", help="Login, or shell:ACCOUNT."),
    ):
        command = option(command)
    return command


def _wanted(
    login: str, what: str | None, layer: str, first: datetime.datetime | None, last: datetime.datetime | None
) -> Wanted:
    days = (first.date() if first else None, last.date() if last else None)
    return Wanted(login.strip().casefold(), what or "", layer, *days)


@audit.command("list")
@_filters
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For scripts: a list of objects.")
def list_command(limit: int, as_json: bool, **filters: Any) -> None:
    """記録を新しい順に表示する。List entries, the newest first.

    \b
    Examples:
      gisapp audit list
      gisapp audit list --event sign_in_failed --from 2026-04-01 --json
    """
    installation = open_for_shell(load_settings())
    with installation.database.reading(roles.AUDITOR) as connection:
        rows = [as_dict(row) for row in page(connection, _wanted(**filters), limit)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        about = json.dumps(row["details"], ensure_ascii=False) if row["details"] else ""
        features = " ".join(map(str, row["features"][:10]))
        click.echo(
            f"{row['id']:>8} {row['at'][:19]} {row['login']:<16} {row['what']:<16} {row['layer']} {features} {about}".rstrip()
        )


@audit.command()
@_filters
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; else printed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of CSV.")
def export(output: Path | None, as_json: bool, **filters: Any) -> None:
    """記録を CSV に書き出す。Write entries as CSV for a spreadsheet. That it was done is recorded.

    \b
    Examples:
      gisapp audit export -o audit.csv
      gisapp audit export --person yamada --json > yamada.jsonl
    """
    installation, wanted = open_for_shell(load_settings()), _wanted(**filters)
    said = {name: str(value) for name, value in filters.items() if value}
    record_now(installation.database, Entry("audit_exported", shell_user(), details={"asked": said}))
    pieces = _json_lines(installation, wanted) if as_json else _csv(installation, wanted)
    if output is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)


def _csv(installation: Installation, wanted: Wanted) -> Any:
    return csv_lines(lambda: installation.database.reading(roles.AUDITOR), wanted)


def _json_lines(installation: Installation, wanted: Wanted) -> Any:
    while True:
        with installation.database.reading(roles.AUDITOR) as connection:
            rows = page(connection, wanted, 2000)
        yield from (json.dumps(as_dict(row), ensure_ascii=False) + "\n" for row in rows)
        if len(rows) < 2000:
            return
        wanted = dataclasses.replace(wanted, before=rows[-1].id)


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def root(as_json: bool) -> None:
    """連鎖の現在のルートを表示する（紙に控えるなど）。Print the chain's root of now, to be kept elsewhere or on paper.

    \b
    Examples:
      gisapp audit root
      gisapp audit root --json
    """
    installation = open_for_shell(load_settings())
    with installation.database.reading(roles.AUDITOR) as connection:
        last = connection.exec_driver_sql(
            "SELECT position, entry, hash, to_char(sealed_at AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI:SS') AS at "
            "FROM gisapp.audit_seal ORDER BY position DESC LIMIT 1"
        ).one_or_none()
    said = (
        {"at": last.at, "position": last.position, "entry": last.entry, "root": bytes(last.hash).hex()}
        if last
        else None
    )
    if as_json:
        click.echo(json.dumps(said))
    elif said is None:
        click.echo("封印された記録はまだありません / nothing is sealed yet")
    else:
        click.echo(" ".join(map(str, said.values())))


@audit.command()
@click.option("--dry-run", is_flag=True, help="Say what would go and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def purge(dry_run: bool, as_json: bool) -> None:
    """保存年数（GISAPP_AUDIT_YEARS）を過ぎた記録を消す。Remove entries older than GISAPP_AUDIT_YEARS.

    The whole chain is verified first. The hash at the cut stays, so what is left can still be verified.

    \b
    Examples:
      gisapp audit purge --dry-run
      gisapp audit purge
    """
    installation = open_for_shell(load_settings())
    years = installation.settings.audit_years
    with installation.database.transaction(roles.AUDITOR) as connection:
        last, finding = last_to_purge(connection, root_files(installation.settings), years)
    gone = 0
    if not dry_run:
        with installation.database.transaction("owner") as connection:
            gone = purge_entries(connection, last, years, shell_user())
    kept = finding.entries - (last.position - finding.purged_up_to)
    said = {"up_to": last.entry, "day": str(last.day), "purged": gone, "kept": kept, "dry_run": dry_run}
    if as_json:
        click.echo(json.dumps(said))
    else:
        click.echo(
            f"{last.day} まで / up to {last.day} (entry {last.entry}): {gone:,} 件を削除 / removed, {kept:,} 件を保存 / kept"
        )


COMMANDS = [audit]
