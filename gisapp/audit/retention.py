"""Entries older than the retention time leave; the hash of the last of them stays, so the chain can still be verified.

Purging ends at a root that was written outside: what goes is known to have been whole, and stays provable.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from gisapp import errors
from gisapp.audit.record import Who
from gisapp.audit.roots import Root, RootFiles
from gisapp.audit.verify import Finding, verify

_YOUNG = """SELECT coalesce(min(s.position), 9223372036854775807)
FROM gisapp.audit_seal AS s JOIN gisapp.audit_entry AS e ON e.id = s.entry
WHERE e.at >= now() - make_interval(years => %s)"""


def last_to_purge(connection: Connection, files: RootFiles, years: int) -> tuple[Root, Finding]:
    """The root up to which everything is older than `years`, after verifying the whole chain.

    Raises errors.NothingToPurge: also where the chain is broken, since purging would remove the evidence.
    """
    finding = verify(connection, files)
    if finding.broken is not None:
        why = {"why_ja": finding.broken.sentence("ja"), "why_en": finding.broken.sentence("en")}
        do = {"do_ja": "先に原因を調べてください。", "do_en": "Find out first what happened."}
        raise errors.NothingToPurge(**why, **do)
    young = connection.exec_driver_sql(_YOUNG, (max(years, 1),)).scalar_one()
    daily, _ = files.read()
    there = connection.execute(sa.text("SELECT min(position) FROM gisapp.audit_seal")).scalar()
    old = [root for root in daily if there is not None and there <= root.position < young]
    if not old:
        why_ja = f"{max(years, 1)} 年より前の、日次ルートのある記録がありません"
        why_en = f"none with a daily root is older than {max(years, 1)} years"
        do = {
            "do_ja": "保存年数は GISAPP_AUDIT_YEARS で決まります。",
            "do_en": "GISAPP_AUDIT_YEARS says how long entries are kept.",
        }
        raise errors.NothingToPurge(why_ja=why_ja, why_en=why_en, **do)
    return old[-1], finding


def purge(connection: Connection, root: Root, years: int, who: Who) -> int:
    """Remove what is up to `root`, keep its hash, and record that it was done. Returns how many entries went.

    `connection` is the owner's; the database checks the age once more.
    """
    words = (root.position, max(years, 1), who.login)
    return int(connection.exec_driver_sql("SELECT gisapp.audit_purge(%s, %s, %s)", words).scalar_one())
