"""The services hall (政务服务): joins catalogue, evidence and cases into the journey: navigate, apply, track."""
