"""Microsoft Teams by the Bot Framework protocol. Contract: docs/reference/teams.md

account     which bot, whose people, which hosts    received  what came, as plain values
words       text without the mention of the bot     read      a JSON document to what happened
place       where it happened, and with whom        parts     what is read of any activity
read_invokes  what an invoke asks for
keys        Microsoft's keys                        verifying whether a request is Teams' own
sdk         the one module with Microsoft's library intake    POST /api/messages, answered
invokes     what an invoke is answered with         arrivals  files on their way, after the answer
fetch       files from public addresses alone       http      our connections to Microsoft
bearer      our own token                           pace      how fast a bot may speak
connector   Teams' REST side                        adapter   the desk's side of the channel
cards       a Card as Teams shows it                render    an Activity as the wire shows it
desk        what Teams needs of the desk            manifest  the package to install, with its icons
answer      what goes back over the wire

Nothing here is imported unless Teams is set up, but for `account` and `manifest`: the library costs a second.
"""
