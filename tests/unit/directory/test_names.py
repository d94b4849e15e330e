from __future__ import annotations

import pytest

from dutycenter.directory.names import pinyin_of


class TestPinyinOf:
    @pytest.mark.parametrize(
        ("name", "pinyin", "initials"),
        [
            ("张伟", "zhangwei", "zw"),
            ("单雄信", "shanxiongxin", "sxx"),
            ("曾国强", "zengguoqiang", "zgq"),
            ("仇 和", "qiuhe", "qh"),
            ("尉迟恭", "yuchigong", "ycg"),
            ("吕布", "lvbu", "lb"),
            ("John Smith", "johnsmith", "js"),
            ("", "", ""),
        ],
    )
    def test_it_reads_names_as_people_do(self, name: str, pinyin: str, initials: str) -> None:
        assert pinyin_of(name) == (pinyin, initials)
