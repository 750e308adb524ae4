"""A file that was sent without a layer: which layers it may belong to, by its columns and its kind of shape.

Nothing is staged and nothing is decided: the upload asks, and goes on when a person has named the layer.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from gisapp import errors
from gisapp.access.policy import Asker, may_change
from gisapp.installation import Installation
from gisapp.intake.choice import Choice
from gisapp.intake.draft import Fit
from gisapp.intake.load import Order, find_target
from gisapp.intake.new_layer import layer_text
from gisapp.intake.outcome import complete
from gisapp.intake.report import Report


def propose(installation: Installation, order: Order, asker: Asker) -> Report:
    """Look through the file; returns a report that asks for the layer, with those that fit and that the asker may change.

    Raises errors.FileRefused with the report in `values["outcome"]` for a file that cannot be read, or only in several ways.
    """
    report = Report(order.name, None, order.options.mode, dry_run=True)
    try:
        with tempfile.TemporaryDirectory(prefix="gisapp-") as scratch:
            drafted, _ = find_target(installation, order, report, Path(scratch) / "survey")
    except errors.FileRefused as refusal:
        complete(refusal, report)
        raise
    if not report.asks:
        report.asks, report.draft = "layer", layer_text(drafted)
        fits = [fit for fit in report.fits if may_change(asker, fit.layer, "upload").allowed]
        report.choices = [_choice(fit) for fit in fits]
    return report


def _choice(fit: Fit) -> Choice:
    title = fit.layer.title
    ja, en = (
        f"{title.ja}：列の {fit.share:.0%} が合います",
        f"{title.en}: {fit.share:.0%} of the columns fit",
    )
    if fit.missing:
        ja += f"（必須の {'、'.join(fit.missing)} がありません）"
        en += f" (required and missing: {', '.join(fit.missing)})"
    return Choice("layer", fit.layer.id, ja, en)
