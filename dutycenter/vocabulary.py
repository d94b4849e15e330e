"""The field's words as enums. Values are what the store holds: never rename one.

``hangup_cause`` is the switch's word for why a leg ended, ``Disposition`` is
ours for an attempt, ``Outcome`` is ours for a recipient.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an account may do."""

    OFFICER = "officer"  # 值班员: takes calls, writes incidents, launches broadcasts
    LEADER = "leader"  # 带班领导: all an officer does, and gives instructions
    AUDITOR = "auditor"  # 审计员: reads all, replays, changes nothing
    ADMINISTRATOR = "administrator"  # 管理员: accounts, directory, plans, reports
    DISPLAY = "display"  # 大屏: reads the boards


class Disposition(StrEnum):
    """How an attempt ended; exactly one, set once."""

    ACKNOWLEDGED = "acknowledged"  # pressed 1
    DECLINED = "declined"  # pressed 4: can't come
    TRANSFERRED = "transferred"  # pressed 3 and spoke to the duty desk
    HEARD = "heard"  # listened to the end, pressed nothing
    HUNG_UP_EARLY = "hung_up_early"  # answered, left before the end
    VOICEMAIL = "voicemail"  # a machine answered
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    SWITCHED_OFF = "switched_off"  # unavailable, powered off, out of coverage
    NO_SUCH_NUMBER = "no_such_number"
    CONGESTION = "congestion"  # the network or our gateway was full
    GATEWAY_DOWN = "gateway_down"
    FAILED = "failed"  # anything else that the network says
    DROPPED = "dropped"  # we took the leg down: acknowledged elsewhere, stopped
    LOST = "lost"  # the switch knows nothing of it any more


class Outcome(StrEnum):
    """What became of a recipient; exactly one, set once."""

    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    REACHED = "reached"  # a person answered but did not acknowledge
    NOT_REACHED = "not_reached"
    NOT_CALLED = "not_called"  # and ``outcome_ground`` says why


class ReachedRule(StrEnum):
    """What counts as an acknowledgement in a broadcast."""

    KEY = "key"  # pressed 1
    HEARD = "heard"  # a person listened to the message to its end


class SmsWhen(StrEnum):
    """When a broadcast sends text messages."""

    NEVER = "never"
    BEFORE = "before"  # first, and calls begin after a pause
    WITH = "with"  # at the same moment as the calls
    AFTER = "after"  # to whom the calls have not reached
    ALONE = "alone"  # with the launch, and nobody is called


class SmsState(StrEnum):
    """Where a text message is. Only a delivery report makes it delivered."""

    WRITTEN = "written"  # a row; nothing has been handed over
    SENDING = "sending"  # being handed to the gateway now
    ACCEPTED = "accepted"  # the gateway took it
    DELIVERED = "delivered"  # the network says that the telephone has it
    FAILED = "failed"  # surely not delivered
    UNKNOWN = "unknown"  # the gateway may have taken it or not: not sent again
    WITHDRAWN = "withdrawn"  # not sent: no longer needed


class SmsMeaning(StrEnum):
    """What a text message from a person says."""

    ACKNOWLEDGE = "acknowledge"
    DECLINE = "decline"
    OTHER = "other"  # words for people to read


class Means(StrEnum):
    """By what means a person answered."""

    KEY = "key"
    LISTENED = "listened"
    SMS = "sms"
    CALLBACK = "callback"  # called the hotline back
    DESK = "desk"  # told the duty desk


class AttemptKind(StrEnum):
    """Why somebody is called."""

    NOTICE = "notice"  # to tell them the message; never after they acknowledged
    REMINDER = "reminder"  # they acknowledged, and have not reported at the place


class BroadcastState(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"  # by a person, before its end


class CallState(StrEnum):
    """Where an inbound call is."""

    ARRIVING = "arriving"  # a row, nothing heard yet
    MENU = "menu"  # greeting and menu
    QUEUED = "queued"  # waits for a desk
    RINGING = "ringing"  # rings at a desk
    TALKING = "talking"
    VOICEMAIL = "voicemail"
    ENDED = "ended"


class ImportState(StrEnum):
    """Where a sheet of people is that somebody handed in."""

    READING = "reading"  # rows are looked at
    UNREADABLE = "unreadable"
    PREVIEW = "preview"  # waits for somebody's yes or no
    DISCARDED = "discarded"
    APPLYING = "applying"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class RowVerdict(StrEnum):
    """What a row of a sheet of people would do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


class CallResult(StrEnum):
    """How an inbound call ended; set once."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"  # the caller left before anybody answered
    VOICEMAIL = "voicemail"
    FAILED = "failed"
    CALLBACK = "callback"  # asked to be called back
    SERVED = "served"  # the menu took what they called for: the answer to a broadcast


class PartyPart(StrEnum):
    """Why somebody was brought onto a call that a desk talks on."""

    TAKES_OVER = "takes_over"  # another desk that gets the call
    JOINS = "joins"  # three-way
    SUPERVISES = "supervises"  # a leader who listens in


class Supervision(StrEnum):
    """What a supervisor does on a call; each change is a ledger entry, and the officer sees it."""

    LISTENS = "listens"
    WHISPERS = "whispers"  # the officer hears them, the caller doesn't
    SPEAKS = "speaks"  # both hear them


class CallerMark(StrEnum):
    """What an officer has noted of a number that calls."""

    REPEATED = "repeated"  # calls again and again about the same
    SILENT = "silent"  # says nothing
    ABUSIVE = "abusive"


class Direction(StrEnum):
    """Seen from the switch, as it says itself."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class NumberKind(StrEnum):
    MOBILE = "mobile"
    OFFICE = "office"
    HOME = "home"
    DUTY = "duty"  # a duty room's number: never taken by a broadcast's reserve


class IncidentClass(StrEnum):
    """突发事件应对法 (2024), art. 2."""

    NATURAL = "natural"  # 自然灾害
    ACCIDENT = "accident"  # 事故灾难
    HEALTH = "health"  # 公共卫生事件
    SECURITY = "security"  # 社会安全事件


class Level(StrEnum):
    """突发事件应对法 (2024), art. 3; 社会安全事件 need not have one."""

    I = "I"  # 特别重大  # noqa: E741
    II = "II"  # 重大
    III = "III"  # 较大
    IV = "IV"  # 一般


class IncidentStatus(StrEnum):
    OPEN = "open"  # 处置中
    CLOSED = "closed"  # 办结


class SourceChannel(StrEnum):
    """How a report came in."""

    PHONE = "phone"
    VOICEMAIL = "voicemail"
    FAX = "fax"
    WALK_IN = "walk_in"
    REPORT = "report"  # a lower unit's written report


class SituationKind(StrEnum):
    """A written report of an incident to those above (专报)."""

    FIRST = "first"  # 初报
    FOLLOW_UP = "follow_up"  # 续报一, 续报二 …
    FINAL = "final"  # 终报


class SendingMeans(StrEnum):
    """How a written report went out."""

    SYSTEM = "system"  # the government's own exchange of documents
    FAX = "fax"
    MAIL = "mail"
    PAPER = "paper"
    MESSAGE = "message"  # a messenger on a telephone


class RecordingState(StrEnum):
    RECORDING = "recording"
    STOPPED = "stopped"  # the switch is done; not yet taken in
    KEPT = "kept"  # hashed into the ledger
    MISSING = "missing"  # the file is not there: an evidence gap, shown
    DESTROYED = "destroyed"  # its time was over and two persons said so; its hash stays


class RecordingKind(StrEnum):
    CALL = "call"
    VOICEMAIL = "voicemail"
    NOTICE = "notice"  # a leg of a broadcast
    CONFERENCE = "conference"  # a room, everybody mixed


class ReportKind(StrEnum):
    """What a paper tells of: a period, or one thing."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    RANGE = "range"  # any days in a row
    BRIEF = "brief"  # 突发事件信息专报, of an incident
    RECEIPTS = "receipts"  # who was told what, of a broadcast
    SHIFT_LOG = "shift_log"  # 值班日志
    ROSTER = "roster"  # 值班表, of a week or a month
    HANDOVER = "handover"  # 交接班记录
    EVIDENCE = "evidence"  # what proves an incident's record
    SITUATION = "situation"  # 初报, 续报, 终报 as somebody wrote it


class ReportState(StrEnum):
    WAITING = "waiting"
    MADE = "made"
    FAILED = "failed"


class LetterState(StrEnum):
    """Where a letter is that carries a paper."""

    WAITING = "waiting"
    SENDING = "sending"  # committed; the relay may have it
    SENT = "sent"  # the relay took it
    REFUSED = "refused"  # certainly not taken
    UNKNOWN = "unknown"  # taken or not: nobody knows, so it is neither repeated nor counted


class ShiftDuty(StrEnum):
    """A person's part in a shift."""

    LEADER = "leader"  # 带班领导
    CHIEF = "chief"  # 值班长
    OFFICER = "officer"  # 值班员


class DayKind(StrEnum):
    """Whether the government's offices are open on a day."""

    WORK = "work"  # 工作日, make-up workdays (调休) among them
    REST = "rest"  # 休息日: weekends and statutory holidays


class Pace(StrEnum):
    """After what the next group of a rotation takes its turn."""

    SHIFT = "shift"
    DAY = "day"
    WEEK = "week"  # from Monday to Sunday


class DayChoice(StrEnum):
    """On which days a part of a rotation is served."""

    EVERY = "every"
    WORK = "work"  # workdays, make-up workdays among them
    REST = "rest"  # weekends and holidays


class DutyChangeKind(StrEnum):
    """How somebody gives a shift away."""

    STAND_IN = "stand_in"  # 替班: another serves in one's place
    SWAP = "swap"  # 换班: two people take each other's shift


class DutyChangeState(StrEnum):
    """Where a request to change a duty is; the roster changes when it is done, and not before."""

    ASKED = "asked"
    AGREED = "agreed"  # by the other one; waits to be confirmed
    DONE = "done"
    DECLINED = "declined"  # by the other one
    REFUSED = "refused"  # by a leader or administrator
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"  # the shift began before all had said yes
    STALE = "stale"  # the roster changed meanwhile


class RecipientRole(StrEnum):
    """How somebody came into a broadcast."""

    LISTED = "listed"  # chosen before the launch
    ADDED = "added"  # by hand, while it ran
    DEPUTY = "deputy"  # in place of somebody
    SUPERIOR = "superior"  # told that somebody in their charge is not reached


class EscalationKind(StrEnum):
    """What follows when people are not reached."""

    DEPUTY = "deputy"
    SUPERIOR = "superior"
    KNOCK = "knock"  # a named unit goes to the door


class StepWhom(StrEnum):
    """On what an escalation step depends."""

    UNREACHED = "unreached"  # for whoever has not acknowledged
    GOAL_UNMET = "goal_unmet"  # the same, unless the broadcast's goal is met


class KnockResult(StrEnum):
    """What whoever went to the door found."""

    TOLD = "told"  # the person was told face to face
    AWAY = "away"  # nobody there
    OTHER = "other"  # see the note


class PlanLight(StrEnum):
    """What the check of a plan says."""

    GREEN = "green"
    AMBER = "amber"  # some people can't be reached; the plan holds
    RED = "red"  # the plan can't do what it says


class WhoKind(StrEnum):
    """What a plan or a launch page may name."""

    DEPARTMENT = "department"  # with its sub-departments
    POST = "post"
    DUTY = "duty"  # whoever is on duty at the launch
    GROUP = "group"
    PERSON = "person"
    PLAN = "plan"
