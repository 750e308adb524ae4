"""Finding features: what lies at a place, and which features of a layer answer a question.

From the inside out: `expressions` are pieces of SQL, `identify` and `search` ask PostGIS, `words` says values
as people read them, `parameters` reads what a request asks for, `routes` answers.
"""

from gisapp.features import questions  # noqa: F401 — its routes
from gisapp.features.exports import routes as export_routes  # noqa: F401
from gisapp.features.routes import features

__all__ = ["features"]
