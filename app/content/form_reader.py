"""Reading the definition of one field of a form, strictly."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.content.form_fields import Complain, Field, Option
from app.content.form_keywords import ALLOWED, FORMATS, LIMITS, SHAPES, WIDGETS, is_texts
from app.content.reading import NAME


class FieldReader:
    """Reads field definitions; `complain` is told whatever is wrong with them."""

    def __init__(self, complain: Complain, options: Mapping[str, Sequence[Option]]) -> None:
        self.complain = complain
        self.catalogues = options

    def read(self, name: str, spec: Any, *, required: bool, inside: str = "") -> Field | None:
        """The field, or None if its definition is too wrong to say what it is.

        `inside` is the table or list that the field stands in.
        """
        told = f"{inside}.{name}" if inside else name
        if not isinstance(spec, dict) or str(spec.get("type")) not in ALLOWED:
            self.complain(told, f"type 应当是 {'、'.join(ALLOWED)} 之一")
            return None
        if not re.match(NAME, name) or name.startswith("_") or name == "csrf_token":
            self.complain(told, "字段名只能用英文字母、数字和下划线，以字母开头，且不能是 csrf_token")
        if inside and spec["type"] == "array":
            self.complain(told, "表格和列表里面不能再有列表")
            return None
        found = self._field(name, told, self._known(told, spec["type"], spec), required)
        self._check(told, found)
        return found

    def _field(self, name: str, told: str, spec: dict[str, Any], required: bool) -> Field:
        """The field that the keywords make, each shaped as it should be."""
        item, columns = self._contents(told, spec) if spec["type"] == "array" else (None, ())
        options = self._options(told, spec)
        return Field(
            name=name,
            type=spec["type"],
            title=spec.get("title", ""),
            widget=spec.get("x-widget") or _usual_widget(spec, options, item, columns),
            help=spec.get("description", ""),
            format=spec.get("format", ""),
            options=options,
            const=spec.get("const"),
            default=spec.get("default"),
            read_only=spec.get("readOnly", False),
            required=required,
            limits={key: spec[key] for key in LIMITS if key in spec},
            sentences=spec.get("x-error", {}),
            clauses=tuple(spec.get("x-clauses", ())),
            accept=tuple(spec.get("x-accept", ())),
            max_bytes=spec.get("x-max-bytes"),
            width=spec.get("x-columns"),
            rows=spec.get("x-rows", 1),
            begins=spec.get("x-begins", ""),
            item=item,
            columns=columns,
        )

    def _known(self, told: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        """The keywords that this type may have and that are shaped as they should be."""
        known = {}
        for key, value in spec.items():
            if key not in ALLOWED[kind]:
                what = f"{kind} 类型的字段不能用" if key in SHAPES else "不认识的"
                self.complain(told, f"{what}关键字 {key}")
            elif not SHAPES[key][0](value):
                self.complain(told, f"{key} 应当是{SHAPES[key][1]}")
            else:
                known[key] = value
        return known

    def _contents(self, told: str, spec: dict[str, Any]) -> tuple[Field | None, Sequence[Field]]:
        items = spec.get("items")
        if items is None:
            self.complain(told, "列表要用 items 写明每一项是什么")
            return None, ()
        if items.get("type") != "object":
            item = {"title": spec.get("title", ""), **items}
            return self.read("item", item, required=True, inside=told), ()
        return None, self._columns(told, items)

    def _columns(self, told: str, items: dict[str, Any]) -> Sequence[Field]:
        for key in items.keys() - {"type", "title", "properties", "required", "additionalProperties"}:
            self.complain(told, f"表格的 items 里有不认识的关键字 {key}")
        properties, required = items.get("properties"), items.get("required", [])
        if not isinstance(properties, dict) or not properties or not is_texts(required):
            self.complain(told, "表格的 items 要有 properties（各列）；required 应当是一列列名")
            return ()
        for name in set(required) - properties.keys():
            self.complain(told, f"required 里提到的列 {name} 不存在")
        columns = [self.read(n, s, required=n in required, inside=told) for n, s in properties.items()]
        return tuple(column for column in columns if column)

    def _options(self, told: str, spec: dict[str, Any]) -> Sequence[Option] | None:
        given = [key for key in ("enum", "oneOf", "x-options") if key in spec]
        if len(given) > 1:
            self.complain(told, f"{' 和 '.join(given)} 只能用一个")
        if "x-options" in spec:
            if spec["x-options"] not in self.catalogues:
                self.complain(told, f"x-options 提到的目录 {spec['x-options']} 不存在")
            return self.catalogues.get(spec["x-options"], ())
        if "enum" in spec:
            return self._unique(told, [Option(value, str(value)) for value in spec["enum"]], spec["type"])
        if "oneOf" not in spec:
            return None
        for choice in spec["oneOf"]:
            if not isinstance(choice, dict) or choice.keys() != {"const", "title"}:
                self.complain(told, "oneOf 的每一项应当是 {const: 取值, title: 名称}")
                return ()
        choices = [Option(choice["const"], str(choice["title"])) for choice in spec["oneOf"]]
        return self._unique(told, choices, spec["type"])

    def _unique(self, told: str, options: Sequence[Option], kind: str) -> Sequence[Option]:
        wanted = str if kind == "string" else int
        for option in options:
            if type(option.value) is not wanted:
                self.complain(told, f"选项 {option.label} 的取值不是 {kind}")
        if len({option.value for option in options if type(option.value) is wanted}) < len(options):
            self.complain(told, "选项的取值有重复")
        return tuple(options)

    def _check(self, told: str, found: Field) -> None:
        if not found.title:
            self.complain(told, "缺少 title（字段的名称）")
        if found.format and found.format not in FORMATS.get(found.type, ()):
            self.complain(told, f"{found.type} 类型的字段不能用 format: {found.format}")
        if found.widget not in WIDGETS[found.type]:
            self.complain(told, f"{found.type} 类型的字段不能用 x-widget: {found.widget}")
        offered = (found.item or found).options
        if found.widget in ("radio", "select", "trade") and offered is None and found.type != "boolean":
            self.complain(told, f"x-widget: {found.widget} 要有选项（enum、oneOf 或 x-options）")
        for low, high in (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems")):
            if low in found.limits and high in found.limits and found.limits[low] > found.limits[high]:
                self.complain(told, f"{low} 大于 {high}，怎么填都不行")
        for keyword in found.sentences.keys() - {*LIMITS, "required", "enum", "format", "type", "const"}:
            self.complain(told, f"x-error 里的 {keyword} 不是会出错的关键字")
        if (found.accept or found.max_bytes) and (found.item or found).format != "file":
            self.complain(told, "x-accept 和 x-max-bytes 只能用于附件（format: file）")
        if found.begins and (found.item or found).format != "person":
            self.complain(told, "x-begins 只能用于人员（format: person）")
        if any(inner.format == "id_number" for inner in (found.item, *found.columns) if inner):
            self.complain(told, "列表和表格里不能有证件号码（format: id_number），请做成单独的字段")
        if found.const is not None and found.const is not True:
            self.complain(told, "是非字段的 const 只能是 true（必须勾选）")


def _usual_widget(
    spec: dict[str, Any], options: Sequence[Option] | None, item: Field | None, columns: Sequence[Field]
) -> str:
    if columns:
        return "table"
    if spec["type"] == "array":
        known = {"file": "file", "person": "persons", "colleague": "persons"}
        return known.get((item.format if item else None) or "", "checkboxes")
    if options is not None:
        return "radio" if len(options) <= 5 else "select"
    usual = {"string": "text", "integer": "number", "number": "number", "boolean": "checkbox"}
    # One colleague is chosen as one person is.
    named = "person" if spec.get("format") == "colleague" else spec.get("format")
    return str(named if named in WIDGETS[spec["type"]] else usual[spec["type"]])
