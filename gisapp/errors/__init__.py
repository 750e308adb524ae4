"""Everything that can go wrong, once: one class each, with its status, its sentence and what to do next.

No Flask here. `error_pages` turns these into a page, JSON (RFC 9457) or an OGC exception; the shell prints them.
A sentence never holds SQL, a path of the server or a host.
"""

from gisapp.errors.asking import (
    DrawingFailed,
    FeatureNotFound,
    LayerNotPublic,
    MethodNotAllowed,
    PageNotFound,
    ParameterInvalid,
    RequestInvalid,
    TileNotFound,
    TooLarge,
    TooMany,
)
from gisapp.errors.audit import AuditUnavailable, NothingToPurge
from gisapp.errors.base import GisappError
from gisapp.errors.catalogue import (
    CatalogueInvalid,
    DepartmentNotFound,
    LayerNotFound,
    SyncRefused,
)
from gisapp.errors.installing import (
    AlreadyRunning,
    Busy,
    CityNotFound,
    ClusterFailed,
    DatabaseAway,
    ExtensionMissing,
    NotASampleCity,
    NotMigrated,
    PortTaken,
    SettingInvalid,
    TooSlow,
)
from gisapp.errors.intake import (
    FileRefused,
    OffsetWrong,
    UploadNotFound,
    UploadState,
)
from gisapp.errors.people import (
    AccountEnded,
    AccountsRefused,
    FormExpired,
    LinkInvalid,
    NotAllowed,
    OnDutyOnly,
    PersonInvalid,
    PersonUnknown,
    ProviderFailed,
    SignInFailed,
    SignInNeeded,
    TokenInvalid,
    WishRefused,
)
from gisapp.errors.revisions import NothingToUndo, RevisionBuiltOn, RevisionNotFound, RevisionNotKept
from gisapp.errors.tiles import BundleRefused, CacheUnreadable, DataReplaced, SeedingStopped

__all__ = [
    "AccountEnded",
    "AccountsRefused",
    "AlreadyRunning",
    "AuditUnavailable",
    "BundleRefused",
    "Busy",
    "CacheUnreadable",
    "CatalogueInvalid",
    "CityNotFound",
    "ClusterFailed",
    "DataReplaced",
    "DatabaseAway",
    "DepartmentNotFound",
    "DrawingFailed",
    "ExtensionMissing",
    "FeatureNotFound",
    "FileRefused",
    "FormExpired",
    "GisappError",
    "LayerNotFound",
    "LayerNotPublic",
    "LinkInvalid",
    "MethodNotAllowed",
    "NotASampleCity",
    "NotAllowed",
    "NotMigrated",
    "NothingToPurge",
    "NothingToUndo",
    "OffsetWrong",
    "OnDutyOnly",
    "PageNotFound",
    "ParameterInvalid",
    "PersonInvalid",
    "PersonUnknown",
    "PortTaken",
    "ProviderFailed",
    "RequestInvalid",
    "RevisionBuiltOn",
    "RevisionNotFound",
    "RevisionNotKept",
    "SeedingStopped",
    "SettingInvalid",
    "SignInFailed",
    "SignInNeeded",
    "SyncRefused",
    "TileNotFound",
    "TokenInvalid",
    "TooLarge",
    "TooMany",
    "TooSlow",
    "UploadNotFound",
    "UploadState",
    "WishRefused",
]
