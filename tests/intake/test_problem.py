"""Problems as people read them."""

from __future__ import annotations

from gisapp.intake.problem import ERROR, WARNING, Findings, Problem, ranges


def test_rows_that_follow_one_another_are_one_range() -> None:
    assert ranges([3, 1, 2, 7, 9, 10, 10]) == "1〜3, 7, 9〜10"
    assert ranges([5], "en") == "5"
    assert ranges(range(1, 200, 2)).endswith("、ほか")


def test_a_problem_names_its_rows_and_column_in_both_languages() -> None:
    problem = Problem(ERROR, "wrong_value", "数値ではありません", "is not a number", (2, 3, 9), "幅員")
    assert problem.line() == "「幅員」：数値ではありません（3行：2〜3, 9）"
    assert problem.line("en") == "“幅員”: is not a number (3 rows: 2–3, 9)"
    assert problem.as_json(2)["rows"] == [2, 3] and problem.as_json(2)["count"] == 3


def test_the_same_problem_of_other_rows_joins_the_first() -> None:
    findings = Findings()
    findings.add([Problem(WARNING, "a", "あ", "a", (1, 2)), Problem(ERROR, "b", "い", "b", (2,))])
    findings.add([Problem(WARNING, "a", "あ", "a", (5,)), Problem(WARNING, "a", "ほか", "other", (6,))])
    assert [(p.code, p.rows) for p in findings] == [("a", (1, 2, 5)), ("b", (2,)), ("a", (6,))]
    assert findings.rows_of("a") == 4 and findings.count_rows(WARNING) == 4 and len(findings.of(ERROR)) == 1
