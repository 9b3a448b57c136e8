"""tools/fetch-wheel against a server that cuts connections. Usage: fetch_wheel_test.py SOURCE_TREE [unittest arguments]"""
import hashlib
import http.server
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import unittest

TREE = pathlib.Path(sys.argv.pop(1))
CONTENT = random.Random(7).randbytes(1_000_000)
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT; closes the connection after `cut` bytes."""

    def __init__(self, cut=None, ranges=True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.cut, self.ranges, self.asked = cut, ranges, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.server_port}/some.whl"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        begin = int(asked[len("bytes="):-1]) if asked and self.server.ranges else 0
        if begin >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[begin:]
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:self.server.cut])
        self.close_connection = True

    def log_message(self, *_):
        pass


class FetchWheel(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "some.whl")

    def fetch(self, server, checksum=CHECKSUM):
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        command = [sys.executable, TREE / "tools/fetch-wheel", "--url", server.url(), "--tries", "2", "some==1",
                   self.file, checksum]
        return subprocess.run(command, capture_output=True, text=True)

    def content(self, path):
        return pathlib.Path(path).read_bytes()

    def test_goes_on_where_the_connection_was_cut(self):
        server = Server(cut=300_000)
        done = self.fetch(server)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.content(self.file), CONTENT)
        self.assertEqual(server.asked, [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"])
        self.assertFalse(os.path.exists(self.file + ".part"))

    def test_goes_on_with_what_an_earlier_run_left(self):
        pathlib.Path(self.file + ".part").write_bytes(CONTENT[:123_456])
        server = Server()
        self.assertEqual(self.fetch(server).returncode, 0)
        self.assertEqual(self.content(self.file), CONTENT)
        self.assertEqual(server.asked, ["bytes=123456-"])

    def test_keeps_what_came_where_nothing_more_comes(self):
        pathlib.Path(self.file + ".part").write_bytes(CONTENT[:1000])
        done = self.fetch(Server(cut=0))
        self.assertEqual(done.returncode, 1)
        self.assertIn("what came is kept", done.stderr)
        self.assertEqual(self.content(self.file + ".part"), CONTENT[:1000])

    def test_begins_again_where_the_server_knows_no_ranges(self):
        pathlib.Path(self.file + ".part").write_bytes(b"something else")
        self.assertEqual(self.fetch(Server(ranges=False)).returncode, 0)
        self.assertEqual(self.content(self.file), CONTENT)

    def test_a_whole_part_needs_no_more_bytes(self):
        pathlib.Path(self.file + ".part").write_bytes(CONTENT)
        self.assertEqual(self.fetch(Server()).returncode, 0)
        self.assertEqual(self.content(self.file), CONTENT)

    def test_a_wrong_checksum_leaves_nothing(self):
        done = self.fetch(Server(), checksum="0" * 64)
        self.assertEqual(done.returncode, 1)
        self.assertIn("checksum differs", done.stderr)
        self.assertFalse(os.path.exists(self.file))
        self.assertFalse(os.path.exists(self.file + ".part"))


if __name__ == "__main__":
    unittest.main()
