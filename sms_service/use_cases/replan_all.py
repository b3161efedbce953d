"""Derive every open visit's instants again after the world's zone rules changed."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from sms_service.store.appointments import save_appointment, visits_of
from sms_service.store.clock import patient_now
from sms_service.store.deployment import clinics, record_zone_rules, zone_rules_changed
from sms_service.store.patients import lock_patient_by_id
from sms_service.store.tenants import load_clinic
from sms_service.store.zone_rules import zone_rules
from sms_service.use_cases.replan import replan
from sms_service.use_cases.service import Service

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
    count = 0
    for clinic_id in everyone:
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
            with service.db.transaction([clinic_id]) as connection:
                patient = lock_patient_by_id(connection, service.keys, patient_id)
                for visit, _ in visits_of(connection, patient_id):
                    save_appointment(connection, visit, None)
                replan(
                    service, connection, load_clinic(connection, clinic_id), patient, patient_now(connection)
                )
                count += 1
    with service.db.transaction() as connection:
        record_zone_rules(connection, rules)
    return count
