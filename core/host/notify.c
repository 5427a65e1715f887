/*
 * sd_notify(3). See notify.h.
 */
#include "host/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

/** A path, or with '@' in front a name in the abstract namespace. */
static int read_address(struct notify *notify, const char *word, struct hawser_error *err)
{
    size_t len = strlen(word);
    if ((word[0] != '/' && word[0] != '@') || len < 2 || len > sizeof(notify->address.sun_path)) {
        error_set(err, HAWSER_CONF_SYNTAX,
                  "NOTIFY_SOCKET=%.40s is neither an absolute path nor @NAME, or is too long: the "
                  "service manager is told nothing",
                  word);
        return -1;
    }
    notify->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(notify->address.sun_path, word, len);
    if (word[0] == '@') {
        notify->address.sun_path[0] = 0;
    }
    notify->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return 0;
}

static int read_number(const char *name, const char *word, long long *out, struct hawser_error *err)
{
    char *end = NULL;
    errno     = 0;
    *out      = strtoll(word, &end, 10);
    if (errno != 0 || end == word || *end != 0 || *out <= 0 || *out > INT64_MAX / 1000) {
        error_set(err, HAWSER_CONF_SYNTAX, "%s=%.40s is no positive number: no watchdog", name,
                  word);
        return -1;
    }
    return 0;
}

static int read_watchdog(struct notify *notify, struct hawser_error *err)
{
    const char *patience = getenv("WATCHDOG_USEC");
    const char *whose    = getenv("WATCHDOG_PID");
    long long time_us    = 0;
    long long pid        = 0;
    if (patience == NULL) {
        return 0;
    }
    if (read_number("WATCHDOG_USEC", patience, &time_us, err) != 0 ||
        (whose != NULL && read_number("WATCHDOG_PID", whose, &pid, err) != 0)) {
        return -1;
    }
    if (whose == NULL || pid == getpid()) {
        notify->watchdog = time_us * 1000;
        (void)unsetenv("WATCHDOG_PID"); /* cannot fail: the name is one */
    }
    return 0;
}

int notify_open(struct notify *notify, struct hawser_error *err)
{
    const char *word = getenv("NOTIFY_SOCKET");
    *notify          = (struct notify)NOTIFY_INIT;
    if (word == NULL) {
        return 0;
    }
    if (read_address(notify, word, err) != 0) {
        return -1;
    }
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd < 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "no socket for the service manager");
        return -1;
    }
    return read_watchdog(notify, err);
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0) {
        (void)close(notify->fd); /* a datagram is out or is not */
    }
    *notify = (struct notify)NOTIFY_INIT;
}

int notify_is_open(const struct notify *notify)
{
    return notify->fd >= 0;
}

int notify_send(const struct notify *notify, const char *lines)
{
    size_t len = strlen(lines);
    if (notify->fd < 0) {
        return 0;
    }
    ssize_t sent = sendto(notify->fd, lines, len, MSG_NOSIGNAL,
                          (const struct sockaddr *)&notify->address, notify->address_bytes);
    return sent == (ssize_t)len ? 0 : -1;
}

void notify_clean(char *text)
{
    for (; *text != 0; text++) {
        if (*text < 0x20 || *text > 0x7e) {
            *text = '?';
        }
    }
}
