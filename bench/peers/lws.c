/*
 * libwebsockets as its minimal clients have it; --tuned: with the largest receive buffer that
 * helps.
 */
#include <libwebsockets.h>

#include "latency.h"
#include "memory.h"
#include "report.h"

#define TUNED_BYTES (256u * 1024u)
#define IN_FLIGHT   64

static struct report report;
static struct latency latency;
static struct report_target target;
static struct lws_context *context;
static struct memory first;
static long started;
static long opened;
static int ended;

static int start_one(void)
{
    struct lws_client_connect_info connect = {0};
    connect.context                        = context;
    connect.address                        = target.host;
    connect.host                           = target.host;
    connect.origin                         = target.host;
    connect.port                           = target.port;
    connect.path                           = "/";
    connect.ssl_connection                 = target.secure ? LCCSCF_USE_SSL : 0;
    started++;
    return lws_client_connect_via_info(&connect) == NULL ? -1 : 0;
}

static void count_open(void)
{
    opened++;
    if (target.idle == 0) {
        report_start(&report);
    } else if (opened == target.idle) {
        memory_print(&first, opened);
        ended = 1;
    } else if (opened == 1) {
        first = memory_now();
    }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        count_open();
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        report.bytes += len;
        report.messages += lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
        latency_take(&latency, in, len);
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        ended = 1;
        break;
    default:
        break;
    }
    return 0;
}

static struct lws_protocols protocols[] = {
    {"mix", on_event, 0, 0, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static struct lws_context *make_context(void)
{
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN};
    if (target.tuned) {
        protocols[0].rx_buffer_size = TUNED_BYTES;
        info.pt_serv_buf_size       = TUNED_BYTES;
    }
    info.protocols              = protocols;
    info.client_ssl_ca_filepath = target.tls_ca;
    info.options                = target.secure ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0;
    lws_set_log_level(0, NULL);
    return lws_create_context(&info);
}

int main(int argc, char **argv)
{
    char extra[128];
    report_parse(argc, argv, &target);
    memory_allow_many();
    context = make_context();
    if (context == NULL || latency_init(&latency, target.latency) != 0 || start_one() != 0) {
        fprintf(stderr, "lws: no connection\n");
        return 1;
    }
    while (!ended && lws_service(context, 0) >= 0) {
        while (started < target.idle && opened > 0 && started - opened < IN_FLIGHT && !ended) {
            ended = start_one() != 0;
        }
    }
    if (target.idle > 0) {
        return opened == target.idle ? 0 : 1; /* the end of the process is theirs, too */
    }
    latency_text(&latency, extra, sizeof(extra));
    report_print(&report, extra);
    lws_context_destroy(context);
    return report.messages == 0;
}
