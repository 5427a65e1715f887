/*
 * What the core's directives mean beyond their rows: names, references between blocks, arguments of
 * mixed types. See conf_check_core in directive.h.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "conf/directive.h"
#include "conf/limits.h"
#include "conf/nearest.h"
#include "conf/on_error.h"
#include "conf/reconnect.h"
#include "conf/value.h"

typedef void (*node_check_fn)(const struct conf_node *node, const struct conf_tree *tree,
                              struct conf_problems *problems);

/* The last word of `session NAME` and `output MODULE NAME`, or NULL: not such a block */
static const char *name_of(const struct conf_node *node, const char *kind, size_t word_count)
{
    int is_kind =
        node->is_block && node->word_count == word_count && strcmp(node->words[0], kind) == 0;
    return is_kind ? node->words[word_count - 1] : NULL;
}

static int is_name(const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
    return len > 0 && len <= CONF_NAME_BYTES_MAX && name[len] == 0;
}

static void check_name(const struct conf_node *node, const struct conf_tree *tree, const char *kind,
                       size_t word_count, struct conf_problems *problems)
{
    const char *name = name_of(node, kind, word_count);
    if (name == NULL) {
        return;
    }
    if (!is_name(name)) {
        conf_problem(problems, node,
                     "\"%s\": expected a name of 1 to %u letters, digits, \"_\", \".\" or \"-\", "
                     "got \"%.80s\"",
                     kind, CONF_NAME_BYTES_MAX, name);
        return;
    }
    for (const struct conf_node *other         = conf_find(conf_tree_root(tree), kind, NULL);
         other != node && other != NULL; other = conf_find(conf_tree_root(tree), kind, other)) {
        const char *taken = name_of(other, kind, word_count);
        if (taken != NULL && strcmp(taken, name) == 0) {
            conf_problem(problems, node, "%s \"%s\" is defined twice: the first is at %s:%u", kind,
                         name, other->file, other->line);
            return;
        }
    }
}

static void check_output_names(const struct conf_node *node, const struct conf_tree *tree,
                               struct conf_problems *problems)
{
    for (size_t i = 1; i < node->word_count; i++) {
        const struct conf_node *root   = conf_tree_root(tree);
        const struct conf_node *output = NULL;
        const char *nearest            = NULL;
        int found                      = 0;
        while (!found && (output = conf_find(root, "output", output)) != NULL) {
            const char *name = name_of(output, "output", 3);
            found            = name != NULL && strcmp(name, node->words[i]) == 0;
            if (name != NULL && conf_name_distance(name, node->words[i]) >= 0) {
                nearest = name;
            }
        }
        if (!found && nearest != NULL) {
            conf_problem(problems, node, "output \"%.64s\" is not defined; did you mean \"%s\"?",
                         node->words[i], nearest);
        } else if (!found) {
            conf_problem(problems, node,
                         "output \"%.64s\" is not defined: expected the name of an "
                         "\"output MODULE NAME { }\"",
                         node->words[i]);
        }
    }
}

static void check_log_level(const struct conf_node *node, const struct conf_tree *tree,
                            struct conf_problems *problems)
{
    (void)tree;
    for (size_t i = 2; i < node->word_count; i++) {
        const char *word = node->words[i];
        if (log_level_parse(word) < 0 && strcmp(word, "text") != 0 && strcmp(word, "json") != 0) {
            conf_problem(problems, node,
                         "\"error_log\": expected debug, info, notice, warn, error, crit, alert or "
                         "emerg, then text or json, got \"%.80s\"",
                         word);
        }
    }
}

static int is_mode(const char *text)
{
    size_t len = strspn(text, "01234567");
    return text[len] == 0 && (len == 3 || (len == 4 && text[0] == '0'));
}

static void check_control(const struct conf_node *node, const struct conf_tree *tree,
                          struct conf_problems *problems)
{
    (void)tree;
    if (node->word_count < 2 || node->word_count > 4) {
        return;
    }
    if (strcmp(node->words[1], "off") == 0) {
        return;
    }
    if (strncmp(node->words[1], "unix:", 5) != 0 || node->words[1][5] == 0) {
        conf_problem(problems, node,
                     "\"control\": expected unix:PATH or off, got \"%.80s\": it is a unix socket "
                     "alone; other machines reach it through ssh -L",
                     node->words[1]);
    }
    for (size_t i = 2; i < node->word_count; i++) {
        const char *mode  = conf_value_option(&node->words[i], 1, "mode");
        const char *group = conf_value_option(&node->words[i], 1, "group");
        if ((mode == NULL || !is_mode(mode)) && (group == NULL || group[0] == 0)) {
            conf_problem(problems, node,
                         "\"control\": expected mode=OCTAL such as mode=0660, or group=NAME, got "
                         "\"%.80s\"",
                         node->words[i]);
        } else if (i == 3 &&
                   (conf_value_option(&node->words[2], 1, "mode") != NULL) == (mode != NULL)) {
            conf_problem(problems, node, "\"control\": \"%s\" stands twice",
                         mode != NULL ? "mode" : "group");
        }
    }
}

static void check_credentials(const struct conf_node *node, const struct conf_tree *tree,
                              struct conf_problems *problems)
{
    static const char *const KINDS[] = {"file:", "env:", "credential:"};
    (void)tree;
    for (size_t i = 0; node->word_count == 2 && i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        size_t len = strlen(KINDS[i]);
        if (strncmp(node->words[1], KINDS[i], len) == 0 && node->words[1][len] != 0 &&
            (i < 2 || strchr(node->words[1], '/') == NULL)) {
            return;
        }
    }
    if (node->word_count == 2) { /* the word may be the credential itself: it is not shown */
        conf_problem(problems, node,
                     "\"credentials\": expected file:PATH, env:NAME or "
                     "credential:NAME, a name without a slash");
    }
}

static void check_time(const struct conf_node *node, const char *what, const char *word,
                       int64_t least_ms, struct conf_problems *problems)
{
    struct hawser_error err          = HAWSER_ERROR_INIT;
    int64_t unused                   = 0;
    const struct hawser_directive as = {
        .type = HAWSER_VALUE_TIME, .min = least_ms, .max = INT64_C(86400000)};
    if (conf_value_check(&as, word, &unused, &err) != 0) {
        conf_problem(problems, node, "\"%s\": %s", what, err.message);
    }
}

static void check_stale_after(const struct conf_node *node, const struct conf_tree *tree,
                              struct conf_problems *problems)
{
    (void)tree;
    if (node->word_count == 3) {
        check_time(node, "stale_after", node->words[2], 100, problems);
    }
}

static void check_on_error(const struct conf_node *node, const struct conf_tree *tree,
                           struct conf_problems *problems)
{
    struct error_rule unused;
    struct hawser_error err = HAWSER_ERROR_INIT;
    (void)tree;
    if (node->word_count >= 3 && node->word_count <= 4 && conf_on_error(node, &unused, &err) != 0) {
        conf_problem(problems, node, "\"on_error\": %s", err.message);
    }
}

static void check_reconnect(const struct conf_node *node, const struct conf_tree *tree,
                            struct conf_problems *problems)
{
    (void)tree;
    conf_reconnect_check(node, problems);
}

struct number_option {
    const char *name;
    int64_t least;
    int64_t most;
};

/* KEY=NUMBER words behind the first `from` words; what is no such option is told too. */
static void check_numbers(const struct conf_node *node, size_t from,
                          const struct number_option *options, size_t count,
                          struct conf_problems *problems)
{
    for (size_t i = 0; i < count; i++) {
        const struct hawser_directive as = {
            .type = HAWSER_VALUE_NUMBER, .min = options[i].least, .max = options[i].most};
        const char *word =
            conf_value_option(node->words + from, node->word_count - from, options[i].name);
        struct hawser_error err = HAWSER_ERROR_INIT;
        int64_t unused          = 0;
        if (word != NULL && conf_value_check(&as, word, &unused, &err) != 0) {
            conf_problem(problems, node, "\"%s %s\": %s", node->words[0], options[i].name,
                         err.message);
        }
    }
}

static void check_deaths(const struct conf_node *node, const struct conf_tree *tree,
                         struct conf_problems *problems)
{
    static const struct number_option OPTIONS[] = {{"most", 0, 64}};
    const char *within = conf_value_option(node->words, node->word_count, "within");
    char what[64];
    (void)tree;
    check_numbers(node, 0, OPTIONS, 1, problems);
    if (within != NULL) {
        (void)snprintf(what, sizeof(what), "%s within", node->words[0]); /* ours: fits */
        check_time(node, what, within, 1000, problems);
    }
}

static void check_connect_budget(const struct conf_node *node, const struct conf_tree *tree,
                                 struct conf_problems *problems)
{
    static const struct number_option OPTIONS[] = {{"rate", 0, 10000}, {"burst", 1, 10000}};
    (void)tree;
    check_numbers(node, 1, OPTIONS, 2, problems);
}

/* Does each word behind the pool's name say rate= or burst=, and each once? */
static int has_rate_options_alone(const struct conf_node *node)
{
    int rates  = 0;
    int bursts = 0;
    for (size_t i = 2; i < node->word_count; i++) {
        int is_rate  = conf_value_option(&node->words[i], 1, "rate") != NULL;
        int is_burst = conf_value_option(&node->words[i], 1, "burst") != NULL;
        rates += is_rate;
        bursts += is_burst;
        if (!is_rate && !is_burst) {
            return 0;
        }
    }
    return rates == 1 && bursts <= 1;
}

static void check_rate_limit(const struct conf_node *node, const struct conf_tree *tree,
                             struct conf_problems *problems)
{
    static const struct number_option OPTIONS[] = {{"rate", 0, 1000000}, {"burst", 1, 100000000}};
    (void)tree;
    if (node->word_count < 3 || node->word_count > 4) {
        return;
    }
    if (!has_rate_options_alone(node)) {
        conf_problem(problems, node,
                     "\"rate_limit\": expected POOL rate=N, or POOL rate=N burst=N");
        return;
    }
    check_numbers(node, 2, OPTIONS, 2, problems);
}

static void check_bind(const struct conf_node *node, const struct conf_tree *tree,
                       struct conf_problems *problems)
{
    struct in6_addr unused;
    (void)tree;
    if (node->word_count == 2 && inet_pton(AF_INET, node->words[1], &unused) != 1 &&
        inet_pton(AF_INET6, node->words[1], &unused) != 1) {
        conf_problem(problems, node, "\"bind\": expected an IPv4 or IPv6 address, got \"%.80s\"",
                     node->words[1]);
    }
}

/* RFC 9110 5.6.2 */
static size_t token_len(const char *text)
{
    size_t len = 0;
    while (isalnum((unsigned char)text[len]) ||
           (text[len] != 0 && strchr("!#$%&'*+-.^_`|~", text[len]) != NULL)) {
        len++;
    }
    return len;
}

static int is_header(const char *text)
{
    size_t name = token_len(text);
    if (name == 0 || text[name] != ':') {
        return 0;
    }
    for (const char *p = text + name + 1; *p != 0; p++) {
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f) {
            return 0;
        }
    }
    return 1;
}

static void check_header(const struct conf_node *node, const struct conf_tree *tree,
                         struct conf_problems *problems)
{
    static const char *const OURS[] = {"Host",           "Upgrade",        "Connection",
                                       "Content-Length", "Sec-WebSocket-", "Transfer-Encoding"};
    (void)tree;
    if (node->word_count != 2) {
        return;
    }
    if (!is_header(node->words[1])) { /* not shown: it may be a credential */
        conf_problem(problems, node,
                     "\"header\": expected \"Name: value\" on one line, such as "
                     "\"User-Agent: hawser\"");
        return;
    }
    size_t name = token_len(node->words[1]);
    for (size_t i = 0; i < sizeof(OURS) / sizeof(OURS[0]); i++) {
        size_t len     = strlen(OURS[i]);
        int is_prefix  = OURS[i][len - 1] == '-';
        int is_the_one = strncasecmp(node->words[1], OURS[i], len) == 0 &&
                         (is_prefix ? name >= len : name == len);
        if (is_the_one) {
            conf_problem(problems, node,
                         "\"header\": \"%.*s\" is the handshake's own: expected another header",
                         (int)(name < 64 ? name : 64), node->words[1]);
        }
    }
}

static void check_subprotocols(const struct conf_node *node, const struct conf_tree *tree,
                               struct conf_problems *problems)
{
    (void)tree;
    for (size_t i = 1; i < node->word_count; i++) {
        size_t len = token_len(node->words[i]);
        if (len == 0 || node->words[i][len] != 0) {
            conf_problem(problems, node,
                         "\"subprotocols\": expected a name without spaces and separators, got "
                         "\"%.80s\"",
                         node->words[i]);
        }
    }
}

static void check_key_pair(const struct conf_node *session, struct conf_problems *problems)
{
    const struct conf_node *certificate = conf_find(session, "tls_certificate", NULL);
    const struct conf_node *key         = conf_find(session, "tls_certificate_key", NULL);
    if (certificate != NULL && key == NULL) {
        conf_problem(problems, certificate,
                     "\"tls_certificate\" needs \"tls_certificate_key\" beside it");
    } else if (certificate == NULL && key != NULL) {
        conf_problem(problems, key, "\"tls_certificate_key\" needs \"tls_certificate\" beside it");
    }
}

static void check_seccomp(const struct conf_node *node, const struct conf_tree *tree,
                          struct conf_problems *problems)
{
    const struct conf_node *master = conf_find(conf_tree_root(tree), "master_process", NULL);
    if (node->word_count == 2 && strcmp(node->words[1], "on") == 0 && master != NULL &&
        master->word_count == 2 && strcmp(master->words[1], "off") == 0) {
        conf_problem(problems, node,
                     "\"seccomp on\" guards processes that \"master_process off\" does without: "
                     "remove one of them");
    }
}

struct node_check {
    const char *name;
    node_check_fn fn;
};

static const struct node_check MAIN_CHECKS[] = {
    {"error_log", check_log_level}, {"control", check_control},
    {"seccomp", check_seccomp},     {"worker_restarts", check_deaths},
    {"quarantine", check_deaths},   {"connect_budget", check_connect_budget}};
static const struct node_check SESSION_CHECKS[] = {{"credentials", check_credentials},
                                                   {"output", check_output_names},
                                                   {"reconnect", check_reconnect},
                                                   {"stale_after", check_stale_after},
                                                   {"on_error", check_on_error},
                                                   {"rate_limit", check_rate_limit},
                                                   {"bind", check_bind},
                                                   {"header", check_header},
                                                   {"subprotocols", check_subprotocols}};

static void run_checks(const struct node_check *checks, size_t count, const struct conf_node *node,
                       const struct conf_tree *tree, struct conf_problems *problems)
{
    for (size_t i = 0; i < count && !node->is_block; i++) {
        if (strcmp(node->words[0], checks[i].name) == 0) {
            checks[i].fn(node, tree, problems);
        }
    }
}

int conf_check_core(const struct conf_tree *tree, struct conf_problems *problems)
{
    size_t before = problems->count;
    for (const struct conf_node *node = conf_tree_root(tree)->first_child; node != NULL;
         node                         = node->next) {
        run_checks(MAIN_CHECKS, sizeof(MAIN_CHECKS) / sizeof(MAIN_CHECKS[0]), node, tree, problems);
        check_name(node, tree, "session", 2, problems);
        check_name(node, tree, "output", 3, problems);
        if (name_of(node, "session", 2) == NULL) {
            continue;
        }
        for (const struct conf_node *child = node->first_child; child != NULL;
             child                         = child->next) {
            run_checks(SESSION_CHECKS, sizeof(SESSION_CHECKS) / sizeof(SESSION_CHECKS[0]), child,
                       tree, problems);
        }
        check_key_pair(node, problems);
    }
    return problems->count == before ? 0 : -1;
}
