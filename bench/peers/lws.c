/*
 * libwebsockets, with the largest receive buffer that helps it.
 */
#include <libwebsockets.h>

#include "report.h"

#define RX_BYTES (256u * 1024u)

static struct report report;
static int ended;

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    (void)user;
    (void)in;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        report_start(&report);
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        report.bytes += len;
        report.messages += lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
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

static const struct lws_protocols PROTOCOLS[] = {
    {"mix", on_event, 0, RX_BYTES, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    struct report_target target;
    struct lws_context_creation_info info  = {.port = CONTEXT_PORT_NO_LISTEN};
    struct lws_client_connect_info connect = {0};
    report_parse(argc, argv, &target);
    lws_set_log_level(0, NULL);
    info.protocols              = PROTOCOLS;
    info.pt_serv_buf_size       = RX_BYTES;
    info.client_ssl_ca_filepath = target.tls_ca;
    info.options                = target.secure ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0;
    struct lws_context *context = lws_create_context(&info);
    connect.context             = context;
    connect.address             = target.host;
    connect.host                = target.host;
    connect.origin              = target.host;
    connect.port                = target.port;
    connect.path                = "/";
    connect.ssl_connection      = target.secure ? LCCSCF_USE_SSL : 0;
    if (context == NULL || lws_client_connect_via_info(&connect) == NULL) {
        fprintf(stderr, "lws: no connection\n");
        return 1;
    }
    while (!ended && lws_service(context, 0) >= 0) {
    }
    report_print(&report);
    lws_context_destroy(context);
    return report.messages == 0;
}
