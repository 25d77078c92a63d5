"""Hypothesis profiles: quick by default; `--hypothesis-profile=ci` runs 10,000 examples of each property."""

from hypothesis import HealthCheck, settings

settings.register_profile("quick", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")
