"""What changed in the layers, and where: written by triggers (`schema.changes`), followed by tiles and all that is derived."""
