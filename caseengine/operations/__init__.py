"""The use cases of the trade: verbs over a unit of work. They refuse what the rules forbid, whoever calls."""

from caseengine.operations.access import Viewer, case_for
from caseengine.operations.answering import ask_customer, note, reply
from caseengine.operations.applying import apply_policy
from caseengine.operations.assigning import assign, move, take
from caseengine.operations.conversing import open_conversation
from caseengine.operations.ending import close, reopen, resolve
from caseengine.operations.filling import assess, classify, fill
from caseengine.operations.handover import hand_back, hand_over, hear_customer
from caseengine.operations.keeping import add_check_item, check_item, drop_item, tag, unwatch, watch
from caseengine.operations.linking import (
    go_on_where,
    identify_customer,
    link_cases,
    link_conversation,
    relate,
    unrelate,
)
from caseengine.operations.merging import merge, unmerge
from caseengine.operations.opening import Opening, add_to_case, open_case
from caseengine.operations.parenting import remove_parent, resolve_with_children, set_parent
from caseengine.operations.promising import renew_promise
from caseengine.operations.raising import escalate, prioritise
from caseengine.operations.scripting import answer_script
from caseengine.operations.splitting import split
from caseengine.operations.taking_down import take_down
from caseengine.operations.waiting import ask_third_party, hear_third_party

__all__ = [
    "Opening",
    "Viewer",
    "add_check_item",
    "add_to_case",
    "answer_script",
    "apply_policy",
    "ask_customer",
    "ask_third_party",
    "assess",
    "assign",
    "case_for",
    "check_item",
    "classify",
    "close",
    "drop_item",
    "escalate",
    "fill",
    "go_on_where",
    "hand_back",
    "hand_over",
    "hear_customer",
    "hear_third_party",
    "identify_customer",
    "link_cases",
    "link_conversation",
    "merge",
    "move",
    "note",
    "open_case",
    "open_conversation",
    "prioritise",
    "relate",
    "remove_parent",
    "renew_promise",
    "reopen",
    "reply",
    "resolve",
    "resolve_with_children",
    "set_parent",
    "split",
    "tag",
    "take",
    "take_down",
    "unmerge",
    "unrelate",
    "unwatch",
    "watch",
]
