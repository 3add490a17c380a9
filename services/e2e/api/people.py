"""People of the simulator who call the API: schemathesis asks here for a cookie, and sends its good cases where they mean something."""

import itertools
import os
from urllib.parse import parse_qsl, urlsplit

import requests
import schemathesis
from schemathesis import GenerationMode

WEB = os.environ["WEB_URL"]
NAMES = ["nelly", "mason", "oskar", "priya", "tomas", "yuki", "ines", "kofi", "leila", "bram", "sofia", "dario", "wren", "hana", "jonas"]
PATIENCE = 30


def sign_in(name: str) -> str:
    """Goes to the simulated Discord and back, and returns the Cookie header."""
    browser = requests.Session()
    away = browser.get(f"{WEB}/auth/login", allow_redirects=False, timeout=PATIENCE).headers["location"]
    wish = dict(parse_qsl(urlsplit(away).query))
    page = away.split("?")[0]
    back = requests.post(page, data={**wish, "user": name}, allow_redirects=False, timeout=PATIENCE).headers["location"]
    home = browser.get(back, allow_redirects=False, timeout=PATIENCE)
    assert home.status_code == 303, f"{name} could not sign in: {home.status_code} {home.text}"
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


COOKIES = [sign_in(name) for name in NAMES]


def ask(cookie: str, path: str, body=None):
    headers = {"cookie": cookie}
    if body is None:
        reply = requests.get(WEB + path, headers=headers, timeout=PATIENCE)
    else:
        reply = requests.post(WEB + path, json=body, headers=headers, timeout=PATIENCE)
    assert reply.status_code == 200, f"{path}: {reply.status_code} {reply.text}"
    return reply.json()


FIRST = COOKIES[0]
GUILD = ask(FIRST, "/api/guilds")[0]["guildId"]
LOUNGE = next(room["channelId"] for room in ask(FIRST, f"/api/guilds/{GUILD}/rooms")["rooms"] if room["name"] == "Lounge")
USER = ask(FIRST, "/api/me")["userId"]
MESSAGE = ask(FIRST, "/api/rpc/sendMessage", {"channelId": LOUNGE, "content": "Hello!"})["messageId"]
MADE = [ask(cookie, "/api/rpc/createRoom", {"name": "Study hall", "guildId": GUILD}) for cookie in COOKIES[:5]]
INVITES = [ask(cookie, "/api/rpc/createInvite", {"channelId": room["channelId"]}) for cookie, room in zip(COOKIES, MADE)]

turns = itertools.cycle(COOKIES)
halves = itertools.cycle([True, False])
rooms = itertools.cycle(MADE)
invites = itertools.cycle(INVITES)


def known(path: str) -> dict:
    """What there is, by the names of fields and of parts of paths."""
    own = path.endswith(("deleteRoom", "createInvite"))
    channel = next(rooms)["channelId"] if own else LOUNGE
    invite = next(invites)
    return {
        "guild": GUILD,
        "guildId": GUILD,
        "channel": channel,
        "channelId": channel,
        "userId": USER,
        "messageId": MESSAGE,
        "token": invite["inviteToken"],
        "inviteId": invite["inviteId"],
    }


@schemathesis.auth(refresh_interval=None)
class Turn:
    """Somebody else for every case: nobody calls too often, and everybody's permissions are met."""

    def get(self, case, context):
        return next(turns)

    def set(self, case, data, context):
        name, _, value = data.partition("=")
        case.cookies = {**(case.cookies or {}), name: value}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every other good case speaks of what there is."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE or not next(halves):
        return
    there = known(case.operation.path)
    for part in (case.path_parameters, case.body):
        if isinstance(part, dict):
            part.update({name: value for name, value in there.items() if name in part})
