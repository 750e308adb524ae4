"""Errors as people and programs read them: a page, or JSON after RFC 9457 (Problem Details)."""

from __future__ import annotations

import logging

from flask import Flask, Response, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from gisapp import errors

log = logging.getLogger("gisapp")
BY_STATUS: dict[int, type[errors.GisappError]] = {
    401: errors.SignInNeeded,
    404: errors.PageNotFound,
    405: errors.MethodNotAllowed,
    413: errors.TooLarge,
    429: errors.TooMany,
}


def init_app(app: Flask) -> None:
    """Register the three handlers: ours, Werkzeug's, and whatever else."""
    app.register_error_handler(errors.GisappError, answer)
    app.register_error_handler(HTTPException, _from_werkzeug)
    app.register_error_handler(Exception, _unexpected)


def answer(error: errors.GisappError) -> Response:
    """The error in the form that the asker reads, with its status."""
    if error.status >= 500:
        log.error("%s: %s", error.code, error.sentence("en"), exc_info=error.__cause__)
    response = _page(error) if _wants_page() else _problem(error)
    response.status_code = error.status
    response.headers["Cache-Control"] = "no-store"
    if error.status in (429, 503):
        response.headers["Retry-After"] = str(error.values.get("seconds", 5))
    if error.status == 401 and not _wants_page():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _wants_page() -> bool:
    if request.path.startswith(("/api/", "/tiles/", "/ogc/", "/wms", "/wmts", "/healthz", "/readyz")):
        return False
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "text/html"


def _problem(error: errors.GisappError) -> Response:
    body = {
        "type": f"about:blank#{error.code}",
        "title": error.sentence("ja"),
        "title_en": error.sentence("en"),
        "status": error.status,
        "detail": error.remedy("ja"),
        "detail_en": error.remedy("en"),
    }
    problems = error.values.get("report")
    if isinstance(problems, list):
        body["problems"] = problems
    response = jsonify(body)
    response.mimetype = "application/problem+json"
    return response


def _page(error: errors.GisappError) -> Response:
    lang = "en" if request.args.get("lang") == "en" else "ja"
    return Response(render_template("errors/error.html", error=error, lang=lang), mimetype="text/html")


def _from_werkzeug(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(error.get_body(), status, dict(error.get_headers()))
    kind = BY_STATUS.get(status, errors.RequestInvalid if status < 500 else errors.GisappError)
    largest = current_app.config["MAX_CONTENT_LENGTH"] or 0
    response = answer(kind(limit_mb=largest // 2**20, seconds=60))
    response.status_code = status
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(error.valid_methods)  # type: ignore[attr-defined]
    return response


def _unexpected(error: Exception) -> Response:
    """A mistake of ours: the log gets the traceback, the person a sentence."""
    log.exception("unexpected: %s", type(error).__name__)
    return answer(errors.GisappError())
