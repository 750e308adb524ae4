"""The street grid that each district has of its own: turned, bent and swaying, so that no two look alike.

Blocks and lots are laid out in flat grid metres (u along the streets, v across them) and then carried to the plane.
The carrying is a function of the point alone, so lots that share a corner in the grid share it exactly on the map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisapp.sample.terrain import Floats


@dataclass(frozen=True)
class Frame:
    """From grid metres to local metres. `bend` is the radius of the streets' curve; 0 means straight."""

    x: float
    y: float
    turn: float  # radians, anticlockwise
    bend: float = 0.0
    sway: float = 0.0  # metres by which streets swing to the side
    sway_length: float = 600.0
    phase: float = 0.0

    def to_plane(self, uv: Floats) -> Floats:
        """Local metres, rounded to millimetres, of grid points; arrays of shape (n, 2)."""
        u, v = uv[:, 0], uv[:, 1] + self._swing(uv[:, 0])
        if self.bend:
            angle = u / self.bend
            u, v = (self.bend + v) * np.sin(angle), (self.bend + v) * np.cos(angle) - self.bend
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return np.round(np.column_stack([self.x + u * cos - v * sin, self.y + u * sin + v * cos]), 3)

    def to_grid(self, xy: Floats) -> Floats:
        """Grid metres of local points: the inverse of `to_plane`, within a millimetre near the district."""
        dx, dy = xy[:, 0] - self.x, xy[:, 1] - self.y
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        u, v = dx * cos + dy * sin, dy * cos - dx * sin
        if self.bend:
            sign = np.sign(self.bend)
            reach = sign * np.hypot(u, self.bend + v)
            u, v = np.arctan2(sign * u, sign * (self.bend + v)) * self.bend, reach - self.bend
        return np.column_stack([u, v - self._swing(u)])

    def _swing(self, u: Floats) -> Floats:
        return np.asarray(self.sway * np.sin(2 * np.pi * u / self.sway_length + self.phase))


def line_direction(ring: Floats) -> float:
    """The direction (radians, modulo a right angle) in which most of a ring's length runs: where its streets aim.

    `ring` is an array of shape (n, 2). Directions are counted in bins of three degrees.
    """
    step = np.diff(ring, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    angle = np.arctan2(step[:, 1], step[:, 0]) % (np.pi / 2)
    bins = np.bincount((angle / (np.pi / 60)).astype(int) % 30, weights=length, minlength=30)
    smooth = bins + 0.6 * (np.roll(bins, 1) + np.roll(bins, -1))
    return float((np.argmax(smooth) + 0.5) * np.pi / 60)
