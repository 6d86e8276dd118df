"""Configuration: environment, settings, addresses, and the ``yiwang`` command.

What a city sets from outside is read and checked once (``environment``) and becomes Django's settings; every room's pages
are put together under one set of addresses (``urls``). The command starts the database where there is none, the web
processes and the worker, and walks whole journeys through the same acts that pages and API call.
"""
