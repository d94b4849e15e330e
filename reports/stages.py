"""What people read for the stages of a paper's making."""

from __future__ import annotations

from pyramid.i18n import TranslationStringFactory

_ = TranslationStringFactory("dutycenter")

STAGE_NAMES = {
    "": _("Waiting for the clerk"),
    "counting": _("Counting"),
    "drawing": _("Drawing the figures"),
    "setting": _("Setting the pages"),
    "sheet": _("Writing the spreadsheet"),
    "keeping": _("Putting it away"),
}
