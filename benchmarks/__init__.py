"""Each performance budget is a command that prints a ratio: ``python -m benchmarks.bpan``."""

import ast
import sys
from pathlib import Path

# ``python -m benchmarks.paint --help``: the package comes first, before anything is measured.
if sys.argv[0] == "-m" and {"-h", "--help"} & set(sys.argv[1:]):
    _name = sys.orig_argv[sys.orig_argv.index("-m") + 1].partition(".")[2] or "__main__"
    _file = Path(__file__).with_name(f"{_name}.py")
    print(ast.get_docstring(ast.parse(_file.read_text(encoding="utf-8"))))
    sys.exit()
