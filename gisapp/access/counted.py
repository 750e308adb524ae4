"""As whom a request is counted: a person wherever they ask from, a visitor by address."""

from __future__ import annotations

from flask import request
from flask_login import current_user

from gisapp import errors
from gisapp.access import signed
from gisapp.access.guard import asker


def counted_as() -> str:
    """`person:…` or `address:…`. A token or a signed address that is not valid counts as its address: the route refuses it."""
    if "Authorization" in request.headers or signed.SIGNATURE in request.args:
        try:
            person = asker().person
        except errors.GisappError:
            person = None
    else:
        person = current_user.person if current_user.is_authenticated else None
    return f"person:{person.id}" if person else f"address:{request.remote_addr}"
