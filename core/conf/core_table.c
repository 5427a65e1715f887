/*
 * The core's directives, every one that it obeys. See directive.h; what rows cannot say is in
 * core_check.c.
 */
#include "conf/directive.h"

#define K  INT64_C(1024)
#define M  (K * 1024)
#define G  (M * 1024)
#define S  INT64_C(1000)
#define MN (S * 60)
#define H  (MN * 60)
#define D  (H * 24)

#define MAIN      HAWSER_IN_MAIN
#define SESSION   HAWSER_IN_SESSION
#define OUTPUT    HAWSER_IN_OUTPUT
#define TELEMETRY HAWSER_IN_TELEMETRY
#define REQUIRED  HAWSER_DIRECTIVE_REQUIRED
#define REPEATS   HAWSER_DIRECTIVE_REPEATS
#define SECRET    HAWSER_DIRECTIVE_SECRET
#define BLOCK     HAWSER_DIRECTIVE_BLOCK
#define ANY       HAWSER_ANY_ARGS

#define ROW(name_, contexts_, type_, flags_, least, most, default_, choices_, min_, max_, help_)   \
    {                                                                                              \
        .name = (name_), .default_value = (default_), .choices = (choices_), .help = (help_),      \
        .min = (min_), .max = (max_), .contexts = (contexts_), .type = HAWSER_VALUE_##type_,       \
        .flags = (flags_), .min_args = (least), .max_args = (most)                                 \
    }

static const struct hawser_directive ROWS[] = {
    /* outside every block */
    ROW("worker_processes", MAIN, NUMBER, 0, 1, 1, "1", "auto", 1, 256,
        "worker processes; auto: one for each CPU"),
    ROW("master_process", MAIN, FLAG, 0, 1, 1, "on", NULL, 0, 0,
        "off: everything in one process, for debugging"),
    ROW("daemon", MAIN, FLAG, 0, 1, 1, "on", NULL, 0, 0, "off: stay in the foreground"),
    ROW("user", MAIN, STRING, 0, 1, 1, NULL, NULL, 0, 0,
        "account to change to after the start as root"),
    ROW("seccomp", MAIN, FLAG, 0, 1, 1, "off", NULL, 0, 0,
        "on: workers, observer and checker may make the system calls that they need, and no "
        "others"),
    ROW("error_log", MAIN, STRING, 0, 1, 3, "logs/error.log", NULL, 0, 0,
        "PATH or stderr, the lowest level that is written (debug to emerg), and text or json"),
    ROW("pid", MAIN, PATH, 0, 1, 1, "run/hawser.pid", NULL, 0, 0,
        "file that holds the process id of the master"),
    ROW("control", MAIN, STRING, 0, 1, 3, "unix:run/control.sock", NULL, 0, 0,
        "unix:PATH of the control socket, then mode=OCTAL and group=NAME; or off"),
    ROW("control_timeout", MAIN, TIME, 0, 1, 1, "30s", NULL, 100, H,
        "how long a client of the control socket may take over a line, or leave answers unread"),
    ROW("control_idle", MAIN, TIME, 0, 1, 1, "10m", "off", S, D,
        "a client of the control socket that asks nothing for so long is let go"),
    ROW("module_path", MAIN, PATH, 0, 1, 1, NULL, NULL, 0, 0,
        "folder of modules that load_module names without a slash; default: the installed ones"),
    ROW("load_module", MAIN, PATH, REPEATS, 1, 1, NULL, NULL, 0, 0, "shared object to load"),
    ROW("shutdown_timeout", MAIN, TIME, 0, 1, 1, "10s", NULL, 100, H,
        "longest time that a graceful stop may take"),
    ROW("reload_timeout", MAIN, TIME, 0, 1, 1, "30s", NULL, 100, H,
        "longest time that each step of a reload may take: the check, and each process's turn"),
    ROW("worker_timeout", MAIN, TIME, 0, 1, 1, "10s", "off", S, H,
        "a worker or observer whose loop does not turn for so long is ended and started again"),
    ROW("worker_restarts", MAIN, OPTIONS, 0, 1, 2, "most=5 within=10s", "most|within", 0, 0,
        "a process that dies so often is started once a minute, until it stays up (most=0: never "
        "so slowly)"),
    ROW("quarantine", MAIN, OPTIONS, 0, 1, 2, "most=3 within=10m", "most|within", 0, 0,
        "a session or adapter in whose code workers die so often gets a worker of its own (most=0: "
        "never)"),
    ROW("callback_budget", MAIN, TIME, 0, 1, 1, "100ms", "off", 10, MN,
        "a module whose function blocks for longer is named in the log"),
    ROW("busy_poll", MAIN, TIME, 0, 1, 1, "off", "off|on", 1, H,
        "so long after bytes arrived a worker does not sleep; on: it never does"),
    ROW("connect_budget", MAIN, OPTIONS, 0, 1, 2, "rate=5 burst=32", "rate|burst", 0, 0,
        "attempts to connect that all sessions together make to one host: most a second (0: no "
        "limit), and at once"),
    ROW("max_overlap", MAIN, NUMBER, 0, 1, 1, "4", NULL, 0, 16,
        "connections to one host beyond the usual number, while new ones take over from old ones "
        "(0: old ones leave first)"),
    ROW("include", MAIN | SESSION | OUTPUT | TELEMETRY, PATH, REPEATS, 1, 1, NULL, NULL, 0, 0,
        "file or glob pattern whose statements stand here"),
    ROW("session", MAIN, STRING, REPEATS | BLOCK, 1, 1, NULL, NULL, 0, 0,
        "NAME { }: a connection to keep"),
    ROW("output", MAIN, STRING, REPEATS | BLOCK, 2, 2, NULL, NULL, 0, 0,
        "MODULE NAME { }: where records go"),
    ROW("telemetry", MAIN, STRING, REPEATS | BLOCK, 1, 1, NULL, NULL, 0, 0,
        "MODULE { }: where counters and events go"),

    /* session NAME { } */
    ROW("adapter", SESSION, STRING, REQUIRED, 1, 1, NULL, NULL, 0, 0,
        "module that speaks the exchange's dialect"),
    ROW("url", SESSION, URL, REQUIRED, 1, 16, NULL, NULL, 0, 0,
        "ws:// or wss:// addresses of the exchange, the preferred one first"),
    ROW("credentials", SESSION, STRING, 0, 1, 1, NULL, NULL, 0, 0,
        "where the credentials are: file:PATH, env:NAME, or credential:NAME of systemd"),
    ROW("subscribe", SESSION, STRING, REPEATS, 1, ANY, NULL, NULL, 0, 0,
        "channels to keep subscribed"),
    ROW("output", SESSION, STRING, REPEATS, 1, ANY, NULL, NULL, 0, 0,
        "outputs that get what the session receives"),
    ROW("required", SESSION, FLAG, 0, 0, 1, "off", NULL, 0, 0,
        "the host counts as ready only when this session is"),
    ROW("log_level", SESSION, CHOICE, 0, 1, 1, NULL,
        "debug|info|notice|warn|error|crit|alert|emerg", 0, 0,
        "the lowest level of this session's lines in the log; default: that of error_log"),
    ROW("heartbeat", SESSION, TIME, 0, 1, 1, "30s", "off", S, H,
        "interval of heartbeats; a link that misses them is replaced"),
    ROW("heartbeat_text", SESSION, STRING, 0, 1, 2, NULL, NULL, 0, 0,
        "message to send as heartbeat, and its answer (a last * is any rest)"),
    ROW("calls_before_ready", SESSION, CHOICE, 0, 1, 1, "refuse", "refuse|wait", 0, 0,
        "what becomes of calls that come before the session is READY"),
    ROW("reconnect", SESSION, OPTIONS, 0, 1, 4, "delay=1s max_delay=30s jitter=1",
        "delay|max_delay|jitter|attempts", 0, 0,
        "backoff: first and longest delay, jitter 0 to 1, most attempts in a row (0: endless)"),
    ROW("stale_after", SESSION, STRING, REPEATS, 2, 2, NULL, NULL, 0, 0,
        "PATTERN TIME: matching channels must deliver within this time"),
    ROW("on_error", SESSION, STRING, REPEATS, 2, 3, NULL, NULL, 0, 0,
        "WHAT wait TIME, reconnect, stop or ignore: what follows from such an error"),
    ROW("rate_limit", SESSION, STRING, REPEATS, 2, 3, NULL, NULL, 0, 0,
        "POOL rate=N burst=N: tokens of one of the adapter's pools, where yours are others"),
    ROW("lines", SESSION, NUMBER, 0, 1, 1, "1", NULL, 1, 4,
        "connections at a time, whose messages are merged; each message is passed on once"),
    ROW("rotate", SESSION, TIME, 0, 1, 1, "off", "off", S, 168 * H,
        "a connection so old is replaced, the new one first"),
    ROW("move_timeout", SESSION, TIME, 0, 1, 1, "30s", NULL, 100, H,
        "for a connection that is to take over to become READY; else the old one goes on"),
    ROW("connect_timeout", SESSION, TIME, 0, 1, 1, "5s", NULL, 100, 10 * MN,
        "for each of resolving, connecting, TLS and the WebSocket upgrade"),
    ROW("auth_timeout", SESSION, TIME, 0, 1, 1, "10s", NULL, 100, 10 * MN,
        "for the exchange's answer to the authentication"),
    ROW("subscribe_timeout", SESSION, TIME, 0, 1, 1, "10s", NULL, 100, 10 * MN,
        "for all channels to be confirmed"),
    ROW("request_timeout", SESSION, TIME, 0, 1, 1, "30s", NULL, 100, H, "for the answer to a call"),
    ROW("bind", SESSION, STRING, 0, 1, 1, NULL, NULL, 0, 0,
        "local IPv4 or IPv6 address to connect from"),
    ROW("proxy", SESSION, STRING, 0, 1, 1, "off", NULL, 0, 0,
        "http://[USER:PASSWORD@]HOST:PORT (CONNECT) or socks5://... to go through; off: straight"),
    ROW("tcp_user_timeout", SESSION, TIME, 0, 1, 1, "30s", NULL, 100, H,
        "bytes that the other side does not acknowledge for so long end the link"),
    ROW("tcp_keepalive", SESSION, TIME, 0, 1, 1, "30s", "off", S, H,
        "silence after which TCP asks whether the other side is there"),
    ROW("header", SESSION, STRING, REPEATS | SECRET, 1, 1, NULL, NULL, 0, 0,
        "\"Name: value\": one more header of the upgrade request"),
    ROW("subprotocols", SESSION, STRING, 0, 1, ANY, NULL, NULL, 0, 0,
        "WebSocket subprotocols to offer, the preferred one first"),
    ROW("compression", SESSION, CHOICE, 0, 1, 1, "off", "off|on", 0, 0,
        "on: offer the exchange to compress messages (permessage-deflate)"),
    ROW("max_message", SESSION, SIZE, 0, 1, 1, "16m", NULL, K, G,
        "largest message that is accepted"),
    ROW("max_send_queue", SESSION, SIZE, 0, 1, 1, "4m", NULL, 64 * K, G,
        "most bytes that wait to be sent"),
    ROW("tls_verify", SESSION, FLAG, 0, 1, 1, "on", NULL, 0, 0,
        "off: any server certificate is accepted"),
    ROW("tls_ca", SESSION, PATH, 0, 1, 1, NULL, NULL, 0, 0,
        "PEM file of trusted roots instead of the system's"),
    ROW("tls_pin", SESSION, STRING, 0, 1, 16, NULL, NULL, 0, 0,
        "sha256//BASE64 of the keys that the server may have"),
    ROW("tls_certificate", SESSION, PATH, 0, 1, 1, NULL, NULL, 0, 0,
        "PEM file with a certificate of ours and its chain"),
    ROW("tls_certificate_key", SESSION, PATH, 0, 1, 1, NULL, NULL, 0, 0,
        "PEM file with the key of tls_certificate"),

    /* output MODULE NAME { } */
    ROW("queue_records", OUTPUT, NUMBER, 0, 1, 1, "65536", NULL, 16, 16 * M,
        "most records that wait to be written"),
    ROW("queue_bytes", OUTPUT, SIZE, 0, 1, 1, "64m", NULL, 64 * K, 16 * G,
        "most bytes that wait to be written"),
    ROW("when_full", OUTPUT, CHOICE, 0, 1, 1, "drop_oldest", "drop_oldest|drop_newest", 0, 0,
        "which records are dropped when the queue is full"),

    /* telemetry MODULE { } */
    ROW("flush", TELEMETRY, TIME, 0, 1, 1, "10s", NULL, 100, D,
        "interval at which counters are handed over"),
};

const struct conf_table conf_core_table = {
    .rows = ROWS, .count = sizeof(ROWS) / sizeof(ROWS[0]), .row_size = sizeof(ROWS[0])};
