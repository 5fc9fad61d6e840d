"""Passwords: what is accepted, how they are kept, and first passwords that must be changed."""

from __future__ import annotations

import re
import secrets
import string
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

SHORTEST = 10
LONG_ENOUGH = 16  # from here on no mixture is asked for
LONGEST = 128
CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
COMMON = re.compile(
    r"(?:admin|administrator|root|user|test|guest|password|passwd|pass|p@ssw[o0]rd|qwerty|qwer|asdf|zxcv|abc|abcd"
    r"|welcome|letmein|iloveyou|woaini|aini|mima|changeme|system|manager|china|zhongguo|beijing|!@#\$?%?\^?)",
    re.IGNORECASE,
)
UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

# OWASP's second choice for Argon2id: 19 MiB, 2 passes, 1 lane; tests set ARGON2 to something cheap.
COST = {"memory_cost": 19 * 1024, "time_cost": 2, "parallelism": 1}


def hashed(password: str) -> str:
    return _hasher().hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the one kept; without one it takes as long and is not."""
    try:
        return _hasher().verify(kept or _nobodys(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Whether a kept hash has other costs than today's, and is to be made anew at the next sign-in."""
    return _hasher().check_needs_rehash(kept)


def weakness(password: str, login: str) -> str | None:
    """Why a password is not accepted, in a sentence; None if it is.

    At least 10 characters of three kinds (GB/T 22239 asks for complexity), or 16 of any kind (ASVS 5.0:
    length over mixture); nothing that names the account, is common, or runs in a row.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        return f"密码应为 {SHORTEST} 至 {LONGEST} 个字符。"
    if len(password) < LONG_ENOUGH and _kinds(password) < 3:
        return f"密码须含大写字母、小写字母、数字、符号中的三种，或者不少于 {LONG_ENOUGH} 个字符。"
    lower = password.casefold()
    if login.casefold() in lower or lower[::-1] == login.casefold():
        return "密码不能包含登录名。"
    if len(set(lower)) < 5 or len(_core(lower)) < 4:
        return "这个密码太常见，容易被猜中，请换一个；可以用几个不相关的词连起来。"
    return None


def first_password() -> str:
    """A random password for an allotted account, without characters that look alike."""
    while True:
        password = "".join(secrets.choice(UNMISTAKABLE) for _ in range(14))
        if weakness(password, "\0") is None:
            return password


def _kinds(password: str) -> int:
    kinds = sum(any(character in kind for character in password) for kind in CLASSES)
    return kinds + any(character not in "".join(CLASSES) for character in password)


def _core(lower: str) -> str:
    """What is left of a password without common words and runs such as 12345 or abcde."""
    rest = COMMON.sub("", lower)
    return "".join(
        character
        for before, character in zip("\0" + rest, rest, strict=False)
        if abs(ord(character) - ord(before)) > 1
    )


def _hasher() -> PasswordHasher:
    cost = COST | current_app.config.get("ARGON2", {})
    return _hasher_with(cost["memory_cost"], cost["time_cost"], cost["parallelism"])


@lru_cache
def _hasher_with(memory_cost: int, time_cost: int, parallelism: int) -> PasswordHasher:
    return PasswordHasher(memory_cost=memory_cost, time_cost=time_cost, parallelism=parallelism)


def _nobodys() -> str:
    """A hash with today's costs that belongs to no account, so that an unknown login takes as long."""
    return _hash_of_nobody(_hasher())


@lru_cache
def _hash_of_nobody(hasher: PasswordHasher) -> str:
    return hasher.hash(secrets.token_urlsafe(16))
