"""Reading XML that strangers wrote: no document type, no entities, no network, bounded size and depth."""

from __future__ import annotations

import re

from lxml import etree

from app.engine.types import Problem

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"

_MOST_BYTES = 4 * 1024 * 1024
_NO_MEMORY = (etree.ErrorTypes.ERR_OK, etree.ErrorTypes.ERR_NO_MEMORY)
"""With these the parser gives up for want of memory, which says nothing about the file."""
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class MarkupRefused(Exception):
    """The file can't be read; its argument is a sentence for people."""


def parse(data: bytes) -> etree._Element:
    """The root element. Raises MarkupRefused."""
    if len(data) > _MOST_BYTES:
        raise MarkupRefused("文件超过 4 MB，请精简后再导入")
    if _DOCTYPE.search(data.replace(b"\0", b"")):
        raise MarkupRefused("文件里有 DOCTYPE 或 ENTITY 声明，请删去")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as problem:
        if problem.code in _NO_MEMORY:  # type: ignore[attr-defined]  # lxml's stubs leave it out
            raise MemoryError from None
        raise MarkupRefused(f"文件不是完好的 XML（第 {problem.lineno} 行）：{problem.msg}") from None
    return root


def local(node: etree._Element) -> str:
    """The tag without its namespace."""
    return etree.QName(node).localname


def text_of(node: etree._Element | None) -> str:
    return (node.text or "").strip() if node is not None else ""


def properties_of(node: etree._Element) -> dict[str, str]:
    """The element's spiffworkflow:properties."""
    found = node.iterfind(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property")
    return {prop.get("name", ""): prop.get("value", "") for prop in found}


def problem(file: str, message: str, node: etree._Element | None = None, *, warning: bool = False) -> Problem:
    """A problem that names the element in the diagram that the designer has to look at."""
    while node is not None and not (node.get("id") or node.get("name")):
        node = node.getparent()
    element, name = (None, None) if node is None else (node.get("id"), node.get("name"))
    return Problem(file, message, element, name, severity="warning" if warning else "error")
