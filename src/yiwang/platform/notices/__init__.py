"""Messages to people.

An inbox always, SMS and mail as a city connects them, each destination a row with its retries.
"""
