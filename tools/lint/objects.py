#!/usr/bin/env python3
"""objects.py CHECK BUILD LIST: what the compiled files of the library say of each other.

circles: files that call each other in a circle. Each circle of LIST may only lose files;
         one that is new, or has a file more, is an error.
lineage: calls from sync/lineage/ into a store or the state; LIST names those that are left.
unused:  functions that nothing in the library or the program calls; LIST names those that
         tests need.
Prints what is wrong, and last a line "saw N". LIST has lines "CHECK WORD...".
"""
import collections
import re
import subprocess
import sys

check, build, list_path = sys.argv[1:4]

allowed = []
with open(list_path, encoding="utf-8") as lines:
    for line in lines:
        words = line.split("#")[0].split()
        if words and words[0] == check:
            allowed.append(words[1:])


def source_of(member):
    """libcore.a names its members src_ROOM_FILE.c.o; libcli's are FILE.c.o."""
    name = member.removesuffix(".o")
    return name if name.startswith("src_") else "src_cli_" + name


where = {}  # symbol -> file
uses = collections.defaultdict(set)  # file -> symbols
files = set()
for archive in ("libcore.a", "src/cli/libcli.a"):
    table = subprocess.run(["nm", "-A", f"{build}/{archive}"], capture_output=True, text=True, check=True)
    for line in table.stdout.splitlines():
        place, rest = line.rsplit(":", 1)
        file = source_of(place.split(":")[-1].split("/")[-1])
        files.add(file)
        words = rest.split()
        if len(words) == 3 and words[1] in "TDRB":
            where[words[2]] = file
        elif len(words) == 2 and words[0] == "U":
            uses[file].add(words[1])

calls = {f: {where[s] for s in uses[f] if s in where} - {f} for f in files}


def circles():
    """Tarjan's strongly connected components with more than one file."""
    index, low, on, stack, found = {}, {}, set(), [], []

    def visit(root):
        work = [(root, iter(sorted(calls[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on.add(other)
                    work.append((other, iter(sorted(calls[other]))))
                    break
                if other in on:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part = []
                    while True:
                        last = stack.pop()
                        on.discard(last)
                        part.append(last)
                        if last == node:
                            break
                    if len(part) > 1:
                        found.append(sorted(part))

    for file in sorted(files):
        if file not in index:
            visit(file)
    return found


def short(file):
    return file.removeprefix("src_").removesuffix(".c")


wrong = []
if check == "circles":
    for part in circles():
        names = [short(f) for f in part]
        if not any(set(names) <= set(known) for known in allowed):
            wrong.append("files that call each other in a circle: " + " ".join(names))
        else:
            print(f"a circle of {len(names)} in {names[0].split('_')[0]}")
elif check == "lineage":
    io = re.compile(r"^(store_(open|get|put|scan|changes|find|behind|info)|state_(get|put|page|erase|lease|former))")
    lineage = [f for f in files if f.startswith("src_sync_lineage_")]
    if not lineage:
        wrong.append("there is no sync/lineage/")
    for file in sorted(lineage):
        for symbol in sorted(uses[file]):
            if io.match(symbol) and [short(file), symbol] not in allowed:
                wrong.append(f"{short(file)} calls {symbol}: sync/lineage/ does no I/O")
elif check == "unused":
    known = {words[0] for words in allowed}
    used = set().union(*uses.values())
    texts = {}
    for symbol, file in sorted(where.items()):
        if symbol in used or symbol in known or symbol.startswith("cf_"):
            continue
        if file not in texts:
            path = subprocess.run(["git", "ls-files", "src"], capture_output=True, text=True, check=True)
            match = [p for p in path.stdout.split() if p.replace("/", "_") == file]
            texts[file] = open(match[0], encoding="utf-8").read() if match else ""
        if len(re.findall(rf"\b{symbol}\b", re.sub(r"/\*.*?\*/", "", texts[file], flags=re.S))) < 2:
            wrong.append(f"{short(file)}: nothing calls {symbol}")
else:
    sys.exit(f"objects.py: no such check: {check}")
print("\n".join(wrong))
print("saw", len(files))
sys.exit(1 if wrong else 0)
