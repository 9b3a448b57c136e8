"""Run a command in a terminal of its own and print, byte for byte, what it showed there.

Usage: in_terminal.py COLUMNS COMMAND...
"""
import fcntl
import os
import pty
import struct
import sys
import termios


def main() -> int:
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
        os.environ["TERM"] = os.environ.get("TERM_FOR_TEST", "xterm")
        os.execvp(sys.argv[2], sys.argv[2:])
    while True:
        try:
            shown = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not shown:
            break
        sys.stdout.buffer.write(shown)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


sys.exit(main())
