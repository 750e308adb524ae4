"""GDAL on a short leash: only the drivers that the intake needs are left in this process.

No driver that follows references (VRT, GDALG), asks the network or runs a program can be reached by any file then,
whatever it claims to be.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

DRIVERS = {
    "ESRI Shapefile",
    "GeoJSON",
    "GeoJSONSeq",
    "GPKG",
    "FlatGeobuf",
    "TopoJSON",
    "LIBKML",
    "MapInfo File",
    "OpenFileGDB",
    "OSM",
}
OPTIONS = {
    "SHAPE_RESTORE_SHX": "YES",  # in our own folder: a missing index is made beside the copy
    "OGR_GEOJSON_MAX_OBJ_SIZE": "500",  # MB
    "OGR_ARROW_MEM_LIMIT": str(64 * 2**20),  # bytes of a batch: large shapes come fewer at a time
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "OSM_USE_CUSTOM_INDEXING": "NO",  # drafts of imports have negative ids
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # only the file itself and its known companions
}


@functools.cache
def pyogrio() -> ModuleType:
    """The pyogrio module, after all other drivers were taken out of this process.

    Raises RuntimeError where one could not be taken out: better no intake than one without a leash.
    """
    import pyogrio as module
    from pyogrio._ogr import _register_drivers

    others = sorted(set(module.list_drivers()) - DRIVERS)
    module.set_gdal_config_options({"GDAL_SKIP": ",".join(others), **OPTIONS})
    _register_drivers()  # reads GDAL_SKIP
    left = set(module.list_drivers()) - DRIVERS
    if left:
        raise RuntimeError(f"GDAL drivers that cannot be taken out: {sorted(left)}")
    return module


@contextmanager
def quietly() -> Iterator[None]:
    """GDAL's warnings say paths and are no sentences for people; what matters is found by our own checks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
