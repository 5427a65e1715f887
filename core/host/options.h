/*
 * The command line of hawser: nginx's options, and a few of our own.
 */
#ifndef CORE_HOST_OPTIONS_H
#define CORE_HOST_OPTIONS_H

#include <stdio.h>

#include "hawser/error.h"

/** Where several are asked for, the later one counts. */
enum options_action {
    OPTIONS_RUN,
    OPTIONS_SIGNAL,   /* -s */
    OPTIONS_DESCRIBE, /* -m */
    OPTIONS_TEST,     /* -t */
    OPTIONS_PRINT,    /* -T */
    OPTIONS_VERSION,  /* -v */
    OPTIONS_BUILD,    /* -V */
    OPTIONS_HELP      /* -h */
};

struct options {
    enum options_action action;
    char *prefix;           /* absolute */
    char *config;           /* absolute */
    const char *directives; /* -g; NULL: none */
    const char *error_log;  /* -e; NULL: as configured */
    const char *signal;     /* -s: stop, quit, reload, reopen */
    const char *module;     /* -m */
    int64_t wait_ms;        /* --wait of -s reload; how long to wait for the outcome */
    int quiet;              /* -q */
    int plan;               /* --plan of -t: what a reload would do */
    int json;               /* --json of --plan */
};

/** @param argv borrowed as long as the options. @return 0, or -1 with err set: which option, and
 * what it takes */
int options_parse(struct options *options, int argc, char *const *argv,
                  struct hawser_error *err) HAWSER_MUST_CHECK;
void options_fini(struct options *options);
void options_print_help(FILE *out);
void options_print_version(FILE *out);
/** -V: versions at build and run time, ABI, compiler, paths. */
void options_print_build(FILE *out);

#endif
