/*
 * The process's error log. See log.h. One of the few process-wide singletons: every layer reports
 * here.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

#define LINE_MAX_BYTES 2048u

static const char *const LEVELS[HAWSER_LOG_LEVEL_COUNT] = {"emerg", "alert",  "crit", "error",
                                                           "warn",  "notice", "info", "debug"};

static struct {
    pthread_mutex_t lock;
    int fd; /* -1: standard error */
    int level;
    int echo;
    char path[512];
    char process[32];
} process_log = {PTHREAD_MUTEX_INITIALIZER, -1, HAWSER_LOG_NOTICE, 0, "", "hawser"};

int log_wants(int level)
{
    return level <= __atomic_load_n(&process_log.level, __ATOMIC_RELAXED);
}

static size_t format_head(char *line, size_t size, int level)
{
    clock_ns_t now  = clock_realtime();
    time_t seconds  = (time_t)(now / CLOCK_NS_PER_S);
    struct tm local = {0};
    (void)localtime_r(&seconds, &local);
    size_t len = strftime(line, size, "%Y/%m/%d %H:%M:%S", &local);
    int more   = snprintf(line + len, size - len,
                          ".%03d [%s] %d %s: ", (int)(now % CLOCK_NS_PER_S / CLOCK_NS_PER_MS),
                          LEVELS[level], (int)getpid(), process_log.process);
    return more < 0 ? len : len + (size_t)more;
}

static void write_whole(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return; /* a full disk must not stop the process, and there is nowhere left to say it */
        }
        bytes += done;
        len -= (size_t)done;
    }
}

void log_vwrite(int level, const char *fmt, va_list args)
{
    if (level < 0 || level >= HAWSER_LOG_LEVEL_COUNT || !log_wants(level)) {
        return;
    }
    int saved_errno = errno;
    char line[LINE_MAX_BYTES];
    (void)pthread_mutex_lock(&process_log.lock);
    size_t head = format_head(line, sizeof(line), level);
    int wanted  = vsnprintf(line + head, sizeof(line) - head - 1, fmt, args);
    size_t len  = head + (wanted < 0 ? 0 : (size_t)wanted);
    if (len > sizeof(line) - 2) {
        len = sizeof(line) - 2;
        memcpy(line + len - 3, "...", 3);
    }
    for (size_t i = head; i < len; i++) {
        unsigned char c = (unsigned char)line[i];
        if (c < 0x20 || c == 0x7f) {
            line[i] = '?';
        }
    }
    line[len++] = '\n';
    write_whole(process_log.fd < 0 ? STDERR_FILENO : process_log.fd, line, len);
    if (process_log.echo && process_log.fd >= 0 && level <= HAWSER_LOG_ERROR) {
        write_whole(STDERR_FILENO, line, len);
    }
    (void)pthread_mutex_unlock(&process_log.lock);
    errno = saved_errno;
}

void log_write(int level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    log_vwrite(level, fmt, args);
    va_end(args);
}

static int replace_file(const char *path, struct hawser_error *err)
{
    int fd = -1;
    if (path[0] != 0) {
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0) {
            error_set_errno(err, HAWSER_CONF_FILE, errno, "cannot open the log \"%s\"", path);
            return -1;
        }
    }
    (void)pthread_mutex_lock(&process_log.lock);
    int old        = process_log.fd;
    process_log.fd = fd;
    (void)pthread_mutex_unlock(&process_log.lock);
    if (old >= 0) {
        (void)close(old); /* nothing of ours is buffered in it */
    }
    return 0;
}

int log_open(const char *path, int level, struct hawser_error *err)
{
    if (path == NULL || strcmp(path, "stderr") == 0) {
        path = "";
    }
    if (strlen(path) >= sizeof(process_log.path)) {
        error_set(err, HAWSER_CONF_FILE, "the log's path is longer than %zu bytes",
                  sizeof(process_log.path) - 1);
        return -1;
    }
    if (replace_file(path, err) != 0) {
        return -1;
    }
    (void)snprintf(process_log.path, sizeof(process_log.path), "%s", path);
    __atomic_store_n(&process_log.level, level, __ATOMIC_RELAXED);
    return 0;
}

int log_reopen(struct hawser_error *err)
{
    return replace_file(process_log.path, err);
}

void log_echo_to_stderr(int on)
{
    process_log.echo = on;
}

void log_set_process(const char *name)
{
    (void)snprintf(process_log.process, sizeof(process_log.process), "%s", name);
}

void log_close(void)
{
    if (process_log.fd >= 0) {
        (void)close(process_log.fd); /* nothing of ours is buffered in it */
    }
    process_log.fd      = -1;
    process_log.path[0] = 0;
}

int log_descriptor(void)
{
    return process_log.fd < 0 ? STDERR_FILENO : process_log.fd;
}

int log_level_parse(const char *name)
{
    for (int level = 0; level < HAWSER_LOG_LEVEL_COUNT; level++) {
        if (strcmp(name, LEVELS[level]) == 0) {
            return level;
        }
    }
    return -1;
}

const char *log_level_name(int level)
{
    return level >= 0 && level < HAWSER_LOG_LEVEL_COUNT ? LEVELS[level] : "?";
}
