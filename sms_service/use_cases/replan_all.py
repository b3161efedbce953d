"""Plan open visits again when something changed for them all: a clinic's settings, the zone rules."""

from __future__ import annotations

import logging
from datetime import timedelta

import sqlalchemy as sa

from sms_service.store.appointments import save_appointment, visits_of
from sms_service.store.clock import patient_now
from sms_service.store.database import again_on_deadlock
from sms_service.store.deployment import clinics, record_zone_rules, zone_rules_changed
from sms_service.store.patients import lock_patient_by_id
from sms_service.store.tenants import load_clinic
from sms_service.store.zone_rules import zone_rules
from sms_service.use_cases.replan import replan
from sms_service.use_cases.service import Service

_log = logging.getLogger("sms_service.replan")
#: No text after a visit waits longer than this.
_CHAIN_LASTS = timedelta(days=60)


def follow_zone_rules(service: Service) -> int:
    """Where the rules differ from those the plans were made with, plan every open visit again; for how many.

    The wall time and the zone are what is stored; the instant is only ever derived.
    """
    rules = zone_rules()
    with service.db.transaction() as connection:
        if not zone_rules_changed(connection, rules):
            return 0
        everyone = clinics(connection)
    count = sum(replan_clinic(service, clinic_id) for clinic_id in everyone)
    with service.db.transaction() as connection:
        record_zone_rules(connection, rules)
    return count


def replan_clinic(service: Service, clinic_id: int) -> int:
    """Plan every open visit of a clinic again, a transaction each; how many patients that were."""
    with service.db.transaction([clinic_id]) as connection:
        patients = connection.execute(
            sa.text(
                "SELECT DISTINCT patient_id FROM appointments WHERE patient_id IS NOT NULL"
                " AND (status IN ('booked', 'arrived') OR ended_at > :since)"
            ),
            {"since": patient_now(connection) - _CHAIN_LASTS},
        ).scalars()
        waiting = list(patients)
    for patient_id in waiting:
        try:
            _again(service, clinic_id, patient_id)
        except Exception as error:  # noqa: BLE001 - one damaged row must not keep the others on old times
            _log.error("patient %s cannot be planned again: %s", patient_id, type(error).__name__)
    return len(waiting)


@again_on_deadlock
def _again(service: Service, clinic_id: int, patient_id: int) -> None:
    with service.db.transaction([clinic_id]) as connection:
        patient = lock_patient_by_id(connection, service.keys, patient_id)
        for visit, _ in visits_of(connection, patient_id):
            save_appointment(connection, visit, None)
        replan(service, connection, load_clinic(connection, clinic_id), patient, patient_now(connection))
