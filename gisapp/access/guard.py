"""The guard in front of every route, and who is asking.

A route says `@open_to_all` (what it shows still depends on who asks), `@signed_in`, `@in_person`, `@on_duty("administrator")`,
or `@changes_layer("upload")`.
A test walks the URL map and fails for a route that says none.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import current_app, g, request, session
from flask_login import current_user, logout_user
from sqlalchemy import Connection

from gisapp import errors, roles
from gisapp.access import people, signed, tokens
from gisapp.access.policy import Asker, may_change, view_of
from gisapp.catalogue.layer import Layer, View
from gisapp.installation import Installation

Route = TypeVar("Route", bound=Callable[..., Any])
Found = TypeVar("Found")
Key = TypeVar("Key", int, bytes)
FRESH_SECONDS = 2.0  # a changed right takes effect after this at the latest
DUTY_WORDS = {
    people.ADMINISTRATOR: {"who_ja": "システム管理者", "who_en": "system administrators"},
    people.AUDITOR: {"who_ja": "監査担当", "who_en": "auditors"},
}


def installation() -> Installation:
    """The installation that answers this request."""
    return cast(Installation, current_app.extensions["gisapp"])


def open_to_all(route: Route) -> Route:
    """Anybody may call the route; it shows each asker what is theirs."""
    route.guard = "open_to_all"  # type: ignore[attr-defined]
    return route


def signed_in(route: Route) -> Route:
    """Only for people who signed in, or their tokens. Raises errors.SignInNeeded."""

    @functools.wraps(route)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if asker().person is None:
            raise errors.SignInNeeded()
        return route(*args, **kwargs)

    guarded.guard = "signed_in"  # type: ignore[attr-defined]
    return cast(Route, guarded)


def in_person(route: Route) -> Route:
    """Only for people who signed in themselves: no token will do. Raises errors.SignInNeeded."""

    @functools.wraps(route)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if asker().person is None or asker().token is not None:
            raise errors.SignInNeeded()
        return route(*args, **kwargs)

    guarded.guard = "in_person"  # type: ignore[attr-defined]
    return cast(Route, guarded)


def on_duty(duty: str) -> Callable[[Route], Route]:
    """Only for people who signed in themselves and hold the duty (administrator, auditor).

    Raises errors.SignInNeeded, errors.OnDutyOnly.
    """

    def decorate(route: Route) -> Route:
        @functools.wraps(route)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = asker().person
            if who is None or asker().token is not None:
                raise errors.SignInNeeded()
            if who.duty != duty:
                raise errors.OnDutyOnly(**DUTY_WORDS[duty])
            return route(*args, **kwargs)

        guarded.guard = f"on_duty:{duty}"  # type: ignore[attr-defined]
        return cast(Route, guarded)

    return decorate


def changes_layer(verb: str) -> Callable[[Route], Route]:
    """Only for those who may do `verb` (upload, publish, edit) to the layer in the URL part `layer`.

    Raises errors.SignInNeeded, NotAllowed, LayerNotFound (also when the layer is hidden from the asker).
    """

    def decorate(route: Route) -> Route:
        @functools.wraps(route)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            require_change(kwargs["layer"], verb)
            return route(*args, **kwargs)

        guarded.guard = f"changes_layer:{verb}"  # type: ignore[attr-defined]
        return cast(Route, guarded)

    return decorate


def require_change(layer_id: str, verb: str) -> Layer:
    """The layer, if the asker may do `verb` to it. Raises as `changes_layer` says."""
    if asker().person is None:
        raise errors.SignInNeeded()
    layer = installation().catalogue.layer(layer_id)
    if view_of(asker(), layer) is None and may_change(asker(), layer, verb).allowed is False:
        raise errors.LayerNotFound(layer=layer_id)
    decision = may_change(asker(), layer, verb)
    if not decision.allowed:
        raise errors.NotAllowed(why_ja=decision.why_ja, why_en=decision.why_en)
    return layer


def asker() -> Asker:
    """Who asks: from the signed address, else the bearer token, else the signed session cookie; nothing else chooses rights.

    Raises errors.TokenInvalid, AddressInvalid for one that is not valid: its bearer is never taken for a visitor.
    """
    if "asker" not in g:
        signature = request.args.get(signed.SIGNATURE)
        if signature is not None:
            g.asker = _by_address(signature)
        else:
            g.asker = _by_token() if "Authorization" in request.headers else _by_session()
    return cast(Asker, g.asker)


def visible(layer_id: str) -> tuple[Layer, View]:
    """The layer and the view of it that the asker has. Raises errors.LayerNotFound: hidden and missing are one."""
    who = asker()  # first: a token that is not valid is refused before it is told which layers there are
    layer = installation().catalogue.layer(layer_id)
    view = view_of(who, layer)
    if view is None:
        raise errors.LayerNotFound(layer=layer_id)
    return layer, view


def visible_layers() -> list[tuple[Layer, View]]:
    """Every layer that the asker may see with the asker's view of it, in the catalogue's order."""
    who = asker()
    pairs = ((layer, view_of(who, layer)) for layer in installation().catalogue.layers.values())
    return [(layer, view) for layer, view in pairs if view is not None]


def changeable_layers() -> list[Layer]:
    """The layers that the asker may upload to."""
    layers = installation().catalogue.layers.values()
    return [layer for layer in layers if may_change(asker(), layer, "upload").allowed]


def audience_role() -> str:
    """The database role that reads for the asker."""
    return roles.audience(asker().departments)


def _by_token() -> Asker:
    scheme, _, presented = request.headers["Authorization"].partition(" ")
    if scheme.lower() != "bearer" or not presented:
        raise errors.TokenInvalid(
            why_ja="「Authorization: Bearer …」の形ではありません",
            why_en="it is not “Authorization: Bearer …”",
        )
    hash = tokens.hash_of(presented.strip())
    token, owner = _fresh("gisapp_presented_tokens", hash, _token_and_owner)
    if owner is None:
        raise errors.TokenInvalid(
            why_ja="持ち主の利用が終わっています", why_en="its owner's account is no longer in use"
        )
    return Asker(people.within(owner, installation().catalogue.departments), token)


def _token_and_owner(connection: Connection, hash: bytes) -> tuple[tokens.Token, people.Person | None]:
    token = tokens.find_token(connection, hash)
    return token, people.find_person(connection, token.person_id)


def _by_address(signature: str) -> Asker:
    """Whoever made the address, reading its layers only, with the rights held now. Raises errors.AddressInvalid."""
    here = installation()
    address = signed.read(here.settings, here.city, signature)
    if request.method not in ("GET", "HEAD"):
        raise signed.changed()
    layers = signed.layers_of(address, request.path, request.view_args or {}, request.args)
    person = fresh_person(address.person)
    if person is None:
        raise errors.AddressInvalid(
            why_ja="作った人の利用が終わっています",
            why_en="the account of whoever made it is no longer in use",
        )
    if not (fresh_token(address.token) if address.token else person.session_number == address.session_number):
        raise errors.AddressInvalid(
            why_ja="作った人のパスワードかトークンが変わりました",
            why_en="the password or the token of whoever made it has changed",
        )
    person = people.within(person, here.catalogue.departments)
    if signed.audience_of(person.departments) != address.audience:
        raise errors.AddressInvalid(
            why_ja="作った人の所属が変わりました", why_en="whoever made it has other posts by now"
        )
    return Asker(person, tokens.Token(address.token, person.id, layers, ("read",)), address)


def _by_session() -> Asker:
    user = current_user
    if user.is_authenticated:
        return Asker(people.within(user.person, installation().catalogue.departments))
    if "ended_person" in g:
        _say_ended(g.ended_person)
    return Asker()


def _say_ended(person_id: int) -> None:
    """The sentence for somebody who is still signed in after the last day; a page also ends the session, so that it says it once."""
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        logout_user()
        session.clear()
    with installation().database.transaction(roles.APP) as connection:
        people.require_standing(connection, person_id)


def fresh_person(person_id: int) -> people.Person | None:
    """The person as of at most FRESH_SECONDS ago (one small question per person and process in that time)."""
    return _fresh("gisapp_people", person_id, people.find_person)


def fresh_token(token_id: int) -> bool:
    """Whether the token was valid at most FRESH_SECONDS ago."""
    return _fresh("gisapp_tokens", token_id, tokens.is_valid)


def _fresh(kept_as: str, key: Key, find: Callable[[Connection, Key], Found]) -> Found:
    kept: dict[Key, tuple[float, Found]] = current_app.extensions.setdefault(kept_as, {})
    known = kept.get(key)
    if known is not None and time.monotonic() - known[0] <= FRESH_SECONDS:
        return known[1]
    asked = time.monotonic()  # what changes while it is read is not in the answer
    with installation().database.reading(roles.APP) as connection:
        found = find(connection, key)
    if len(kept) > 10_000:
        kept.clear()
    kept[key] = (asked, found)
    return found
