"""Who did what: entries that are only ever added, chained by hash afterwards, so that no change goes unnoticed."""
