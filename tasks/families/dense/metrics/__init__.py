"""Metrics of dense predictions: numbers per image that add up over a set, then values.

A set is never held: an image gives a vector of `statistics`, vectors are summed, and the sum gives
`values` by metric id. Dialects of one metric have ids of their own, since their values must not be
mixed. Values are fractions, angles are degrees. Sources: the toolchains of ASTMT, the survey of
Vandenhende et al. (arXiv 2004.13379), ATRC and TaskPrompter.
"""

from __future__ import annotations

from collections.abc import Mapping

from seesaw.tasks.families.dense.metrics.edges import Boundaries, EdgeBCE, SuppressedBoundaries
from seesaw.tasks.families.dense.metrics.metric import DenseMetric, Meter
from seesaw.tasks.families.dense.metrics.regions import MeanIoU
from seesaw.tasks.families.dense.metrics.saliency import Saliency
from seesaw.tasks.families.dense.metrics.surfaces import Depth, FineNormals, Normals

__all__ = [
    "FAMILIES", "Boundaries", "DenseMetric", "Depth", "EdgeBCE", "FineNormals", "MeanIoU", "Meter",
    "Normals", "Saliency", "SuppressedBoundaries",
]  # fmt: skip

FAMILIES: Mapping[str, type[DenseMetric]] = {
    "miou": MeanIoU,
    "saliency": Saliency,
    "normals": Normals,
    "normals_fine": FineNormals,
    "boundaries": Boundaries,
    "boundaries_nms": SuppressedBoundaries,
    "edge_bce": EdgeBCE,
    "depth": Depth,
}
"""Metrics by the name that their statistics are stored under."""
