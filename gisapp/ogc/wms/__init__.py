"""WMS 1.1.1 and 1.3.0 at `/wms`: maps in the city's reference systems, what lies at a pixel, legends.

`words` reads the parameters, `systems` the box and its reference system, `capabilities` describes, `info` answers about
a pixel, `exceptions` says what is wrong in the form of the version, `routes` does it. Pictures are drawn by
`gisapp.rasters.window`.
"""

from gisapp.ogc.wms.routes import wms

__all__ = ["wms"]
