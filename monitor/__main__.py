"""`python -m monitor` is `dunghen`."""

from monitor.cli import main

main()
