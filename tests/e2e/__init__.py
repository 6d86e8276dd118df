"""The main job in a browser and over HTTP, against the demo as somebody at a terminal starts it."""
