"""Made-up people: common names put together at random, ID numbers that nobody can have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from app.content.identity import Gender, make_citizen_id

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万钱严覃武戴莫孔向汤"
)
FIRST = {
    "male": "志建国永明德文家春光正学世宗立兴海长成启",
    "female": "秀玉淑丽春桂晓雪小美红惠文彩素月慧静兰云",
}
SECOND = {
    "male": "强军华平林峰辉刚斌涛勇波伟杰龙松亮健生福",
    "female": "英兰芳珍梅霞琴娟燕萍玲蓉凤莲芬红敏洁容香",
}
SEQUENCES = (300, 499)


@dataclass(frozen=True, slots=True)
class MadeUp:
    """Somebody who is not."""

    name: str
    gender: Gender
    born: date
    id_number: str


def made_up_people(seed: str, born_in: str, years: Sequence[int]) -> Iterator[MadeUp]:
    """People without end, the same for the same seed; no two with one name or number.

    `years`: the first and the last year in which they are born.
    """
    chance = Random(seed)  # noqa: S311 - nothing here is secret
    names: set[str] = set()
    numbers: set[str] = set()
    while True:
        gender: Gender = chance.choice(("male", "female"))
        name = chance.choice(SURNAMES) + chance.choice(FIRST[gender]) + chance.choice(SECOND[gender])
        born = date(chance.randint(*years), chance.randint(1, 12), chance.randint(1, 28))
        number = make_citizen_id(born_in, born, chance.randint(*SEQUENCES), gender)
        if name not in names and number not in numbers:
            names.add(name)
            numbers.add(number)
            yield MadeUp(name, gender, born, number)
