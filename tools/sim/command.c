/*
 * Command lines. See command.h.
 */
#include "sim/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int sim_command_fail(struct sim_command *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(c->error, sizeof(c->error), fmt, args);
    va_end(args);
    return -1;
}

int sim_command_number(struct sim_command *c, const char *word, uint64_t max, uint64_t *out)
{
    char *end                = NULL;
    errno                    = 0;
    unsigned long long value = strtoull(word, &end, 10);
    if (*word < '0' || *word > '9' || *end != '\0' || errno != 0 || value > max) {
        return sim_command_fail(c, "%s: expected a number of at most %llu", word,
                                (unsigned long long)max);
    }
    *out = value;
    return 0;
}

static int take_word(struct sim_command *c, const char *word)
{
    if (strncmp(word, "conn=", 5) == 0) {
        c->is_named = 1;
        return sim_command_number(c, word + 5, UINT64_MAX, &c->conn_id);
    }
    if (strncmp(word, "client=", 7) == 0) {
        c->is_named = 1;
        c->client   = word + 7;
        return 0;
    }
    if (c->count == SIM_COMMAND_WORDS) {
        return sim_command_fail(c, "more than %u words", SIM_COMMAND_WORDS);
    }
    c->word[c->count++] = word;
    return 0;
}

int sim_command_parse(struct sim_command *c, const char *line)
{
    size_t len = strlen(line);
    c->count   = 0;
    if (len >= sizeof(c->line)) {
        return sim_command_fail(c, "line over %zu bytes", sizeof(c->line) - 1);
    }
    memcpy(c->line, line, len + 1);
    char *at = c->line;
    while (*at != '\0') {
        size_t blank = strspn(at, " \t\r");
        at += blank;
        size_t word = strcspn(at, " \t\r");
        char *next  = at + word + (at[word] != '\0');
        at[word]    = '\0';
        if (word > 0 && take_word(c, at) != 0) {
            return -1;
        }
        at = next;
    }
    return c->count == 0 ? sim_command_fail(c, "no command; try help") : 0;
}

const struct sim_command_row *sim_command_find(const char *name)
{
    const struct sim_command_row *const tables[] = {SIM_LINK_COMMANDS, SIM_MODE_COMMANDS,
                                                    SIM_QUERY_COMMANDS};
    for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct sim_command_row *row = tables[i]; row->name != NULL; row++) {
            if (strcmp(row->name, name) == 0) {
                return row;
            }
        }
    }
    return NULL;
}

static const struct sim_command_row *find_for(struct sim_command *c)
{
    const struct sim_command_row *row = sim_command_find(c->word[0]);
    if (row == NULL) {
        (void)sim_command_fail(c, "unknown command %s; try help", c->word[0]);
    } else if (c->count - 1 < row->min_words || c->count - 1 > row->max_words) {
        (void)sim_command_fail(c, "usage: %s", row->usage);
        row = NULL;
    }
    return row;
}

int sim_command_check(const char *line, struct hawser_error *err)
{
    struct sim_command c = {.sim = NULL};
    if (sim_command_parse(&c, line) != 0 || find_for(&c) == NULL) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "%s", c.error);
        return -1;
    }
    return 0;
}

int sim_command_selects(const struct sim_command *c, const struct sim_conn *conn)
{
    if (conn->state >= SIM_CONN_LINGER) {
        return 0;
    }
    return (c->conn_id == 0 || conn->id == c->conn_id) &&
           (c->client == NULL ||
            (conn->client != NULL && strcmp(sim_conn_client_id(conn), c->client) == 0));
}

void sim_command_run(struct sim *sim, const char *line, struct sim_text *reply)
{
    struct sim_command c = {.sim = sim, .reply = reply};
    if (sim_command_parse(&c, line) == 0) {
        const struct sim_command_row *row = find_for(&c);
        if (row != NULL && row->fn(&c) == 0) {
            sim_text_add(reply, "\n");
            return;
        }
    }
    sim_text_printf(reply, "error %s\n", c.error);
}
