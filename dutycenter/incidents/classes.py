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
SUBTYPE_LABELS = {code: label for subtypes in TREE.values() for code, label in subtypes}
SUBTYPE_CODES = frozenset(SUBTYPE_LABELS)
_CLASS_OF = {code: kind for kind, subtypes in TREE.items() for code, _label in subtypes}


def class_of_subtype(code: str) -> IncidentClass | None:
    """The class that a sub-type belongs to."""
    return _CLASS_OF.get(code)
