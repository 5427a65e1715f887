/*
 * plugins/generic's reading of messages: names of channels, elements of arrays, escapes, numbers.
 * On the fake host, whose scanner lets more through than the real one does.
 */
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "support/fake_host.h"
#include "support/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int lies_in(struct hawser_slice part, struct hawser_slice whole)
{
    return part.data >= whole.data && part.len <= whole.len &&
           part.data + part.len <= whole.data + whole.len;
}

static void read_rule(struct name_rule *rule, const char *const *paths)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    rule->separator         = ":";
    while (paths[rule->count] != NULL) {
        if (path_read(fake_host_table(), paths[rule->count], &rule->parts[rule->count], &err) !=
            0) {
            abort();
        }
        rule->count++;
    }
}

static void check_name(const struct name_rule *rule, struct hawser_slice bytes)
{
    char memory[16];
    struct hawser_slice scratch = {memory, sizeof(memory)};
    struct hawser_slice name    = {NULL, 0};
    if (name_find(fake_host_table(), rule, bytes, scratch, &name) &&
        (name.len == 0 || (!lies_in(name, bytes) && !lies_in(name, scratch)))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ONE[] = {"c", NULL};
    static const char *const TWO[] = {"c", "d.0.s", NULL};
    struct name_rule one           = {.count = 0};
    struct name_rule two           = {.count = 0};
    struct hawser_slice value      = {NULL, 0};
    uint64_t number                = 0;
    struct hawser_slice bytes      = guard_copy(data, size);
    read_rule(&one, ONE);
    read_rule(&two, TWO);
    check_name(&one, bytes);
    check_name(&two, bytes);
    if (path_find(fake_host_table(), &two.parts[1], bytes, &value) &&
        (!lies_in(value, bytes) ||
         (number_read(value, &number) && number >= UINT64_C(10000000000000000000)))) {
        abort();
    }
    path_fini(&one.parts[0]);
    path_fini(&two.parts[0]);
    path_fini(&two.parts[1]);
    guard_free(bytes);
    return 0;
}
