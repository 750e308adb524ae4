"""Triggers on a table, once a statement with its rows, that call one function of schema `gisapp` whoever changes the table."""

from __future__ import annotations

from gisapp.schema.step import quote

EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
    "TRUNCATE": "",
}


def statements(of: tuple[str, str], function: str, body: str, prefix: str) -> list[str]:
    """Make the function of this name with this body (PL/pgSQL), and the triggers of `of` (schema, table) anew; their names begin
    with `prefix`.

    With their maker's rights, and also in sessions that have triggers of other kinds switched off.
    """
    table, called = ".".join(map(quote, of)), f"gisapp.{quote(function)}()"
    made = [
        f"CREATE OR REPLACE FUNCTION {called} RETURNS trigger LANGUAGE plpgsql "
        f"SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body${body}$body$",
        f"REVOKE EXECUTE ON FUNCTION {called} FROM PUBLIC",
    ]
    for event, referencing in EVENTS.items():
        trigger = quote(f"{prefix}{event.lower()}")
        made += [
            f"DROP TRIGGER IF EXISTS {trigger} ON {table}",
            f"CREATE TRIGGER {trigger} AFTER {event} ON {table} {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {called}",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
        ]
    return made
