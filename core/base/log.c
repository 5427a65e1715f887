/*
 * The process's error log. See log.h. One of the few process-wide singletons: every layer reports
 * here.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log_line.h"
#include "base/secret.h"

static const char *const LEVELS[HAWSER_LOG_LEVEL_COUNT] = {"emerg", "alert",  "crit", "error",
                                                           "warn",  "notice", "info", "debug"};

/* How a descriptor is written to so that a reader that is stuck holds nobody up. */
enum { WRITE_PLAIN, WRITE_WHEN_READY, WRITE_TO_SOCKET };

static struct {
    pthread_mutex_t lock;
    int fd; /* -1: standard error */
    int level;
    int echo;
    struct log_style style;
    char path[512];
    char process[32];
    uint64_t lost;   /* lines, since the process started */
    uint64_t untold; /* of them, told in no line yet */
    int lost_why;    /* errno of the last loss; 0: lines go out */
    int is_torn;     /* the last line has no end */
    void (*on_loss)(void *arg);
    void *on_loss_arg;
} process_log = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1, .level = HAWSER_LOG_NOTICE, .process = "hawser"};

int log_wants(const struct log_subject *about, int level)
{
    int own = about == NULL ? LOG_AS_PROCESS : about->level;
    return level <=
           (own == LOG_AS_PROCESS ? __atomic_load_n(&process_log.level, __ATOMIC_RELAXED) : own);
}

/* writing */

static int way_of(int fd)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || S_ISREG(about.st_mode)) {
        return WRITE_PLAIN;
    }
    return S_ISSOCK(about.st_mode) ? WRITE_TO_SOCKET : WRITE_WHEN_READY;
}

/* A pipe that is ready takes PIPE_BUF bytes at once, and so a line. Its own O_NONBLOCK is not ours
 * to set: standard error is shared with whoever started us. */
static ssize_t write_some(int fd, int way, const char *bytes, size_t len)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (way == WRITE_TO_SOCKET) {
        return send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (way == WRITE_WHEN_READY && poll(&ready, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(fd, bytes, len);
}

/* @return 0, or errno of what kept the line, or its end, from being written */
static int write_whole(int fd, const char *bytes, size_t len)
{
    int way = way_of(fd);
    while (len > 0) {
        ssize_t done = write_some(fd, way, bytes, len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return done == 0 ? EIO : errno;
        }
        process_log.is_torn = (size_t)done < len;
        bytes += done;
        len -= (size_t)done;
    }
    return 0;
}

static int write_line(const struct log_line *line)
{
    char bytes[LOG_LINE_MAX_BYTES];
    struct log_style style = process_log.style;
    style.journal          = style.journal && process_log.fd < 0;
    size_t len             = log_line_make(line, &style, bytes);
    int why                = process_log.is_torn ? write_whole(log_descriptor(), "\n", 1) : 0;
    if (why == 0) {
        why = write_whole(log_descriptor(), bytes, len);
    }
    if (process_log.echo && process_log.fd >= 0 && line->level <= HAWSER_LOG_ERROR) {
        (void)write_whole(STDERR_FILENO, bytes, len); /* the same is in the log */
    }
    return why;
}

/* A full disk must not stop the process: what is lost is counted, and said when there is room. */
static void lose(int why)
{
    process_log.lost++;
    process_log.untold++;
    process_log.lost_why = why;
    if (process_log.on_loss != NULL) {
        process_log.on_loss(process_log.on_loss_arg);
    }
}

static void tell_losses(const struct log_line *after)
{
    char text[160];
    struct log_line line = *after;
    int len              = snprintf(text, sizeof(text), "%llu lines before this one were lost: %s",
                                    (unsigned long long)process_log.untold, strerror(process_log.lost_why));
    line.about           = NULL;
    line.id              = "HW-BASE-001";
    line.level           = HAWSER_LOG_ALERT;
    line.message         = (struct hawser_slice){text, (size_t)(len < 0 ? 0 : len)};
    line.is_cut          = 0;
    if (write_line(&line) == 0) {
        process_log.untold   = 0;
        process_log.lost_why = 0;
    }
}

static void write_message(struct log_line *line)
{
    line->at      = clock_realtime();
    line->pid     = (int)getpid();
    line->process = process_log.process;
    int why       = write_line(line);
    if (why != 0) {
        lose(why);
    } else if (process_log.untold > 0) {
        tell_losses(line);
    }
}

void log_vabout(const struct log_subject *about, int level, const char *id, const char *fmt,
                va_list args)
{
    char message[LOG_MESSAGE_BYTES];
    if (level < 0 || level >= HAWSER_LOG_LEVEL_COUNT || !log_wants(about, level)) {
        return;
    }
    int saved_errno      = errno;
    int wanted           = vsnprintf(message, sizeof(message), fmt, args);
    int is_cut           = wanted >= (int)sizeof(message);
    size_t len           = wanted < 0 ? 0 : is_cut ? sizeof(message) - 1 : (size_t)wanted;
    struct log_line line = {.level   = level,
                            .id      = id,
                            .about   = about,
                            .message = {message, secret_mask(message, len, is_cut)},
                            .is_cut  = is_cut};
    (void)pthread_mutex_lock(&process_log.lock);
    write_message(&line);
    (void)pthread_mutex_unlock(&process_log.lock);
    errno = saved_errno;
}

void log_about(const struct log_subject *about, int level, const char *id, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    log_vabout(about, level, id, fmt, args);
    va_end(args);
}

void log_write(int level, const char *id, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    log_vabout(NULL, level, id, fmt, args);
    va_end(args);
}

void log_watch_losses(void (*fn)(void *arg), void *arg)
{
    (void)pthread_mutex_lock(&process_log.lock);
    process_log.on_loss     = fn;
    process_log.on_loss_arg = arg;
    (void)pthread_mutex_unlock(&process_log.lock);
}

uint64_t log_losses(int *why)
{
    (void)pthread_mutex_lock(&process_log.lock);
    uint64_t lost = process_log.lost;
    if (why != NULL) {
        *why = process_log.lost_why;
    }
    (void)pthread_mutex_unlock(&process_log.lock);
    return lost;
}

/* the file */

/* Opened without waiting: a named pipe that nobody reads must not hold a start or a reload up. */
static int replace_file(const char *path, struct hawser_error *err)
{
    int fd = -1;
    if (path[0] != 0) {
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
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
    (void)pthread_mutex_lock(&process_log.lock); /* clients of several threads open it */
    (void)snprintf(process_log.path, sizeof(process_log.path), "%s", path);
    (void)pthread_mutex_unlock(&process_log.lock);
    __atomic_store_n(&process_log.level, level, __ATOMIC_RELAXED);
    return 0;
}

/* systemd.exec(5): "device:inode" of the stream that it gave us. */
static int stderr_is_journal(void)
{
    const char *stream        = getenv("JOURNAL_STREAM");
    unsigned long long device = 0;
    unsigned long long inode  = 0;
    struct stat about;
    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &about) == 0 && about.st_dev == (dev_t)device &&
           about.st_ino == (ino_t)inode;
}

void log_use_style(int json)
{
    (void)pthread_mutex_lock(&process_log.lock);
    process_log.style = (struct log_style){.json = json, .journal = stderr_is_journal()};
    (void)pthread_mutex_unlock(&process_log.lock);
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
