/*
 * The lines of a session, as the control socket tells of them. See lines_json.h.
 */
#include "host/lines_json.h"

static void add_line(void *arg, const struct bundle_line_info *info)
{
    const struct session_info *session = &info->session;
    (void)json_array_append_new(
        arg, json_pack("{s:I, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "line",
                       (json_int_t)info->number, "state", hawser_state_name(session->state),
                       "address", session->address, "leaving", info->is_leaving, "messages",
                       (json_int_t)session->messages, "reconnects", (json_int_t)session->reconnects,
                       "won", (json_int_t)info->won, "lead_ns", (json_int_t)info->lead_ns,
                       "round_trip_ns", (json_int_t)session->round_trip_ns, "channels_confirmed",
                       (json_int_t)session->channels_confirmed, "covers", (json_int_t)info->covers,
                       "requests_waiting",
                       (json_int_t)session->requests_waiting)); /* on no memory it is short */
}

void lines_json_add(json_t *json, const struct runtime_session *session)
{
    json_t *lines = json_array();
    if (lines != NULL) {
        bundle_each_line(session->bundle, add_line, lines);
    }
    (void)json_object_set_new(json, "lines", lines); /* short of memory less is told */
    (void)json_object_set_new(json, "moving", json_boolean(session->moving));
    (void)json_object_set_new(json, "behind", json_boolean(session->behind));
    (void)json_object_set_new(json, "covered",
                              json_integer((json_int_t)bundle_covered(session->bundle)));
}
