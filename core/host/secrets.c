/*
 * Reading, selecting and forgetting credentials. See secrets.h.
 */
#include "host/secrets.h"

#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/slice.h"
#include "conf/mask.h"
#include "host/secret_source.h"
#include "host/settings.h"
#include "host/shard.h"

#define MAX_TRIPLE_BYTES (16u * 1024u * 1024u)

static int add_text(struct buf *out, const char *text)
{
    return buf_append(out, text, strlen(text) + 1);
}

static int add_pairs(struct secrets *secrets, const char *session, const struct conf_node *root,
                     struct hawser_error *err)
{
    size_t pairs = 0;
    for (const struct conf_node *node = root->first_child; node != NULL; node = node->next) {
        if (node->word_count != 2 || node->is_block || ++pairs > SECRETS_MAX_PAIRS) {
            error_set(err, HAWSER_CONF_SECRET,
                      "line %u of the credentials is not `key value;` (at most %u of them)",
                      node->line, SECRETS_MAX_PAIRS);
            return -1;
        }
        if (add_text(&secrets->triples, session) != 0 ||
            add_text(&secrets->triples, node->words[0]) != 0 ||
            add_text(&secrets->triples, node->words[1]) != 0 ||
            secret_add(conf_secret_value(node->words[0], node->words[1])) != 0) {
            error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for credentials");
            return -1;
        }
    }
    if (pairs == 0) {
        error_set(err, HAWSER_CONF_SECRET,
                  "the credentials are empty; expected `client_id ID; client_secret SECRET;`");
        return -1;
    }
    return 0;
}

static int read_session(struct secrets *secrets, const char *session, const char *source,
                        const struct secret_reader *reader, struct hawser_error *err)
{
    struct buf text;
    struct conf_problems problems;
    int rc = -1;
    buf_init(&text, SECRET_SOURCE_MAX_BYTES);
    conf_problems_init(&problems);
    struct conf_tree *tree = NULL;
    if (secret_source_read(source, reader, &text, err) != 0) {
        goto fail;
    }
    tree = conf_parse_bytes(buf_slice(&text), source, &problems);
    if (tree == NULL || problems.count > 0) {
        /* The parser's messages may quote the file, so they are not passed on. */
        error_set(err, HAWSER_CONF_SECRET, "the credentials are not written as `key value;` lines");
        goto fail;
    }
    rc = add_pairs(secrets, session, conf_tree_root(tree), err);
fail:
    conf_tree_destroy(tree);
    buf_cleanse(&problems.text);
    conf_problems_fini(&problems);
    buf_cleanse(&text);
    return rc;
}

void secrets_read(struct secrets *secrets, const struct conf_tree *tree, const char *prefix,
                  struct conf_problems *problems)
{
    const struct conf_node *session = NULL;
    struct secret_reader reader     = {prefix, settings_main_word(tree, "user")};
    buf_init(&secrets->triples, MAX_TRIPLE_BYTES);
    while ((session = conf_find(conf_tree_root(tree), "session", session)) != NULL) {
        const struct conf_node *credentials = conf_find(session, "credentials", NULL);
        struct hawser_error err             = HAWSER_ERROR_INIT;
        if (credentials == NULL || session->word_count < 2 || credentials->word_count < 2 ||
            !secret_source_is_known(credentials->words[1])) {
            continue; /* where a word is wrong, the check of the directives says so */
        }
        if (read_session(secrets, session->words[1], credentials->words[1], &reader, &err) != 0) {
            conf_problem(problems, credentials, "%s", err.message);
        }
    }
}

/** Take the next string off the front. @return NULL at the end */
static const char *next_text(struct hawser_slice *rest)
{
    const char *text = rest->data;
    const char *end  = rest->len == 0 ? NULL : memchr(rest->data, 0, rest->len);
    if (end == NULL) {
        return NULL;
    }
    size_t used = (size_t)(end - text) + 1;
    rest->data += used;
    rest->len -= used;
    return text;
}

/** Take the next triple. @return 1, or 0 at the end */
static int next_triple(struct hawser_slice *rest, const char *triple[3])
{
    for (int i = 0; i < 3; i++) {
        triple[i] = next_text(rest);
    }
    return triple[2] != NULL;
}

int secrets_select(const struct secrets *secrets, uint32_t index, const struct shards *shards,
                   struct buf *out)
{
    struct hawser_slice rest = buf_slice(&secrets->triples);
    const char *triple[3];
    while (next_triple(&rest, triple)) {
        if (shard_worker(shards, triple[0]) != index) {
            continue;
        }
        for (int i = 0; i < 3; i++) {
            if (add_text(out, triple[i]) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* From now on none of the values is shown. */
static int mask_all(struct secrets *secrets, struct hawser_error *err)
{
    struct hawser_slice rest = buf_slice(&secrets->triples);
    const char *triple[3];
    int rc = 0;
    while (next_triple(&rest, triple)) {
        rc |= secret_add(conf_secret_value(triple[1], triple[2]));
    }
    if (rc != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to mask credentials");
    }
    return rc;
}

int secrets_decode(struct secrets *secrets, struct hawser_slice bytes, struct hawser_error *err)
{
    secrets_fini(secrets);
    if ((bytes.len > 0 && bytes.data[bytes.len - 1] != 0) ||
        buf_append_slice(&secrets->triples, bytes) != 0) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "credentials arrived broken");
        return -1;
    }
    return mask_all(secrets, err);
}

size_t secrets_of(const struct secrets *secrets, const char *session, const char **pairs,
                  size_t max)
{
    struct hawser_slice rest = buf_slice(&secrets->triples);
    const char *triple[3];
    size_t count = 0;
    while (count < max && next_triple(&rest, triple)) {
        if (strcmp(triple[0], session) == 0) {
            pairs[count * 2]     = triple[1];
            pairs[count * 2 + 1] = triple[2];
            count++;
        }
    }
    return count;
}

int secrets_equal(const struct secrets *a, const struct secrets *b, const char *session)
{
    const char *pairs_a[SECRETS_MAX_PAIRS * 2];
    const char *pairs_b[SECRETS_MAX_PAIRS * 2];
    size_t count_a = secrets_of(a, session, pairs_a, SECRETS_MAX_PAIRS);
    size_t count_b = secrets_of(b, session, pairs_b, SECRETS_MAX_PAIRS);
    if (count_a != count_b) {
        return 0;
    }
    for (size_t i = 0; i < count_a * 2; i++) {
        if (strcmp(pairs_a[i], pairs_b[i]) != 0) {
            return 0;
        }
    }
    return 1;
}

void secrets_fini(struct secrets *secrets)
{
    struct hawser_slice rest = buf_slice(&secrets->triples);
    const char *triple[3];
    while (next_triple(&rest, triple)) {
        secret_remove(conf_secret_value(triple[1], triple[2]));
    }
    buf_cleanse(&secrets->triples);
    buf_init(&secrets->triples, MAX_TRIPLE_BYTES);
}
