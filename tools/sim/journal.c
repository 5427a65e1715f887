/*
 * The journal of requests. See journal.h.
 */
#include "sim/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "sim/text.h"

int sim_journal_open(struct sim *sim, const char *path, struct hawser_error *err)
{
    sim->journal = fopen(path, "ae");
    if (sim->journal == NULL) {
        error_set(err, HAWSER_SYSTEM_CALL, "%s: %s", path, strerror(errno));
        return -1;
    }
    /* A line each: whoever reads the file finds whole ones. It is unbuffered otherwise. */
    (void)setvbuf(sim->journal, NULL, _IOLBF, BUFSIZ);
    return 0;
}

void sim_journal_write(struct sim *sim, uint64_t conn_id, const json_t *root)
{
    const json_t *id = json_object_get(root, "id");
    const char *label =
        json_string_value(json_object_get(json_object_get(root, "params"), "label"));
    struct sim_text out = {.failed = 0};
    if (sim->journal == NULL) {
        return;
    }
    sim_text_printf(&out, "{\"ms\":%lld,\"conn\":%llu",
                    (long long)((clock_monotonic() - sim->stats.started) / CLOCK_NS_PER_MS),
                    (unsigned long long)conn_id);
    if (json_is_integer(id)) {
        sim_text_printf(&out, ",\"id\":%lld", (long long)json_integer_value(id));
    }
    sim_text_named(&out, "method", json_string_value(json_object_get(root, "method")));
    if (label != NULL) {
        sim_text_named(&out, "label", label);
    }
    sim_text_add(&out, "}\n");
    if (fputs(sim_text_get(&out), sim->journal) == EOF) {
        sim_note(sim, "the journal of requests cannot be written: %s", strerror(errno));
        sim_journal_close(sim);
    }
    sim_text_fini(&out);
}

void sim_journal_close(struct sim *sim)
{
    if (sim->journal != NULL) {
        (void)fclose(sim->journal); /* each line was written when it came */
        sim->journal = NULL;
    }
}
