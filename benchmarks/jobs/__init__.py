"""What is measured, a job a module (benchmarks/measure.py)."""
