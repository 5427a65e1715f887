/*
 * Methods that control_gather.c has and the table in control_methods.c names.
 */
#ifndef CORE_HOST_CONTROL_METHODS_H
#define CORE_HOST_CONTROL_METHODS_H

#include "host/control.h"

void control_run_status(struct control_request *request, const json_t *message);
void control_run_session_list(struct control_request *request, const json_t *message);
void control_run_output_list(struct control_request *request, const json_t *message);
void control_run_module_list(struct control_request *request, const json_t *message);

/** Ask every worker for its sessions; `done` finds them in request->gathered. */
void control_gather_sessions(struct control_request *request,
                             void (*done)(struct control_request *request));
/** The outcome of a reload. @return given; NULL: no memory */
json_t *control_reload_json(const struct reload_result *result);

#endif
