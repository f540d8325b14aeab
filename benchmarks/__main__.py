"""All benchmarks, one after the other, each in a process of its own: ``python -m benchmarks [--quick]``.

Each module measures, prints as it goes, and writes its own section of RESULTS.md. One that fails does not stop the
others; the exit code says that there was one.
"""

import argparse
import subprocess
import sys
import time

#: In the order in which they run. Each takes ``--quick``; all quick runs together take two minutes.
MODULES = ["side_by_side", "scan", "pages", "imports"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, under two minutes in all")
    arguments = ["--quick"] if parser.parse_args().quick else []
    failed = []
    for module in MODULES:
        sys.stdout.write(f"\n{module}\n")
        sys.stdout.flush()
        began = time.monotonic()
        if subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], check=False).returncode:
            failed.append(module)
        sys.stdout.write(f"{module}: {time.monotonic() - began:.0f} s\n")
    if failed:
        sys.stdout.write(f"Not measured: {', '.join(failed)}\n")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
