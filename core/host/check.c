/*
 * Checks that need the modules. See check.h. Runs in the checker process alone.
 */
#include "host/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/slice.h"
#include "conf/directive.h"
#include "hawser/adapter.h"
#include "hawser/output.h"
#include "hawser/telemetry.h"
#include "host/check_places.h"
#include "host/modules.h"
#include "module/directory.h"
#include "module/instance.h"
#include "net/proxy.h"
#include "net/tls.h"

struct check {
    const struct conf_tree *tree;
    const char *prefix;
    struct conf_problems *problems;
    struct module_directory *modules;
    check_progress_fn progress;
    void *arg;
};

static void tell(struct check *check, const struct conf_node *node, const char *module,
                 const char *what)
{
    if (check->progress != NULL) {
        check->progress(check->arg, node, module, what);
    }
}

static void before_module(void *arg, const struct conf_node *node)
{
    tell(arg, node, node->words[1], "was loaded");
}

static void module_refused(void *arg, const struct conf_node *node, const struct hawser_error *why)
{
    struct check *check = arg;
    conf_problem(check->problems, node, "%s", why->message);
}

static void load_modules(struct check *check)
{
    struct modules_load load = {.directory = check->modules,
                                .prefix    = check->prefix,
                                .arg       = check,
                                .before    = before_module,
                                .refused   = module_refused};
    modules_load_all(&load, check->tree);
}

/** The module that a block names, or NULL with a problem that lists those there are. */
static struct module *find_module(struct check *check, const struct conf_node *node,
                                  enum hawser_module_kind kind, const char *name)
{
    static const char *const KINDS[] = {"?", "adapter", "output", "telemetry"};
    struct module *module            = module_directory_find(check->modules, kind, name);
    if (module == NULL) {
        struct buf names = {0};
        module_directory_names(check->modules, kind, &names);
        const char *list = buf_text(&names);
        conf_problem(check->problems, node,
                     "no %s module \"%s\" is loaded (loaded: %s); add load_module for it",
                     KINDS[kind], name, list == NULL || list[0] == 0 ? "none" : list);
        buf_fini(&names);
    }
    return module;
}

static struct hawser_instance *make_instance(struct check *check, const struct conf_node *node,
                                             const struct module *module, const char *name)
{
    struct hawser_error err         = HAWSER_ERROR_INIT;
    struct instance_options options = {
        .module = module, .name = name, .block = node, .prefix = check->prefix, .is_trial = 1};
    struct hawser_instance *instance = instance_create(&options, &err);
    if (instance == NULL) {
        conf_problem(check->problems, node, "%s", err.message);
    }
    return instance;
}

/** The slots that all three kinds of module have. */
struct trial {
    const struct module *module;
    int (*check)(const struct hawser_host *host, struct hawser_instance *self,
                 struct hawser_error *err);
    int (*create)(const struct hawser_host *host, struct hawser_instance *self, void **out,
                  struct hawser_error *err);
    void (*destroy)(void *object);
    const char *doing;
};

static int has_pool(const struct hawser_adapter *adapter, const char *name)
{
    for (uint32_t i = 0; HAWSER_HAS(adapter, rate_limits) && i < adapter->rate_limits->pool_count;
         i++) {
        if (strcmp(adapter->rate_limits->pools[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void check_rate_pools(struct check *check, const struct conf_node *session,
                             const struct hawser_adapter *adapter)
{
    const struct conf_node *node = NULL;
    while ((node = conf_find(session, "rate_limit", node)) != NULL) {
        struct buf known = {0};
        int rc           = 0;
        for (uint32_t i = 0;
             HAWSER_HAS(adapter, rate_limits) && i < adapter->rate_limits->pool_count; i++) {
            rc |=
                buf_printf(&known, "%s%s", i == 0 ? "" : ", ", adapter->rate_limits->pools[i].name);
        }
        if (!has_pool(adapter, node->words[1])) {
            const char *names = rc != 0 || known.len == 0 ? NULL : buf_text(&known);
            conf_problem(check->problems, node,
                         "\"rate_limit\": the adapter has no pool \"%.32s\": expected %s",
                         node->words[1], names == NULL ? "none, it knows no limits" : names);
        }
        buf_fini(&known);
    }
}

/* create runs too: what fails or crashes in it shall do so here and not in a worker. */
static void try_module(struct check *check, const struct conf_node *node,
                       struct hawser_instance *instance, const struct trial *trial)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    void *object            = NULL;
    tell(check, node, trial->module->path, trial->doing);
    if ((trial->check != NULL && trial->check(hostapi_table(), instance, &err) != 0) ||
        trial->create(hostapi_table(), instance, &object, &err) != 0) {
        conf_problem(check->problems, node, "%s", err.message);
        return;
    }
    trial->destroy(object);
}

static void check_private_channels(struct check *check, const struct conf_node *session,
                                   const struct hawser_adapter *adapter)
{
    const struct conf_node *node = NULL;
    if (!HAWSER_HAS(adapter, channel_is_private) ||
        conf_find(session, "credentials", NULL) != NULL) {
        return;
    }
    while ((node = conf_find(session, "subscribe", node)) != NULL) {
        for (size_t i = 1; i < node->word_count; i++) {
            if (adapter->channel_is_private(slice_of(node->words[i]))) {
                conf_problem(check->problems, node,
                             "channel \"%s\" needs a login; add `credentials file:PATH;`",
                             node->words[i]);
            }
        }
    }
}

static void check_adapter(struct check *check, const struct conf_node *session,
                          const struct module *module)
{
    const struct hawser_adapter *adapter = module->descriptor->vtable.adapter;
    struct hawser_instance *instance     = make_instance(check, session, module, session->words[1]);
    if (instance == NULL) {
        return;
    }
    struct trial trial = {module, HAWSER_HAS(adapter, check) ? adapter->check : NULL,
                          adapter->create, adapter->destroy, "checked this session"};
    try_module(check, session, instance, &trial);
    const struct conf_node *credentials = conf_find(session, "credentials", NULL);
    const struct conf_node *subscribe   = conf_find(session, "subscribe", NULL);
    if (credentials != NULL && !HAWSER_HAS(adapter, authenticate)) {
        conf_problem(check->problems, credentials,
                     "adapter \"%s\" has no login: remove `credentials`", module->descriptor->name);
    }
    if (subscribe != NULL && !HAWSER_HAS(adapter, subscribe)) {
        conf_problem(check->problems, subscribe,
                     "adapter \"%s\" has no channels: remove `subscribe`",
                     module->descriptor->name);
    }
    check_private_channels(check, session, adapter);
    check_rate_pools(check, session, adapter);
    instance_destroy(instance);
}

/* The word may hold a password: it is not shown. */
static void check_proxy(struct check *check, const struct conf_node *session)
{
    const struct conf_node *node = conf_find(session, "proxy", NULL);
    struct net_proxy proxy       = {.host = NULL};
    struct hawser_error err      = HAWSER_ERROR_INIT;
    if (node != NULL && node->word_count == 2 && strcmp(node->words[1], "off") != 0 &&
        net_proxy_parse(node->words[1], &proxy, &err) != 0) {
        conf_problem(check->problems, node, "%s", err.message);
    }
    net_proxy_fini(&proxy);
}

static void check_pins(struct check *check, const struct conf_node *session)
{
    const struct conf_node *node = conf_find(session, "tls_pin", NULL);
    for (size_t i = 1; node != NULL && i < node->word_count; i++) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        if (net_tls_pin_check(node->words[i], &err) != 0) {
            conf_problem(check->problems, node, "%s", err.message);
        }
    }
}

static void check_session(struct check *check, const struct conf_node *session)
{
    struct conf_table tables[2]   = {conf_core_table};
    size_t table_count            = 1;
    const struct conf_node *named = conf_find(session, "adapter", NULL);
    struct module *module         = NULL;
    size_t before                 = check->problems->count;
    if (named != NULL && named->word_count == 2) {
        module = find_module(check, named, HAWSER_ADAPTER, named->words[1]);
    }
    if (module != NULL) {
        tables[table_count++] = module->directives;
    }
    conf_check_block(session, HAWSER_IN_SESSION | (module == NULL ? CONF_MODULE_MISSING : 0),
                     tables, table_count, check->problems);
    check_proxy(check, session);
    check_pins(check, session);
    if (check->problems->count == before) {
        check_session_places(session, check->prefix, check->problems);
    }
    if (module != NULL && check->problems->count == before && session->word_count == 2) {
        check_adapter(check, session, module);
    }
}

static void check_block(struct check *check, const struct conf_node *node,
                        enum hawser_module_kind kind)
{
    size_t before = check->problems->count;
    struct module *module =
        node->word_count < 2 ? NULL : find_module(check, node, kind, node->words[1]);
    if (module == NULL) {
        return;
    }
    struct conf_table tables[2] = {conf_core_table, module->directives};
    uint32_t context = HAWSER_IN_BLOCK | (kind == HAWSER_OUTPUT ? (uint32_t)HAWSER_IN_OUTPUT
                                                                : (uint32_t)HAWSER_IN_TELEMETRY);
    conf_check_block(node, context, tables, 2, check->problems);
    if (check->problems->count != before) {
        return;
    }
    const char *name                 = node->words[node->word_count - 1];
    struct hawser_instance *instance = make_instance(check, node, module, name);
    if (instance == NULL) {
        return;
    }
    struct trial trial = {.module = module, .doing = "checked this block"};
    if (kind == HAWSER_OUTPUT) {
        const struct hawser_output *output = module->descriptor->vtable.output;
        trial.check                        = HAWSER_HAS(output, check) ? output->check : NULL;
        trial.create                       = output->create;
        trial.destroy                      = output->destroy;
    } else {
        const struct hawser_telemetry *sink = module->descriptor->vtable.telemetry;
        trial.check                         = HAWSER_HAS(sink, check) ? sink->check : NULL;
        trial.create                        = sink->create;
        trial.destroy                       = sink->destroy;
    }
    try_module(check, node, instance, &trial);
    instance_destroy(instance);
}

struct tables {
    struct conf_table *rows;
    size_t count;
};

static void add_table(void *arg, const struct module *module)
{
    struct tables *tables   = arg;
    struct conf_table *more = realloc(tables->rows, (tables->count + 1) * sizeof(*more));
    if (more != NULL) { /* short of memory a module's secrets are masked by their names alone */
        tables->rows                  = more;
        tables->rows[tables->count++] = module->directives;
    }
}

static void print(const struct check *check, struct buf *printed)
{
    struct tables tables = {malloc(sizeof(struct conf_table)), 0};
    if (tables.rows != NULL) {
        tables.rows[tables.count++] = conf_core_table;
    }
    module_directory_each(check->modules, add_table, &tables);
    if (tables.rows == NULL || conf_print(check->tree, tables.rows, tables.count, printed) != 0) {
        conf_problem(check->problems, NULL, "no memory to print the configuration");
    }
    /* What stands as a header's value may stand elsewhere, too. */
    printed->len = printed->len == 0
                       ? 0
                       : secret_mask((char *)printed->bytes + printed->start, printed->len, 0);
    free(tables.rows);
}

static uint64_t memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long size  = sysconf(_SC_PAGESIZE);
    return pages <= 0 || size <= 0 ? UINT64_MAX : (uint64_t)pages * (uint64_t)size;
}

void check_config(const struct conf_tree *tree, const char *prefix, struct conf_problems *problems,
                  check_progress_fn progress, void *arg, struct buf *printed)
{
    const struct conf_node *root = conf_tree_root(tree);
    const struct conf_node *node = NULL;
    struct check check = {tree, prefix, problems, module_directory_create(), progress, arg};
    conf_check_block(root, HAWSER_IN_MAIN, &conf_core_table, 1, problems);
    conf_check_core(tree, problems);
    check_places(tree, prefix, problems);
    if (check.modules == NULL) {
        conf_problem(problems, NULL, "no memory to check the configuration");
        return;
    }
    load_modules(&check);
    while ((node = conf_find(root, "output", node)) != NULL) {
        check_block(&check, node, HAWSER_OUTPUT);
    }
    if (problems->count == 0) {
        check_output_places(tree, prefix, memory_bytes(), problems);
    }
    while ((node = conf_find(root, "telemetry", node)) != NULL) {
        check_block(&check, node, HAWSER_TELEMETRY);
    }
    while ((node = conf_find(root, "session", node)) != NULL) {
        check_session(&check, node);
    }
    print(&check, printed);
    module_directory_destroy(check.modules);
}
