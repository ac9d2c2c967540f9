"""What places in Tinglan are called: first and second parts, each in Chinese and in pinyin, put together in turn."""

from collections.abc import Iterator

Name = tuple[str, str]  # Chinese, English

DISTRICTS: tuple[Name, ...] = (
    ("汀北区", "Tingbei District"),
    ("汀南区", "Tingnan District"),
    ("澜湾区", "Lanwan District"),
)
FIRST: tuple[Name, ...] = (
    ("望澜", "Wanglan"), ("听雨", "Tingyu"), ("青柏", "Qingbai"), ("云桥", "Yunqiao"), ("石榴", "Shiliu"),
    ("鹤鸣", "Heming"),
    ("南塘", "Nantang"), ("松影", "Songying"), ("白鹭", "Bailu"), ("丰年", "Fengnian"),
    ("晓渡", "Xiaodu"),
    ("梧桐", "Wutong"),
    ("银杏", "Yinxing"), ("长汀", "Changting"), ("竹溪", "Zhuxi"), ("映月", "Yingyue"), ("归帆", "Guifan"),
    ("芦荻", "Ludi"),
)  # fmt: skip
SECOND: tuple[Name, ...] = (("里", "li"), ("园", "yuan"), ("坊", "fang"), ("湾", "wan"), ("桥", "qiao"))


def streets() -> Iterator[Name]:
    """Give the names of street offices."""
    for chinese, english in FIRST:
        yield f"{chinese}街道", f"{english} Street Office"


def communities() -> Iterator[Name]:
    """Give the names of communities, each once."""
    for end, tail in SECOND:
        for chinese, english in FIRST:
            yield f"{chinese}{end}社区", f"{english}{tail} Community"


def roads(kind: str, english: str) -> Iterator[Name]:
    """Give the names of roads of one kind, such as 路."""
    for end, tail in (("", ""), ("东", " East"), ("西", " West"), ("新", " New")):
        for chinese, spelt in FIRST:
            yield f"{chinese}{end}{kind}", f"{spelt}{tail} {english}"


SURNAMES: tuple[Name, ...] = (
    ("林", "Lin"), ("沈", "Shen"), ("顾", "Gu"), ("陆", "Lu"), ("钟", "Zhong"), ("苏", "Su"), ("叶", "Ye"),
    ("程", "Cheng"),
)  # fmt: skip
GIVEN: tuple[Name, ...] = (
    ("知远", "Zhiyuan"), ("若溪", "Ruoxi"), ("景行", "Jingxing"), ("嘉禾", "Jiahe"), ("明澈", "Mingche"), 
    ("书宁", "Shuning"), ("安澜", "Anlan"),
)  # fmt: skip


def person(number: int) -> str:
    """Give the name of the demo's person with this number; 56 differ."""
    return SURNAMES[number % len(SURNAMES)][0] + GIVEN[number % len(GIVEN)][0]
