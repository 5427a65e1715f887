/*
 * Options. See options.h; the commands behind them are verbs.c's.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "conf/value.h"
#include "top.h"
#include "verbs.h"

static const char USAGE[] =
    "Usage: hawserctl [-s SOCKET | -c FILE -p PREFIX] [--json] [--timeout=TIME] COMMAND ...\n\n";
static const char OPTIONS[] =
    "\n"
    "  -s, --socket=PATH    control socket (default: as the configuration says)\n"
    "  -c, --config=FILE    configuration of the host\n"
    "  -p, --prefix=PREFIX  its prefix\n"
    "  -j, --json           print the host's answer as it came\n"
    "  -t, --timeout=TIME   how long to wait for it (default 30s)\n"
    "  -n, --count=COUNT    tail: end after so many records; top: after so many tables\n"
    "  -i, --interval=TIME  top: from one table to the next (default 1s)\n"
    "  -b, --batch          top: print tables one after the other, without a screen\n"
    "  -o, --sort=KEY       top: by name, state, rate, last, rtt, gaps or reconnects\n"
    "  -h, --help           print this\n"
    "  -v, --version        print the version\n"
    "\n"
    "Exit status: 0 done, 1 refused (the reason is printed), 2 usage, 3 no host answers.\n";

static int take_count(const char *word, int64_t *out, struct hawser_error *err)
{
    char *end     = NULL;
    long long got = strtoll(word, &end, 10);
    if (end == word || *end != '\0' || got < 1 || got > 1000000000) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "--count=%s is no number from 1 to 1000000000", word);
        return -1;
    }
    *out = got;
    return 0;
}

static int take_time(const char *option, const char *word, int64_t *out, struct hawser_error *err)
{
    if (conf_value_time(word, out, err) != 0) {
        error_prefix(err, "--%s", option);
        return -1;
    }
    if (*out < 10) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "--%s=%s is less than 10ms", option, word);
        return -1;
    }
    return 0;
}

static int take_sort(struct command *command, struct hawser_error *err)
{
    command->sort = optarg;
    if (!top_sorts_by(optarg)) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "--sort=%s is none of " TOP_SORT_KEYS, optarg);
        return -1;
    }
    return 0;
}

static int take_option(struct command *command, int letter, struct hawser_error *err)
{
    switch (letter) {
    case 's':
        command->socket = optarg;
        return 0;
    case 'c':
        command->config = optarg;
        return 0;
    case 'p':
        command->prefix = optarg;
        return 0;
    case 'j':
        command->json = 1;
        return 0;
    case 'b':
        command->batch = 1;
        return 0;
    case 't':
        return take_time("timeout", optarg, &command->timeout_ms, err);
    case 'i':
        return take_time("interval", optarg, &command->interval_ms, err);
    case 'n':
        return take_count(optarg, &command->count, err);
    case 'o':
        return take_sort(command, err);
    default:
        error_set(err, HAWSER_CONF_DIRECTIVE, "unknown option; --help lists them");
        return -1;
    }
}

static void print_help(void)
{
    fputs(USAGE, stdout);
    verbs_print_help(stdout);
    fputs(OPTIONS, stdout);
}

int ctl_options_read(struct command *command, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"socket", required_argument, NULL, 's'},   {"config", required_argument, NULL, 'c'},
        {"prefix", required_argument, NULL, 'p'},   {"json", no_argument, NULL, 'j'},
        {"timeout", required_argument, NULL, 't'},  {"count", required_argument, NULL, 'n'},
        {"interval", required_argument, NULL, 'i'}, {"batch", no_argument, NULL, 'b'},
        {"sort", required_argument, NULL, 'o'},     {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},        {NULL, 0, NULL, 0}};
    struct hawser_error err = HAWSER_ERROR_INIT;
    for (int letter; (letter = getopt_long(argc, argv, "s:c:p:jt:n:i:bo:hv", LONG, NULL)) != -1;) {
        if (letter == 'h') {
            print_help();
            return 1;
        }
        if (letter == 'v') {
            fputs("hawserctl/" HAWSER_VERSION "\n", stdout);
            return 1;
        }
        if (take_option(command, letter, &err) != 0) {
            fprintf(stderr, "hawserctl: %s\n", err.message);
            return CTL_USAGE + 1;
        }
    }
    command->words      = argv + optind;
    command->word_count = argc - optind;
    return 0;
}
