"""Many runs, organised and compared: protocols, queues, searches, benchmarks and the reports on them."""
