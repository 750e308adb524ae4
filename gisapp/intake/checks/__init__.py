"""Checks: each yields every problem that it finds and goes on, so that a person sees all of them at once."""
