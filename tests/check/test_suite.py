"""What a suite may hold, and what a project may change."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dataset_builder.check import Suite, load_suite
from dataset_builder.check.columns import VIEWS, columns_of
from dataset_builder.check.suite import expectation_types
from dataset_builder.errors import UsageError
from dataset_builder.schema import label_names, schema_folder

OWN = {
    "type": "expect_column_values_to_not_match_regex",
    "kwargs": {"column": "text", "regex": "lorem"},
    "severity": "critical",
    "meta": {"code": "N001", "view": "paragraphs", "title": "t", "meaning": "m", "advice": "a"},
}


def project_with(folder: Path, *entries: object, **files: str) -> Path:
    place = folder / "schema" / "expectations"
    place.mkdir(parents=True)
    (place / "own.json").write_text(json.dumps({"name": "own", "expectations": entries}), "utf-8")
    for name, text in files.items():
        (place / f"{name}.json").write_text(text, "utf-8")
    return folder


def changed(**changes: object) -> dict[str, Any]:
    return {**OWN, **changes}


def with_meta(**changes: object) -> dict[str, Any]:
    return {**OWN, "meta": {**OWN["meta"], **changes}}  # type: ignore[dict-item]


def by_code(suite: Suite) -> dict[str, Any]:
    return {e.code: e for e in suite.expectations}


def test_the_suite_has_every_expectation_of_its_files_in_order_of_codes(suite: Suite) -> None:
    files = sorted((schema_folder() / "expectations").glob("*.json"))
    codes = [e["meta"]["code"] for path in files for e in json.loads(path.read_text("utf-8"))["expectations"]]
    assert [e.code for e in suite.expectations] == sorted(codes)
    assert len(codes) == len(set(codes)) >= 25


def test_structure_is_critical_and_text_is_a_warning(suite: Suite) -> None:
    assert {e.code[:2]: e.severity for e in suite.expectations} == {
        **dict.fromkeys(("C0", "C1", "C2", "C3"), "critical"),
        "C5": "warning",
    }


@pytest.mark.parametrize(
    ("code", "kind"), [("C115", "role"), ("C116", "category"), ("C117", "origin")], ids=["role", "category", "origin"]
)
def test_the_names_that_are_expected_are_those_of_the_label_definitions(code: str, kind: str, suite: Suite) -> None:
    assert tuple(by_code(suite)[code].kwargs["value_set"]) == label_names(kind)


def test_every_view_has_columns_and_none_stands_twice() -> None:
    for view in VIEWS:
        assert len(set(columns_of(view))) == len(columns_of(view)) > 0


def test_the_types_and_arguments_are_those_of_the_library() -> None:
    import great_expectations  # noqa: F401 - registers its expectations
    from great_expectations.expectations.registry import get_expectation_impl

    for name, arguments in expectation_types().items():
        fields = get_expectation_impl(name).__fields__
        assert set(arguments["required"]) == {f for f, field in fields.items() if field.required}
        assert set(arguments["optional"]) <= fields.keys()


def test_words_do_not_change_the_suite_and_arguments_do(tmp_path: Path, suite: Suite) -> None:
    words = load_suite(project_with(tmp_path / "a", {"meta": {"code": "C507", "title": "Short enough"}}))
    limit = load_suite(project_with(tmp_path / "b", {"meta": {"code": "C507"}, "kwargs": {"max_value": 9}}))
    assert by_code(words)["C507"].title == "Short enough"
    assert words.sha256 == suite.sha256 != limit.sha256


def test_a_project_adds_expectations_of_its_own(tmp_path: Path, suite: Suite) -> None:
    added = load_suite(project_with(tmp_path, OWN))
    assert len(added.expectations) == len(suite.expectations) + 1
    assert by_code(added)["N001"].to_json() == OWN


def test_a_project_raises_a_warning_and_sets_its_limit(tmp_path: Path, suite: Suite) -> None:
    entry = {"meta": {"code": "C507"}, "severity": "critical", "kwargs": {"max_value": 20000}}
    old, new = by_code(suite)["C507"], by_code(load_suite(project_with(tmp_path, entry)))["C507"]
    assert (old.severity, new.severity) == ("warning", "critical")
    assert new.kwargs == {**old.kwargs, "max_value": 20000}
    assert new.advice == old.advice


def test_a_project_may_repeat_a_critical_expectation_as_it_is(tmp_path: Path, suite: Suite) -> None:
    assert load_suite(project_with(tmp_path, by_code(suite)["C110"].to_json())) == suite


def test_a_project_without_expectations_has_the_tools_suite(tmp_path: Path, suite: Suite) -> None:
    assert load_suite(tmp_path) == suite


def test_the_tools_own_tree_is_no_project_over_itself(suite: Suite) -> None:
    assert load_suite(schema_folder().parent) == suite


@pytest.mark.parametrize(
    "entry",
    [
        {"meta": {"code": "C110"}, "severity": "warning"},
        {"meta": {"code": "C110"}, "kwargs": {"mostly": 0.5}},
        {"meta": {"code": "C120"}, "kwargs": {"max_value": 2}},
        {"meta": {"code": "C507"}, "type": "expect_column_values_to_not_be_null"},
        {"meta": {"code": "C507", "view": "articles"}},
    ],
    ids=["severity", "mostly", "argument", "type", "view"],
)
def test_a_critical_expectation_is_not_weakened_and_none_becomes_another(entry: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^E305 .*own\.json:C\d+: "):
        load_suite(project_with(tmp_path, entry))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (changed(severity="error"), r"unknown severity 'error'; the severities are critical, warning$"),
        (changed(severity="info"), r"unknown severity 'info'"),
        (changed(type="expect_unicorns"), r"unknown type 'expect_unicorns'; the types are expect_column_distinct"),
        (changed(type="unexpected_rows_expectation"), r"unknown type 'unexpected_rows"),
        (changed(mostly=1), r"unknown key 'mostly'; known are type, kwargs, severity, meta$"),
        (changed(kwargs={"column": "text", "regex": "a", "regexp": "b"}), r"unknown argument 'regexp'; known are col"),
        (changed(kwargs={"column": "text", "regex": "a", "row_condition": "x"}), r"unknown argument 'row_condition'"),
        (changed(kwargs={"column": "text"}), r"lacks the argument regex"),
        (changed(kwargs={"column": 5, "regex": "a"}), r"no column names as column"),
        (changed(kwargs={"column": "txt", "regex": "a"}), r"'txt', which the view paragraphs does not have; .* text,"),
        (changed(kwargs={"column": "text", "regex": "a", "mostly": 0}), r"0 as mostly"),
        (changed(kwargs=None), r"has no kwargs"),
        (with_meta(view="rows"), r"unknown view 'rows'; the views are tables, paragraphs, articles, sources, corpus$"),
        (with_meta(title=""), r"no text as meta\.title"),
        (with_meta(note="x"), r"unknown key of meta 'note'"),
        (with_meta(code="N 1"), r"is no code"),
    ],
)
def test_a_wrong_expectation_is_one_error_with_the_place_and_what_is_valid(
    entry: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"^E304 .*own\.json:N ?0*1: .*" + said):
        load_suite(project_with(tmp_path, entry))


def test_one_code_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^E304 .*N001: stands there twice"):
        load_suite(project_with(tmp_path, OWN, OWN))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"expectations": [}', "is no JSON"),
        ("[]", "is no suite"),
        ('{"name": "x"}', "is no suite"),
        ('{"expectations": [], "suite": 1}', "unknown key 'suite'; the keys are name, expectations, meta"),
        ('{"expectations": [{"type": "x"}]}', "an expectation without meta"),
        ('{"expectations": [], "expectations": []}', "a key stands twice"),
    ],
)
def test_a_file_that_is_no_suite_is_one_error_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"^E303 .*broken\.json: .*{said}"):
        load_suite(project_with(tmp_path, broken=text))


def test_a_file_that_is_no_utf8_is_one_error(tmp_path: Path) -> None:
    place = project_with(tmp_path) / "schema" / "expectations" / "latin.json"
    place.write_bytes(b'{"name": "\xe9"}')
    with pytest.raises(UsageError, match=r"^E303 .*latin\.json: is no JSON"):
        load_suite(tmp_path)


def test_a_suite_file_is_one_that_the_library_reloads_whole() -> None:
    import great_expectations as gx

    load: Callable[..., Any] = gx.ExpectationSuite
    for path in (schema_folder() / "expectations").glob("*.json"):
        data = json.loads(path.read_text("utf-8"))
        assert len(load(name=data["name"], expectations=data["expectations"]).expectations) == len(data["expectations"])
