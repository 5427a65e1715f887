/*
 * A session that is to do what another one does: the same channels, the same credentials.
 */
#include "base/error.h"
#include "session/object.h"

int session_follow_channels(struct session *session, const struct session *of, uint8_t origins,
                            struct hawser_error *err)
{
    static const enum channel_origin ORIGINS[] = {CHANNEL_BY_CONFIG, CHANNEL_BY_CALL};
    for (size_t state = 0; state < CHANNEL_STATE_COUNT; state++) {
        struct list *node;
        list_for_each (node, &of->wanted.in_state[state]) {
            struct hawser_slice name = channel_name(CHANNEL_OF(node));
            uint8_t origin           = CHANNEL_OF(node)->origin & origins;
            for (size_t i = 0; i < sizeof(ORIGINS) / sizeof(ORIGINS[0]); i++) {
                if ((origin & ORIGINS[i]) != 0 &&
                    wanted_add(&session->wanted, &name, 1, ORIGINS[i], err) != 0) {
                    return -1;
                }
            }
        }
    }
    session_stale_resolve(session);
    return 0;
}

int session_follow_credentials(struct session *session, const struct session *of,
                               struct hawser_error *err)
{
    size_t size = of->credentials.len;
    buf_cleanse(&session->credentials);
    /* one reservation: a buffer that grew would leave copies of the secret behind */
    if (size > 0 && (buf_reserve(&session->credentials, size) == NULL ||
                     buf_append(&session->credentials, buf_data(&of->credentials), size) != 0)) {
        buf_cleanse(&session->credentials);
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the credentials of session %s",
                  session->label);
        return -1;
    }
    return 0;
}
