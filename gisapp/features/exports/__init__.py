"""A selection as a file: GeoJSON, CSV, XLSX, GeoPackage, Shapefile, FlatGeobuf, GeoParquet, KML.

`routes` reads what is asked, `job` starts a process for it and records it, `process` is that process: it reads rows a few
thousand at a time and hands them to `texts`, `sheet` or `gis`, which write them. Libraries for these are loaded there only.
"""
