/*
 * See adapter_rig.h. Channels are handed over in memory that is freed as soon as the slot returns,
 * so that an adapter that keeps a borrowed name is caught.
 */
#include "support/adapter_rig.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_host_internal.h"
#include "support/guard.h"

#define CHANNELS_MAX 16u
#define RECEIVED_NS  INT64_C(1767225600000000123)

static const struct hawser_directive CORE_ROWS[] = {
    {.name          = "heartbeat",
     .default_value = "30s",
     .contexts      = HAWSER_IN_SESSION,
     .type          = HAWSER_VALUE_TIME,
     .min_args      = 1,
     .max_args      = 1},
    {.name     = "credentials",
     .contexts = HAWSER_IN_SESSION,
     .type     = HAWSER_VALUE_STRING,
     .min_args = 1,
     .max_args = 1},
};

void adapter_rig_init(struct adapter_rig *rig, const struct hawser_module *module)
{
    size_t core = sizeof(CORE_ROWS) / sizeof(CORE_ROWS[0]);
    *rig        = (struct adapter_rig){.adapter = module->vtable.adapter, .module = *module};
    rig->rows   = fake_grow(NULL, module->directive_count + core, sizeof(rig->rows[0]));
    memcpy(rig->rows, CORE_ROWS, sizeof(CORE_ROWS));
    if (module->directive_count > 0) {
        memcpy(rig->rows + core, module->directives,
               module->directive_count * sizeof(rig->rows[0]));
    }
    rig->module.directives = rig->rows;
    rig->module.directive_count += (uint32_t)core;
    rig->fake = fake_host_create(&rig->module);
}

void adapter_rig_start(struct adapter_rig *rig)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (rig->adapter->create(fake_host_table(), fake_host_instance(rig->fake), &rig->object,
                             &err) != 0) {
        abort();
    }
    if (rig->adapter->connected != NULL) {
        rig->adapter->connected(rig->object);
    }
}

void adapter_rig_break(struct adapter_rig *rig)
{
    struct hawser_error why = HAWSER_ERROR_INIT;
    fake_error_set(&why, HAWSER_NET_LOST, 0, "cut by the test");
    rig->fake->open = 0;
    fake_host_break(rig->fake);
    if (rig->adapter->disconnected != NULL) {
        rig->adapter->disconnected(rig->object, &why);
    }
}

void adapter_rig_fini(struct adapter_rig *rig)
{
    if (rig->object != NULL) {
        fake_host_break(rig->fake);
        rig->adapter->destroy(rig->object);
    }
    if (rig->fake->broken_rules > 0) {
        abort();
    }
    fake_host_destroy(rig->fake);
    free(rig->rows);
}

void adapter_rig_receive_bytes(struct adapter_rig *rig, const void *bytes, size_t len, int binary)
{
    struct hawser_message message = {
        .bytes = guard_copy(bytes, len), .received_ns = RECEIVED_NS, .binary = binary != 0};
    rig->adapter->message(rig->object, &message);
    guard_free(message.bytes);
}

void adapter_rig_receive(struct adapter_rig *rig, const char *text)
{
    adapter_rig_receive_bytes(rig, text, strlen(text), 0);
}

typedef void (*change_fn)(void *adapter, const struct hawser_slice *channels, size_t count);

static void change(struct adapter_rig *rig, change_fn slot, va_list args)
{
    struct hawser_slice *channels = fake_grow(NULL, CHANNELS_MAX, sizeof(*channels));
    size_t count                  = 0;
    for (const char *name = va_arg(args, const char *); name != NULL;
         name             = va_arg(args, const char *)) {
        if (count == CHANNELS_MAX) {
            abort();
        }
        channels[count++] = guard_copy(name, strlen(name));
    }
    slot(rig->object, channels, count);
    while (count > 0) {
        guard_free(channels[--count]);
    }
    free(channels);
}

void adapter_rig_subscribe(struct adapter_rig *rig, ...)
{
    va_list args;
    va_start(args, rig);
    change(rig, rig->adapter->subscribe, args);
    va_end(args);
}

void adapter_rig_unsubscribe(struct adapter_rig *rig, ...)
{
    va_list args;
    va_start(args, rig);
    change(rig, rig->adapter->unsubscribe, args);
    va_end(args);
}

size_t adapter_rig_count(const struct adapter_rig *rig, const char *line_start)
{
    size_t count = 0;
    size_t len   = strlen(line_start);
    for (const char *line = rig->fake->events; *line != 0; line = strchr(line, '\n') + 1) {
        count += strncmp(line, line_start, len) == 0;
    }
    return count;
}
