#!/usr/bin/env python3
"""Checks a case's proof against the root file: Python's standard library and the two files are all it needs.

    python3 verify_proof.py 证明.json roots.jsonl [校验码]

The leaf, its audit path and the root follow RFC 6962, section 2.1. Exit code 0: proved; 1: not; 2: misused.
"""

import hashlib
import json
import struct
import sys

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015
SIGNS = 12


class NotProved(Exception):
    """Says why."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(proof):
    """The root to which a leaf's audit path leads (RFC 9162, section 2.1.3.2)."""
    here, last = proof["index"], proof["root"]["cases"] - 1
    if not 0 <= here <= last:
        raise NotProved("证明里的位置超出了办件总数")
    node = sha256(b"\x00", struct.pack(">QI", proof["case"], proof["seq"]), bytes.fromhex(proof["head"]))
    for step in map(bytes.fromhex, proof["path"]):
        if last == 0:
            raise NotProved("证明里的路径太长")
        if here % 2 or here == last:
            node = sha256(b"\x01", step, node)
            while here % 2 == 0 and here:
                here, last = here // 2, last // 2
        else:
            node = sha256(b"\x01", node, step)
        here, last = here // 2, last // 2
    if last:
        raise NotProved("证明里的路径太短")
    return node.hex()


def check_root_file(lines, wanted):
    """That every line follows from the one before, and that the root that is wanted stands in one of them."""
    before, found = None, None
    for place, line in enumerate(lines, 1):
        root = json.loads(line)
        if before and (root["number"], root["previous"]) != (before[0] + 1, before[1]):
            raise NotProved(f"存证文件第 {place} 行与前一行不相衔接，文件被改动过")
        before = root["number"], sha256(line).hex()
        if root["number"] == wanted["number"]:
            found = root
    if found is None:
        raise NotProved(f"存证文件里没有第 {wanted['number']} 次存证")
    if found != wanted:
        raise NotProved(f"第 {wanted['number']} 次存证与存证文件里的不同")


def check_code(proof):
    """The check code of the head in the proof, without its hyphens."""
    number, signs = int(proof["head"], 16), ""
    for _ in range(SIGNS):
        number, digit = divmod(number, len(ALPHABET))
        signs += ALPHABET[digit]
    body = f"{proof['case']}{proof['seq']}{signs}"
    total = sum(ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return body + ALPHABET[-total % 31]


def main(arguments):
    if len(arguments) not in (2, 3):
        print(__doc__)
        return 2
    try:
        with open(arguments[0], "rb") as file:
            proof = json.load(file)
        with open(arguments[1], "rb") as file:
            check_root_file(file.read().splitlines(), proof["root"])
        if root_of(proof) != proof["root"]["root"]:
            raise NotProved("办件的记录推不出存证的根：证明或记录被改动过")
        if arguments[2:] and arguments[2].replace("-", "").upper() != check_code(proof):
            raise NotProved("校验码不是这份证明里的状态")
    except NotProved as reason:
        print(f"不成立：{reason}。")
        return 1
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        print(f"不成立：文件无法读取（{error}）。")
        return 1
    root = proof["root"]
    print(
        f"成立：办件 {proof['case']} 的第 {proof['seq']} 条记录在第 {root['number']} 次存证"
        f"（{root['at']}，共 {root['cases']} 件）之中。"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
