"""Arithmetic: reference systems, mesh codes, tile numbers. No web, no database."""
