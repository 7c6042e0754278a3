#!/usr/bin/env python3
"""sizes.py LIST FILE...: functions of at most 70 lines and five parameters, files of at most 600 lines.

What is larger must stand in LIST, which only shrinks: lines "lines FILE N", "length FUNCTION N",
"parameters FUNCTION N", and it may not be larger than it says there. With --list in place of LIST it
prints what LIST would have to say. Prints what is wrong, and last "saw N", the functions it saw.
"""
import re
import sys

LINES, LENGTH, PARAMETERS = 600, 70, 5

allowed = {}
if sys.argv[1] != "--list":
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            words = line.split("#")[0].split()
            if len(words) == 3 and words[0] in ("lines", "length", "parameters"):
                allowed[(words[0], words[1])] = int(words[2])

# A definition: from the first column to a brace in the first column.
HEAD = re.compile(r"^(?:[A-Za-z_][^;{}#/]*?)\b(\w+)\(((?:[^(){};]|\([^()]*\))*)\)\s*\n\{$", re.M)
found, functions = [], 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    count = text.count("\n")
    if count > LINES:
        found.append(("lines", path.rsplit("/", 1)[-1], count, f"{path}: a file"))
    for match in HEAD.finditer(text):
        functions += 1
        start = text.count("\n", 0, match.end()) + 1
        length = text.count("\n", 0, text.index("\n}", match.end()) + 1) + 1 - start + 1
        # Commas of a pointer to a function are inside its own parentheses.
        flat = re.sub(r"\([^()]*\)", "", match.group(2))
        parameters = 0 if flat.strip() in ("", "void") else flat.count(",") + 1
        place = f"{path}:{start}: {match.group(1)}, a function"
        if length > LENGTH:
            found.append(("length", match.group(1), length, place))
        if parameters > PARAMETERS:
            found.append(("parameters", match.group(1), parameters, place))

wrong = 0
for kind, name, size, place in found:
    if sys.argv[1] == "--list":
        print(kind, name, size)
    elif size > allowed.get((kind, name), 0):
        wrong += 1
        print(f"{place} of {size} {'parameters' if kind == 'parameters' else 'lines'}")
if sys.argv[1] != "--list":
    print("saw", functions)
sys.exit(1 if wrong else 0)
