"""The class tree: sub-types in the manner of GB/T 35561, under the four classes of the law.

Codes are what the store holds; a region with its own catalogue changes this
table. Labels are msgids.
"""

from __future__ import annotations

from pyramid.i18n import TranslationStringFactory

from dutycenter.vocabulary import IncidentClass

_ = TranslationStringFactory("dutycenter")

TREE: dict[IncidentClass, tuple[tuple[str, str], ...]] = {
    IncidentClass.NATURAL: (
        ("11A00", _("Flood or drought")),
        ("11B00", _("Weather disaster")),
        ("11C00", _("Earthquake")),
        ("11D00", _("Geological disaster")),
        ("11E00", _("Marine disaster")),
        ("11F00", _("Biological disaster")),
        ("11G00", _("Forest or grassland fire")),
    ),
    IncidentClass.ACCIDENT: (
        ("12A00", _("Industrial or mining accident")),
        ("12B00", _("Fire")),
        ("12C00", _("Traffic accident")),
        ("12D00", _("Failure of public facilities or equipment")),
        ("12E00", _("Nuclear or radiation accident")),
        ("12F00", _("Environmental pollution or ecological damage")),
    ),
    IncidentClass.HEALTH: (
        ("13A00", _("Infectious disease")),
        ("13B00", _("Illness of unknown cause in a group")),
        ("13C00", _("Food safety or occupational hazard")),
        ("13D00", _("Animal epidemic")),
    ),
    IncidentClass.SECURITY: (
        ("14A00", _("Mass incident")),
        ("14B00", _("Terrorist attack")),
        ("14C00", _("Economic security")),
        ("14D00", _("Incident involving foreigners")),
        ("14E00", _("Cyber security")),
    ),
}
# What callers and officers say, so that typing it finds the sub-type.
SAID: dict[str, tuple[str, ...]] = {
    "11A00": ("洪水", "内涝", "决堤", "水库", "干旱", "积水"),
    "11B00": ("暴雨", "台风", "冰雹", "暴雪", "寒潮", "高温", "雷击", "大风"),
    "11D00": ("滑坡", "泥石流", "塌陷", "崩塌"),
    "11E00": ("风暴潮", "海啸", "赤潮"),
    "11F00": ("蝗灾", "病虫害"),
    "11G00": ("山火", "林火"),
    "12A00": ("矿难", "瓦斯", "坍塌", "工地", "爆炸", "危化品"),
    "12B00": ("着火", "起火"),
    "12C00": ("车祸", "追尾", "翻车", "沉船", "脱轨"),
    "12D00": ("停电", "停水", "燃气", "桥梁", "电梯", "供热"),
    "12E00": ("放射源",),
    "12F00": ("泄漏", "水源", "水污染"),
    "13A00": ("疫情", "流感"),
    "13C00": ("食物中毒", "职业病"),
    "13D00": ("禽流感", "猪瘟"),
    "14A00": ("聚集", "上访", "械斗"),
    "14B00": ("恐袭", "爆炸"),
    "14C00": ("挤兑", "非法集资"),
    "14E00": ("网络攻击", "勒索"),
}
SUBTYPE_LABELS = {code: label for subtypes in TREE.values() for code, label in subtypes}
SUBTYPE_CODES = frozenset(SUBTYPE_LABELS)
_CLASS_OF = {code: kind for kind, subtypes in TREE.items() for code, _label in subtypes}


def class_of_subtype(code: str) -> IncidentClass | None:
    """The class that a sub-type belongs to."""
    return _CLASS_OF.get(code)
