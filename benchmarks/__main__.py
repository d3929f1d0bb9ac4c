"""`make bench`: every benchmark, each pairing its two sides in one run.

python -m benchmarks [NAME ...]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
#: In the order of how long they take; each file says what it measures and which arguments it has.
NAMES = (
    "interface",
    "live_view",
    "server",
    "panel",
    "startup",
    "first_runs",
    "overhead",
    "training_cpu",
    "training_throughput",
    "scaling",
)

#: Longer than a sitting: only by name.
LONG = ("learning",)


def main() -> int:
    chosen = sys.argv[1:] or NAMES
    unknown = [name for name in chosen if name not in NAMES + LONG]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are {', '.join(NAMES + LONG)}.")
        return 2
    failed = 0
    for name in chosen:
        print(f"== {name}", flush=True)
        failed |= subprocess.run([sys.executable, str(HERE / f"{name}.py")], check=False).returncode
        print(flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
