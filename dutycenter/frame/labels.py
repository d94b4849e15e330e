"""What people read for the vocabulary's values."""

from __future__ import annotations

from enum import StrEnum

from pyramid.i18n import TranslationStringFactory

from dutycenter import vocabulary as v

_ = TranslationStringFactory("dutycenter")

# By kind first: members of two kinds may be the same text (``acknowledged``).
LABELS: dict[type[StrEnum], dict[StrEnum, str]] = {
    v.Role: {
        v.Role.OFFICER: _("Duty officer"),
        v.Role.LEADER: _("Leader in charge"),
        v.Role.AUDITOR: _("Auditor"),
        v.Role.ADMINISTRATOR: _("Administrator"),
        v.Role.DISPLAY: _("Wall display"),
    },
    v.Disposition: {
        v.Disposition.ACKNOWLEDGED: _("Acknowledged"),
        v.Disposition.DECLINED: _("Can't come"),
        v.Disposition.TRANSFERRED: _("Spoke to the duty desk"),
        v.Disposition.HEARD: _("Heard to the end"),
        v.Disposition.HUNG_UP_EARLY: _("Hung up early"),
        v.Disposition.VOICEMAIL: _("Voicemail answered"),
        v.Disposition.BUSY: _("Busy"),
        v.Disposition.NO_ANSWER: _("No answer"),
        v.Disposition.REJECTED: _("Rejected"),
        v.Disposition.SWITCHED_OFF: _("Switched off"),
        v.Disposition.NO_SUCH_NUMBER: _("No such number"),
        v.Disposition.CONGESTION: _("Lines congested"),
        v.Disposition.GATEWAY_DOWN: _("Gateway down"),
        v.Disposition.FAILED: _("Failed"),
        v.Disposition.DROPPED: _("Taken down"),
        v.Disposition.LOST: _("Lost"),
    },
    v.Outcome: {
        v.Outcome.ACKNOWLEDGED: _("Acknowledged"),
        v.Outcome.DECLINED: _("Can't come"),
        v.Outcome.REACHED: _("Reached, not acknowledged"),
        v.Outcome.NOT_REACHED: _("Not reached"),
        v.Outcome.NOT_CALLED: _("Not called"),
    },
    v.BroadcastState: {
        v.BroadcastState.DRAFT: _("Draft"),
        v.BroadcastState.RUNNING: _("Running"),
        v.BroadcastState.PAUSED: _("Paused"),
        v.BroadcastState.FINISHED: _("Finished"),
        v.BroadcastState.STOPPED: _("Stopped"),
    },
    v.SmsState: {
        v.SmsState.WRITTEN: _("Written, not yet sent"),
        v.SmsState.SENDING: _("Being handed to the gateway"),
        v.SmsState.ACCEPTED: _("Taken by the gateway, delivery not confirmed"),
        v.SmsState.DELIVERED: _("Delivered to the telephone"),
        v.SmsState.FAILED: _("Not delivered"),
        v.SmsState.UNKNOWN: _("Unknown whether it was sent; not sent again"),
        v.SmsState.WITHDRAWN: _("Not sent: no longer needed"),
    },
    v.SmsMeaning: {
        v.SmsMeaning.ACKNOWLEDGE: _("Acknowledged"),
        v.SmsMeaning.DECLINE: _("Can't come"),
        v.SmsMeaning.OTHER: _("Words to be read"),
    },
    v.Means: {
        v.Means.KEY: _("by key"),
        v.Means.LISTENED: _("listened to the end"),
        v.Means.SMS: _("by text message"),
        v.Means.CALLBACK: _("called back"),
        v.Means.DESK: _("told the duty desk"),
    },
    v.AttemptKind: {
        v.AttemptKind.NOTICE: _("Notice"),
        v.AttemptKind.REMINDER: _("Reminder"),
    },
    v.CallState: {
        v.CallState.ARRIVING: _("Arriving"),
        v.CallState.MENU: _("In the menu"),
        v.CallState.QUEUED: _("Waiting"),
        v.CallState.RINGING: _("Ringing"),
        v.CallState.TALKING: _("Talking"),
        v.CallState.VOICEMAIL: _("Leaving a message"),
        v.CallState.ENDED: _("Ended"),
    },
    v.ImportState: {
        v.ImportState.READING: _("Being read"),
        v.ImportState.UNREADABLE: _("Could not be read"),
        v.ImportState.PREVIEW: _("To be confirmed"),
        v.ImportState.DISCARDED: _("Discarded"),
        v.ImportState.APPLYING: _("Being written"),
        v.ImportState.DONE: _("Taken in"),
        v.ImportState.UNDOING: _("Being undone"),
        v.ImportState.UNDONE: _("Undone"),
    },
    v.RowVerdict: {
        v.RowVerdict.NEW: _("New"),
        v.RowVerdict.CHANGED: _("Changed"),
        v.RowVerdict.SAME: _("Unchanged"),
        v.RowVerdict.WRONG: _("Not taken in"),
    },
    v.CallResult: {
        v.CallResult.ANSWERED: _("Answered"),
        v.CallResult.ABANDONED: _("Missed"),
        v.CallResult.VOICEMAIL: _("Left a message"),
        v.CallResult.FAILED: _("Failed"),
        v.CallResult.CALLBACK: _("Asks to be called back"),
        v.CallResult.SERVED: _("Answered by the menu"),
    },
    v.PartyPart: {
        v.PartyPart.TAKES_OVER: _("Take this call over"),
        v.PartyPart.JOINS: _("Join this call"),
        v.PartyPart.SUPERVISES: _("Listen to this call"),
    },
    v.Supervision: {
        v.Supervision.LISTENS: _("Listens in"),
        v.Supervision.WHISPERS: _("Whispers to the desk"),
        v.Supervision.SPEAKS: _("Speaks with both"),
    },
    v.CallerMark: {
        v.CallerMark.REPEATED: _("Calls repeatedly"),
        v.CallerMark.SILENT: _("Says nothing"),
        v.CallerMark.ABUSIVE: _("Abusive"),
    },
    v.Direction: {
        v.Direction.INBOUND: _("Inbound"),
        v.Direction.OUTBOUND: _("Outbound"),
    },
    v.NumberKind: {
        v.NumberKind.MOBILE: _("Mobile"),
        v.NumberKind.OFFICE: _("Office"),
        v.NumberKind.HOME: _("Home"),
        v.NumberKind.DUTY: _("Duty room"),
    },
    v.IncidentClass: {
        v.IncidentClass.NATURAL: _("Natural disaster"),
        v.IncidentClass.ACCIDENT: _("Accident"),
        v.IncidentClass.HEALTH: _("Public health"),
        v.IncidentClass.SECURITY: _("Social security"),
    },
    v.Level: {
        v.Level.I: _("I · particularly grave"),
        v.Level.II: _("II · grave"),
        v.Level.III: _("III · serious"),
        v.Level.IV: _("IV · ordinary"),
    },
    v.IncidentStatus: {
        v.IncidentStatus.OPEN: _("Being handled"),
        v.IncidentStatus.CLOSED: _("Case closed"),
    },
    v.SourceChannel: {
        v.SourceChannel.PHONE: _("Telephone"),
        v.SourceChannel.VOICEMAIL: _("Voicemail"),
        v.SourceChannel.FAX: _("Fax"),
        v.SourceChannel.WALK_IN: _("Walk-in"),
        v.SourceChannel.REPORT: _("Written report"),
    },
    v.SituationKind: {
        v.SituationKind.FIRST: _("First report"),
        v.SituationKind.FOLLOW_UP: _("Follow-up report"),
        v.SituationKind.FINAL: _("Final report"),
    },
    v.SendingMeans: {
        v.SendingMeans.SYSTEM: _("document exchange"),
        v.SendingMeans.FAX: _("fax"),
        v.SendingMeans.MAIL: _("e-mail"),
        v.SendingMeans.PAPER: _("on paper"),
        v.SendingMeans.MESSAGE: _("messenger"),
    },
    v.RecordingState: {
        v.RecordingState.RECORDING: _("Being recorded"),
        v.RecordingState.STOPPED: _("Being taken in"),
        v.RecordingState.KEPT: _("Kept"),
        v.RecordingState.MISSING: _("File missing"),
        v.RecordingState.DESTROYED: _("Destroyed"),
    },
    v.RecordingKind: {
        v.RecordingKind.CALL: _("Call"),
        v.RecordingKind.VOICEMAIL: _("Voicemail"),
        v.RecordingKind.NOTICE: _("Notice"),
        v.RecordingKind.CONFERENCE: _("Conference"),
    },
    v.ReportKind: {
        v.ReportKind.MONTH: _("Monthly report"),
        v.ReportKind.QUARTER: _("Quarterly report"),
        v.ReportKind.YEAR: _("Yearly report"),
        v.ReportKind.RANGE: _("Report of any days"),
        v.ReportKind.BRIEF: _("Incident brief"),
        v.ReportKind.RECEIPTS: _("Broadcast receipts"),
        v.ReportKind.SHIFT_LOG: _("Shift log"),
        v.ReportKind.ROSTER: _("Duty roster"),
        v.ReportKind.HANDOVER: _("Handover record"),
        v.ReportKind.EVIDENCE: _("Evidence statement"),
        v.ReportKind.SITUATION: _("Situation report"),
    },
    v.ReportState: {
        v.ReportState.WAITING: _("To be made"),
        v.ReportState.MADE: _("Made"),
        v.ReportState.FAILED: _("Failed"),
    },
    v.RecipientRole: {
        v.RecipientRole.LISTED: _("Chosen at the launch"),
        v.RecipientRole.ADDED: _("Added while it ran"),
        v.RecipientRole.DEPUTY: _("Deputy"),
        v.RecipientRole.SUPERIOR: _("Superior"),
    },
    v.EscalationKind: {
        v.EscalationKind.DEPUTY: _("Call the deputy"),
        v.EscalationKind.SUPERIOR: _("Call the superior"),
        v.EscalationKind.KNOCK: _("Knock on the door"),
    },
    v.StepWhom: {
        v.StepWhom.UNREACHED: _("for whoever is not reached"),
        v.StepWhom.GOAL_UNMET: _("only while the goal is not met"),
    },
    v.KnockResult: {
        v.KnockResult.TOLD: _("Told face to face"),
        v.KnockResult.AWAY: _("Nobody there"),
        v.KnockResult.OTHER: _("Other"),
    },
    v.PlanLight: {
        v.PlanLight.GREEN: _("Ready"),
        v.PlanLight.AMBER: _("Ready, with gaps"),
        v.PlanLight.RED: _("Not ready"),
    },
    v.WhoKind: {
        v.WhoKind.DEPARTMENT: _("Department"),
        v.WhoKind.POST: _("Post"),
        v.WhoKind.DUTY: _("On duty now"),
        v.WhoKind.GROUP: _("Group"),
        v.WhoKind.PERSON: _("Person"),
        v.WhoKind.PLAN: _("Plan"),
    },
    v.ReachedRule: {
        v.ReachedRule.KEY: _("pressed 1"),
        v.ReachedRule.HEARD: _("listened to the message to its end"),
    },
    v.SmsWhen: {
        v.SmsWhen.NEVER: _("by telephone only"),
        v.SmsWhen.BEFORE: _("by text message first, then by telephone"),
        v.SmsWhen.WITH: _("by telephone and text message at once"),
        v.SmsWhen.AFTER: _("by telephone; by text message to whom the calls have not reached"),
        v.SmsWhen.ALONE: _("by text message only"),
    },
    v.LetterState: {
        v.LetterState.WAITING: _("To be sent"),
        v.LetterState.SENDING: _("Being sent"),
        v.LetterState.SENT: _("Sent"),
        v.LetterState.REFUSED: _("Not taken"),
        v.LetterState.UNKNOWN: _("Perhaps sent"),
    },
    v.ShiftDuty: {
        v.ShiftDuty.LEADER: _("Leader on duty"),
        v.ShiftDuty.CHIEF: _("Duty chief"),
        v.ShiftDuty.OFFICER: _("Duty officer"),
    },
    v.DayKind: {
        v.DayKind.WORK: _("Workday"),
        v.DayKind.REST: _("Day off"),
    },
    v.DutyChangeKind: {
        v.DutyChangeKind.STAND_IN: _("Stand-in"),
        v.DutyChangeKind.SWAP: _("Swap"),
    },
    v.DutyChangeState: {
        v.DutyChangeState.ASKED: _("Waits for the other one"),
        v.DutyChangeState.AGREED: _("Agreed, waits to be confirmed"),
        v.DutyChangeState.DONE: _("Done"),
        v.DutyChangeState.DECLINED: _("Declined"),
        v.DutyChangeState.REFUSED: _("Not confirmed"),
        v.DutyChangeState.WITHDRAWN: _("Taken back"),
        v.DutyChangeState.EXPIRED: _("Expired: the shift has begun"),
        v.DutyChangeState.STALE: _("Void: the roster changed meanwhile"),
    },
    v.Pace: {
        v.Pace.SHIFT: _("Each shift"),
        v.Pace.DAY: _("Each day"),
        v.Pace.WEEK: _("Each week"),
    },
    v.DayChoice: {
        v.DayChoice.EVERY: _("Every day"),
        v.DayChoice.WORK: _("Workdays"),
        v.DayChoice.REST: _("Days off"),
    },
}

ROLE_WORDS: dict[v.Role, str] = {
    v.Role.OFFICER: _("takes calls, writes incidents, launches broadcasts"),
    v.Role.LEADER: _("all that an officer does, and gives instructions"),
    v.Role.AUDITOR: _("reads everything, replays recordings, checks the evidence; changes nothing"),
    v.Role.ADMINISTRATOR: _("looks after accounts, directory, roster and settings"),
    v.Role.DISPLAY: _("reads the boards, for a screen on the wall"),
}


def label(member: StrEnum) -> str:
    """The words for a value of the vocabulary, to be translated by whoever shows them."""
    return LABELS[type(member)][member]
