"""Peak memory of a piece of work."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from pathlib import Path

import torch


class PeakMemory:
    """Peak memory of a `with` block in bytes: allocated on a GPU, resident on a CPU.

    `grown` is the peak over what was held when the block began.
    """

    def __init__(self) -> None:
        self.bytes = self.before = 0

    @property
    def grown(self) -> int:
        """Bytes above those held at the beginning."""
        return max(0, self.bytes - self.before)

    def __enter__(self) -> PeakMemory:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
            self.before = torch.cuda.memory_allocated()
        else:
            with suppress(OSError, AttributeError):
                ctypes.CDLL(None).malloc_trim(0)  # what is free shall not count as held
                Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM; Linux only
            self.before = _status("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        if torch.cuda.is_available():
            self.bytes = torch.cuda.max_memory_allocated()
            return
        self.bytes = _status("VmHWM")


def _status(field: str) -> int:
    """Bytes in one line of the kernel's account of this process; 0 where there is none."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(x for x in status.read_text().splitlines() if x.startswith(field))
    return int(line.split()[1]) * 1024
