"""The picture where there is next to nothing to draw."""

from pathlib import Path

from PIL import Image

from osmo.tasks.vote_patterns import VotePattern
from osmo.tasks.vote_picture import draw_votes
from osmo.tasks.vote_report import SecondVote, VoterCoverage, VoteReport
from osmo.tasks.voter_agreement import Pair

NOTHING = SecondVote(0, True, 0, 0, 0, 0, 0, 0)


def test_no_votes_and_long_names_are_drawn(tmp_path: Path) -> None:
    names = ("a_voter_with_a_very_long_name_indeed", "b")
    coverage = [VoterCoverage(name, 0, 0, None, {}) for name in names]
    pair = Pair(*names, 0, None, None, None, 0, None)
    draw_votes(VoteReport(names, 0, [], coverage, [pair], None, [], NOTHING), tmp_path / "none.png")
    with Image.open(tmp_path / "none.png") as picture:
        assert picture.width > 500


def test_bars_are_as_long_as_their_counts(tmp_path: Path) -> None:
    patterns = [VotePattern((2,), 0, 0, 100, 100, 0, 0, 0, 0), VotePattern((1, 1), 0, 0, 50, 0, 0, 50, 0, 0)]
    report = VoteReport(("a",), 150, patterns, [VoterCoverage("a", 150, 150, 1.0, {})], [], 1.0, [], NOTHING)
    draw_votes(report, tmp_path / "bars.png")
    with Image.open(tmp_path / "bars.png") as picture:
        pixels = picture.convert("RGB")
        rows = [[pixels.getpixel((x, y)) for x in range(pixels.width)] for y in range(0, pixels.height, 4)]
    longest = {colour: max(row.count(colour) for row in rows) for colour in ((47, 128, 87), (222, 226, 230))}
    assert abs(longest[47, 128, 87] / longest[222, 226, 230] - 2) < 0.05
