/*
 * A directive is a row: name, where it may stand, what its arguments are, its default and a line of
 * help. The core's own directives and every module's are such rows, so that all of them get
 * file:line errors and "did you mean" alike.
 */
#ifndef HAWSER_DIRECTIVE_H
#define HAWSER_DIRECTIVE_H

#include "hawser/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where a directive may stand; a bit mask. A module's rows use HAWSER_IN_SESSION (adapter) or
 * HAWSER_IN_BLOCK. */
enum hawser_context {
    HAWSER_IN_MAIN      = 1u << 0, /* outside every block */
    HAWSER_IN_SESSION   = 1u << 1, /* session NAME { } */
    HAWSER_IN_OUTPUT    = 1u << 2, /* output MODULE NAME { }: the core's rows */
    HAWSER_IN_TELEMETRY = 1u << 3, /* telemetry MODULE { }: the core's rows */
    HAWSER_IN_BLOCK     = 1u << 4  /* the block of the module itself: output or telemetry */
};

/** What one argument of a directive is. */
enum hawser_value_type {
    HAWSER_VALUE_STRING = 0, /* any word */
    HAWSER_VALUE_FLAG,       /* on | off */
    HAWSER_VALUE_NUMBER,     /* a decimal integer, in min..max */
    HAWSER_VALUE_TIME,    /* 500ms 5s 2m 1h 1d; a bare number is seconds; read as ms, in min..max */
    HAWSER_VALUE_SIZE,    /* 512 64k 1m 1g; read as bytes, in min..max */
    HAWSER_VALUE_CHOICE,  /* one of the words in `choices`, separated by | */
    HAWSER_VALUE_PATH,    /* relative to the prefix; read as an absolute path */
    HAWSER_VALUE_ADDRESS, /* HOST:PORT or unix:PATH */
    HAWSER_VALUE_URL,     /* ws:// or wss:// */
    HAWSER_VALUE_OPTIONS, /* key=value words; `choices` names the keys, separated by | */
    HAWSER_VALUE_COUNT
};

enum hawser_directive_flag {
    HAWSER_DIRECTIVE_REQUIRED = 1u << 0, /* the block is refused without it */
    HAWSER_DIRECTIVE_REPEATS =
        1u << 1, /* may stand several times; otherwise the second is an error */
    HAWSER_DIRECTIVE_SECRET =
        1u << 2, /* its arguments are never printed, and masked where they come back */
    HAWSER_DIRECTIVE_BLOCK = 1u << 3 /* ends in { } (the core's alone, so far) */
};

#define HAWSER_ANY_ARGS 0xffffu

/** One directive. Rows grow at the end; hawser_module.directive_size tells how long the module's
 * are. */
struct hawser_directive {
    const char *name;
    const char *default_value; /* as one would write it; NULL: none */
    const char *choices; /* CHOICE: "a|b|c"; OPTIONS: the keys; NUMBER, TIME, SIZE: words that stand
                            for 0, such as "off"; else NULL */
    const char *help;    /* one line, for the manual and for errors */
    int64_t min;         /* NUMBER, TIME [ms], SIZE [bytes]; min == max == 0: no limits */
    int64_t max;
    uint32_t contexts; /* enum hawser_context, or-ed */
    uint32_t type;     /* enum hawser_value_type, of every argument */
    uint32_t flags;    /* enum hawser_directive_flag, or-ed */
    uint16_t min_args;
    uint16_t max_args; /* HAWSER_ANY_ARGS: no limit */
};
HAWSER_NO_TAIL_PADDING(struct hawser_directive, max_args);

#ifdef __cplusplus
}
#endif
#endif
