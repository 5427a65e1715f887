/*
 * libhawser in one page: connect, subscribe, print, and come back after every break.
 *
 * Every option has a default (hawser/client.h says which); what is wrong is refused with its name.
 *
 *     client URL CHANNEL...
 *     client wss://test.deribit.com/ws/api/v2 ticker.BTC-PERPETUAL.100ms
 *
 * Messages go to standard output, one a line; what becomes of the connection, to standard error.
 */
#include <hawser/client.h>
#include <hawser/host.h> /* struct hawser_reply */
#include <stdio.h>

static void on_message(struct hawser_client *client, enum hawser_opcode opcode,
                       struct hawser_slice bytes, void *arg)
{
    (void)client;
    (void)opcode;
    (void)arg;
    printf("%.*s\n", (int)bytes.len, bytes.data);
    (void)fflush(stdout); /* a reader that is gone shows at the next line */
}

static void on_state(struct hawser_client *client, enum hawser_state state,
                     const struct hawser_error *why, void *arg)
{
    (void)client;
    (void)arg;
    fprintf(stderr, "%s%s%s\n", hawser_state_name(state), why == NULL ? "" : ": ",
            why == NULL ? "" : why->message);
}

/* Called once, with the answer or with the reason why there is none. */
static void on_time(void *arg, const struct hawser_reply *reply)
{
    (void)arg;
    if (reply->err != NULL) {
        fprintf(stderr, "no time: %s\n", reply->err->message);
        return;
    }
    fprintf(stderr, "the server's time: %.*s\n", (int)reply->result.len, reply->result.data);
}

int main(int argc, char **argv)
{
    struct hawser_error err                  = HAWSER_ERROR_INIT;
    struct hawser_client_options options     = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_client_callbacks callbacks = {
        .struct_size = sizeof(callbacks), .message = on_message, .state = on_state};
    if (argc < 2) {
        fprintf(stderr, "usage: client URL CHANNEL...\n");
        return 2;
    }
    options.retry_count   = UINT32_MAX; /* come back for ever; reconnect_off = 1: never */
    options.timeout_ms    = 5000;       /* for each phase up to open */
    options.requests_wait = 1;          /* hawser_request may be called before the link is open */

    struct hawser_client *client = hawser_connect(argv[1], &options, &callbacks, NULL, &err);
    if (client == NULL) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    /* A call goes out once. Channels are wanted from now on: asked for when the link is open, and
     * again after each reconnect. */
    if (hawser_request(client, "public/get_time", (struct hawser_slice){"{}", 2}, 0, on_time, NULL,
                       &err) != 0 ||
        hawser_subscribe(client, (const char *const *)argv + 2, (size_t)argc - 2, &err) != 0) {
        fprintf(stderr, "%s\n", err.message);
        hawser_free(client);
        return 1;
    }
    int result = hawser_run(client);
    hawser_free(client);
    return result == 0 ? 0 : 1;
}
