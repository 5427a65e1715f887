/*
 * Kept strings. Their number is bounded by the different values that configs ever gave one
 * instance.
 */
#include "module/values.h"

#include <stdlib.h>
#include <string.h>

struct value_text {
    struct value_text *next;
    char text[];
};

struct value_words {
    struct value_words *next;
    size_t count;
    const char *words[];
};

const char *values_text(struct values *values, const char *text)
{
    size_t len = strlen(text);
    for (struct value_text *kept = values->texts; kept != NULL; kept = kept->next) {
        if (strcmp(kept->text, text) == 0) {
            return kept->text;
        }
    }
    struct value_text *kept = malloc(sizeof(*kept) + len + 1);
    if (kept == NULL) {
        return NULL;
    }
    memcpy(kept->text, text, len + 1);
    kept->next    = values->texts;
    values->texts = kept;
    return kept->text;
}

/* Kept texts are unique, so that equal ones have one address. */
static const char *const *find_words(const struct values *values, const char *const *words,
                                     size_t count)
{
    for (const struct value_words *kept = values->words; kept != NULL; kept = kept->next) {
        if (kept->count == count && memcmp(kept->words, words, count * sizeof(char *)) == 0) {
            return kept->words;
        }
    }
    return NULL;
}

const char *const *values_words(struct values *values, const char *const *words, size_t count)
{
    struct value_words *kept = malloc(sizeof(*kept) + count * sizeof(char *));
    if (kept == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        kept->words[i] = values_text(values, words[i]);
        if (kept->words[i] == NULL) {
            free(kept);
            return NULL;
        }
    }
    const char *const *same = find_words(values, kept->words, count);
    if (same != NULL) {
        free(kept);
        return same;
    }
    kept->count   = count;
    kept->next    = values->words;
    values->words = kept;
    return kept->words;
}

void values_fini(struct values *values)
{
    while (values->words != NULL) {
        struct value_words *next = values->words->next;
        free(values->words);
        values->words = next;
    }
    while (values->texts != NULL) {
        struct value_text *next = values->texts->next;
        explicit_bzero(values->texts->text, strlen(values->texts->text));
        free(values->texts);
        values->texts = next;
    }
}
