# bash completion for hawserctl. Commands and options come from `hawserctl --help`, sessions from the host.

_hawserctl_sessions() {
    "$@" --timeout=2s --json sessions 2>/dev/null | grep -o '"session": *"[^"]*"' | cut -d'"' -f4
}

_hawserctl() {
    local current=${COMP_WORDS[COMP_CWORD]} help program=${COMP_WORDS[0]} verb="" arguments=0 i
    local host=("$program")
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -s | -c | -p) host+=("${COMP_WORDS[i]}" "${COMP_WORDS[++i]}") ;;
        --socket | --config | --prefix)
            [[ ${COMP_WORDS[i + 1]} == = ]] && host+=("${COMP_WORDS[i]}=${COMP_WORDS[i + 2]}") && ((i += 2))
            ;;
        -t | -n | -i | -o) ((i++)) ;;
        -* | =) [[ ${COMP_WORDS[i + 1]} == = ]] && ((i += 2)) ;;
        *) if [[ -z $verb ]]; then verb=${COMP_WORDS[i]}; else ((arguments++)); fi ;;
        esac
    done
    help=$("$program" --help 2>/dev/null)
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    -s | -c | -p) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
    -o) mapfile -t COMPREPLY < <(compgen -W "name state rate last rtt gaps reconnects" -- "$current") && return ;;
    -t | -n | -i) return ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '--[a-z]+' <<<"$help" | sort -u)" -- "$current")
    elif [[ -z $verb ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(sed -nE 's/^  ([a-z]+) .*/\1/p' <<<"$help")" -- "$current")
    elif ((arguments == 0)) && grep -qE "^  $verb NAME" <<<"$help"; then
        mapfile -t COMPREPLY < <(compgen -W "$(_hawserctl_sessions "${host[@]}")" -- "$current")
    fi
}

complete -F _hawserctl hawserctl
