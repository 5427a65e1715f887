/*
 * Outputs and modules of one process, as JSON. See inventory.h.
 */
#include "host/inventory.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "module/abi.h"

/* outputs */

static const char *state_of(const struct runtime_output *output, const struct output_stats *stats)
{
    if (output->retired) {
        return "draining";
    }
    return stats->is_failing ? "failing" : "ok";
}

static json_t *output_json(const struct runtime_output *output)
{
    struct output_stats stats;
    output_get_stats(output->output, &stats);
    return json_pack("{s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s*}", "output",
                     output->name, "module", output->module->descriptor->name, "worker",
                     (json_int_t)output->runtime->options.index, "state", state_of(output, &stats),
                     "queued_records", (json_int_t)stats.queued_records, "queued_bytes",
                     (json_int_t)stats.queued_bytes, "max_records", (json_int_t)stats.max_records,
                     "max_bytes", (json_int_t)stats.max_bytes, "written", (json_int_t)stats.written,
                     "written_bytes", (json_int_t)stats.written_bytes, "dropped",
                     (json_int_t)stats.dropped, "errors", (json_int_t)stats.errors, "last_error",
                     stats.last_error[0] == '\0' ? NULL : stats.last_error);
}

/* Wanted by sessions of ours, and could not be opened yet. */
struct missing {
    const char *name;
    int is_wanted;
};

static void ask_session(void *arg, const char *name, void *object)
{
    struct missing *missing               = arg;
    const struct runtime_session *session = object;
    (void)name;
    missing->is_wanted = missing->is_wanted || runtime_session_uses(session->block, missing->name);
}

static int is_missing(const struct runtime *runtime, const char *name)
{
    struct missing missing = {name, 0};
    if (runtime_output_find(runtime, name) == NULL) {
        registry_each(runtime->sessions, ask_session, &missing);
    }
    return missing.is_wanted;
}

static void add_missing(json_t *list, const struct runtime *runtime)
{
    const struct conf_node *node = NULL;
    const struct conf_node *root =
        runtime->config == NULL ? NULL : conf_tree_root(runtime->config->tree);
    while (root != NULL && (node = conf_find(root, "output", node)) != NULL) {
        const char *name = node->words[node->word_count - 1];
        if (node->word_count > 1 && is_missing(runtime, name)) {
            /* The error names its output. Short of memory the list is short. */
            (void)json_array_append_new(
                list,
                json_pack(
                    "{s:s, s:s, s:I, s:s, s:s*}", "output", name, "module", node->words[1],
                    "worker", (json_int_t)runtime->options.index, "state", "missing", "last_error",
                    strstr(runtime->output_error, name) == NULL ? NULL : runtime->output_error));
        }
    }
}

static void add_outputs(json_t *list, const struct list *outputs)
{
    struct list *node;
    list_for_each (node, outputs) {
        (void)json_array_append_new(
            list, output_json(LIST_ENTRY(node, struct runtime_output, node))); /* short of memory
                                                                                  it is short */
    }
}

json_t *inventory_outputs(const struct runtime *runtime)
{
    json_t *list = json_array();
    add_outputs(list, &runtime->outputs);
    add_outputs(list, &runtime->draining);
    add_missing(list, runtime);
    return list;
}

/* modules */

struct walk {
    json_t *list;
    size_t (*users)(void *arg, const struct module *module);
    void *arg;
    const char *process;
};

static void add_module(void *arg, const struct module *module)
{
    struct walk *walk                      = arg;
    const struct hawser_module_note *note  = &module->about.note;
    const struct module_identity *identity = &module->about.identity;
    char abi[16];
    char build_id[2 * MODULE_BUILD_ID_MAX + 1] = "";
    (void)snprintf(abi, sizeof(abi), "%u.%u", (unsigned)note->abi_major, (unsigned)note->abi_minor);
    for (uint32_t i = 0; i < identity->build_id_len; i++) {
        (void)snprintf(build_id + (size_t)i * 2, 3, "%02x", (unsigned)identity->build_id[i]);
    }
    (void)json_array_append_new(
        walk->list,
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:[s]}", "kind",
                  abi_kind_name(note->kind), "name", note->name, "version", note->version, "abi",
                  abi, "file", module->path, "build_id", build_id, "replaced",
                  module_was_replaced(module), "file_time", (json_int_t)identity->mtime_ns, "users",
                  (json_int_t)walk->users(walk->arg, module), "processes",
                  walk->process)); /* short of memory the list is short */
}

json_t *inventory_modules_of(const struct module_directory *directory,
                             size_t (*users)(void *arg, const struct module *module), void *arg,
                             const char *process)
{
    struct walk walk = {json_array(), users, arg, process};
    module_directory_each(directory, add_module, &walk);
    return walk.list;
}

struct count {
    const struct module *module;
    size_t users;
};

static void count_session(void *arg, const char *name, void *object)
{
    struct count *count                   = arg;
    const struct runtime_session *session = object;
    (void)name;
    count->users += session->module == count->module;
}

static size_t users_in_runtime(void *arg, const struct module *module)
{
    const struct runtime *runtime = arg;
    struct count count            = {module, 0};
    const struct list *lists[]    = {&runtime->outputs, &runtime->draining};
    struct list *node;
    registry_each(runtime->sessions, count_session, &count);
    list_for_each (node, &runtime->leaving) {
        count_session(&count, NULL, LIST_ENTRY(node, struct runtime_session, node));
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        list_for_each (node, lists[i]) {
            count.users += LIST_ENTRY(node, struct runtime_output, node)->module == module;
        }
    }
    return count.users;
}

json_t *inventory_modules(const struct runtime *runtime)
{
    char process[32];
    (void)snprintf(process, sizeof(process), "worker %u", (unsigned)runtime->options.index);
    return inventory_modules_of(runtime->modules, users_in_runtime, (void *)(uintptr_t)runtime,
                                process);
}
