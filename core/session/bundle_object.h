/*
 * struct bundle as its parts in this folder see it, and what they offer each other.
 */
#ifndef CORE_SESSION_BUNDLE_OBJECT_H
#define CORE_SESSION_BUNDLE_OBJECT_H

#include "base/list.h"
#include "base/obj.h"
#include "session/bundle.h"
#include "session/object.h"

#define BUNDLE_MAGIC      0x42554e44u
#define BUNDLE_LINE_MAGIC 0x424c494eu

/** One connection of the session. */
struct bundle_line {
    OBJ_MAGIC_FIELD;
    struct list node;
    struct bundle *bundle;
    struct session *session;
    void *context; /* of the owner's, from line_open */
};

struct bundle {
    OBJ_MAGIC_FIELD;
    struct bundle_env env;
    struct list lines; /* struct bundle_line; never empty */
    enum hawser_state state;
};

#define LINE_OF(list_node) LIST_ENTRY(list_node, struct bundle_line, node)

/** The first line: of what all have alike, each may tell. */
static inline struct bundle_line *bundle_first(const struct bundle *bundle)
{
    return LINE_OF(bundle->lines.next);
}

/* bundle_line.c */
/** Make a line, in state IDLE, at the end of the list. @return borrowed; NULL with err set */
struct bundle_line *bundle_line_create(struct bundle *bundle, const struct session_options *options,
                                       struct hawser_error *err);
/** Not from inside callbacks of the line. NULL is allowed. */
void bundle_line_destroy(struct bundle_line *line);

#endif
