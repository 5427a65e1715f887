/*
 * hawser-bench: what receiving and routing cost. The command line; each command has a file.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char USAGE[] =
    "usage: hawser-bench serve [--port N] [--count N] [--rate N] [--binary] [--stamped] "
    "[--silent]\n"
    "                          [--tls-cert FILE --tls-key FILE] [--record message|big]\n"
    "       hawser-bench recv URL [--utf8 | --route [--scan learned|general|strict]]\n"
    "                          [--tls-ca FILE] [--count N]\n"
    "       hawser-bench latency URL [--busy | --bare | --loop] [--tls-ca FILE] [--count N]\n"
    "       hawser-bench idle URL N [--tls-ca FILE]\n"
    "       hawser-bench route FILE\n"
    "       hawser-bench messages [--kind ticker|book|trades|snapshot]\n"
    "       hawser-bench walk|rawrecv URL [--stock] [--tls-ca FILE] [--count N]\n"
    "Clients count until the server closes, and print one line of JSON.\n";

struct command {
    const char *name;
    int (*run)(const struct bench_options *options);
    int arguments;
};

static const struct command COMMANDS[] = {
    {"serve", bench_serve, 0}, {"recv", bench_recv, 1},       {"latency", bench_latency, 1},
    {"idle", bench_idle, 2},   {"route", bench_route, 1},     {"messages", bench_messages, 0},
    {"walk", bench_walk, 1},   {"rawrecv", bench_rawrecv, 1},
};

enum option_id {
    OPTION_PORT = 1,
    OPTION_COUNT,
    OPTION_RATE,
    OPTION_TLS_CERT,
    OPTION_TLS_KEY,
    OPTION_TLS_CA,
    OPTION_RECORD,
    OPTION_SCAN,
    OPTION_KIND
};

static struct bench_options options;

static const struct option LONG_OPTIONS[] = {
    {"port", required_argument, NULL, OPTION_PORT},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"tls-cert", required_argument, NULL, OPTION_TLS_CERT},
    {"tls-key", required_argument, NULL, OPTION_TLS_KEY},
    {"tls-ca", required_argument, NULL, OPTION_TLS_CA},
    {"record", required_argument, NULL, OPTION_RECORD},
    {"scan", required_argument, NULL, OPTION_SCAN},
    {"kind", required_argument, NULL, OPTION_KIND},
    {"route", no_argument, &options.route, 1},
    {"utf8", no_argument, &options.utf8, 1},
    {"binary", no_argument, &options.binary, 1},
    {"stamped", no_argument, &options.stamped, 1},
    {"silent", no_argument, &options.silent, 1},
    {"stock", no_argument, &options.stock, 1},
    {"bare", no_argument, &options.bare, 1},
    {"loop", no_argument, &options.loop, 1},
    {"busy", no_argument, &options.busy, 1},
    {NULL, 0, NULL, 0},
};

static int parse_number(const char *text, uint64_t max, uint64_t *number)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != 0 || value > max) {
        return -1;
    }
    *number = value;
    return 0;
}

/* @return 0; -1: no such option, or not a value for it */
static int take_option(int id, const char *value)
{
    uint64_t port = 0;
    switch (id) {
    case 0:
        return 0; /* a flag, set already */
    case OPTION_PORT:
        if (parse_number(value, UINT16_MAX, &port) != 0) {
            return -1;
        }
        options.port = (uint16_t)port;
        return 0;
    case OPTION_COUNT:
        return parse_number(value, UINT64_MAX, &options.count);
    case OPTION_RATE:
        return parse_number(value, 10000000, &options.rate);
    case OPTION_TLS_CERT:
        options.tls_cert = value;
        return 0;
    case OPTION_TLS_KEY:
        options.tls_key = value;
        return 0;
    case OPTION_TLS_CA:
        options.tls_ca = value;
        return 0;
    case OPTION_RECORD:
        options.big_records = strcmp(value, "big") == 0;
        return options.big_records || strcmp(value, "message") == 0 ? 0 : -1;
    case OPTION_SCAN:
        options.scan = value;
        return 0;
    case OPTION_KIND:
        options.kind = value;
        return 0;
    default:
        return -1;
    }
}

static const struct command *parse(int argc, char **argv)
{
    int id;
    while ((id = getopt_long(argc, argv, "", LONG_OPTIONS, NULL)) != -1) {
        if (take_option(id, optarg) != 0) {
            return NULL;
        }
    }
    int arguments = argc - optind - 1;
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]) && arguments >= 0; i++) {
        if (strcmp(argv[optind], COMMANDS[i].name) == 0 && arguments == COMMANDS[i].arguments) {
            options.target = arguments > 0 ? argv[optind + 1] : NULL;
            return arguments < 2 || parse_number(argv[optind + 2], 1000000, &options.sessions) == 0
                       ? &COMMANDS[i]
                       : NULL;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct command *command = parse(argc, argv);
    if (command == NULL) {
        fputs(USAGE, stderr);
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* cannot fail with these arguments */
    return command->run(&options) == 0 ? 0 : 1;
}
