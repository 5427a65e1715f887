#!/usr/bin/env bash
# A client of Hawser's control socket in shell: one request, and the lines that come back. Needs socat or OpenBSD's nc.
#
# usage: control-client.sh SOCKET METHOD [PARAMS]        ask, and print the whole answer
#        control-client.sh SOCKET follow NAME [PATTERN]  print a session's records, a line each, until it is interrupted
#
# docs/control-api.md has the methods. Exit status: 0 done, 1 the host refused, 2 usage, 3 no host answers.
set -euo pipefail

usage() {
    sed -n 's/^# \{0,1\}//; 4,5p' "$0" >&2
    exit 2
}

# From standard input to the socket, and what comes back to standard output; the host answers also to who has stopped to send.
connect() {
    if command -v socat >/dev/null; then
        exec socat -t 3600 - "UNIX-CONNECT:$1"
    elif command -v nc >/dev/null; then
        exec nc -N -U "$1"
    fi
    echo "control-client.sh: neither socat nor nc is here" >&2
    exit 1
}

# A request on standard output: METHOD PARAMS.
request() {
    printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$1" "$2"
}

# The connection is the stream's once the answer has come; it ends with us, and we with it.
follow() {
    local path=$1 params answer record pid
    params=$(printf '{"session":"%s","pattern":"%s"}' "$2" "${3:-*}")
    coproc HOST { connect "$path"; }
    pid=$HOST_PID
    # shellcheck disable=SC2064 # the process of now
    trap "kill $pid 2>/dev/null || true" EXIT
    trap 'exit 143' TERM INT
    exec {from}<&"${HOST[0]}" {to}>&"${HOST[1]}"
    request stream.attach "$params" >&"$to" || exit 3
    exec {to}>&-
    IFS= read -r answer <&"$from" || exit 3
    case $answer in
    '{"result"'*) ;;
    *) echo "$answer" >&2 && exit 1 ;;
    esac
    while IFS= read -r record <&"$from"; do
        printf '%s\n' "$record"
    done
}

[ $# -ge 2 ] || usage
if [ "$2" = follow ]; then
    [ $# -ge 3 ] || usage
    follow "$1" "$3" "${4:-*}"
    exit 0
fi
none={}
answer=$(request "$2" "${3:-$none}" | connect "$1") || exit 3
printf '%s\n' "$answer"
case $answer in
'{"result"'*) exit 0 ;;
'{"error"'*) exit 1 ;;
*) exit 3 ;;
esac
