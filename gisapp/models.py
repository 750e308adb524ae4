"""Every table of the platform itself, in one list: for Alembic and for a newcomer.

(The layers' tables are not here: they are made from their folders, see `catalogue.table`.)
"""

from gisapp.access.models import membership, one_time_link, person, right_change, token
from gisapp.audit.models import audit_checkpoint, audit_entry, audit_seal
from gisapp.changes.models import generalised, generalised_unfinished, search_index, tile_change, tile_state
from gisapp.db import PLATFORM
from gisapp.intake.models import upload
from gisapp.revisions.models import revision

__all__ = [
    "PLATFORM",
    "audit_checkpoint",
    "audit_entry",
    "audit_seal",
    "generalised",
    "generalised_unfinished",
    "membership",
    "one_time_link",
    "person",
    "revision",
    "right_change",
    "search_index",
    "tile_change",
    "tile_state",
    "token",
    "upload",
]
