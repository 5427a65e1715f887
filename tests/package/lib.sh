# shellcheck shell=bash
# What the tests of packages share. Sourced, by scripts that have a folder $work.

fail() {
    echo "$*"
    exit 1
}

# take_stock ROOT: what is there, but for the books of dpkg, apt and logrotate and for backups of the accounts; and the accounts.
take_stock() {
    (
        cd "$1"
        find . \( -path ./var/lib/dpkg -o -path ./var/cache -o -path ./var/log/apt -o -path ./proc -o -path ./sys -o -path ./dev \
            -o -path ./tmp -o -path ./root -o -path ./var/lib/apt -o -path ./var/lib/logrotate \) -prune -o -print |
            grep -vE '^./(etc/(passwd|group|shadow|gshadow|subuid|subgid)-?|etc/\.pwd\.lock|etc/ld\.so\.cache|var/log/.*\.log)$'
        cut -d: -f1 etc/passwd etc/group
    ) | sort
}

# nothing_is_left BEFORE AFTER: of two inventories. Folders of nobody's that a purge took along do not matter.
nothing_is_left() {
    local left
    left=$(LC_ALL=C comm -13 <(LC_ALL=C sort "$1") <(LC_ALL=C sort "$2"))
    [ -z "$left" ] || fail "the purge left: $left"
}

# newer DEB OUT: the same package in a later version, with another config in it.
newer() {
    dpkg-deb -R "$1" "$work/newer"
    sed -i 's/^\(Version: .*\)$/\1+1/' "$work/newer/DEBIAN/control"
    echo "# of the later version" >>"$work/newer/etc/hawser/hawser.conf"
    dpkg-deb --root-owner-group -b "$work/newer" "$2" >"$work/log"
    rm -rf "$work/newer"
}
