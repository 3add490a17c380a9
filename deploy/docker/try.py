#!/usr/bin/env python3
"""Scales a running deployment up and down under load and counts what browsers lose: `make compose-try`.

    docker compose --profile simulator up -d
    deploy/docker/try.py

People sign in at the simulator, each opens streams through the load balancer, and numbered messages come at an even rate, while replicas of
web and gateways are added and taken away. Every second stream is left every ten seconds, as a page that is loaded again, so that the
replicas all get some. A stream that ends is opened again with the id that it had last. Every number has to come once on every stream, in
order. Exit code 0: it did.
"""

import argparse
import asyncio
import http.cookiejar
import json
import os
import re
import shlex
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# How long a single thing may take, in seconds.
PATIENCE = 60
PEOPLE = ["nelly", "mason", "amara", "hana", "jonas", "priya", "tomas", "yuki", "kofi", "wren", "oskar", "dario"]
STEPS = ["web=3", "gateway=2", "web=2", "gateway=1", "web=1", "web=2"]


def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
        return json.load(reply)


def sign_in(url, person):
    """Goes through the login and answers the Cookie header."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with browser.open(f"{url}/auth/login", timeout=PATIENCE) as page:
        text, place = page.read().decode(), page.url
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', text.split("<button")[0]))
    wanted = re.search(rf'value="(\d+)" data-user="{person}"', text)
    if wanted is None:
        raise SystemExit(f"{person} is nobody at {place}")
    fields = {name: value.replace("&amp;", "&") for name, value in fields.items()} | {"user": wanted[1]}
    browser.open(urllib.parse.urljoin(place, "/oauth2/authorize"), urllib.parse.urlencode(fields).encode(), PATIENCE).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


class Stream:
    """One browser's stream, opened again whenever it ends."""

    def __init__(self, url, cookie, restless):
        self.restless = restless
        at = urllib.parse.urlsplit(url)
        self.host, self.port, self.cookie = at.hostname, at.port or 80, cookie
        self.last, self.retry, self.opened = None, 1.0, 0
        self.ready = asyncio.Event()
        self.numbers, self.delays, self.odd = [], [], []

    async def follow(self):
        while True:
            try:
                await self.read()
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError):
                pass
            await asyncio.sleep(self.retry)

    async def read(self):
        reader, writer = await asyncio.wait_for(asyncio.open_connection(self.host, self.port), 5)
        try:
            again = "" if self.last is None else f"Last-Event-ID: {self.last}\r\n"
            writer.write(
                f"GET /api/stream?snapshot=1&events=message.created HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
                f"Accept: text/event-stream\r\nCookie: {self.cookie}\r\n{again}\r\n".encode()
            )
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
            if " 200 " not in head.split("\r\n")[0]:
                self.odd.append(head.split("\r\n")[0])
                return
            self.opened += 1
            text, opened = b"", time.time()
            while not self.restless or time.time() < opened + 10:
                # Web says something each 15 s.
                size = int(await asyncio.wait_for(reader.readline(), 40), 16)
                if size == 0:
                    return
                text += (await reader.readexactly(size + 2))[:-2]
                *events, text = text.split(b"\n\n")
                for event in events:
                    self.take(event.decode())
        finally:
            writer.close()

    def take(self, event):
        fields = dict(line.split(": ", 1) for line in event.split("\n") if ": " in line and not line.startswith(":"))
        if "retry" in fields:
            self.retry = int(fields["retry"]) / 1000
        name = fields.get("event")
        if name == "snapshot":
            self.ready.set()
        elif name in ("reset", "gap"):
            self.odd.append(event)
        elif name == "message.created":
            numbered = re.match(r"#(\d+) (\d+)", json.loads(fields["data"]).get("content") or "")
            if numbered:
                self.numbers.append(int(numbered[1]))
                self.delays.append(time.time() - int(numbered[2]) / 1e6)
        if "id" in fields:
            self.last = fields["id"]


async def compose(command, *words):
    program = await asyncio.create_subprocess_exec(
        *shlex.split(command), *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await program.communicate()
    if program.returncode != 0:
        raise SystemExit(f"{command} {' '.join(words)}:\n{told.decode()}")


async def run(options):
    cookies = [sign_in(options.url, person) for person in PEOPLE[: options.people]]
    streams = [Stream(options.url, cookie, at % 2 == 1) for cookie in cookies for at in range(options.streams)]
    tasks = [asyncio.create_task(stream.follow()) for stream in streams]
    for stream in streams:
        await asyncio.wait_for(stream.ready.wait(), PATIENCE)
    count = int(options.rate * options.pause * (len(options.steps) + 1))
    print(f"{len(streams)} streams of {len(cookies)} people; {count} messages, {options.rate:g} a second")
    # Numbers that no earlier run has used, so that nothing of it is taken for this one's.
    first = int(time.time())
    last = first + count - 1
    await asyncio.to_thread(call, f"{options.simulator}/control/burst", {"count": count, "rate": options.rate, "from": first, "wait": False})
    for step in options.steps:
        await asyncio.sleep(options.pause)
        began = time.time()
        await compose(options.compose, "scale", step)
        print(f"  {step} (took {time.time() - began:.0f} s)", flush=True)
    deadline = time.time() + options.pause + PATIENCE
    while time.time() < deadline and any(last not in stream.numbers[-50:] for stream in streams):
        await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    return report(streams, first, last)


def report(streams, first, last):
    lost = doubled = disordered = 0
    for stream in streams:
        seen = [number for number in stream.numbers if first <= number <= last]
        lost += last - first + 1 - len(set(seen))
        doubled += len(seen) - len(set(seen))
        disordered += sum(later < earlier for earlier, later in zip(seen, seen[1:]))
    delays = sorted(delay for stream in streams for delay in stream.delays)
    odd = [what for stream in streams for what in stream.odd]
    again = sum(stream.opened - 1 for stream in streams)
    at = lambda share: delays[min(len(delays) - 1, int(len(delays) * share))] * 1000 if delays else float("nan")
    print(f"{len(delays)} deliveries: {lost} lost, {doubled} doubled, {disordered} out of order; {again} streams opened again")
    print(f"latency p50 {at(0.5):.0f} ms, p95 {at(0.95):.0f} ms, p99 {at(0.99):.0f} ms, max {at(1):.0f} ms")
    for what in sorted(set(odd)):
        print(f"  {odd.count(what)} x {what!r}")
    return not (lost or doubled or disordered or odd or not delays)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://localhost:3000", help="the load balancer")
    parser.add_argument("--simulator", default="http://localhost:4000")
    parser.add_argument("--people", type=int, default=10, help="how many sign in")
    parser.add_argument("--streams", type=int, default=10, help="how many each opens")
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--pause", type=float, default=20, help="seconds between two steps")
    parser.add_argument("--steps", nargs="*", default=STEPS, metavar="SERVICE=N")
    parser.add_argument("--compose", default=os.environ.get("COMPOSE", "docker compose") + " --profile simulator")
    sys.exit(0 if asyncio.run(run(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
