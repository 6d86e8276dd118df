"""A client of the yiwang platform for agencies' systems: data, checks, events out and in."""

from yiwang_client.client import Client, Event, Failed, Refused
from yiwang_client.sync import Store, Sync
from yiwang_client.webhooks import BadSignature, Delivery, Replays, verify

__all__ = ["BadSignature", "Client", "Delivery", "Event", "Failed", "Refused", "Replays", "Store", "Sync", "verify"]
