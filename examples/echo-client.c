/*
 * Dials one URL and sends every message back as it came, until the server closes. Conformance
 * suites drive it.
 *
 *     echo-client URL
 *     echo-client --suite URL [AGENT]
 *
 * The second form goes through a fuzzing server's cases in one run: it asks URL/getCaseCount for
 * their number, dials URL/runCase?case=N&agent=AGENT for each, and URL/updateReports at the end.
 *
 * Exit code 0: closed by a whole close handshake (of a suite: it was gone through to its end, the
 * verdicts are the server's); 1: anything else. It never connects twice to one URL.
 */
#include <hawser/client.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_BYTES 1024

/* What a server said first. */
struct answer {
    char text[16];
};

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

static void on_count(struct hawser_client *client, enum hawser_opcode opcode,
                     struct hawser_slice bytes, void *arg)
{
    struct answer *answer = arg;
    (void)client;
    (void)opcode;
    if (bytes.len < sizeof(answer->text)) {
        memcpy(answer->text, bytes.data, bytes.len);
        answer->text[bytes.len] = '\0';
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

/* @param answer  NULL: echo. @return 0: closed by a whole close handshake; -1: not */
static int run(const char *url, struct answer *answer)
{
    struct hawser_error err                  = HAWSER_ERROR_INIT;
    struct hawser_client_options options     = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_client_callbacks callbacks = {.struct_size = sizeof(callbacks),
                                                .message = answer != NULL ? on_count : on_message,
                                                .state   = on_state};
    options.heartbeat_interval_ms            = -1; /* says nothing of its own accord */
    options.reconnect_off                    = 1;
    options.max_message_bytes                = UINT64_C(16) << 20;

    struct hawser_client *client = hawser_connect(url, &options, &callbacks, answer, &err);
    if (client == NULL) {
        fprintf(stderr, "%s\n", err.message);
        return -1;
    }
    int result = hawser_run(client);
    hawser_free(client);
    return result;
}

/* How a case ends is the server's to judge: many of them must not end cleanly. */
static int run_suite(const char *url, const char *agent)
{
    struct answer answer = {""};
    char each[URL_BYTES];
    (void)snprintf(each, sizeof(each), "%s/getCaseCount", url);
    if (run(each, &answer) != 0 || answer.text[0] == '\0') {
        fprintf(stderr, "%s did not tell how many cases there are\n", each);
        return -1;
    }
    long count = strtol(answer.text, NULL, 10);
    for (long i = 1; i <= count; i++) {
        (void)snprintf(each, sizeof(each), "%s/runCase?case=%ld&agent=%s", url, i, agent);
        printf("case %ld of %ld\n", i, count);
        (void)fflush(stdout); /* it is for people who watch */
        (void)run(each, NULL);
    }
    (void)snprintf(each, sizeof(each), "%s/updateReports?agent=%s", url, agent);
    return run(each, NULL);
}

int main(int argc, char **argv)
{
    if (argc >= 3 && argc <= 4 && strcmp(argv[1], "--suite") == 0) {
        return run_suite(argv[2], argc == 4 ? argv[3] : "hawser") == 0 ? 0 : 1;
    }
    if (argc != 2) {
        fprintf(stderr, "usage: echo-client URL\n       echo-client --suite URL [AGENT]\n");
        return 2;
    }
    return run(argv[1], NULL) == 0 ? 0 : 1;
}
