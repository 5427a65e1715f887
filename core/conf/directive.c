/*
 * Rows of tables, and values by them. See directive.h.
 */
#include "conf/directive.h"

#include <string.h>

#include "base/error.h"
#include "conf/nearest.h"
#include "conf/value.h"

int conf_row_at(const struct conf_table *table, size_t index, struct hawser_directive *out)
{
    const char *row = (const char *)table->rows + index * table->row_size;
    *out            = (struct hawser_directive){0};
    memcpy(out, row, table->row_size < sizeof(*out) ? table->row_size : sizeof(*out));
    return out->name != NULL;
}

int conf_row_find(const struct conf_table *tables, size_t table_count, const char *name,
                  uint32_t context, struct hawser_directive *out)
{
    for (size_t t = 0; t < table_count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (conf_row_at(&tables[t], i, out) && (out->contexts & context) != 0 &&
                strcmp(out->name, name) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

const char *conf_nearest(const char *word, const struct conf_table *tables, size_t table_count,
                         uint32_t context)
{
    const char *nearest = NULL;
    int least           = 0;
    struct hawser_directive row;
    for (size_t t = 0; t < table_count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (!conf_row_at(&tables[t], i, &row) || (row.contexts & context) == 0) {
                continue;
            }
            int distance = conf_name_distance(word, row.name);
            if (distance >= 0 && (nearest == NULL || distance < least)) {
                nearest = row.name;
                least   = distance;
            }
        }
    }
    return nearest;
}

/* @return the first argument, else "on" for a flag that stands alone, else the default */
static const char *word_of(const struct conf_node *block, const struct hawser_directive *row)
{
    const struct conf_node *node = block == NULL ? NULL : conf_find(block, row->name, NULL);
    if (node != NULL && node->word_count > 1) {
        return node->words[1];
    }
    if (node != NULL && row->type == HAWSER_VALUE_FLAG) {
        return "on";
    }
    return row->default_value;
}

const char *conf_get_string(const struct conf_node *block, const struct conf_table *tables,
                            size_t table_count, uint32_t context, const char *name)
{
    struct hawser_directive row;
    return conf_row_find(tables, table_count, name, context, &row) ? word_of(block, &row) : NULL;
}

int64_t conf_get_number(const struct conf_node *block, const struct conf_table *tables,
                        size_t table_count, uint32_t context, const char *name)
{
    struct hawser_directive row;
    if (!conf_row_find(tables, table_count, name, context, &row)) {
        return 0;
    }
    struct hawser_error err = HAWSER_ERROR_INIT;
    const char *word        = word_of(block, &row);
    int64_t value           = 0;
    if (word == NULL || conf_value_check(&row, word, &value, &err) != 0) {
        return 0;
    }
    return value;
}
