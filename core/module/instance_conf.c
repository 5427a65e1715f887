/*
 * A module's look at its own directives. Results are kept with the instance, since the module may
 * hold them for as long, and a reload replaces the config under it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/directive.h"
#include "conf/value.h"
#include "module/object.h"

static const struct conf_node EMPTY = {.is_block = 1};

static const struct conf_node *block_of(const struct hawser_instance *self)
{
    return self->block == NULL ? &EMPTY : self->block;
}

#define TABLE_COUNT 2

/* The module's own rows first, then the core's of the same block: an adapter may need to know
 * `heartbeat`. */
static void get_tables(const struct hawser_instance *self, struct conf_table tables[TABLE_COUNT])
{
    tables[0] = self->module->directives;
    tables[1] = conf_core_table;
}

static int knows(struct hawser_instance *self, const char *function, const char *directive,
                 struct hawser_directive *row)
{
    struct conf_table tables[TABLE_COUNT];
    get_tables(self, tables);
    if (conf_row_find(tables, TABLE_COUNT, directive, self->context, row)) {
        return 1;
    }
    instance_misused(self, function, "no such directive belongs to the module or to its block");
    return 0;
}

static const char *keep(struct hawser_instance *self, const struct hawser_directive *row,
                        const char *word)
{
    if (word == NULL || row->type != HAWSER_VALUE_PATH) {
        return word == NULL ? NULL : values_text(&self->values, word);
    }
    char *path       = conf_value_path(word, self->prefix);
    const char *kept = path == NULL ? NULL : values_text(&self->values, path);
    free(path);
    return kept;
}

const char *instance_conf_string(struct hawser_instance *self, const char *directive)
{
    struct hawser_directive row;
    struct conf_table tables[TABLE_COUNT];
    get_tables(self, tables);
    if (!knows(self, "conf_string", directive, &row)) {
        return NULL;
    }
    (void)pthread_mutex_lock(&self->lock);
    const char *text = keep(
        self, &row, conf_get_string(block_of(self), tables, TABLE_COUNT, self->context, directive));
    (void)pthread_mutex_unlock(&self->lock);
    return text;
}

int64_t instance_conf_number(struct hawser_instance *self, const char *directive)
{
    struct hawser_directive row;
    struct conf_table tables[TABLE_COUNT];
    get_tables(self, tables);
    if (!knows(self, "conf_number", directive, &row)) {
        return 0;
    }
    (void)pthread_mutex_lock(&self->lock);
    int64_t number = conf_get_number(block_of(self), tables, TABLE_COUNT, self->context, directive);
    (void)pthread_mutex_unlock(&self->lock);
    return number;
}

static const struct conf_node *occurrence(const struct hawser_instance *self, const char *directive,
                                          size_t n)
{
    const struct conf_node *node = conf_find(block_of(self), directive, NULL);
    while (node != NULL && n-- > 0) {
        node = conf_find(block_of(self), directive, node);
    }
    return node;
}

size_t instance_conf_count(struct hawser_instance *self, const char *directive)
{
    struct hawser_directive row;
    size_t count = 0;
    if (!knows(self, "conf_count", directive, &row)) {
        return 0;
    }
    (void)pthread_mutex_lock(&self->lock);
    const struct conf_node *node = NULL;
    while ((node = conf_find(block_of(self), directive, node)) != NULL) {
        count++;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return count;
}

size_t instance_conf_words(struct hawser_instance *self, const char *directive, size_t n,
                           const char *const **words)
{
    struct hawser_directive row;
    size_t count = 0;
    *words       = NULL;
    if (!knows(self, "conf_words", directive, &row)) {
        return 0;
    }
    (void)pthread_mutex_lock(&self->lock);
    const struct conf_node *node = occurrence(self, directive, n);
    if (node != NULL && node->word_count > 1) {
        *words = values_words(&self->values, node->words + 1, node->word_count - 1);
        count  = *words == NULL ? 0 : node->word_count - 1;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return count;
}
