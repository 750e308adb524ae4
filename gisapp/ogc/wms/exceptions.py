"""What is wrong, as a service exception of the version that was asked in. The HTTP status says the same."""

from __future__ import annotations

from flask import Response, render_template, request

from gisapp import errors
from gisapp.error_pages import answer
from gisapp.ogc.wms.systems import NEW, OLD

CODES = {
    "CRS": "InvalidCRS",
    "SRS": "InvalidSRS",
    "LAYERS": "LayerNotDefined",
    "QUERY_LAYERS": "LayerNotDefined",
    "STYLES": "StyleNotDefined",
    "STYLE": "StyleNotDefined",
    "FORMAT": "InvalidFormat",
    "INFO_FORMAT": "InvalidFormat",
    "I": "InvalidPoint",
    "J": "InvalidPoint",
    "X": "InvalidPoint",
    "Y": "InvalidPoint",
    "REQUEST": "OperationNotSupported",
}
"""The codes of the standard by the parameter that is wrong."""
OLD_TYPE, NEW_TYPE = "application/vnd.ogc.se_xml", "text/xml"


def version_asked() -> str:
    """1.1.1 or 1.3.0: whatever else is asked for, the nearest below it, as the standard negotiates."""
    for name, value in request.args.items():
        if name.upper() in ("VERSION", "WMTVER") and value:
            return NEW if value >= NEW else OLD
    return NEW


def refuse(error: errors.GisappError) -> Response:
    """The error as a ServiceExceptionReport: its sentences in both languages and what to do."""
    first = answer(error)  # logged, counted, and with its headers
    version = version_asked()
    sentences = [error.sentence("ja"), error.remedy("ja"), error.sentence("en"), error.remedy("en")]
    content = render_template(
        "ogc/wms_exception.xml", version=version, code=code_of(error), sentence=" ".join(sentences)
    )
    response = Response(content, error.status, content_type=_type(version))
    for name in ("Cache-Control", "Retry-After", "WWW-Authenticate"):
        if name in first.headers:
            response.headers[name] = first.headers[name]
    return response


def code_of(error: errors.GisappError) -> str:
    """The standard's code; empty where it has none for that."""
    if isinstance(error, errors.LayerNotFound):
        return "LayerNotDefined"
    return CODES.get(str(error.values.get("name", "")).upper(), "")


def _type(version: str) -> str:
    return f"{OLD_TYPE if version == OLD else NEW_TYPE}; charset=utf-8"
