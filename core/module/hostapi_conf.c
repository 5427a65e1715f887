/*
 * A module reads its config. See hostapi_conf.h. The block passed the check with the same rows, so
 * reading cannot fail.
 */
#include "module/hostapi_conf.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/value.h"
#include "module/instance_impl.h"

static const struct conf_node EMPTY_BLOCK = {.is_block = 1};

static const struct conf_node *block_of(const struct hawser_instance *instance)
{
    return instance->block == NULL ? &EMPTY_BLOCK : instance->block;
}

/** An absolute path that lives as long as the instance; the same text gives the same pointer. */
static const char *keep_path(struct hawser_instance *instance, const char *word)
{
    char *path = conf_value_path(word, instance->prefix);
    struct list *node;
    list_for_each (node, &instance->paths) {
        struct instance_path *kept = LIST_ENTRY(node, struct instance_path, node);
        if (path != NULL && strcmp(kept->text, path) == 0) {
            free(path);
            return kept->text;
        }
    }
    size_t size                = path == NULL ? 0 : strlen(path) + 1;
    struct instance_path *kept = path == NULL ? NULL : malloc(sizeof(*kept) + size);
    if (kept == NULL) {
        log_write(LOG_ERROR, "%s: no memory for the path \"%s\"", instance->name, word);
        free(path);
        return NULL;
    }
    memcpy(kept->text, path, size);
    free(path);
    list_append(&instance->paths, &kept->node);
    return kept->text;
}

const char *hostapi_conf_string(struct hawser_instance *self, const char *directive)
{
    struct hawser_instance *instance = instance_of(self);
    struct conf_table tables[2];
    struct hawser_directive row;
    uint32_t context = instance_context(instance);
    instance_tables(instance, tables);
    const char *word = conf_get_string(block_of(instance), tables, 2, context, directive);
    if (word == NULL || !conf_row_find(tables, 2, directive, context, &row) ||
        row.type != HAWSER_VALUE_PATH) {
        return word;
    }
    return keep_path(instance, word);
}

int64_t hostapi_conf_number(struct hawser_instance *self, const char *directive)
{
    struct hawser_instance *instance = instance_of(self);
    struct conf_table tables[2];
    instance_tables(instance, tables);
    return conf_get_number(block_of(instance), tables, 2, instance_context(instance), directive);
}

size_t hostapi_conf_count(struct hawser_instance *self, const char *directive)
{
    const struct conf_node *node = NULL;
    size_t count                 = 0;
    while ((node = conf_find(block_of(instance_of(self)), directive, node)) != NULL) {
        count++;
    }
    return count;
}

size_t hostapi_conf_words(struct hawser_instance *self, const char *directive, size_t n,
                          const char *const **words)
{
    const struct conf_node *node = NULL;
    while ((node = conf_find(block_of(instance_of(self)), directive, node)) != NULL) {
        if (n-- == 0) {
            *words = node->words + 1;
            return node->word_count - 1;
        }
    }
    *words = NULL;
    return 0;
}
