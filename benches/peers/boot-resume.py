"""Judges sessions in the way of boot-resume, for the comparison.

boot-resume.py list ROWS NOW_IN_MS   the sessions that were at work within 20 minutes, each with its transcript
boot-resume.py judge                 exit code 0 where the last lines on stdin are those of a turn that was cut off
boot-resume.py all STATE NOW_IN_MS   both in one process, without a shell: as fast as this way can be
"""

import glob
import json
import os
import re
import sys

WINDOW = 20 * 60 * 1000
LINES = 5
TRIVIAL = {"ok", "yes", "no", "thanks", "thx", "sure", "got it", "noted"}
METADATA = re.compile(r"(Conversation info|Sender) \(untrusted metadata\):\s*```json.*?```", re.S)


def listed(rows, now):
    with open(rows) as file:
        for key, row in json.load(file).items():
            is_left = key.endswith(":main") or any(part in key for part in ("heartbeat", ":cron:", ":subagent:"))
            transcript = row.get("sessionFile") or ""
            if not is_left and now - row.get("updatedAt", 0) <= WINDOW and os.path.exists(transcript):
                yield key, transcript


def text_of(message):
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if part.get("type") == "text")


def is_cut_off(lines):
    last = None
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if record.get("type") == "message":
            last = record["message"]
    if last is None:
        return False
    if last.get("role") == "toolResult":
        return True
    text = METADATA.sub("", text_of(last)).strip()
    if last.get("role") == "assistant":
        return not text
    is_mark = len(text) <= 2 and not any(c.isalnum() for c in text)
    return last.get("role") == "user" and text.lower() not in TRIVIAL and not is_mark


def last_lines(path):
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        size = 1 << 16
        while True:
            start = max(0, end - size)
            file.seek(start)
            lines = file.read(end - start).split(b"\n")
            if start == 0 or len(lines) > LINES + 1:
                return [line for line in lines if line][-LINES:]
            size *= 2


def main():
    if sys.argv[1] == "judge":
        sys.exit(0 if is_cut_off(sys.stdin.buffer) else 1)
    now = int(sys.argv[3])
    if sys.argv[1] == "list":
        for key, transcript in listed(sys.argv[2], now):
            print(key, transcript)
        return
    for rows in glob.glob(sys.argv[2] + "/agents/*/sessions/sessions.json"):
        for key, transcript in listed(rows, now):
            if is_cut_off(last_lines(transcript)):
                print(key)


main()
