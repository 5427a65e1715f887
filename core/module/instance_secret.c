/*
 * Secrets that a module learned at run time, and those in its directives: kept so that they can be
 * forgotten when others take their place. Masking them is base/secret.h's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/slice.h"
#include "conf/directive.h"
#include "module/object.h"
#include "session/session.h"

#define NAME_MAX_BYTES 31u
#define MAX_SECRETS    16u

struct instance_secret {
    struct instance_secret *next;
    struct buf value; /* none where it was taken back */
    char name[NAME_MAX_BYTES + 1];
};

static int is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && len <= NAME_MAX_BYTES && name[len] == 0;
}

static struct instance_secret *find(struct hawser_instance *instance, const char *name,
                                    size_t *count)
{
    struct instance_secret *secret = instance->secrets;
    *count                         = 0;
    while (secret != NULL && strcmp(secret->name, name) != 0) {
        secret = secret->next;
        ++*count;
    }
    return secret;
}

/* @return NULL with err set */
static struct instance_secret *find_or_add(struct hawser_instance *instance, const char *name,
                                           struct hawser_error *err)
{
    size_t count                   = 0;
    struct instance_secret *secret = find(instance, name, &count);
    if (secret != NULL) {
        return secret;
    }
    if (count >= MAX_SECRETS) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "a module may learn %u secrets, each under its name",
                  MAX_SECRETS);
        return NULL;
    }
    secret = calloc(1, sizeof(*secret));
    if (secret == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a secret");
        return NULL;
    }
    memcpy(secret->name, name, strlen(name));
    secret->next      = instance->secrets;
    instance->secrets = secret;
    return secret;
}

static void forget(struct buf *value)
{
    if (value->len > 0) {
        secret_remove(buf_slice(value));
    }
    buf_cleanse(value);
}

int instance_secret_learned(struct hawser_instance *self, const char *name,
                            struct hawser_slice value, struct hawser_error *err)
{
    struct buf fresh = {0};
    if (!instance_is_on_loop(self, "secret_learned")) {
        error_set(err, HAWSER_SESSION_STATE, "only the loop's thread may tell a secret");
        return -1;
    }
    if (!is_name(name)) {
        error_set(err, HAWSER_REQUEST_INVALID, "a secret's name is [a-z0-9_], of at most %u bytes",
                  NAME_MAX_BYTES);
        return -1;
    }
    struct instance_secret *secret = find_or_add(self, name, err);
    if (secret == NULL) {
        return -1;
    }
    size_t len = value.len < SECRET_MAX_BYTES ? value.len : SECRET_MAX_BYTES;
    if (buf_append(&fresh, value.data, len) != 0 || secret_add(buf_slice(&fresh)) != 0) {
        buf_cleanse(&fresh);
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a secret");
        return -1;
    }
    forget(&secret->value);
    secret->value = fresh;
    if (self->session != NULL) {
        session_message_is_secret(self->session);
    }
    return 0;
}

/* words of the config */

static void forget_configured(struct buf *words)
{
    struct hawser_slice rest = buf_slice(words);
    while (rest.len > 0) {
        struct hawser_slice word = slice_of(rest.data);
        secret_remove(word);
        rest = slice_skip(rest, word.len + 1);
    }
    buf_cleanse(words);
}

static int add_words(const struct conf_node *block, const char *directive, struct buf *words)
{
    const struct conf_node *node = NULL;
    while ((node = conf_find(block, directive, node)) != NULL) {
        for (size_t i = 1; i < node->word_count; i++) {
            if (buf_append(words, node->words[i], strlen(node->words[i]) + 1) != 0 ||
                secret_add(slice_of(node->words[i])) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

int instance_secrets_configure(struct hawser_instance *instance, const struct conf_node *block)
{
    const struct conf_table *rows = &instance->module->directives;
    struct buf words              = {0};
    for (size_t i = 0; block != NULL && i < rows->count; i++) {
        struct hawser_directive row;
        if (conf_row_at(rows, i, &row) && (row.flags & HAWSER_DIRECTIVE_SECRET) != 0 &&
            add_words(block, row.name, &words) != 0) {
            buf_cleanse(&words); /* what was added stays masked: better than the opposite */
            return -1;
        }
    }
    forget_configured(&instance->conf_secrets);
    instance->conf_secrets = words;
    return 0;
}

void instance_secrets_forget(struct hawser_instance *instance)
{
    forget_configured(&instance->conf_secrets);
    while (instance->secrets != NULL) {
        struct instance_secret *secret = instance->secrets;
        instance->secrets              = secret->next;
        forget(&secret->value);
        free(secret);
    }
}
