"""What the process is told before torch comes in: threads that do not spin, and one rounding.

ATen and oneDNN choose kernels by what the processor can do, and kernels of other widths round
otherwise. Where a processor has AVX2 they are held to it, which costs nothing that can be measured
at our sizes; MKL is left alone, see `docs/reproducibility.md`. What a user has set stands.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

QUIET = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1"}
THREADS = {
    "OMP_NUM_THREADS": "2",
    "MKL_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "OMP_WAIT_POLICY": "PASSIVE",  # waiting threads sleep, so that runs side by side do not fight
}
ROUNDING = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


def settle(environ: MutableMapping[str, str], cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Set what is not set yet.

    Args:
        environ: of this process; torch and its libraries read it when they are loaded.
        cpuinfo: where the processor's features are listed; without it nothing is held to AVX2,
            since forcing it on a processor that lacks it would end the process.
    """
    told = QUIET | THREADS
    if "avx2" in _features(cpuinfo):
        told |= ROUNDING
    for name, value in told.items():
        environ.setdefault(name, value)


def _features(cpuinfo: Path) -> set[str]:
    try:
        lines = cpuinfo.read_text(errors="replace").splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())
