"""What a request to `/ogc/` asks: its parameters, its language, and the form of the answer."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from gisapp.features.parameters import invalid, known
from gisapp.ogc.words import WORDS

FORMS = {"json": "application/json", "geojson": "application/geo+json", "html": "text/html"}


@dataclass(frozen=True)
class Asked:
    """The parameters by name, whether a page is wanted instead of JSON, and the language (`ja` or `en`)."""

    values: dict[str, str]
    page: bool
    lang: str

    @property
    def words(self) -> dict[str, str]:
        """The words of that language."""
        return WORDS[self.lang]

    @property
    def language(self) -> dict[str, str]:
        """The parameter that keeps the language on the way to another resource."""
        return {"lang": self.values["lang"]} if "lang" in self.values else {}


def read_values(*names: str) -> dict[str, str]:
    """The parameters of a request that takes these and no others. Raises errors.ParameterInvalid."""
    return known(request.args, names)


def read_request(*names: str) -> Asked:
    """Read a request that takes these parameters besides `f` (json or html) and `lang`.

    Raises errors.ParameterInvalid: also for a parameter that the resource does not know, as Part 1 wants.
    """
    values = known(request.args, (*names, "f", "lang"))
    form = values.get("f", "")
    if "f" in values and form not in FORMS:
        raise invalid("f", "json か html です", "it is json or html", "f=json")
    if not form:
        wanted = request.accept_mimetypes.best_match(list(FORMS.values()), FORMS["json"])
        form = "html" if wanted == FORMS["html"] else "json"
    return Asked(values, form == "html", "ja" if values.get("lang", "ja") == "ja" else "en")
