/*
 * Command line. See options.h.
 */
#include "host/options.h"

#include <event2/event.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "conf/value.h"
#include "hawser/module.h"

#define DEFAULT_WAIT_MS 30000

static const char HELP[] =
    "Usage: hawser [-htTqvV] [-c FILE] [-p PREFIX] [-e FILE] [-g DIRECTIVES] [-s SIGNAL] [-m "
    "FILE]\n"
    "\n"
    "  -c FILE        configuration file (default: " HAWSER_DEFAULT_CONFIG ")\n"
    "  -p PREFIX      folder that relative paths start from (default: " HAWSER_DEFAULT_PREFIX ")\n"
    "  -t             test the configuration, modules included, and exit\n"
    "  --plan         with -t: ask the running host what a reload would do;  --json: as JSON\n"
    "  -T             as -t, and print it with its includes expanded and secrets masked\n"
    "  -q             with -t: print errors alone\n"
    "  -g DIRECTIVES  directives in front of the configuration's, e.g. \"daemon off;\"\n"
    "  -e FILE        error log, in place of the configuration's error_log; \"stderr\" is one\n"
    "  -s SIGNAL      to the running host: stop, quit, reload (waits for the outcome), reopen\n"
    "  --wait=TIME    how long -s reload waits (default: 30s)\n"
    "  -m FILE        describe a module without running any of it, and exit\n"
    "  -v             print the version;  -V: and how it was built\n"
    "  -h             print this\n";

void options_print_help(FILE *out)
{
    options_print_version(out);
    fputs(HELP, out);
}

void options_print_version(FILE *out)
{
    fprintf(out, "hawser version: hawser/%s\n", HAWSER_VERSION);
}

void options_print_build(FILE *out)
{
    options_print_version(out);
    fprintf(out, "module ABI: %d.%d\n", HAWSER_ABI_MAJOR, HAWSER_ABI_MINOR);
    fprintf(out, "built by: %s, C %ld\n", __VERSION__, __STDC_VERSION__);
    fprintf(out, "OpenSSL: built with %s, running with %s\n", OPENSSL_VERSION_TEXT,
            OpenSSL_version(OPENSSL_VERSION));
    fprintf(out, "libevent: built with %s, running with %s\n", LIBEVENT_VERSION,
            event_get_version());
    fprintf(out, "Jansson: built with %s, running with %s\n", JANSSON_VERSION,
            jansson_version_str());
    fprintf(out, "prefix: %s\nconfiguration: %s\nmodules: %s\n", HAWSER_DEFAULT_PREFIX,
            HAWSER_DEFAULT_CONFIG, HAWSER_DEFAULT_MODULE_PATH);
}

static int is_signal(const char *word)
{
    return strcmp(word, "stop") == 0 || strcmp(word, "quit") == 0 || strcmp(word, "reload") == 0 ||
           strcmp(word, "reopen") == 0;
}

static int take_option(struct options *options, int letter, const char *value,
                       struct hawser_error *err)
{
    switch (letter) {
    case 'c':
        free(options->config);
        options->config = strdup(value);
        return options->config == NULL ? -1 : 0;
    case 'p':
        free(options->prefix);
        options->prefix = strdup(value);
        return options->prefix == NULL ? -1 : 0;
    case 'e':
        options->error_log = value;
        return 0;
    case 'g':
        options->directives = value;
        return 0;
    case 'q':
        options->quiet = 1;
        return 0;
    case 's':
        if (!is_signal(value)) {
            error_set(err, HAWSER_CONF_DIRECTIVE,
                      "-s takes stop, quit, reload or reopen, not \"%s\"", value);
            return -1;
        }
        options->signal = value;
        return 0;
    case 'w':
        return value == NULL ? 0 : conf_value_time(value, &options->wait_ms, err);
    case 'P':
        options->plan = 1;
        return 0;
    case 'J':
        options->json = 1;
        return 0;
    case 'm':
        options->module = value;
        return 0;
    default:
        return -1;
    }
}

/* Of several the last of this list counts, as in nginx: -T tests, too, and who asks for help gets
 * it. */
static int take_action(struct options *options, int letter)
{
    static const struct {
        int letter;
        enum options_action action;
    } ACTIONS[] = {{'t', OPTIONS_TEST},
                   {'T', OPTIONS_PRINT},
                   {'v', OPTIONS_VERSION},
                   {'V', OPTIONS_BUILD},
                   {'h', OPTIONS_HELP}};
    for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++) {
        if (ACTIONS[i].letter == letter) {
            if (ACTIONS[i].action > options->action) {
                options->action = ACTIONS[i].action;
            }
            return 1;
        }
    }
    return 0;
}

/* -t beside -s must not stop a host that was only to be tested, nor -m be forgotten over -t. */
static int decide_action(struct options *options, struct hawser_error *err)
{
    int tests = options->action == OPTIONS_TEST || options->action == OPTIONS_PRINT;
    if ((options->signal != NULL) + (options->module != NULL) + tests > 1) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "-t or -T, -s and -m ask for different things: give one of them");
        return -1;
    }
    if ((options->plan && options->action != OPTIONS_TEST) || (options->json && !options->plan)) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "--plan goes with -t, and --json with --plan");
        return -1;
    }
    if (options->action == OPTIONS_RUN && options->signal != NULL) {
        options->action = OPTIONS_SIGNAL;
    } else if (options->action == OPTIONS_RUN && options->module != NULL) {
        options->action = OPTIONS_DESCRIBE;
    }
    return 0;
}

/** @return given: `path` made absolute from `base`; NULL: no memory */
static char *join(const char *path, const char *base)
{
    return conf_value_path(path, base);
}

/* As in nginx a relative -c starts from the prefix; a file that is only there from the current
 * folder is what was meant, though. */
static int resolve_paths(struct options *options, const char *here)
{
    char *prefix = join(options->prefix == NULL ? HAWSER_DEFAULT_PREFIX : options->prefix, here);
    if (prefix == NULL) {
        return -1;
    }
    free(options->prefix);
    options->prefix = prefix;
    char *config = join(options->config == NULL ? HAWSER_DEFAULT_CONFIG : options->config, prefix);
    if (config != NULL && options->config != NULL && access(config, F_OK) != 0) {
        char *from_here = join(options->config, here);
        if (from_here != NULL && access(from_here, F_OK) == 0) {
            char *swap = config;
            config     = from_here;
            from_here  = swap;
        }
        free(from_here);
    }
    if (config == NULL) {
        return -1;
    }
    free(options->config);
    options->config = config;
    return 0;
}

static int explain_option(int letter, char *const *argv, struct hawser_error *err)
{
    if (err->code == 0) {
        if (letter == ':') {
            error_set(err, HAWSER_CONF_DIRECTIVE,
                      "option \"%s\" needs an argument; -h lists the options", argv[optind - 1]);
        } else {
            error_set(err, HAWSER_CONF_DIRECTIVE, "unknown option \"%s\"; -h lists the options",
                      argv[optind - 1]);
        }
    }
    return -1;
}

int options_parse(struct options *options, int argc, char *const *argv, struct hawser_error *err)
{
    static const struct option LONG[] = {
        {"wait", optional_argument, NULL, 'w'}, {"plan", no_argument, NULL, 'P'},
        {"json", no_argument, NULL, 'J'},       {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},    {NULL, 0, NULL, 0}};
    char here[PATH_MAX];
    *options = (struct options){.wait_ms = DEFAULT_WAIT_MS};
    opterr   = 0;
    for (int letter; (letter = getopt_long(argc, argv, ":c:p:e:g:s:m:tTqvVh", LONG, NULL)) != -1;) {
        if (letter == ':' || letter == '?') {
            return explain_option(letter, argv, err);
        }
        if (!take_action(options, letter) && take_option(options, letter, optarg, err) != 0) {
            return explain_option(letter, argv, err);
        }
    }
    if (optind < argc) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "unexpected argument \"%s\"; -h lists the options",
                  argv[optind]);
        return -1;
    }
    if (decide_action(options, err) != 0) {
        return -1;
    }
    if (getcwd(here, sizeof(here)) == NULL || resolve_paths(options, here) != 0) {
        error_set(err, HAWSER_SYSTEM_CALL,
                  "cannot make absolute paths (is the current folder gone?)");
        return -1;
    }
    return 0;
}

void options_fini(struct options *options)
{
    free(options->prefix);
    free(options->config);
    *options = (struct options){.wait_ms = DEFAULT_WAIT_MS};
}
