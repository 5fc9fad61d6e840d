"""YAML as schemes may write it."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.content.yaml_text import LARGEST_FILE, YamlError, read_yaml

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 2021-06-01", "2021-06-01"),
        ("a: 09:30", "09:30"),
        ("a: no", "no"),
        ("a: on", "on"),
        ("a: 0500", "0500"),
        ("a: 500101", 500101),
        ("a: 1_000", "1_000"),
        ("a: true", True),
        ("a: null", None),
        ("a:", None),
        ("a: 0.5", 0.5),
        ("a: .inf", ".inf"),
        ("a: 1e5", "1e5"),
    ],
)
def test_scalars_are_what_they_look_like(text: str, value: object) -> None:
    assert read_yaml(text.encode()) == {"a": value}


def test_keys_are_always_text() -> None:
    assert read_yaml(b"500101: a\nnull: b") == {"500101": "a", "null": "b"}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: 2\na: 3", 3, "“a”重复"),
        ("a: {b: 1, b: 2}", 1, "“b”重复"),
        (BOMB, 1, "引用"),
        ("a: 1\n<<: *x", 2, "引用"),
        ("a: [1\nb: 2", 2, "不是正确的 YAML"),
        ("? [a]\n: 1", 1, "应当是一个名称"),
        ("a: !!python/object/apply:os.system [ls]", 1, "不是正确的 YAML"),
        ("a: \x07", None, "不能识别的字符"),
        ("[" * 3000, None, "层次太深"),
    ],
)
def test_what_is_refused_names_its_line(text: str, line: int | None, says: str) -> None:
    with pytest.raises(YamlError, match=says) as refusal:
        read_yaml(text.encode())
    assert refusal.value.line == line


def test_other_encodings_and_giants_are_refused() -> None:
    with pytest.raises(YamlError, match="UTF-8"):
        read_yaml("名: 值".encode("gbk"))
    with pytest.raises(YamlError, match="太大"):
        read_yaml(b"#" * (LARGEST_FILE + 1))


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(st.characters(categories=["L", "N"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), inner)
    ),
    max_leaves=8,
)


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


@given(plain)
def test_what_a_dumper_writes_is_read_back(value: object) -> None:
    text = yaml.dump({"a": value}, Dumper=_NoAliases, allow_unicode=True)
    assert read_yaml(text.encode()) == {"a": value}


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_with_a_sentence(content: bytes) -> None:
    told: str | None = None
    try:
        read_yaml(content)
    except YamlError as refusal:
        told = str(refusal)
    assert told != ""
