"""Messages to people: an inbox always, SMS and mail as a city connects them.

Events of other rooms become messages by templates in the reader's language (``subscribers``, ``composing``). Each
destination is a row with its tries and its next time, so that a gateway that is down loses nothing and tells nobody twice;
the age of the oldest is a figure that operators see.
"""
