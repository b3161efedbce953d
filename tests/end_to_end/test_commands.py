"""Commands as an operator types them, against the running service."""

import json
import os
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sms_service.settings import psycopg_url
from sms_service.use_cases.set_up import set_up

NEW_YORK = ZoneInfo("America/New_York")


def command(world, *arguments):
    argv = [sys.executable, "-m", "sms_service.cli.app", *arguments]
    env = {**os.environ, **world.stack.environment}
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_why_tells_one_clinics_visit_and_never_anothers_of_the_same_name(world):
    clinic = {
        "sender": {"name": "test", "address": "+15005550006", "segments_per_second": 1000},
        "clinic": {
            "slug": "hill",
            "name": "Hill Clinic",
            "program": "Guide",
            "phone": "(555) 010-3000",
            "zone": "America/New_York",
        },
        "feed": {"name": "main", "types": {"TPI": "trigger_point_injection"}},
    }
    year = world.new_year()
    owner_url = psycopg_url(world.stack.owner_url)
    with sa.create_engine(owner_url, poolclass=sa.NullPool).begin() as owner:
        set_up(owner, world.service.keys, world.service.library, clinic)
    start = datetime(year, 3, 2, 11, tzinfo=NEW_YORK)
    world.event("booked", "same", datetime(year, 1, 2, 9, tzinfo=NEW_YORK), phone="+12125550141", start=start)
    told = json.loads(command(world, "why", "riverside/same", "--json").stdout)
    assert told["id"] == "same"
    assert told["messages"]
    assert command(world, "why", "hill/same").returncode == 2
    assert command(world, "why", "same").returncode == 2
