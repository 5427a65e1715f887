/*
 * Dials one URL and sends every message back as it came, until the server closes. Conformance
 * suites drive it.
 *
 *     echo-client URL
 *
 * Exit code 0: closed by a whole close handshake; 1: anything else. It never connects twice.
 */
#include <hawser/client.h>
#include <stdio.h>

static void on_message(struct hawser_client *client, enum hawser_opcode opcode,
                       struct hawser_slice bytes, void *arg)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    (void)arg;
    if (hawser_send(client, opcode, bytes, &err) != 0) {
        fprintf(stderr, "not echoed: %s\n", err.message);
        hawser_close(client, HAWSER_CLOSE_INTERNAL_ERROR, "echo not sent");
    }
}

static void on_state(struct hawser_client *client, enum hawser_state state,
                     const struct hawser_error *why, void *arg)
{
    (void)client;
    (void)arg;
    if (state == HAWSER_STATE_FAILED && why != NULL) {
        fprintf(stderr, "%s\n", why->message);
    }
}

int main(int argc, char **argv)
{
    struct hawser_error err                  = HAWSER_ERROR_INIT;
    struct hawser_client_options options     = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_client_callbacks callbacks = {
        .struct_size = sizeof(callbacks), .message = on_message, .state = on_state};
    if (argc != 2) {
        fprintf(stderr, "usage: echo-client URL\n");
        return 2;
    }
    options.reconnect_off     = 1;
    options.max_message_bytes = UINT64_C(16) << 20;

    struct hawser_client *client = hawser_connect(argv[1], &options, &callbacks, NULL, &err);
    if (client == NULL) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    int result = hawser_run(client);
    hawser_free(client);
    return result == 0 ? 0 : 1;
}
