/*
 * One command line of the control socket or the script: its words, which connections it means, and
 * the table of all commands.
 */
#ifndef SIM_COMMAND_H
#define SIM_COMMAND_H

#include "sim/conn.h"
#include "sim/text.h"

#define SIM_COMMAND_WORDS 24u
#define SIM_COMMAND_MAX   2048u /* of a line [bytes] */

struct sim_command {
    struct sim *sim;
    struct sim_text *reply;              /* lines before the last; and what stands behind "ok " */
    const char *word[SIM_COMMAND_WORDS]; /* [0] is the name */
    unsigned count;
    uint64_t conn_id;   /* conn=N; 0: any */
    const char *client; /* client=ID; NULL: any */
    int is_named;       /* a selector was given */
    char line[SIM_COMMAND_MAX];
    char error[160];
};

/** @return 0, with what stands behind "ok" in c->reply; -1 with c->error set */
typedef int (*sim_command_fn)(struct sim_command *c);

struct sim_command_row {
    const char *name;
    const char *usage;
    const char *help;
    sim_command_fn fn;
    unsigned min_words; /* behind the name */
    unsigned max_words;
};

extern const struct sim_command_row SIM_LINK_COMMANDS[];  /* command_link.c: ends, frames */
extern const struct sim_command_row SIM_MODE_COMMANDS[];  /* command_mode.c: what holds on */
extern const struct sim_command_row SIM_QUERY_COMMANDS[]; /* command_query.c */

/** Split a line into words and selectors. @return 0, or -1 with c->error set */
int sim_command_parse(struct sim_command *c, const char *line);
/** @return the row of a command, or NULL */
const struct sim_command_row *sim_command_find(const char *name);
/** Can this line be carried out? Changes nothing. @return 0, or -1 with err set */
int sim_command_check(const char *line, struct hawser_error *err) HAWSER_MUST_CHECK;
/** @return -1, with c->error set */
int sim_command_fail(struct sim_command *c, const char *fmt, ...) HAWSER_PRINTF(2, 3);
/** Does a command without CONN concern this connection? @return 1 or 0 */
int sim_command_selects(const struct sim_command *c, const struct sim_conn *conn);
/** An unsigned number. @return 0, or -1 with c->error set */
int sim_command_number(struct sim_command *c, const char *word, uint64_t max, uint64_t *out);

#endif
