"""The morning as a table: which scenarios there are, how many of each, and what the monitor must make of them.

`due` counts working days from the morning; what a scenario has beyond the ordinary stands in its twist. The mix is
that of a department in good order: most work is done or on track, a dozen dossiers near due, ten due today or overdue.
"""

from monitor.dossier import SourceStatus
from monitor.samples import twists
from monitor.samples.invention import NAMESAKE
from monitor.samples.offers import LONG_LIMIT, SHORT_LIMIT
from monitor.samples.plan import Finish, Scenario
from monitor.samples.sample import Sheet
from monitor.status import Flag, Status

_LIST, _OVERDUE, _PORTAL = Sheet.FOLLOW_UP, Sheet.OVERDUE, Sheet.PORTAL
_DAYS = (2, 5)  # limits that leave a day between receipt and end
_THREE = (3, 60)
_LATE = frozenset({Flag.LATE_AGAINST_PROMISE, Flag.APOLOGY_MISSED})
_RETURNED, _FINISHED = SourceStatus.RETURNED, SourceStatus.FINISHED
_ASKED = SourceStatus.SUPPLEMENT_ASKED

ORDINARY = (
    Scenario(name="finished_early", sheet=_LIST, count=118, due=(-38, -1), limits=_THREE, status=_RETURNED,
              finish=Finish.EARLY, shows=Status.FINISHED_EARLY),
    Scenario(name="finished_on_time", sheet=_LIST, count=24, due=(-36, -1), status=_RETURNED,
              finish=Finish.ON_TIME, shows=Status.FINISHED_ON_TIME),
    Scenario(name="finished_late", sheet=_LIST, count=2, due=(-30, -6), status=_RETURNED,
              finish=Finish.LATE, shows=Status.FINISHED_LATE, flags=frozenset({Flag.LATE_AGAINST_PROMISE})),
    Scenario(name="on_track", sheet=_LIST, count=18, due=(2, 4), limits=SHORT_LIMIT, shows=Status.ON_TRACK),
    Scenario(name="on_track_long", sheet=_LIST, count=12, due=(4, 12), limits=LONG_LIMIT, shows=Status.ON_TRACK),
    Scenario(name="on_track_without_limit", sheet=_LIST, count=5, due=(4, 9), limits=None, shows=Status.ON_TRACK),
    Scenario(name="near_due", sheet=_LIST, count=7, due=(2, 2), limits=LONG_LIMIT, shows=Status.NEAR_DUE),
    Scenario(name="near_due_of_17", sheet=_LIST, count=2, due=(3, 3), limits=(17, 60), shows=Status.NEAR_DUE),
    Scenario(name="near_due_without_limit", sheet=_LIST, count=2, due=(2, 2), limits=None, shows=Status.NEAR_DUE),
    Scenario(name="apology_due", sheet=_LIST, count=5, due=(1, 1), shows=Status.APOLOGY_DUE),
    Scenario(name="due_today", sheet=_LIST, count=8, due=(0, 0), shows=Status.DUE_TODAY),
    Scenario(name="overdue_since_yesterday", sheet=_LIST, count=2, due=(-1, -1), shows=Status.OVERDUE, flags=_LATE),
    Scenario(name="not_started", sheet=_LIST, count=4, due=(2, 2), limits=SHORT_LIMIT, shows=Status.NOT_STARTED,
              status=SourceStatus.REGISTERED, twist=twists.not_received),
    Scenario(name="refused", sheet=_LIST, count=2, due=(-12, -2), status=SourceStatus.NOT_ACCEPTED,
              shows=Status.CLOSED),
    Scenario(name="withdrawn", sheet=_LIST, count=1, due=(-9, -2), status=SourceStatus.WITHDRAWN, shows=Status.CLOSED),
)  # fmt: skip

ODD = (
    Scenario(name="supplement_without_record", sheet=_LIST, count=2, due=(0, 1), limits=_DAYS, status=_ASKED,
              shows=Status.WAITING, flags=frozenset({Flag.SUPPLEMENT_WITHOUT_RECORD})),
    Scenario(name="received_on_day_off", sheet=_LIST, count=4, due=(6, 8), limits=LONG_LIMIT, shows=Status.ON_TRACK,
              flags=frozenset({Flag.RECEIVED_ON_DAY_OFF}), twist=twists.on_day_off),
    Scenario(name="appointment_on_day_off", sheet=_LIST, count=5, due=(1, 1), limits=(3, 5), must_bind=True,
              flags=frozenset({Flag.APPOINTMENT_ON_DAY_OFF}), twist=twists.promised_on_day_off),
    Scenario(name="appointment_before_receipt", sheet=_LIST, count=1, due=(2, 4), limits=SHORT_LIMIT,
              shows=Status.ON_TRACK, flags=frozenset({Flag.APPOINTMENT_BEFORE_RECEIPT}),
              twist=twists.promised_before_receipt),
    Scenario(name="finish_before_receipt", sheet=_LIST, count=1, due=(-9, -3), status=_RETURNED, finish=Finish.ON_TIME,
              shows=Status.FINISHED_EARLY, flags=frozenset({Flag.FINISH_BEFORE_RECEIPT}),
              twist=twists.finished_before_receipt),
    Scenario(name="receipt_in_future", sheet=_LIST, count=1, due=(2, 2), limits=_THREE, shows=Status.ON_TRACK,
              flags=frozenset({Flag.RECEIPT_IN_FUTURE}), status=SourceStatus.RECEIVED, twist=twists.received_tomorrow),
    Scenario(name="code_date_far", sheet=_LIST, count=1, due=(4, 9), limits=LONG_LIMIT, shows=Status.ON_TRACK,
              flags=frozenset({Flag.CODE_DATE_FAR}), twist=twists.old_code),
    Scenario(name="year_outside_calendar", sheet=_LIST, count=1, due=(5, 9), limits=None, shows=Status.UNKNOWN,
              twist=twists.years_ahead),
    Scenario(name="no_appointment_no_limit", sheet=_LIST, count=2, due=(5, 9), limits=None, shows=Status.UNKNOWN,
              twist=twists.without_date),
    Scenario(name="promised_far", sheet=_LIST, count=1, due=(5, 9), limits=None, shows=Status.ON_TRACK,
              twist=twists.promised_far),
    Scenario(name="unknown_status_word", sheet=_LIST, count=2, due=(4, 9), limits=LONG_LIMIT, shows=Status.ON_TRACK,
              flags=frozenset({Flag.UNKNOWN_STATUS_WORD}), twist=twists.unknown_word),
    Scenario(name="unknown_procedure", sheet=_LIST, count=2, due=(4, 9), limits=LONG_LIMIT, shows=Status.ON_TRACK,
              twist=twists.unknown_procedure),
    Scenario(name="finish_date_missing", sheet=_LIST, count=2, due=(-5, -2), status=_FINISHED,
              shows=Status.POSSIBLY_FINISHED, flags=frozenset({Flag.FINISH_DATE_MISSING})),
    Scenario(name="missing_receipt", sheet=_LIST, count=1, due=(2, 4), limits=SHORT_LIMIT, shows=Status.ON_TRACK,
              twist=twists.unreceived),
    Scenario(name="homonym_officer", sheet=_LIST, count=1, due=(0, 0), shows=Status.DUE_TODAY, twist=twists.homonym),
    Scenario(name="unknown_officer", sheet=_LIST, count=1, due=(4, 9), limits=LONG_LIMIT, shows=Status.ON_TRACK,
              twist=twists.stranger),
    Scenario(name="alias", sheet=_LIST, count=2, due=(2, 3), limits=SHORT_LIMIT, shows=Status.ON_TRACK,
              twist=twists.in_an_alias),
    Scenario(name="namesakes", sheet=_LIST, count=2, due=(2, 3), limits=SHORT_LIMIT, shows=Status.ON_TRACK,
              twist=twists.namesakes(NAMESAKE)),
)  # fmt: skip

SINCE_YESTERDAY = (
    Scenario(name="vanished", sheet=_LIST, count=1, due=(2, 4), limits=SHORT_LIMIT, shows=Status.MISSING_FROM_SOURCE,
              twist=twists.vanished),
    Scenario(name="appointment_moved", sheet=_LIST, count=2, due=(1, 1), limits=_THREE, shows=Status.APOLOGY_DUE,
              twist=twists.moved),
    Scenario(name="appointment_blanked", sheet=_LIST, count=1, due=(4, 9), limits=LONG_LIMIT, shows=Status.ON_TRACK,
              flags=frozenset({Flag.DATE_BLANKED}), twist=twists.blanked),
    Scenario(name="handed_over", sheet=_LIST, count=2, due=(4, 9), limits=LONG_LIMIT, shows=Status.ON_TRACK,
              twist=twists.handed_over),
)  # fmt: skip

REFUSED_ROWS = (
    Scenario(name="no_code", sheet=_LIST, count=1, due=(2, 4), limits=SHORT_LIMIT, twist=twists.no_code),
    Scenario(name="month_first", sheet=_LIST, count=1, due=(1, 3), limits=LONG_LIMIT, twist=twists.month_first),
    Scenario(name="unreadable_date", sheet=_LIST, count=1, due=(2, 4), limits=SHORT_LIMIT, twist=twists.unreadable),
    Scenario(name="words_for_a_date", sheet=_LIST, count=1, due=(2, 4), limits=None, twist=twists.words_for_a_date),
    Scenario(name="old_font", sheet=_LIST, count=1, due=(2, 4), limits=SHORT_LIMIT, twist=twists.old_font),
    Scenario(name="said_twice", sheet=_LIST, count=1, due=(2, 4), limits=_DAYS, twist=twists.said_twice),
)

OVERDUE_LIST = (
    Scenario(name="listed_overdue", sheet=_OVERDUE, count=4, due=(-4, -2), shows=Status.OVERDUE, flags=_LATE),
    Scenario(name="listed_long_overdue", sheet=_OVERDUE, count=2, due=(-9, -6), limits=LONG_LIMIT,
              shows=Status.OVERDUE, flags=_LATE),
    Scenario(name="listed_finished_late", sheet=_OVERDUE, count=10, due=(-36, -6), status=_RETURNED,
              finish=Finish.LATE, shows=Status.FINISHED_LATE, flags=frozenset({Flag.LATE_AGAINST_PROMISE})),
)  # fmt: skip

ON_THE_PORTAL = (
    Scenario(name="portal_finished_early", sheet=_PORTAL, count=9, due=(-24, -3), limits=_THREE, status=_RETURNED,
              finish=Finish.EARLY, shows=Status.FINISHED_EARLY),
    Scenario(name="portal_finished_on_time", sheet=_PORTAL, count=3, due=(-20, -3), status=_RETURNED,
              finish=Finish.ON_TIME, shows=Status.FINISHED_ON_TIME),
    Scenario(name="portal_on_track", sheet=_PORTAL, count=5, due=(2, 4), limits=_DAYS, shows=Status.ON_TRACK),
    Scenario(name="portal_on_track_long", sheet=_PORTAL, count=3, due=(4, 9), limits=LONG_LIMIT,
              shows=Status.ON_TRACK),
    Scenario(name="portal_near_due", sheet=_PORTAL, count=1, due=(2, 2), limits=LONG_LIMIT, shows=Status.NEAR_DUE),
    Scenario(name="portal_due_today", sheet=_PORTAL, count=1, due=(0, 0), limits=_DAYS, shows=Status.DUE_TODAY),
    Scenario(name="portal_apology_due", sheet=_PORTAL, count=1, due=(1, 1), limits=_DAYS, shows=Status.APOLOGY_DUE),
    Scenario(name="unconfirmed", sheet=_PORTAL, count=3, due=(-1, -1), limits=_DAYS,
              shows=Status.DUE_PASSED_UNCONFIRMED),
    Scenario(name="portal_not_started", sheet=_PORTAL, count=1, due=(2, 2), limits=SHORT_LIMIT,
              status=SourceStatus.REGISTERED, shows=Status.NOT_STARTED, twist=twists.not_received),
    Scenario(name="waiting", sheet=_PORTAL, count=3, due=(0, 1), limits=(3, 5), status=_ASKED, shows=Status.WAITING,
              twist=twists.waiting),
    Scenario(name="waiting_too_long", sheet=_PORTAL, count=1, due=(0, 1), limits=(3, 5), status=_ASKED,
              shows=Status.WAITING, twist=twists.waiting_too_long),
    Scenario(name="supplemented", sheet=_PORTAL, count=4, due=(2, 4), limits=_DAYS, shows=Status.ON_TRACK,
              twist=twists.supplemented),
    Scenario(name="asked_twice", sheet=_PORTAL, count=1, due=(4, 8), limits=LONG_LIMIT, status=_ASKED,
              shows=Status.ON_TRACK, twist=twists.asked_twice),
    Scenario(name="asked_late", sheet=_PORTAL, count=1, due=(-3, -3), limits=_DAYS, status=_ASKED,
              shows=Status.OVERDUE, flags=_LATE, twist=twists.asked_late),
    Scenario(name="appointment_after_law", sheet=_PORTAL, count=1, due=(-2, -2), limits=_THREE, must_bind=True,
              shows=Status.OVERDUE, flags=frozenset({Flag.LATE_AGAINST_LAW}), twist=twists.promised_later_than_law),
    Scenario(name="payment_asked", sheet=_PORTAL, count=2, due=(5, 8), limits=LONG_LIMIT, shows=Status.WAITING,
              status=SourceStatus.PAYMENT_ASKED, flags=frozenset({Flag.PAYMENT_ASKED})),
    Scenario(name="stopped", sheet=_PORTAL, count=1, due=(5, 8), limits=LONG_LIMIT, shows=Status.WAITING,
              status=SourceStatus.STOPPED, flags=frozenset({Flag.STOPPED_IN_SOURCE})),
    Scenario(name="nine_without_finish", sheet=_PORTAL, count=1, due=(-4, -2), status=_FINISHED,
              shows=Status.POSSIBLY_FINISHED, flags=frozenset({Flag.FINISH_DATE_MISSING})),
    Scenario(name="collected_without_finish", sheet=_PORTAL, count=1, due=(-6, -3), status=_RETURNED,
              shows=Status.POSSIBLY_FINISHED, flags=frozenset({Flag.FINISH_DATE_MISSING}), twist=twists.collected),
    Scenario(name="result_paper", sheet=_PORTAL, count=1, due=(-3, -2), shows=Status.POSSIBLY_FINISHED,
              flags=frozenset({Flag.FINISH_DATE_MISSING}), twist=twists.with_paper),
    Scenario(name="portal_refused", sheet=_PORTAL, count=1, due=(-8, -3), limits=_DAYS, shows=Status.CLOSED,
              status=SourceStatus.NOT_ACCEPTED, twist=twists.refused),
    Scenario(name="portal_withdrawn", sheet=_PORTAL, count=1, due=(-8, -3), status=SourceStatus.WITHDRAWN,
              shows=Status.CLOSED),
    Scenario(name="odd_procedure_code", sheet=_PORTAL, count=1, due=(2, 4), limits=SHORT_LIMIT,
              shows=Status.ON_TRACK, twist=twists.odd_procedure_code),
)  # fmt: skip

SCENARIOS = (*ORDINARY, *ODD, *SINCE_YESTERDAY, *REFUSED_ROWS, *OVERDUE_LIST, *ON_THE_PORTAL)
