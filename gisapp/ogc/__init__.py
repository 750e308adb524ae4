"""Open standards: OGC API - Features (Parts 1 to 4), Tiles, Styles and records at `/ogc/`, WMS and WMTS beside it.

Thin: `request` reads what is asked, `documents`, `tilesets`, `styles`, `records` and `openapi` describe, `links` leads from
one to another, `items` makes collections of pages of `features.search`, `answer` gives the form asked for; `routes`,
`tiles`, `catalogue`, `wms` and `wmts` answer those who read, `edits` those who change something.
https://docs.ogc.org/is/17-069r4/17-069r4.html
"""

from gisapp.ogc.catalogue import catalogue as _catalogue
from gisapp.ogc.edits import edits as _edits
from gisapp.ogc.routes import ogc
from gisapp.ogc.tiles import ogc_tiles
from gisapp.ogc.wms import wms as _wms
from gisapp.ogc.wmts import wmts as _wmts

BLUEPRINTS = (ogc, _edits, ogc_tiles, _catalogue, _wms, _wmts)

__all__ = ["BLUEPRINTS"]
