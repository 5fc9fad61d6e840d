"""YAML as schemes may write it: YAML 1.2 scalars, no duplicate keys, no references, bounded size."""

import re
from typing import Any, ClassVar

import yaml

LARGEST_FILE = 512 * 1024
"""Bytes; the largest catalogue of trades in use is under a tenth of it."""
_STR = "tag:yaml.org,2002:str"


class YamlError(ValueError):
    """A text that is no acceptable YAML; the message is a sentence, `line` counts from 1."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


class _Loader(yaml.SafeLoader):
    """YAML 1.1 reads 09:30 as 570, `no` as false and 2021-06-01 as an object; here they stay text."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # the class's own, not shared with the loader that it is made of

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs
        if getattr(event, "anchor", None) is not None:
            line = event.start_mark.line + 1
            raise YamlError(f"第 {line} 行用了引用（& 或 *）；请把内容直接写出来", line)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(f"第 {line} 行的键应当是一个名称", line)
            if key.value in seen:
                raise YamlError(f"第 {line} 行的键“{key.value}”重复了；请合并或改名", line)
            seen.add(key.value)
            key.tag = _STR
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]{0,17})$"), list("-0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}$"), list("-0123456789")
)


def read_yaml(content: bytes) -> Any:
    """The plain data of a YAML text in UTF-8. Raises YamlError."""
    if len(content) > LARGEST_FILE:
        raise YamlError(f"文件太大（最多 {LARGEST_FILE // 1024} KB）")
    try:
        return yaml.load(content.decode("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError:
        raise YamlError("文件不是 UTF-8 编码；请另存为 UTF-8") from None
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else None
        where = f"第 {line} 行附近" if line else ""
        raise YamlError(f"{where}不是正确的 YAML；请核对缩进、冒号后的空格和引号", line) from None
    except (yaml.YAMLError, RecursionError):
        raise YamlError("文件里有不能识别的字符，或层次太深") from None
