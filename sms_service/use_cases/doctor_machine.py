"""The machine under examination: the broker, the disk, the keys and the public address it was given."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import redis

from sms_service.use_cases.doctor import Finding, error, ok, warning

_PATIENCE_S = 3.0
_FULL_BYTES, _NEARLY_FULL_BYTES = 200 * 2**20, 2**30
_LEAST_KINDS_OF_BYTES = 8  # of 32 random ones, fewer are as good as impossible


def examine_broker(url: str) -> Iterator[Finding]:
    """Whether it answers, and never drops a task to make room. `url` as Celery writes it."""
    try:
        with redis.Redis.from_url(
            url.replace("redis+socket://", "unix://", 1),
            socket_connect_timeout=_PATIENCE_S,
            socket_timeout=_PATIENCE_S,
        ) as client:
            client.ping()
            policy = _policy(client)
    except (redis.RedisError, ValueError, OSError) as away:
        yield error(
            "broker",
            f"Redis or Valkey does not answer at the address in REDIS_URL ({type(away).__name__})",
            "start it, or correct REDIS_URL; nothing is lost meanwhile, and nothing is sent",
        )
        return
    if policy not in {None, "noeviction"}:
        yield warning(
            "broker",
            f"it makes room by dropping tasks (maxmemory-policy {policy})",
            "set maxmemory-policy to noeviction; what it drops waits for its lease",
        )
    else:
        yield ok("broker", "it answers")


def _policy(client: redis.Redis) -> str | None:
    """The policy; None where the server does not tell, as hosted ones may."""
    try:
        held = client.config_get("maxmemory-policy")
    except redis.ResponseError:
        return None
    return str(held.get("maxmemory-policy")) if isinstance(held, dict) else None


def examine_disk(data: Path) -> Finding:
    """Room in the data folder, where there is one on this machine."""
    if not data.exists():
        return ok("disk", "there is no data folder on this machine")
    free = shutil.disk_usage(data).free
    says = f"{free >> 20} MiB are free for {data}"
    cure = "free some space: a database on a full disk stops taking events"
    if free < _FULL_BYTES:
        return error("disk", says, cure)
    return warning("disk", says, cure) if free < _NEARLY_FULL_BYTES else ok("disk", says)


def examine_keys(master: Sequence[bytes], index: Sequence[bytes]) -> Finding:
    """Whether the configured keys are random, and each used for one thing."""
    cure = "make keys with `sms-service keys new`; old ones stay behind the new while data needs them"
    if set(master) & set(index):
        return error("key settings", "SMS_MASTER_KEYS and SMS_INDEX_KEYS share a key", cure)
    if any(len(set(key)) < _LEAST_KINDS_OF_BYTES for key in (*master, *index)):
        return error("key settings", "a key of SMS_MASTER_KEYS or SMS_INDEX_KEYS is not random", cure)
    return ok("key settings", "master and index keys differ and look random")


def examine_address(public: str, *, provider_is_real: bool) -> Finding:
    """Whether the provider can reach us at the public address."""
    parts = urlsplit(public)
    if "_" in (parts.hostname or ""):
        return error(
            "public address",
            "the host in SMS_PUBLIC_BASE_URL has an underscore, and the provider refuses such callbacks",
            "give the service a host name without one",
        )
    if provider_is_real and parts.scheme != "https":
        return error(
            "public address",
            "SMS_PUBLIC_BASE_URL is not https, and receipts and replies come from outside",
            "put a proxy with TLS in front of the web process and set its address",
        )
    return ok("public address", f"{parts.scheme}://{parts.netloc}")
