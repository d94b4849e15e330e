"""Text as people say it: figures, telephone numbers, polyphones; markup never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows.speech import chinese, clean, paced, pinyin


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("请按 1", "请按 一"),
        ("2026年10月3日", "二零二六年十月三日"),
        ("14:30 集合", "十四点三十分 集合"),
        ("08:05 前", "八点零五分 前"),
        ("9:00", "九点整"),
        ("蓄水 95.5%", "蓄水 百分之九十五点五"),
        ("拨打119", "拨打幺幺九"),
        ("电话13800002001", "电话幺三八零零零零二零零幺"),
        ("0731-8888101", "零七三幺八八八八幺零幺"),
        ("12345热线", "幺二三四五热线"),
        ("2人失联,12人受伤,2小时", "两人失联,十二人受伤,两小时"),
        ("水位 0.5 米", "水位 零点五 米"),
        ("10 11 20 21 100 105 110 1005 1010 10050 20000 36500 600000", "十 十一 二十 二十一 一百 一百零五 一百一十 一千零五 一千零一十 一万零五十 二万 三万六千五百 六十万"),
    ],
)  # fmt: skip
def test_it_says_figures_as_people_do(written: str, said: str) -> None:
    assert chinese(written) == said


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("市长到场", "shi4 zhang3 dao4 chang3"),
        ("长江水位", "chang2 jiang1 shui3 wei4"),
        ("重要通知", "zhong4 yao4 tong1 zhi1"),
        ("重新集合", "chong2 xin1 ji2 he2"),
        ("银行", "yin2 hang2"),
        ("旅客", "lv3 ke4"),
        ("好,请听。", "hao3, qing3 ting1。"),
        ("GPS定位", "GPS ding4 wei4"),
    ],
)
def test_it_reads_characters_by_their_phrase(text: str, sounds: str) -> None:
    assert pinyin(text) == sounds


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<b>立即</b>集合", "立即 集合"),
        ("**立即** [[t'es]] 集合", "立即 t'es 集合"),
        ("见 https://example.cn/a?b=c 集合", "见 集合"),
        ("第\x00一\r\n\t行\u200b", "第 一 行"),
        ("１２３", "123"),
        ("大于3<5", "大于3 5"),
    ],
)
def test_it_never_reads_markup(text: str, kept: str) -> None:
    assert clean(text) == kept


@given(text=st.text(max_size=300))
def test_it_takes_any_text(text: str) -> None:
    said = chinese(clean(text))
    assert not any(c in said for c in "\n\r\x00[]<>{}")
    assert not any(c in "0123456789" for c in said)
    pinyin(said)


def test_it_takes_a_breath_after_each_sentence() -> None:
    assert paced("qing3 an4 yi1。qing3 deng3。") == "qing3 an4 yi1。\n\nqing3 deng3。"
    assert paced("Press 1. Then 2.5 m? Yes.") == "Press 1.\n\nThen 2.5 m?\n\nYes."
