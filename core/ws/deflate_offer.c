/*
 * Parameters of permessage-deflate. See deflate_offer.h.
 */
#include "ws/deflate_offer.h"

#include <stdio.h>

#include "base/error.h"
#include "base/slice.h"
#include "ws/deflate.h"
#include "ws/header.h"

#define NAME         "permessage-deflate"
#define VALUE_MAX    8u /* longer ones are wrong anyway */
#define UNSAID_BITS  1u /* client_max_window_bits without a value: in an offer alone */
#define EXCERPT_MAX  80u
#define DEFAULT_BITS WS_DEFLATE_MAX_BITS

/* Read from one element of the list: 0 where a parameter was not there. */
enum param { SERVER_NO_TAKEOVER, CLIENT_NO_TAKEOVER, SERVER_BITS, CLIENT_BITS, PARAM_COUNT };

static const char *const PARAM_NAMES[PARAM_COUNT] = {
    [SERVER_NO_TAKEOVER] = "server_no_context_takeover",
    [CLIENT_NO_TAKEOVER] = "client_no_context_takeover",
    [SERVER_BITS]        = "server_max_window_bits",
    [CLIENT_BITS]        = "client_max_window_bits",
};

enum side { OFFER, ANSWER };

static struct hawser_slice take_until(struct hawser_slice *rest, char separator, int *found)
{
    const char *at = rest->len == 0 ? NULL : memchr(rest->data, separator, rest->len);
    struct hawser_slice part =
        slice_make(rest->data, at == NULL ? rest->len : (size_t)(at - rest->data));
    *found = at != NULL;
    *rest  = slice_skip(*rest, part.len + (at != NULL));
    return ws_header_trim(part);
}

/* A token, or a quoted one (RFC 6455 9.1). @return its length; 0: neither */
static size_t unquote(struct hawser_slice value, char *out)
{
    size_t len    = 0;
    size_t i      = 0;
    size_t end    = value.len;
    int is_quoted = value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"';
    if (is_quoted) {
        i = 1;
        end--;
    }
    for (; i < end && len < VALUE_MAX; i++) {
        if (is_quoted && value.data[i] == '\\' && ++i == end) {
            return 0;
        }
        out[len++] = value.data[i];
    }
    return i == end && ws_header_is_token(slice_make(out, len)) ? len : 0;
}

/* "8" to "15", without leading zeros. @return 0: something else */
static uint8_t read_bits(struct hawser_slice value)
{
    char text[VALUE_MAX];
    size_t len    = unquote(value, text);
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || (i == 0 && text[i] == '0')) {
            return 0;
        }
        bits = bits * 10 + (unsigned)(text[i] - '0');
    }
    return len <= 2 && bits >= WS_DEFLATE_MIN_BITS && bits <= WS_DEFLATE_MAX_BITS ? (uint8_t)bits
                                                                                  : 0;
}

static uint8_t read_value(enum param param, struct hawser_slice value, int has_value,
                          enum side side)
{
    if (param == SERVER_NO_TAKEOVER || param == CLIENT_NO_TAKEOVER) {
        return !has_value;
    }
    if (!has_value) {
        return param == CLIENT_BITS && side == OFFER ? UNSAID_BITS : 0;
    }
    return read_bits(value);
}

static const char *read_param(struct hawser_slice text, enum side side, uint8_t *found)
{
    int has_value            = 0;
    struct hawser_slice name = take_until(&text, '=', &has_value);
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        if (!slice_equal_text(name, PARAM_NAMES[i])) {
            continue;
        }
        if (found[i] != 0) {
            return "a parameter stands twice";
        }
        found[i] = read_value((enum param)i, ws_header_trim(text), has_value, side);
        return found[i] == 0 ? "a parameter has a wrong value, or none" : NULL;
    }
    return "a parameter is not known";
}

/* @return NULL, or what is wrong with it */
static const char *read_params(struct hawser_slice params, int more, enum side side, uint8_t *found)
{
    while (more) {
        const char *wrong = read_param(take_until(&params, ';', &more), side, found);
        if (wrong != NULL) {
            return wrong;
        }
    }
    return NULL;
}

void ws_deflate_offer(const struct ws_deflate_params *wished, char *out)
{
    char server_bits[40] = "";
    char client_bits[8]  = "";
    if (wished->server_max_window_bits != 0) {
        (void)snprintf(server_bits, sizeof(server_bits), "; %s=%u", PARAM_NAMES[SERVER_BITS],
                       wished->server_max_window_bits);
    }
    if (wished->client_max_window_bits != 0) {
        (void)snprintf(client_bits, sizeof(client_bits), "=%u", wished->client_max_window_bits);
    }
    (void)snprintf(out, WS_DEFLATE_OFFER_BYTES, NAME "%s%s%s; %s%s",
                   wished->server_no_context_takeover ? "; server_no_context_takeover" : "",
                   wished->client_no_context_takeover ? "; client_no_context_takeover" : "",
                   server_bits, PARAM_NAMES[CLIENT_BITS], client_bits);
}

/* RFC 7692 7.1: an answer may ask for more than the offer did, but not promise less. */
static const char *check_against(const struct ws_deflate_params *wished, const uint8_t *found)
{
    if (wished->server_no_context_takeover && !found[SERVER_NO_TAKEOVER]) {
        return "server_no_context_takeover was asked for and is missing";
    }
    if (wished->server_max_window_bits != 0 &&
        (found[SERVER_BITS] == 0 || found[SERVER_BITS] > wished->server_max_window_bits)) {
        return "server_max_window_bits is larger than was asked for, or missing";
    }
    if (wished->client_max_window_bits != 0 &&
        found[CLIENT_BITS] > wished->client_max_window_bits) {
        return "client_max_window_bits is larger than was offered";
    }
    return NULL;
}

static int refuse(struct hawser_slice element, const char *why, struct hawser_error *err)
{
    error_set(err, HAWSER_WS_HANDSHAKE, "answer to " NAME ": %s: %.*s", why,
              (int)(element.len < EXCERPT_MAX ? element.len : EXCERPT_MAX), element.data);
    return -1;
}

static uint8_t bits_or(uint8_t bits, uint8_t otherwise)
{
    return bits > UNSAID_BITS ? bits : otherwise;
}

int ws_deflate_check(struct hawser_slice extensions, const struct ws_deflate_params *wished,
                     struct ws_deflate_params *agreed, struct hawser_error *err)
{
    struct hawser_slice element;
    int count = 0;
    *agreed   = (struct ws_deflate_params){0};
    while (ws_header_next_element(&extensions, &element)) {
        uint8_t found[PARAM_COUNT] = {0};
        struct hawser_slice rest   = element;
        int more                   = 0;
        const char *wrong          = NULL;
        if (!slice_equal_text(take_until(&rest, ';', &more), NAME)) {
            return refuse(element, "another extension", err);
        }
        wrong = count++ > 0 ? "it stands twice" : read_params(rest, more, ANSWER, found);
        wrong = wrong != NULL ? wrong : check_against(wished, found);
        if (wrong != NULL) {
            return refuse(element, wrong, err);
        }
        uint8_t own = bits_or(wished->client_max_window_bits, DEFAULT_BITS);
        *agreed     = (struct ws_deflate_params){
                .server_no_context_takeover = found[SERVER_NO_TAKEOVER],
                .client_no_context_takeover =
                    found[CLIENT_NO_TAKEOVER] | wished->client_no_context_takeover,
                .server_max_window_bits = bits_or(found[SERVER_BITS], DEFAULT_BITS),
                .client_max_window_bits = bits_or(found[CLIENT_BITS], own),
        };
    }
    return count;
}

static uint8_t least(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static void agree(const uint8_t *found, const struct ws_deflate_params *own,
                  struct ws_deflate_params *agreed)
{
    *agreed = (struct ws_deflate_params){
        .server_no_context_takeover = found[SERVER_NO_TAKEOVER] | own->server_no_context_takeover,
        .client_no_context_takeover = found[CLIENT_NO_TAKEOVER] | own->client_no_context_takeover,
        .server_max_window_bits     = least(bits_or(found[SERVER_BITS], DEFAULT_BITS),
                                            bits_or(own->server_max_window_bits, DEFAULT_BITS)),
        .client_max_window_bits     = DEFAULT_BITS,
    };
    if (found[CLIENT_BITS] != 0) { /* else the client cannot keep to any */
        agreed->client_max_window_bits = least(bits_or(found[CLIENT_BITS], DEFAULT_BITS),
                                               bits_or(own->client_max_window_bits, DEFAULT_BITS));
    }
}

static void write_answer(const uint8_t *found, const struct ws_deflate_params *agreed, char *out)
{
    char server_bits[40] = "";
    char client_bits[40] = "";
    if (found[SERVER_BITS] != 0 || agreed->server_max_window_bits < DEFAULT_BITS) {
        (void)snprintf(server_bits, sizeof(server_bits), "; %s=%u", PARAM_NAMES[SERVER_BITS],
                       agreed->server_max_window_bits);
    }
    if (agreed->client_max_window_bits < DEFAULT_BITS) {
        (void)snprintf(client_bits, sizeof(client_bits), "; %s=%u", PARAM_NAMES[CLIENT_BITS],
                       agreed->client_max_window_bits);
    }
    (void)snprintf(out, WS_DEFLATE_OFFER_BYTES, NAME "%s%s%s%s",
                   agreed->server_no_context_takeover ? "; server_no_context_takeover" : "",
                   agreed->client_no_context_takeover ? "; client_no_context_takeover" : "",
                   server_bits, client_bits);
}

int ws_deflate_choose(struct hawser_slice offers, const struct ws_deflate_params *own,
                      struct ws_deflate_params *agreed, char *answer)
{
    struct hawser_slice element;
    while (ws_header_next_element(&offers, &element)) {
        uint8_t found[PARAM_COUNT] = {0};
        struct hawser_slice rest   = element;
        int more                   = 0;
        if (slice_equal_text(take_until(&rest, ';', &more), NAME) &&
            read_params(rest, more, OFFER, found) == NULL) {
            agree(found, own, agreed);
            write_answer(found, agreed, answer);
            return 1;
        }
    }
    return 0;
}
