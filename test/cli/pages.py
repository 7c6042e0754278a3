"""Every code block of README.md, CONTRIBUTING.md and the pages of docs is true.

What a block is stands behind its fence:

  console   each line after "$ " is run, and what it prints stands below it. "…" stands for
            any text, a line of "…" for any lines.
  sh        commands: run, and each must succeed. Of `make` the target must exist, of a
            script of this repository the file: the tests run inside them.
  yaml, json, c   read as what they are. With a name behind (yaml move.yaml) the block is
            written to that file first, for the commands of the page.
  text, js  shown and not run: drawings, and what needs a server or a browser. NOT_RUN says
            how many a page has.

A page has a folder of its own; PAGE.sh beside this file is run there before, and what it
writes to `env` is exported to all commands, what it writes to `instead` (two words a line)
replaced in them. Blocks by indentation are not allowed. Prints TAP.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

SOURCE = os.environ["CHESTERFIELD_SOURCE"]
PROGRAM = os.environ["CHESTERFIELD"]
NOT_RUN = json.load(open(os.path.join(SOURCE, "test/cli/pages/not-run.json"), encoding="utf-8"))
# Pages of which test/cli/ops.sh runs each lens upon the documents below it.
BY_OPS = {"docs/ops.md", "docs/recipes.md"}
# What stands around a fragment of C, by page.
AROUND = {"docs/move.md": "struct cf_move_config *config; struct cf_move *move; struct cf_error error;"
                          " struct cf_str key, body; struct cf_move_value value;"}


class Tap:
    def __init__(self):
        self.count = self.failed = 0
        self.copy = os.environ.get("CK_TAP_LOG_FILE_NAME")
        if self.copy:
            open(self.copy, "w", encoding="utf-8").close()

    def line(self, text):
        print(text, flush=True)
        if self.copy:
            with open(self.copy, "a", encoding="utf-8") as copy:
                print(text, file=copy)

    def case(self, title, reason=""):
        self.count += 1
        self.failed += bool(reason)
        self.line(f"{'not ok' if reason else 'ok'} {self.count} - {title}")
        for row in reason.splitlines()[:60]:
            self.line(f"#   {row}")


def blocks(text):
    """(line, kind, name, lines) of each fence; kind None: indented."""
    fence = None
    before = ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            if line.startswith("```"):
                yield fence
                fence = None
            else:
                fence[3].append(line)
        elif line.startswith("```"):
            kind, _, name = line[3:].partition(" ")
            fence = (number, kind, name, [])
        elif line.startswith("    ") and not before.strip():
            yield (number, None, "", [line])
        before = line


def pattern(wanted):
    out = ""
    for line in wanted:
        if line == "…":
            out += "(?:.*\n)*?"
        else:
            out += ".*?".join(re.escape(part) for part in line.split("…")) + "\n"
    return out


class Page:
    def __init__(self, tap, name):
        self.tap, self.name, self.folder = tap, name, name.replace("/", "-")
        self.instead, self.not_run = [], 0
        os.mkdir(self.folder)
        shutil.copytree(SOURCE + "/examples", self.folder + "/examples")
        self.env = dict(os.environ, PATH=os.path.abspath("bin") + ":" + os.environ["PATH"],
                        BASH_ENV=os.path.abspath(self.folder + "/env"))
        open(self.folder + "/env", "w", encoding="utf-8").close()
        setup = os.path.join(SOURCE, "test/cli/pages", os.path.basename(name)[:-3] + ".sh")
        if os.path.exists(setup):
            code, out = self.shell("set -eu; . " + setup)
            self.tap.case(f"{name}: what its commands find", out if code else "")
        if os.path.exists(self.folder + "/instead"):
            self.instead = [row.split() for row in open(self.folder + "/instead", encoding="utf-8")]

    def replaced(self, text):
        for old, new in self.instead:
            text = text.replace(old, new)
        return text

    def shell(self, command):
        done = subprocess.run(["bash", "-c", self.replaced(command)], cwd=self.folder, env=self.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=100, check=False)
        return done.returncode, done.stdout

    def console(self, title, lines):
        commands = []
        for line in lines:
            if line.startswith("$ "):
                commands.append((line[2:], []))
            elif commands:
                commands[-1][1].append(line)
        if not commands:
            self.tap.case(title, "no line begins with $")
        for command, wanted in commands:
            if command.startswith("export "):
                with open(self.folder + "/env", "a", encoding="utf-8") as env:
                    print(self.replaced(command), file=env)
            _, out = self.shell(command)
            good = re.fullmatch(pattern([self.replaced(line) for line in wanted]), out)
            self.tap.case(f"{title}: {command[:70]}", "" if good else "expected:\n"
                          + "\n".join(wanted) + "\nis:\n" + out + ".")

    def sh(self, title, lines):
        for line in lines:
            command = re.sub(r"\s+#.*", "", line).strip()
            words = [w for w in shlex.split(command) if "=" not in w or w.startswith("-")]
            first = words[1] if words and words[0] in ("python3", "sh", "bash") else (words or [""])[0]
            reason = ""
            if words and words[0] == "make":
                makefile = open(os.path.join(SOURCE, "Makefile"), encoding="utf-8").read()
                reason = "" if len(words) > 1 and re.search(rf"^{words[1]}\b.*:", makefile, re.M) \
                    else "no such target"
            elif re.match(r"(test|tools|\.ci)/", first):
                reason = "" if os.path.exists(os.path.join(SOURCE, first)) else "no such file"
            elif command:
                code, out = self.shell(command)
                reason = f"exit code {code}: {out}" if code else ""
            self.tap.case(f"{title}: {command[:70]}", reason)

    def read(self, title, kind, lines):
        text = "\n".join(lines) + "\n"
        if kind == "json":
            try:
                for document in [text] if text.startswith("{\n") else lines:
                    json.loads(document)
                reason = ""
            except ValueError as error:
                reason = str(error)
        elif kind == "c":
            if self.name in AROUND:
                text = text.replace("\n", f"\nstatic void f(void) {{ {AROUND[self.name]}\n", 1) + "}\n"
            done = subprocess.run(["cc", "-x", "c", "-std=c11", "-Wall", "-Werror", "-Wno-unused",
                                   "-fsyntax-only", "-I" + SOURCE + "/include", "-"], input=text, text=True,
                                  capture_output=True, check=False)
            reason = done.stderr
        else:
            reason = self.yaml(text)
        self.tap.case(title, reason)

    def yaml(self, text):
        """As the program reads it: a lens, or a member of a file that is no lens."""
        if self.name in BY_OPS:
            return ""
        if re.match(r"\s*- ", text):
            text = "lens:\n" + text
        with open(self.folder + "/block.yaml", "w", encoding="utf-8") as file:
            file.write(text)
        _, out = self.shell("chesterfield convert --lens block.yaml")
        # Of what is no lens, an error with a column is one of the language.
        is_lens = re.search(r"^lens:", text, re.M)
        return out if is_lens or re.search(r"block.yaml:\d+:\d+:", out) else ""

    def block(self, line, kind, name, lines):
        title = f"{self.name}:{line}"
        if name and kind in ("yaml", "json"):
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.replaced("\n".join(lines) + "\n"))
        if kind is None:
            self.tap.case(title, "a block by indentation: say with a fence what it is")
        elif kind == "console":
            self.console(title, lines)
        elif kind == "sh":
            self.sh(title, lines)
        elif kind in ("yaml", "json", "c"):
            self.read(title, kind, lines)
        elif kind in ("text", "js"):
            self.not_run += 1
        else:
            self.tap.case(title, f'"{kind}" does not say what it is')

    def run(self):
        with open(os.path.join(SOURCE, self.name), encoding="utf-8") as page:
            for block in blocks(page.read()):
                self.block(*block)
        known = NOT_RUN.get(self.name, 0)
        self.tap.case(f"{self.name}: {known} blocks are shown and not run",
                      "" if self.not_run == known else f"there are {self.not_run}")


def main():
    tap = Tap()
    os.mkdir("bin")
    os.symlink(PROGRAM, "bin/chesterfield")
    pages = ["README.md", "CONTRIBUTING.md"] + sorted(
        "docs/" + name for name in os.listdir(SOURCE + "/docs") if name.endswith(".md"))
    for name in sys.argv[1:] or pages:
        Page(tap, name).run()
    tap.line(f"1..{tap.count}")
    sys.exit(tap.failed > 0)


main()
