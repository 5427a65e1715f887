/*
 * An adapter that misbehaves on demand, for tests of the processes around it. It speaks enough
 * Deribit to be READY, and asks `public/test` all the time, so that messages keep coming. While the
 * file `fault_file` is there (or always, where none is named), it has its fault: in `message` from
 * the `fault_at`-th on, or in `connected`. What an intruder would do is among them.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "hawser/adapter.h"
#include "hawser/module.h"

#define ASK_EACH_MS 20
#define BLOCK_MS    400

enum fault {
    FAULT_NONE,
    FAULT_CRASH,
    FAULT_HANG,
    FAULT_BLOCK,
    FAULT_CRASH_CONNECTED,
    FAULT_EXEC,
    FAULT_TRACE,
    FAULT_REACH
};

struct faulty {
    const struct hawser_host *host;
    struct hawser_instance *self;
    struct hawser_timer *timer;
    int64_t messages;
    char channel[64]; /* the last one asked for */
};

static int is_on(const struct faulty *faulty)
{
    const char *file = faulty->host->conf_string(faulty->self, "fault_file");
    return file == NULL || access(file, F_OK) == 0;
}

static volatile int for_ever = 1; /* no compiler knows */

/* What is refused without an end: other families of sockets, others' processes. */
static void reach_out(const struct faulty *faulty)
{
    int packet   = socket(AF_PACKET, SOCK_RAW, 0) < 0 ? errno : 0;
    int kernel   = socket(AF_ALG, SOCK_SEQPACKET, 0) < 0 ? errno : 0;
    int netlink  = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT) < 0 ? errno : 0;
    int master   = kill(getppid(), 0) < 0 ? errno : 0;
    int io_uring = syscall(SYS_io_uring_setup, 0, NULL) < 0 ? errno : 0;
    faulty->host->log(faulty->self, HAWSER_LOG_WARN,
                      HAWSER_MESSAGE("001") "reached: %d %d %d %d %d", packet, kernel, netlink,
                      master, io_uring);
}

static void misbehave(const struct faulty *faulty, enum fault fault)
{
    char *argv[]         = {"/bin/true", NULL};
    struct timespec time = {BLOCK_MS / 1000, BLOCK_MS % 1000 * 1000000L};
    switch (fault) {
    case FAULT_CRASH:
    case FAULT_CRASH_CONNECTED:
        abort(); /* a signal that no sanitizer takes for itself */
    case FAULT_HANG:
        while (for_ever) {
            (void)nanosleep(&time, NULL); /* interrupted or not: again */
        }
        break;
    case FAULT_BLOCK:
        (void)nanosleep(&time, NULL); /* a shorter one would not be noticed: the test would fail */
        break;
    case FAULT_EXEC:
        (void)execv(argv[0], argv); /* as the shell code of an intruder would: the worker is gone */
        break;
    case FAULT_TRACE:
        (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL); /* no matter what becomes of it */
        break;
    case FAULT_REACH:
        reach_out(faulty);
        break;
    case FAULT_NONE:
        break;
    }
}

static void ask(void *arg)
{
    struct faulty *faulty     = arg;
    struct hawser_error err   = HAWSER_ERROR_INIT;
    static const char text[]  = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"public/test\"}";
    struct hawser_slice bytes = {text, sizeof(text) - 1};
    faulty->timer             = faulty->host->timer_start(faulty->self, ASK_EACH_MS, ask, faulty);
    if (faulty->host->send_text(faulty->self, bytes, &err) != 0) {
        faulty->host->log(faulty->self, HAWSER_LOG_WARN, HAWSER_MESSAGE("002") "not asked: %s",
                          err.message);
    }
}

static void faulty_connected(void *adapter)
{
    struct faulty *faulty = adapter;
    enum fault fault      = (enum fault)faulty->host->conf_number(faulty->self, "fault");
    if (fault == FAULT_CRASH_CONNECTED && is_on(faulty)) {
        misbehave(faulty, fault);
    }
    ask(faulty);
}

static void faulty_disconnected(void *adapter, const struct hawser_error *why)
{
    struct faulty *faulty = adapter;
    (void)why;
    faulty->host->timer_stop(faulty->self, faulty->timer);
    faulty->timer = NULL;
}

/* Every channel is there at once; each message is data of the last one. */
static void faulty_subscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    struct faulty *faulty = adapter;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(faulty->channel, sizeof(faulty->channel), "%.*s", (int)channels[i].len,
                       channels[i].data);
        faulty->host->channel_confirmed(faulty->self, channels[i]);
    }
}

static void deliver(const struct faulty *faulty, const struct hawser_message *message)
{
    struct hawser_delivery delivery = {
        .channel     = {faulty->channel, strlen(faulty->channel)},
        .data        = message->bytes,
        .received_ns = message->received_ns,
        .flags       = HAWSER_DELIVERY_JSON,
    };
    if (delivery.channel.len > 0) {
        faulty->host->deliver(faulty->self, &delivery);
    }
}

static void faulty_message(void *adapter, const struct hawser_message *message)
{
    struct faulty *faulty = adapter;
    enum fault fault      = (enum fault)faulty->host->conf_number(faulty->self, "fault");
    faulty->messages++;
    faulty->host->alive(faulty->self);
    deliver(faulty, message);
    if (fault != FAULT_CRASH_CONNECTED &&
        faulty->messages >= faulty->host->conf_number(faulty->self, "fault_at") && is_on(faulty)) {
        misbehave(faulty, fault);
    }
}

static int faulty_create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                         struct hawser_error *err)
{
    struct faulty *faulty = calloc(1, sizeof(*faulty));
    if (faulty == NULL) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for a session");
        return -1;
    }
    faulty->host = host;
    faulty->self = self;
    *out         = faulty;
    return 0;
}

static void faulty_destroy(void *adapter)
{
    free(adapter);
}

static const struct hawser_adapter vtable = {
    .struct_size  = sizeof(vtable),
    .create       = faulty_create,
    .destroy      = faulty_destroy,
    .connected    = faulty_connected,
    .subscribe    = faulty_subscribe,
    .message      = faulty_message,
    .disconnected = faulty_disconnected,
};

static const struct hawser_directive rows[] = {
    {.name          = "fault",
     .default_value = "none",
     .choices       = "none|crash|hang|block|crash_connected|exec|trace|reach",
     .help          = "what goes wrong",
     .contexts      = HAWSER_IN_SESSION,
     .type          = HAWSER_VALUE_CHOICE,
     .min_args      = 1,
     .max_args      = 1},
    {.name          = "fault_at",
     .default_value = "3",
     .help          = "from which message on",
     .min           = 1,
     .max           = 1000000,
     .contexts      = HAWSER_IN_SESSION,
     .type          = HAWSER_VALUE_NUMBER,
     .min_args      = 1,
     .max_args      = 1},
    {.name     = "fault_file",
     .help     = "only while this file is there",
     .contexts = HAWSER_IN_SESSION,
     .type     = HAWSER_VALUE_PATH,
     .min_args = 1,
     .max_args = 1},
};

HAWSER_MODULE_NOTE(HAWSER_ADAPTER, "faulty", "1.0.0");

HAWSER_EXPORT const struct hawser_module hawser_module = {
    HAWSER_MODULE_HEAD,        .kind = HAWSER_ADAPTER,
    .name = "faulty",          .version = "1.0.0",
    .directives = rows,        .directive_count = sizeof(rows) / sizeof(rows[0]),
    .vtable.adapter = &vtable,
};
