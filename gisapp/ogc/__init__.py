"""Open standards: OGC API - Features at `/ogc/` (Parts 1 to 4).

Thin: `request` reads what is asked, `documents` and `openapi` describe, `links` leads from one to another,
`items` makes collections of pages of `features.search`, `answer` gives the form asked for, `routes` answers those who
read, `edits` those who change something.
https://docs.ogc.org/is/17-069r4/17-069r4.html
"""

from gisapp.ogc.routes import ogc

__all__ = ["ogc"]
