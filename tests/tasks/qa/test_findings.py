from __future__ import annotations

from osmo.schemas.config import QualityConfig
from osmo.schemas.tables import FINDINGS
from osmo.tasks.qa.findings import findings

NOT_COLLECTED = {
    "cause": None,
    "cause_reason": "not_collected",
    "intensity": None,
    "intensity_reason": "not_collected",
    "polarity": None,
    "polarity_reason": "not_collected",
}


def test_a_complete_annotation_has_no_finding(annotations, clips):
    said = annotations({"region_id": None}, {"start_s": 1.0, "end_s": 4.0}, {"start_s": 4.0, "end_s": 6.0})
    assert findings(said, clips(("c1", 0.0, 30.0)), QualityConfig()).num_rows == 0


def test_fields_that_were_never_collected_are_passed_over(annotations, clips):
    found = findings(annotations({"region_id": None}, NOT_COLLECTED), clips(("c1", 0.0, 30.0)), QualityConfig())
    assert found.num_rows == 0


def test_skipped_and_deleted_rows_are_passed_over(annotations, clips):
    said = annotations(
        {"start_s": 2.0, "end_s": 2.0, "deleted": True},
        {"start_s": 3.0, "end_s": 3.0, "skipped": True},
        {"region_id": None, "clip_status": None, "skipped": True},
    )
    assert findings(said, clips(("c1", 0.0, 30.0)), QualityConfig()).num_rows == 0


def test_findings_carry_the_identity_of_the_revision(annotations, clips):
    said = annotations({"region_id": None}, {"start_s": 2.0, "end_s": 2.5})
    [found] = findings(said, clips(("c1", 0.0, 30.0)), QualityConfig()).to_pylist()
    row = said.to_pylist()[1]
    names = ("annotation_id", "region_id", "revision", "content_key", "clip_id", "recording_id")
    assert {name: found[name] for name in names} == {name: row[name] for name in names}
    assert (found["rule"], found["severity"]) == ("too_short", "error")
    assert found["detail"] == "2.000–2.500 s is shorter than 1 s"


def test_no_annotations_have_no_findings(annotations, clips):
    found = findings(annotations(), clips(), QualityConfig())
    assert found.schema == FINDINGS.schema
    assert found.num_rows == 0
