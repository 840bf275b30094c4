"""What is asked for in so many words: a person, a case, a call, an end. Such a wish is obeyed at once, never deflected.

Every repetition in these patterns is bounded, so each is linear.
"""

import re

from bot.understanding.understanding import EntityKind, Wants

_SOMEBODY = (
    r"(?:(?:a|an|some|the|any|your|one of your|one of the|another|real|live|actual|proper|human)[ ]){0,3}"
    r"(?:person|people|human|humans|human being|agent|agents|someone|somebody|advisor|adviser|representative|rep"
    r"|operator"
    r"|colleague|colleagues|staff|member of staff|team member|manager|supervisor"
    r"|customer (?:service|care|support)|support"
    r"|employee|boss)"
)
_FILLER = r"(?:(?:please|now|just|directly|again|instead|really|finally)[ ]){0,2}"
_HUMAN = (
    r"(?:(?:a|an|some|the|any|your|one of your|another|real|live|actual|proper|human)[ ]){0,3}"
    r"(?:person|human|humans|human being|agent|someone|somebody|advisor|adviser|representative|operator"
    r"|colleague|colleagues"
    r"|member of staff|team member|manager|supervisor|customer (?:service|care|support))"
)
PERSON = re.compile(
    rf"\b(?:(?:talk|speak|chat|talking|speaking|deal)[ ]{_FILLER}(?:to|with)[ ]{_FILLER}{_SOMEBODY}"
    rf"|(?:get|give|fetch|want|need|prefer|connect|transfer|pass|put|hand|switch|forward)[ ]"
    rf"(?:(?:me|us|this|over|on|through|to|with)[ ]){{0,3}}{_FILLER}{_HUMAN}"
    r"|have[ ](?:a|an)[ ](?:real[ ]|live[ ]|actual[ ])?(?:person|human|agent)"
    r"|(?:real|live|actual)[ ](?:person|human|agent)|human (?:please|now)|agent (?:please|now))\b"
    r"(?!'|\u2019|[ ](?:to (?!talk|speak|chat|help|assist)|else.s|who|whose|has|was|is|came|said|told"
    r"|called|rang|number|name))",
    re.IGNORECASE,
)
_NOT = r"(?:don't|dont|do not|don\u2019t|didn't|no need to|not|never|without|needn't|rather not|won't)"
_NOT_YET = r"(?:didn't|didnt|haven't|havent|hasn't|hasnt|don't|dont|doesn't|doesnt|wasn't|wasnt|not)"
NO_PERSON = re.compile(
    rf"\b{_NOT}[ ](?:(?:want|need|have|like|wish|to|a|an|any)[ ]){{0,4}}(?:talk|speak|chat|person|agent|human)\b",
    re.IGNORECASE,
)
# "I don't want to talk to a machine, get me a person" is a wish, though a "don't" stands before the "talk".
MACHINE = re.compile(
    r"\b(?:(?:talk|speak|chat|talking|speaking)[ ](?:to|with)[ ](?:a|the|this|some)[ ]"
    r"(?:bot|machine|robot|computer|chatbot))\b",
    re.IGNORECASE,
)
CASE = re.compile(
    r"\b(?:open|log|raise|create|file|make|start|register|submit|report|need|want)[ ]"
    r"(?:(?:me|a|an|the|new|another|this|as|to|open|up|support)[ ]){0,4}"
    r"(?:case|ticket)\b(?![ ](?:of|again))|\b(?:report|log)[ ](?:a|this|the|another)[ ](?:problem|fault|issue)\b",
    re.IGNORECASE,
)
NO_CASE = re.compile(
    rf"\b{_NOT}[ ](?:(?:want|need|to|you|open|log|raise|create|make|a|an|the|any|new|another)[ ]){{1,5}}"
    r"(?:case|ticket)\b",
    re.IGNORECASE,
)
CALLBACK = re.compile(
    r"\b(?:call|ring|phone|telephone)[ ](?:me|us|him|her|the shop|our shop|my mobile|back)\b"
    r"|\bgive[ ](?:me|us|our \w{1,20}|the \w{1,20})[ ]a[ ](?:quick[ ])?(?:call|ring|bell)\b"
    r"|\b(?:a|the|request|book|arrange|schedule)[ ](?:a[ ])?(?:call[ ]?back|callback|phone call)\b"
    r"|\b(?:be|get)[ ]called[ ]back\b"
    r"|\b(?:someone|somebody|agent|person|manager)[ ](?:to[ ])?(?:call|calls|ring|rings|phone)\b",
    re.IGNORECASE,
)
NO_CALLBACK = re.compile(
    rf"\b{_NOT}[ ](?:(?:want|need|like|to|you|a|any|please|be|get)[ ]){{0,4}}(?:call|callback|ring|phone|called)\b"
    r"|\b(?:you|they|he|she|nobody|who|did)[ ](?:\w{1,12}[ ]){0,2}(?:called|rang|phoned)\b"
    r"|^(?:you can )?call me (?!back|later|when|asap|please|today|tonight|tomorrow|instead|first"
    r"|urgently|again|soon|maybe|anytime|now|directly|mon|tue|wed|thu|fri|sat|sun)[a-z]{2,20}$",
    re.IGNORECASE,
)
STOP = re.compile(
    r"\b(?:never[ ]?mind|forget (?:it|that|about (?:it|that|this))|start (?:over|again|from scratch)"
    r"|from the (?:start|beginning)"
    r"|go back|step back|cancel (?:it|that|this|the form)|scrap that|changed my mind|stop asking)\b",
    re.IGNORECASE,
)


NEW_CODE = re.compile(
    rf"\b(?:{_NOT_YET}[ ](?:(?:yet|ever|actually|really|even|had|have|been)[ ]){{0,2}}"
    r"(?:get|got|gotten|receive|received|recieve|recieved|see|seen|come|came|arrive|arrived|reach|reached|have|had"
    r"|sent|show|shown|turn|turned|find|found)\b"
    r"|(?:no|never (?:got|received|saw|had)(?: (?:a|the|any|your|that))?|where(?:'s| is|s)?(?: (?:the|my|your|that))?"
    r"|can't (?:find|see)(?: (?:the|a|any|your))?|cannot (?:find|see)(?: (?:the|a|any|your))?"
    r"|still waiting for(?: (?:the|a|my|your))?"
    r"|(?:nothing in|lost|deleted)(?: (?:the|my))?)"
    r"[ ](?:code|mail|e-mail|email|message|inbox|mailbox|it)\b"
    r"|never (?:came|arrived|got (?:it|one)|received (?:it|one)|reached)|nothing (?:came|arrived|yet|there|has come)"
    r"|(?:re-?send|send|mail|e-mail|email|get|give|want|need|have)[ ]"
    r"(?:(?:me|us|it|that|one|the|a|an|code|to|please)[ ]){0,4}(?:again|another|new|fresh|once more|one more)\b"
    r"|re-?send\b"
    r"|(?:new|another|fresh|different)[ ](?:code|one|mail|email)|(?:code|it) (?:has |is |was )?(?:expired|lost|gone))",
    re.IGNORECASE,
)


def wants(text: str, spelled: str = "", *, expecting: str | None = None) -> Wants:
    """The wishes of a message; one that is denied ("don't call me") is none.

    Args:
        spelled: the same text with its slips mended; a wish in either counts, and so does a denial.
        expecting: what was just asked for: "it has not arrived" is about a code only where one was.
    """
    ways = {text.replace("\u2019", "'"), (spelled or text).replace("\u2019", "'")}

    def says(pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(way) for way in ways)

    no_case, no_callback = says(NO_CASE), says(NO_CALLBACK)
    no_person = says(NO_PERSON) and not says(MACHINE)
    return Wants(
        person=says(PERSON) and not no_person,
        case=says(CASE) and not no_case,
        callback=says(CALLBACK) and not no_callback,
        stop=says(STOP),
        new_code=expecting == EntityKind.CODE and says(NEW_CODE),
        no_case=no_case,
        no_person=no_person,
        no_callback=no_callback,
    )
