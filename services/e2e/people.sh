#!/usr/bin/env bash
# Two people, a room and what each may see and do, told with curl alone.
#
#   WEB1=http://127.0.0.1:3001 WEB2=http://127.0.0.1:3002 SIM=http://127.0.0.1:4000 services/e2e/people.sh
#
# WEB1 and WEB2 are two replicas of web (the same one will do), SIM is the simulator that they and a gateway use. nelly and mason
# share the guild Fanfare Café, where staff-notes is for nelly's role; hana is there too, and Quiet Garden has no bot.
# Cookies are shared by all ports of a host, so that a session of one replica holds at the other.
set -euo pipefail

: "${WEB1:?}" "${WEB2:?}" "${SIM:?}"
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

say() { printf '%s\n' "$*"; }
fail() {
    say "FAILED: $*"
    for file in "$work"/*.stream "$work"/body; do
        [ -e "$file" ] && { say "--- ${file##*/}"; tail -n 40 "$file"; }
    done
    exit 1
}

# until_so SECONDS WHAT COMMAND...: waits until the command succeeds.
until_so() {
    local left=$(($1 * 10)) what=$2
    shift 2
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || fail "$what"
        sleep 0.1
    done
}
holds() { grep -q -- "$2" "$work/$1"; }
has_ended() { ! kill -0 "$1" 2>/dev/null; }

control() { curl -sS --fail-with-body -H 'content-type: application/json' -d "$2" "$SIM/control/$1"; }

# login USER: signs in at the first replica, as if the user's button was pressed on Discord's page.
login() {
    local jar="$work/$1.cookies" page back
    page=$(curl -sS -o "$work/body" -c "$jar" -w '%{redirect_url}' "$WEB1/auth/login?returnTo=/")
    back=$(curl -sS -o "$work/body" -w '%{redirect_url}' -d "${page#*\?}&user=$1" "${page%%\?*}")
    curl -sS -o "$work/body" -b "$jar" -c "$jar" "$back"
    curl -sS --fail-with-body -o "$work/body" -b "$jar" "$WEB1/api/me" || fail "$1 is not signed in"
}

# stream USER WEB: reads the user's stream of the guild into a file; its process is $reader.
stream() {
    curl -sSN -b "$work/$1.cookies" "$2/api/stream?guild=$guild&events=voice.*,room.*,message.*&snapshot=1" >"$work/$1.stream" &
    reader=$!
    until_so 30 "$1's stream begins" holds "$1.stream" 'event: snapshot'
}

# call USER FUNCTION BODY: the answer's status is printed, its body in $work/body, its head in $work/head.
call() {
    curl -sS -o "$work/body" -D "$work/head" -w '%{http_code}' -b "$work/$1.cookies" -H "origin: $WEB1" \
        -H 'content-type: application/json' -d "$3" "$WEB1/api/rpc/$2"
}
expect() {
    local status
    status=$(call "$2" "$3" "$4")
    [ "$status" = "$1" ] || fail "$3 $4 by $2: $status instead of $1"
}
field() { grep -o "\"$1\":\"[^\"]*\"" "$work/body" | head -n 1 | cut -d '"' -f 4; }

# value_of JSON FIELD: an id in an answer of the simulator.
value_of() { grep -o "\"$2\":\"[0-9]*\"" <<<"$1" | head -n 1 | grep -o '[0-9]*'; }

here=$(control add-member '{"user": "mason"}')
guild=$(value_of "$here" guild) mason=$(value_of "$here" user)
garden=$(value_of "$(control add-member '{"guild": "Quiet Garden", "user": "nelly"}')" guild)
control leave '{"user": "nelly"}' >"$work/body"
control join '{"user": "mason", "channel": "Lounge"}' >"$work/body"
for user in nelly mason hana; do login "$user"; done
stream nelly "$WEB1"
stream mason "$WEB2"
masons=$reader
stream hana "$WEB2"
hanas=$reader
say "signed in, streams are open"

status=$(curl -sS -o "$work/body" -w '%{http_code}' -H 'content-type: application/json' -d '{"name": "x"}' "$WEB1/api/rpc/createRoom")
[ "$status" = 401 ] || fail "nobody makes a room: $status instead of 401"
expect 403 nelly createRoom "{\"name\": \"x\", \"guildId\": \"$garden\"}"
long=$(printf 'x%.0s' $(seq 101))
expect 400 nelly createRoom "{\"name\": \"$long\", \"guildId\": \"$guild\"}"
holds body '"field":"name"' || fail "the field is not named"
say "nobody, elsewhere and too long a name are refused"

expect 200 nelly createRoom "{\"name\": \"Quiet corner\", \"guildId\": \"$guild\"}"
room=$(field channelId) token=$(field inviteToken)
until_so 10 "the room appears on its maker's stream" holds nelly.stream "\"channelId\":\"$room\""
expect 200 mason joinRoom "{\"token\": \"$token\"}"
holds body '"moved":true' || fail "mason is in voice and was not moved"
until_so 10 "the room appears on the guest's stream" holds mason.stream "\"channelId\":\"$room\""
until_so 10 "nelly sees mason come" holds nelly.stream "\"channelId\":\"$room\",\"userId\":\"$mason\""
holds hana.stream "$room" && fail "hana hears of a room that is not hers"
say "a room is made, shared by a token, and nobody else's"

control message '{"user": "nelly", "channel": "staff-notes", "content": "the-secret-of-the-staff"}' >"$work/body"
control message '{"user": "nelly", "channel": "general", "content": "a word to everybody"}' >"$work/body"
for user in nelly mason hana; do
    until_so 10 "$user hears what all may hear" holds "$user.stream" 'a word to everybody'
done
holds nelly.stream 'the-secret-of-the-staff' || fail "nelly misses what her role may read"
for user in mason hana; do
    holds "$user.stream" 'the-secret-of-the-staff' && fail "$user hears what the staff says"
done
say "what the staff says stays with the staff"

control fault '{"kind": "rest-down"}' >"$work/body"
expect 502 nelly createRoom "{\"name\": \"Another\", \"guildId\": \"$guild\"}"
curl -sS --fail -X DELETE "$SIM/control/fault" >"$work/body"
say "Discord is down: 502"

for turn in $(seq 10); do expect 400 hana createRoom '{"name": ""}'; done
expect 429 hana createRoom '{"name": ""}'
grep -qi '^retry-after: [1-9]' "$work/head" || fail "429 without Retry-After"
say "the eleventh quick call is refused, with Retry-After"

status=$(curl -sS -o "$work/body" -w '%{http_code}' -X POST -b "$work/mason.cookies" -H "origin: $WEB1" -H 'content-type: application/json' -d '{}' "$WEB1/auth/logout")
[ "$status" -lt 400 ] || fail "mason logs out: $status"
until_so 10 "mason's stream on the other replica ends" has_ended "$masons"
expect 401 mason createRoom '{"name": "x"}'
control kick '{"user": "hana"}' >"$work/body"
until_so 10 "hana's stream ends" has_ended "$hanas"
say "streams end with the session and with the membership"
say "ok"
