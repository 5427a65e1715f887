/*
 * Places that a config names. See check_places.h. Only what is certain is a problem: a folder that
 * may not be looked into is left to the start.
 */
#include "host/check_places.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "conf/directive.h"
#include "conf/value.h"
#include "host/commands.h"
#include "net/tls.h"
#include "net/url.h"
#include "output/queue.h"
#include "ws/utf8.h"

#define MEGABYTE (UINT64_C(1) << 20)

static int is_no_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? !S_ISDIR(about.st_mode) : errno == ENOENT || errno == ENOTDIR;
}

/** Cut the last part off a path in place. @return 0 when nothing but the root is left */
static int cut(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return 0;
    }
    *slash = 0;
    return 1;
}

/* The start makes one folder, as logs/ and run/ of a new prefix, but no more. */
static void check_folder(const struct conf_node *node, const char *path,
                         struct conf_problems *problems)
{
    char *folder = strdup(path);
    if (folder != NULL && cut(folder) && is_no_folder(folder) && cut(folder) &&
        is_no_folder(folder)) {
        conf_problem(problems, node, "\"%s\": there is no folder %s", node->words[0], folder);
    }
    free(folder);
}

/** @param word  a path; "" was refused before */
static void check_file(const struct conf_node *node, const char *word, const char *prefix,
                       mode_t kind, struct conf_problems *problems)
{
    static const char *const WANTED[] = {"a regular file", "a socket, or nothing"};
    char *path                        = conf_value_path(word, prefix);
    struct stat about;
    if (path == NULL) {
        conf_problem(problems, node, "no memory for a path");
        return;
    }
    /* A log may be /dev/null or a terminal, but nobody may read a pipe's other end. */
    if (stat(path, &about) == 0 && (about.st_mode & S_IFMT) != kind &&
        !(kind == S_IFREG && S_ISCHR(about.st_mode))) {
        conf_problem(problems, node, "\"%s\": %s is something else: expected %s", node->words[0],
                     path, WANTED[kind == S_IFSOCK]);
    }
    if (kind == S_IFSOCK && strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        conf_problem(problems, node, "\"%s\": the whole path has %zu bytes: expected at most %zu",
                     node->words[0], strlen(path),
                     sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
    }
    check_folder(node, path, problems);
    free(path);
}

static void check_control(const struct conf_node *node, const char *prefix,
                          struct conf_problems *problems)
{
    const char *group = conf_value_option(node->words, node->word_count, "group");
    if (node->word_count > 1 && strncmp(node->words[1], "unix:", 5) == 0 &&
        node->words[1][5] != 0) {
        check_file(node, node->words[1] + 5, prefix, S_IFSOCK, problems);
    }
    if (group != NULL && getgrnam(group) == NULL) {
        conf_problem(problems, node, "\"control\": there is no group \"%s\"", group);
    }
}

void check_places(const struct conf_tree *tree, const char *prefix, struct conf_problems *problems)
{
    const struct conf_node *root    = conf_tree_root(tree);
    const struct conf_node *log     = conf_find(root, "error_log", NULL);
    const struct conf_node *pid     = conf_find(root, "pid", NULL);
    const struct conf_node *control = conf_find(root, "control", NULL);
    if (log != NULL && log->word_count > 1 && log->words[1][0] == 0) {
        conf_problem(problems, log, "\"error_log\": expected a path or stderr, got \"\"");
    } else if (log != NULL && log->word_count > 1 && strcmp(log->words[1], "stderr") != 0) {
        check_file(log, log->words[1], prefix, S_IFREG, problems);
    }
    if (pid != NULL && pid->word_count > 1 && pid->words[1][0] != 0) {
        check_file(pid, pid->words[1], prefix, S_IFREG, problems);
    }
    if (control != NULL) {
        check_control(control, prefix, problems);
    }
}

/* outputs */

/* Where a file is, or would be: two names of one place are the same. */
struct place {
    const struct conf_node *node;
    char *path; /* its folder's real one, and its name */
    dev_t device;
    ino_t inode;   /* 0: there is no such file yet */
    int is_shared; /* a device, which many may write */
};

static int place_find(struct place *place, const struct conf_node *output, const char *prefix)
{
    struct stat about;
    *place     = (struct place){.node = conf_find(output, "path", NULL)};
    char *path = place->node == NULL || place->node->word_count != 2
                     ? NULL
                     : conf_value_path(place->node->words[1], prefix);
    if (path == NULL) {
        return 0;
    }
    if (stat(path, &about) == 0) {
        place->device    = about.st_dev;
        place->inode     = about.st_ino;
        place->is_shared = !S_ISREG(about.st_mode);
    }
    char *slash      = strrchr(path, '/');
    *slash           = 0; /* conf_value_path's are absolute */
    char *folder     = realpath(path[0] == 0 ? "/" : path, NULL);
    *slash           = '/';
    struct buf whole = {0};
    if (folder != NULL && buf_printf(&whole, "%s%s", folder, slash) == 0) {
        const char *text = buf_text(&whole);
        place->path      = text == NULL ? NULL : strdup(text);
    }
    buf_fini(&whole);
    free(folder);
    free(path);
    return 1;
}

static int places_equal(const struct place *a, const struct place *b)
{
    if (a->is_shared || b->is_shared) {
        return 0;
    }
    if (a->inode != 0 && a->inode == b->inode && a->device == b->device) {
        return 1;
    }
    return a->path != NULL && b->path != NULL && strcmp(a->path, b->path) == 0;
}

static void check_output_file(const struct conf_tree *tree, const struct conf_node *output,
                              const char *prefix, struct conf_problems *problems)
{
    const struct conf_node *other = NULL;
    struct place place;
    if (!place_find(&place, output, prefix)) {
        return;
    }
    while ((other = conf_find(conf_tree_root(tree), "output", other)) != NULL && other != output) {
        struct place taken;
        int is_same = place_find(&taken, other, prefix) && places_equal(&place, &taken);
        free(taken.path);
        if (is_same) {
            conf_problem(problems, place.node,
                         "\"path\": output \"%s\" writes that file, too (%s:%u): expected a file "
                         "for each output",
                         other->words[other->word_count - 1], taken.node->file, taken.node->line);
            break;
        }
    }
    free(place.path);
}

/* Of so many bytes the whole megabytes, as a config would have them. */
static const char *write_size(uint64_t bytes, char *out, size_t size)
{
    return conf_value_write(HAWSER_VALUE_SIZE, (int64_t)(bytes / MEGABYTE * MEGABYTE), out, size);
}

static void check_queue(const struct conf_node *output, uint64_t memory_bytes,
                        struct conf_problems *problems)
{
    const struct conf_node *at = conf_find(output, "queue_bytes", NULL);
    uint64_t records =
        (uint64_t)conf_get_number(output, &conf_core_table, 1, HAWSER_IN_OUTPUT, "queue_records");
    uint64_t bytes =
        (uint64_t)conf_get_number(output, &conf_core_table, 1, HAWSER_IN_OUTPUT, "queue_bytes");
    uint64_t slots = records * OUTPUT_SLOT_BYTES;
    char has[32];
    char most[32];
    if (slots + bytes <= memory_bytes) {
        return;
    }
    if (slots + MEGABYTE <= memory_bytes) {
        conf_problem(
            problems, at != NULL ? at : output,
            "\"queue_bytes\": output \"%s\" could queue more than the %s that this machine "
            "has: expected 64k to %s",
            output->words[output->word_count - 1], write_size(memory_bytes, has, sizeof(has)),
            write_size(memory_bytes - slots, most, sizeof(most)));
        return;
    }
    at = conf_find(output, "queue_records", NULL);
    conf_problem(
        problems, at != NULL ? at : output,
        "\"queue_records\": places for so many records in output \"%s\" take more than the "
        "%s that this machine has: expected 16 to %llu",
        output->words[output->word_count - 1], write_size(memory_bytes, has, sizeof(has)),
        (unsigned long long)((memory_bytes - MEGABYTE) / OUTPUT_SLOT_BYTES));
}

void check_output_places(const struct conf_tree *tree, const char *prefix, uint64_t memory_bytes,
                         struct conf_problems *problems)
{
    const struct conf_node *output = NULL;
    while ((output = conf_find(conf_tree_root(tree), "output", output)) != NULL) {
        if (output->is_block && output->word_count == 3) {
            check_output_file(tree, output, prefix, problems);
            check_queue(output, memory_bytes, problems);
        }
    }
}

/* sessions */

static void check_urls(const struct conf_node *node, struct conf_problems *problems)
{
    for (size_t i = 1; i < node->word_count; i++) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        struct net_url url;
        if (net_url_parse(node->words[i], &url, &err) != 0) {
            conf_problem(problems, node, "%s", err.message);
        } else {
            net_url_fini(&url);
        }
    }
}

/* JSON has no other bytes, and a peer ends the connection over them. */
static void check_channels(const struct conf_node *node, struct conf_problems *problems)
{
    for (size_t i = 1; i < node->word_count; i++) {
        struct hawser_slice name = slice_of(node->words[i]);
        if (name.len == 0) {
            conf_problem(problems, node, "\"subscribe\": expected a channel's name, got \"\"");
        } else if (name.len > COMMANDS_MAX_CHANNEL_BYTES) {
            conf_problem(problems, node,
                         "\"subscribe\": a channel's name has %zu bytes: expected at most %u",
                         name.len, COMMANDS_MAX_CHANNEL_BYTES);
        } else if (!ws_utf8_is_valid((const uint8_t *)name.data, name.len)) {
            conf_problem(problems, node, "\"subscribe\": a channel's name is not UTF-8 text");
        }
    }
}

static char *path_word(const struct conf_node *session, const char *directive, const char *prefix,
                       const struct conf_node **node)
{
    const struct conf_node *found = conf_find(session, directive, NULL);
    if (found == NULL || found->word_count != 2) {
        return NULL;
    }
    *node = found;
    return conf_value_path(found->words[1], prefix);
}

/* Loading the system's roots would cost much, and cannot fail. */
static void check_tls(const struct conf_node *session, const char *prefix,
                      struct conf_problems *problems)
{
    const struct conf_node *node   = NULL;
    struct hawser_error err        = HAWSER_ERROR_INIT;
    char *key                      = path_word(session, "tls_certificate_key", prefix, &node);
    char *certificate              = path_word(session, "tls_certificate", prefix, &node);
    char *ca                       = path_word(session, "tls_ca", prefix, &node);
    struct net_tls_options options = {
        .ca_file = ca, .certificate_file = certificate, .key_file = key};
    if (node != NULL) {
        struct net_tls *tls = net_tls_create(&options, &err);
        if (tls == NULL) {
            conf_problem(problems, node, "%s", err.message);
        }
        net_tls_destroy(tls);
    }
    free(key);
    free(certificate);
    free(ca);
}

void check_session_places(const struct conf_node *session, const char *prefix,
                          struct conf_problems *problems)
{
    const struct conf_node *node = NULL;
    while ((node = conf_find(session, "subscribe", node)) != NULL) {
        check_channels(node, problems);
    }
    for (node = NULL; (node = conf_find(session, "url", node)) != NULL;) {
        check_urls(node, problems);
    }
    check_tls(session, prefix, problems);
}
