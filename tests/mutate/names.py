"""Prints the names of all mutants that mutmut would make of the project in the working folder, one a line.

mutmut itself has no command that makes mutants and runs none.
"""

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import get_mutant_name

if __name__ == "__main__":
    for path in sorted(walk_mutatable_files()):
        for name in mutate_file_contents(str(path), path.read_text(encoding="utf-8")).mutant_names:
            print(get_mutant_name(path, name))
