"""The new words of an answer: what its writer wrote, without the mails below.

phrases  what mail programs write around a quote, by language       lines    a text as lines with what each may be
openings where a quote begins                                       closings signatures, and what telephones add
below    whose the lines below a quote are
new_words  the decision: what stays, what goes, and when all stays
"""

from channels.email.reading.reply.new_words import Words, has_quote, new_words

__all__ = ["Words", "has_quote", "new_words"]
