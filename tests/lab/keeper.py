#!/usr/bin/python3
"""Starts a lab's servers and ends them, whatever becomes of the test that asked: it lives as long as its standard input.

One JSON object a line in, one out. Runs as root because Postfix must; apart from the servers it only touches the lab's own
directory, and it ends processes only by the ids of what it started.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time


class Server:
    def __init__(self, description):
        self.description = description
        self.process = None

    def launch(self):
        with open(self.description["log"], "ab") as log:
            self.process = subprocess.Popen(self.description["argv"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, cwd="/")

    def wait(self, timeout):
        """"" when every port answers, else what went wrong."""
        end = time.monotonic() + timeout
        for port in self.description["ports"]:
            while not self.answers(port):
                if self.process.poll() is not None:
                    return f"{self.description['argv'][0]} ended with status {self.process.returncode}"
                if time.monotonic() > end:
                    return f"nothing answers on port {port}"
                time.sleep(0.01)
        return ""

    @staticmethod
    def answers(port):
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def signal(self, number):
        """To the server and all its children: they are one process group."""
        if self.process:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                pass

    def stop(self):
        if not self.process:
            return
        # The group is the server's alone. A master that is told to end waits a second for children that have ended already.
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            self.process.wait(0.3)
        except subprocess.TimeoutExpired:
            pass
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.process = None


class Keeper:
    def __init__(self):
        self.servers = {}
        self.directory = None

    def do_start(self, request):
        self.directory = request["directory"]
        for name, description in request["servers"].items():
            for path, uid, gid in description.get("owned", []):
                os.chown(path, uid, gid)
            for path in description.get("root_owned", []):
                os.chown(path, 0, 0)
            self.servers[name] = Server(description)
            self.servers[name].launch()
        for name, server in self.servers.items():
            failure = server.wait(request["timeout"])
            if failure:
                self.stop_all()
                return {"error": f"{name}: {failure}"}
        return {}

    def do_stop(self, request):
        self.servers[request["server"]].stop()
        return {}

    def do_again(self, request):
        self.servers[request["server"]].launch()
        failure = self.servers[request["server"]].wait(request["timeout"])
        return {"error": failure} if failure else {}

    def do_signal(self, request):
        self.servers[request["server"]].signal(request["number"])
        return {}

    def do_read(self, request):
        """The files of a folder of the servers' that have this ending, by name."""
        texts = []
        for name in sorted(os.listdir(request["folder"])):
            if name.endswith(request["ending"]):
                with open(os.path.join(request["folder"], name), encoding="utf-8", errors="replace") as file:
                    texts.append(file.read())
        return {"texts": texts}

    def stop_all(self):
        for server in self.servers.values():
            server.stop()

    def finish(self, keep):
        self.stop_all()
        if self.directory and not keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def run(self):
        keep = False
        for line in sys.stdin:
            request = json.loads(line)
            if request["do"] == "finish":
                keep = request["keep"]
                break
            try:
                answer = getattr(self, "do_" + request["do"])(request)
            except OSError as error:
                answer = {"error": str(error)}
            print(json.dumps(answer), flush=True)
        self.finish(keep)


if __name__ == "__main__":
    # The test's terminal may send these to everybody; the end of standard input is what counts. A handler, not SIG_IGN,
    # which the servers would inherit.
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(ignored, lambda *_: None)
    os.umask(0o022)
    Keeper().run()
