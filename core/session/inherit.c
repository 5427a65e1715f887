/*
 * A predecessor's unannounced holes. See inherit.h; records.c tells them.
 */
#include "session/inherit.h"

#include <stdio.h>

#include "session/object.h"

void session_inherit(struct session *session, const char *message)
{
    struct list *node = NULL;
    (void)snprintf(session->break_message, sizeof(session->break_message), "%s", message);
    for (size_t state = 0; state < CHANNEL_STATE_COUNT; state++) {
        list_for_each (node, &session->wanted.in_state[state]) {
            struct channel *channel = CHANNEL_OF(node);
            channel->gap_pending    = channel->origin != 0;
            channel->gap_since_ns   = 0;
        }
    }
}
