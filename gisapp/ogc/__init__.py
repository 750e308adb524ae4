"""Open standards: OGC API - Features at `/ogc/` (Part 1: core, GeoJSON, HTML, OpenAPI 3.0).

Thin: `request` reads what is asked, `documents` and `openapi` describe, `links` leads from one to another,
`items` makes collections of pages of `features.search`, `answer` gives the form asked for, `routes` answers.
https://docs.ogc.org/is/17-069r4/17-069r4.html
"""

from gisapp.ogc.routes import ogc

__all__ = ["ogc"]
