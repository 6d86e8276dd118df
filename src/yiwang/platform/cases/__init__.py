"""Applications and cases: the engine that takes one application through several agencies on their legal clocks."""
