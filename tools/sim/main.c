/*
 * hawser-sim: options, then the loop.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "sim/control.h"
#include "sim/sim.h"

static const char HELP[] =
    "Usage: hawser-sim [OPTION]...\n"
    "A simulator of Deribit's WebSocket API (v2) with faults on command.\n"
    "\n"
    "  --listen ADDRESS:PORT      serve ws:// here; port 0: any free one (default 127.0.0.1:0)\n"
    "  --tls-listen ADDRESS:PORT  serve wss:// here; needs --cert and --key\n"
    "  --cert FILE, --key FILE    certificate chain and private key, PEM\n"
    "  --any-address              allow addresses other than loopback\n"
    "  --client ID:SECRET         who may log in; repeat for more\n"
    "  --token-life S             life of access tokens (default 900; fractions allowed)\n"
    "  --rate N                   N messages a second on each connection, over its channels in\n"
    "                             turn (default: each channel at its own interval)\n"
    "  --broadcast                with --rate: one common stream of N messages a second, the same\n"
    "                             for all connections\n"
    "  --compression              compress for clients that offer permessage-deflate\n"
    "  --seed N                   what the markets do (default 1)\n"
    "  --heartbeat-min S          shortest heartbeat interval accepted (default 10)\n"
    "  --idle S                   drop connections that do nothing (default 60; 0: never)\n"
    "  --max-connections N        answer 429 to the next one (default 32)\n"
    "  --max-queue BYTES          cut readers that fall behind by more (default 16777216)\n"
    "  --control unix:PATH        take commands on this socket (see: help)\n"
    "  --send COMMAND             send a command to the simulator at --control, and exit\n"
    "  --requests FILE            note every request in it: a line of JSON each\n"
    "  --script FILE              commands by time: at 5s cut all; every 30s cut one\n"
    "  --quiet                    say nothing on standard error\n"
    "  --help, --version\n";

enum option_id {
    OPT_LISTEN = 256,
    OPT_TLS_LISTEN,
    OPT_CERT,
    OPT_KEY,
    OPT_ANY_ADDRESS,
    OPT_CLIENT,
    OPT_TOKEN_LIFE,
    OPT_RATE,
    OPT_BROADCAST,
    OPT_COMPRESSION,
    OPT_SEED,
    OPT_HEARTBEAT_MIN,
    OPT_IDLE,
    OPT_MAX_CONNECTIONS,
    OPT_MAX_QUEUE,
    OPT_CONTROL,
    OPT_SEND,
    OPT_SCRIPT,
    OPT_REQUESTS,
    OPT_QUIET,
    OPT_HELP,
    OPT_VERSION
};

static const struct option OPTIONS[] = {
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"tls-listen", required_argument, NULL, OPT_TLS_LISTEN},
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"any-address", no_argument, NULL, OPT_ANY_ADDRESS},
    {"client", required_argument, NULL, OPT_CLIENT},
    {"token-life", required_argument, NULL, OPT_TOKEN_LIFE},
    {"rate", required_argument, NULL, OPT_RATE},
    {"broadcast", no_argument, NULL, OPT_BROADCAST},
    {"compression", no_argument, NULL, OPT_COMPRESSION},
    {"seed", required_argument, NULL, OPT_SEED},
    {"heartbeat-min", required_argument, NULL, OPT_HEARTBEAT_MIN},
    {"idle", required_argument, NULL, OPT_IDLE},
    {"max-connections", required_argument, NULL, OPT_MAX_CONNECTIONS},
    {"max-queue", required_argument, NULL, OPT_MAX_QUEUE},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"send", required_argument, NULL, OPT_SEND},
    {"script", required_argument, NULL, OPT_SCRIPT},
    {"requests", required_argument, NULL, OPT_REQUESTS},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static double number(const char *name, double least, double most)
{
    char *end    = NULL;
    double value = strtod(optarg, &end);
    if (end == optarg || *end != '\0' || !(value >= least && value <= most)) {
        fprintf(stderr, "hawser-sim: %s %s: expected a number from %g to %g\n", name, optarg, least,
                most);
        exit(2);
    }
    return value;
}

static void take_client(struct sim_options *o)
{
    if (o->client_count == SIM_CLIENTS_MAX) {
        fprintf(stderr, "hawser-sim: more than %u clients\n", SIM_CLIENTS_MAX);
        exit(2);
    }
    /* The command line can be read by everybody on this machine: hide the secret there. */
    char *copy = strdup(optarg);
    if (copy == NULL) {
        exit(1);
    }
    char *secret = strchr(optarg, ':');
    if (secret != NULL) {
        memset(secret + 1, 'x', strlen(secret + 1));
    }
    o->clients[o->client_count++] = copy;
}

static void take_path(struct sim_options *o)
{
    if (strncmp(optarg, "unix:", 5) != 0 || optarg[5] == '\0') {
        fprintf(stderr, "hawser-sim: --control %s: expected unix:PATH\n", optarg);
        exit(2);
    }
    o->control = optarg + 5;
}

static int take_number(struct sim_options *o, int id)
{
    switch (id) {
    case OPT_TOKEN_LIFE:
        o->token_life_ms = (int64_t)(number("--token-life", 0.001, 31536000) * 1000);
        return 1;
    case OPT_RATE:
        o->rate = number("--rate", 0, SIM_RATE_MAX);
        return 1;
    case OPT_SEED:
        o->seed = (uint64_t)number("--seed", 0, 9e15);
        return 1;
    case OPT_HEARTBEAT_MIN:
        o->heartbeat_min_ms = (int64_t)(number("--heartbeat-min", 0.01, 3600) * 1000);
        return 1;
    case OPT_IDLE:
        o->idle_ms = (int64_t)(number("--idle", 0, 86400) * 1000);
        return 1;
    case OPT_MAX_CONNECTIONS:
        o->max_connections = (unsigned)number("--max-connections", 0, 10000);
        return 1;
    case OPT_MAX_QUEUE:
        o->max_queued_bytes = (size_t)number("--max-queue", 1024, 1e9);
        return 1;
    default:
        return 0;
    }
}

static int take_word(struct sim_options *o, int id, const char **send)
{
    switch (id) {
    case OPT_LISTEN:
        o->listen = optarg;
        return 1;
    case OPT_TLS_LISTEN:
        o->tls_listen = optarg;
        return 1;
    case OPT_CERT:
        o->cert = optarg;
        return 1;
    case OPT_KEY:
        o->key = optarg;
        return 1;
    case OPT_ANY_ADDRESS:
        o->any_address = 1;
        return 1;
    case OPT_CLIENT:
        take_client(o);
        return 1;
    case OPT_BROADCAST:
        o->is_broadcast = 1;
        return 1;
    case OPT_COMPRESSION:
        o->compresses = 1;
        return 1;
    case OPT_CONTROL:
        take_path(o);
        return 1;
    case OPT_SEND:
        *send = optarg;
        return 1;
    case OPT_SCRIPT:
        o->script = optarg;
        return 1;
    case OPT_REQUESTS:
        o->requests = optarg;
        return 1;
    case OPT_QUIET:
        o->is_quiet = 1;
        return 1;
    default:
        return 0;
    }
}

static void read_options(int argc, char **argv, struct sim_options *o, const char **send)
{
    int id;
    while ((id = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (id == OPT_HELP) {
            fputs(HELP, stdout);
            exit(0);
        }
        if (id == OPT_VERSION) {
            puts("hawser-sim " HAWSER_VERSION);
            exit(0);
        }
        if (!take_word(o, id, send) && !take_number(o, id)) {
            fputs("Try hawser-sim --help.\n", stderr);
            exit(2);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "hawser-sim: %s: not an option\n", argv[optind]);
        exit(2);
    }
    if (o->tls_listen == NULL && (o->cert != NULL || o->key != NULL)) {
        fputs("hawser-sim: --cert and --key are for --tls-listen: add it\n", stderr);
        exit(2);
    }
    if (o->is_broadcast && o->rate == 0) {
        fputs("hawser-sim: --broadcast is for --rate: add it\n", stderr);
        exit(2);
    }
    if (o->listen == NULL && o->tls_listen == NULL) {
        o->listen = "127.0.0.1:0";
    }
}

static int ask(const struct sim_options *options, const char *command)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (options->control == NULL) {
        fputs("hawser-sim: --send needs --control\n", stderr);
        return 2;
    }
    int rc = sim_control_ask(options->control, command, &err);
    if (rc < 0) {
        fprintf(stderr, "hawser-sim: %s\n", err.message);
    }
    return rc == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct sim sim;
    struct sim_options options = {.seed             = 1,
                                  .max_connections  = 32,
                                  .max_queued_bytes = 16u * 1024u * 1024u,
                                  .token_life_ms    = 900000,
                                  .heartbeat_min_ms = 10000,
                                  .idle_ms          = 60500};
    struct hawser_error err    = HAWSER_ERROR_INIT;
    const char *send           = NULL;
    read_options(argc, argv, &options, &send);
    (void)signal(SIGPIPE, SIG_IGN); /* a broken connection is an error of write, not a signal */
    if (send != NULL) {
        return ask(&options, send);
    }
    int rc = sim_init(&sim, &options, &err);
    if (rc == 0) {
        sim_run(&sim);
    } else {
        fprintf(stderr, "hawser-sim: %s\n", err.message);
    }
    sim_fini(&sim);
    for (unsigned i = 0; i < options.client_count; i++) {
        free((void *)(uintptr_t)options.clients[i]);
    }
    return rc == 0 ? 0 : 1;
}
