"""What a build costs: a seeded corpus, the build by stage, and other tools beside it (docs/performance.md)."""
