"""The first moments of a child, run as a script: become the right user, die with the parent, then exec.

    python -I -S launch.py PARENT SIGNAL USER UID GID PROGRAM ARGUMENT...      (USER "-": stay who we are)

A program instead of subprocess's `preexec_fn`, which would run Python between fork and exec of a process
that has threads.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: str, death_signal: str, user: str, uid: str, gid: str, *argv: str) -> None:
    """Replace this process by the program."""
    libc = ctypes.CDLL(None)  # loaded while this Python's own folder can still be read
    if user != "-":
        os.initgroups(user, int(gid))
        os.setgid(int(gid))
        os.setuid(int(uid))
        os.umask(0o077)
    if sys.platform == "linux":
        # after setuid, which clears it; the kernel watches the thread that started us
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the supervisor died while this was starting")
    os.execvp(argv[0], argv)  # noqa: S606 - replacing ourselves is the point


if __name__ == "__main__":
    main(*sys.argv[1:])
