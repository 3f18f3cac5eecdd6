#!/usr/bin/env python3
"""An operator's script that drives the shell at a terminal: it makes extensions one by one, backs up now and then,
answers questions by y, watches for COMMAND BUSY, and takes an output that ends in "> " for the prompt.

operator.py FIRST COUNT BACKUP_EVERY -- PROGRAM WORDS...   (the shell). One line of JSON on stdout at the end.
"""
import json, os, pty, select, sys, time

first, count, every = (int(word) for word in sys.argv[1:4])
program = sys.argv[sys.argv.index("--") + 1:]
PROMPT, QUESTION = "> ", "Are you sure? (Y/N): "
DEADLINE = time.time() + 90

pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "vt100"
    os.execvp(program[0], program)

seen = ""
answered = 0


def wait_for_prompt(before=""):
    """What came until the next prompt; a question on the way is answered."""
    global seen, answered
    got = before
    while not got.endswith(PROMPT):
        if time.time() > DEADLINE:
            raise SystemExit("no prompt after: " + repr(got[-300:]))
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            text = os.read(terminal, 9999).decode()
            got += text
            seen += text
        if got.endswith(QUESTION):
            answered += 1
            os.write(terminal, b"y\n")
            got += "\n"
    return got


def command(line):
    os.write(terminal, (line + "\n").encode())
    return wait_for_prompt()


wait_for_prompt()
refused = []
backups = 0
for at in range(count):
    number = first + at
    for line in (
        f"extension -i --dir {number} --csp 10 --edn no --lim 1 --customer 0 --language-code en --secretary 0"
        " --free-on-second-line 0 --security-exception yes",
        f"ip_extension -i --dir {number} --protocol SIP",
    ):
        answer = command(line)
        if "COMMAND BUSY" in answer or "NOT EXECUTED" in answer or "SYNTAX ERROR" in answer:
            refused.append(line)
    if (at + 1) % every == 0:
        command("data_backup")
        backups += 1
command(f"extension -e -d {first}")
os.write(terminal, b"exit\n")
_, status = os.waitpid(pid, 0)
print(json.dumps({"refused": refused, "backups": backups, "answered": answered, "exit": os.waitstatus_to_exitcode(status),
                  "tail": seen[-400:]}))
