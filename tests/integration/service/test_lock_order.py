"""Patients are locked before messages, also by an outcome that will change the patient."""

import threading

import psycopg
from integration.service.test_fence import waiting

from sms_service.domain.outcome import Outcome, OutcomeClass
from sms_service.use_cases.settle import settle


def test_an_answer_about_the_number_queues_for_the_patient_before_it_takes_the_message(world):
    world.say("booked")
    (batch,) = world.tick()
    (request,), _ = world.fence(batch)
    refused = Outcome(attempt_id=request.attempt_id, outcome=OutcomeClass.RECIPIENT, code=21211)
    with psycopg.connect(world.admin_url) as event:
        event.execute("SELECT id FROM patients FOR NO KEY UPDATE")  # an event at work on this person
        settling = threading.Thread(target=settle, args=(world.service, batch.clinics, [refused]))
        settling.start()
        waiting(world)
        # the event goes on to the messages: had the answer taken them first, each would wait for the other
        event.execute("SELECT id FROM messages FOR UPDATE NOWAIT")
    settling.join()
    assert world.states()["welcome"] == ("undelivered", "number_unusable")
