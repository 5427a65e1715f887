/*
 * Answers that wait. See late.h.
 */
#include "sim/late.h"

#include <stdlib.h>

#include "base/slice.h"

struct late {
    struct list node;
    clock_ns_t due;
    size_t len;
    char text[];
};

static struct late *first_of(const struct sim_conn *conn)
{
    return list_is_empty(&conn->late) ? NULL : LIST_ENTRY(conn->late.next, struct late, node);
}

void sim_late_answer(struct sim_conn *conn, struct hawser_slice text)
{
    if (conn->faults.late_ms == 0 && list_is_empty(&conn->late)) {
        sim_conn_send(conn, text);
        return;
    }
    struct late *late = malloc(sizeof(*late) + text.len);
    if (late == NULL) {
        sim_note(conn->sim, "an answer is lost: out of memory");
        return;
    }
    late->due = clock_monotonic() + (clock_ns_t)conn->faults.late_ms * CLOCK_NS_PER_MS;
    late->len = text.len;
    memcpy(late->text, text.data, text.len);
    list_append(&conn->late, &late->node);
    sim_conn_schedule(conn);
}

void sim_late_run(struct sim_conn *conn, clock_ns_t now)
{
    struct late *late = first_of(conn);
    while (late != NULL && late->due <= now && sim_conn_is_open(conn)) {
        list_remove(&late->node);
        sim_conn_send(conn, slice_make(late->text, late->len));
        free(late);
        late = first_of(conn);
    }
}

clock_ns_t sim_late_next(const struct sim_conn *conn)
{
    const struct late *late = first_of(conn);
    return late == NULL ? 0 : late->due;
}

void sim_late_forget(struct sim_conn *conn)
{
    for (struct late *late = first_of(conn); late != NULL; late = first_of(conn)) {
        list_remove(&late->node);
        free(late);
    }
}
