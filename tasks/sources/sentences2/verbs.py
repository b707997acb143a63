"""Verbs of motion by pace, from 0 to 5."""

from __future__ import annotations

_PACE = (
    "stood sat waited rested slept lay paused froze lingered stayed remained knelt crouched "
    "squatted dozed idled stopped leaned",
    "crawled crept inched dragged shuffled trudged hobbled limped waddled slithered tiptoed "
    "toddled dawdled plodded lumbered sidled straggled slouched",
    "walked strolled wandered ambled sauntered roamed rambled strutted paced stepped tramped hiked "
    "drifted floated meandered promenaded prowled sailed",
    "marched strode jogged trotted hurried skipped skated cycled rode swam hopped danced scrambled "
    "scampered bounced rolled cantered paddled",
    "ran raced galloped dashed rushed sprinted bolted scurried fled charged stampeded darted "
    "scooted drove surged swooped careered chased",
    "flew rocketed zoomed shot blasted whizzed streaked hurtled flashed plunged exploded "
    "catapulted soared jetted accelerated plummeted torpedoed vanished",
)
PACE = tuple(tuple(level.split()) for level in _PACE)
"""By level: 0 not moving to 5 too fast to follow."""
