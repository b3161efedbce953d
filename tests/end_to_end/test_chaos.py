"""The small form of the crash suite: weeks of two clinics while everything breaks, judged from outside."""

from sms_service.chaos.campaign import Campaign
from sms_service.chaos.command import QUICK, play


def test_a_storm_of_kills_and_faults_breaks_no_promise(tmp_path):
    verdict = play(Campaign(seed=1, size=QUICK, data=tmp_path / "quick"))
    assert verdict.broken == {}, "\n".join(verdict.examples)
    assert verdict.kills >= 20, "the storms were real"
    assert verdict.texts >= 150, "and so were the texts"
    assert verdict.forged, "forged webhooks were tried, and refused"
    assert not list(tmp_path.glob("quick*")), "a campaign that passed leaves only its evidence"
