/*
 * Control clients across an upgrade. Where nothing but a reload is under way the other binary goes
 * on with the connection; all else is answered before, or told that no answer comes. See control.h.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/control.h"
#include "host/handover.h"

static int may_go_on(struct control_conn *conn)
{
    struct list *node;
    list_for_each (node, control_conn_requests(conn)) {
        if (!control_request_is_lone_reload(LIST_ENTRY(node, struct control_request, node))) {
            return 0;
        }
    }
    return control_conn_idle_fd(conn) >= 0;
}

int control_may_hand_over(struct control *control)
{
    struct list *node;
    if (control == NULL) {
        return 1;
    }
    list_for_each (node, control_conns(control)) {
        if (!may_go_on(control_conn_of(node))) {
            return 0;
        }
    }
    return 1;
}

static void hurry(struct control_conn *conn)
{
    control_conn_read(conn, 0);
    control_requests_give_up(control_conn_requests(conn), HAWSER_REQUEST_UNKNOWN,
                             "another binary of the host took over before this was answered: its "
                             "outcome is not known; look before you ask again");
    if (control_conn_has_half_line(conn)) {
        control_conn_refuse(conn, "another binary of the host takes over, and the line is not "
                                  "whole; connect again");
    }
    control_conn_settled(conn);
}

void control_hurry(struct control *control)
{
    struct list *node;
    if (control == NULL) {
        return;
    }
    control_accept(control, 0);
    list_for_each (node, control_conns(control)) {
        hurry(control_conn_of(node));
    }
}

void control_go_on(struct control *control)
{
    struct list *node;
    if (control == NULL) {
        return;
    }
    control_accept(control, 1);
    list_for_each (node, control_conns(control)) {
        control_conn_read(control_conn_of(node), 1);
    }
}

static json_t *client_json(struct control_conn *conn)
{
    json_t *reloads = json_array();
    struct list *node;
    list_for_each (node, control_conn_requests(conn)) {
        const struct control_request *request = LIST_ENTRY(node, struct control_request, node);
        if (request->id != NULL) {
            /* Short of memory the client hears nothing of its reload. */
            (void)json_array_append(reloads, request->id);
        }
    }
    return json_pack("{s:i, s:o}", "fd", control_conn_idle_fd(conn), "reloads", reloads);
}

json_t *control_clients_json(struct control *control)
{
    json_t *clients = json_array();
    struct list *node;
    if (control == NULL) {
        return clients;
    }
    list_for_each (node, control_conns(control)) {
        struct control_conn *conn = control_conn_of(node);
        if (may_go_on(conn)) {
            /* Short of memory it is cut off, as those are that do not read their answers. */
            (void)json_array_append_new(clients, client_json(conn));
        }
    }
    return clients;
}

static int fd_of(const json_t *client)
{
    return (int)json_integer_value(json_object_get(client, "fd"));
}

void control_clients_keep(const json_t *clients, int keep)
{
    size_t i;
    json_t *client;
    json_array_foreach(clients, i, client)
    {
        handover_keep(fd_of(client), keep);
    }
}

/* As if it had come in here. */
static void ask_again(struct control_conn *conn, json_t *id)
{
    json_t *request =
        json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "method", "host.reload", "id", id);
    char *line = request == NULL ? NULL : json_dumps(request, JSON_COMPACT);
    if (line != NULL) {
        control_rpc_take(conn, line, strlen(line));
    }
    free(line);
    json_decref(request);
}

void control_clients_adopt(struct control *control, const json_t *clients)
{
    size_t i;
    json_t *client;
    json_array_foreach(clients, i, client)
    {
        int fd = fd_of(client);
        size_t k;
        json_t *id;
        struct control_conn *conn =
            control == NULL
                ? NULL
                : control_conn_create(control_master(control), fd, control_conns(control));
        if (conn == NULL) {
            (void)close(fd); /* it sees that, and connects again */
            continue;
        }
        json_array_foreach(json_object_get(client, "reloads"), k, id)
        {
            ask_again(conn, id);
        }
    }
}
