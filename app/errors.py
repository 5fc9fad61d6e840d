"""Domain exceptions; the docstring is the default message, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class DomainError(Exception):
    """操作无法完成。"""

    status = 400
    code = "error"

    def __init__(self, message: str | None = None, **details: Any) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.details: Mapping[str, Any] = details

    @property
    def message(self) -> str:
        return str(self.args[0])

    @property
    def headers(self) -> Mapping[str, str]:
        """What an answer says beside the sentence: after how many seconds it may be tried again."""
        seconds = self.details.get("retry_after")
        return {} if seconds is None else {"Retry-After": str(seconds)}


class NotFound(DomainError):
    """没有找到该内容，或您无权查看。"""

    status = 404
    code = "not_found"


class Forbidden(DomainError):
    """您的账号不能进行此项操作。"""

    status = 403
    code = "forbidden"


class Conflict(DomainError):
    """该事项已发生变化，请刷新页面后再试。"""

    status = 409
    code = "conflict"


class Closed(Conflict):
    """该环节已截止，不能再提交。"""

    code = "closed"


class Refused(Conflict):
    """该操作被拒绝。"""

    code = "refused"


class Busy(DomainError):
    """系统繁忙，本次操作没有生效，请稍后重试。"""

    status = 503
    code = "busy"


class Invalid(DomainError):
    """填写内容有误，请按提示修改。"""

    status = 422
    code = "invalid"

    def __init__(self, fields: Mapping[str, Sequence[str]] | None = None, message: str | None = None) -> None:
        super().__init__(message)
        self.fields: dict[str, list[str]] = {name: list(texts) for name, texts in (fields or {}).items()}


class SchemeInvalid(DomainError):
    """方案存在问题，未发布。"""

    status = 422
    code = "scheme_invalid"

    def __init__(self, problems: Sequence[Any]) -> None:
        super().__init__()
        self.problems = list(problems)


class EngineError(DomainError):
    """流程无法继续，已转为异常事件，请联系管理员。"""

    status = 500
    code = "engine"


class UncaughtBpmnError(EngineError):
    """流程中抛出的错误没有被任何边界事件接住。"""

    def __init__(self, error_code: str, element: str, message: str | None = None) -> None:
        super().__init__(message, error_code=error_code, element=element)
        self.error_code = error_code
        self.element = element
