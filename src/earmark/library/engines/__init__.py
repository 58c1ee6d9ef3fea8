"""Where hearing runs: each engine hears files and gives back what was heard."""
