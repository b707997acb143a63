"""What the command line tells torch's libraries before they are loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from seesaw.commands.environment import ROUNDING, settle

FLAGS = "processor\t: 0\nflags\t\t: fpu sse2 avx {more}\n"
SHOWN = """
import json, seesaw.commands
from seesaw.suite.records.provenance import numerics
import torch
print(json.dumps(numerics()))
"""


def cpuinfo(folder: Path, more: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(FLAGS.format(more=more))
    return path


def test_a_processor_with_avx2_is_held_to_it(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    settle(environ, cpuinfo(tmp_path, "fma avx2 avx512f"))
    assert ROUNDING.items() <= environ.items()
    assert environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_a_processor_without_avx2_is_left_alone(tmp_path: Path) -> None:
    for path in (cpuinfo(tmp_path, "xavx2y"), tmp_path / "nothing"):
        environ: dict[str, str] = {}
        settle(environ, path)
        assert not ROUNDING.keys() & environ.keys()
        assert environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_a_user_has_set_stands(tmp_path: Path) -> None:
    own = {"ATEN_CPU_CAPABILITY": "avx512", "OMP_WAIT_POLICY": "ACTIVE", "OMP_NUM_THREADS": "8"}
    environ = dict(own)
    settle(environ, cpuinfo(tmp_path, "avx2"))
    assert own.items() <= environ.items()


def test_records_say_which_kernels_ran() -> None:
    unset = {name: value for name, value in os.environ.items() if name not in ROUNDING}
    own = {"MKL_CBWR": "COMPATIBLE", "ATEN_CPU_CAPABILITY": "default"}
    done = subprocess.run(
        [sys.executable, "-c", SHOWN], env=unset | own, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert (found["ATen"], found["MKL"]) == ("DEFAULT", "COMPATIBLE")
