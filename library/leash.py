"""Run a command that cannot outlive its parent, and that is not root.

``python leash.py --parent PID --signal N [--uid U --gid G [--search]] -- COMMAND …`` becomes COMMAND. It is a program
of its own because the order matters (a change of user clears the death signal) and because Python code between
``fork`` and ``exec`` is not safe beside threads. It imports nothing of the project and starts in some 20 ms.
"""

import argparse
import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522


def main(argv: list[str]) -> None:
    options, command = _parse(argv)
    if options.uid is not None:
        _become(uid=options.uid, gid=options.gid, search=options.search)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's "&" leaves it ignored, and exec would keep that
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, options.signal)
        if os.getppid() != options.parent:  # it died before we asked to be told
            sys.exit(1)
    os.execv(command[0], command)


def _parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="leash")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--search", action="store_true", help="keep the right to pass through closed folders")
    split = argv.index("--")
    return parser.parse_args(argv[:split]), argv[split + 1 :]


def _become(*, uid: int, gid: int, search: bool) -> None:
    """Change to an ordinary user for good; with ``search`` it may still enter folders that only root may.

    A project that root keeps in a closed folder (``/root``, ``mktemp -d``) has its programs and data there too.
    """
    capability = _search_capability() if search else None
    if capability is not None:
        # Rights outlive the change of user, and access(2) heeds them: initdb looks for postgres with it.
        _prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if capability is not None:
        _keep_only(capability)


def _search_capability() -> int | None:
    """The smaller right if we have it; containers usually grant only the larger one."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    effective = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), 16)
    return next((bit for bit in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if effective >> bit & 1), None)


def _keep_only(capability: int) -> None:
    """See capabilities(7): permitted and inheritable first, then ambient, which is what survives ``exec``."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if _libc().capset(header, effective_permitted_inheritable) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def _prctl(option: int, *arguments: int) -> None:
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc().prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    main(sys.argv[1:])
