/*
 * What two peers agree on before they compress: the parameters of permessage-deflate in the opening
 * handshake (RFC 7692 5, 7.1). Pure functions on a header's value.
 */
#ifndef CORE_WS_DEFLATE_OFFER_H
#define CORE_WS_DEFLATE_OFFER_H

#include "hawser/error.h"

#define WS_DEFLATE_OFFER_BYTES 160u /* of the longest offer or answer, with its NUL */

/**
 * As wished: 0 bits ask for nothing (a client then only says that it can keep to
 * client_max_window_bits). As agreed: 8 to 15 bits each.
 */
struct ws_deflate_params {
    uint8_t server_no_context_takeover;
    uint8_t client_no_context_takeover;
    uint8_t server_max_window_bits;
    uint8_t client_max_window_bits;
};

/** A client's offer. @param out WS_DEFLATE_OFFER_BYTES */
void ws_deflate_offer(const struct ws_deflate_params *wished, char *out);
/**
 * What the server made of it.
 *
 * @param extensions  value of Sec-WebSocket-Extensions
 * @param wished      as it was offered
 * @return 1: agreed, `agreed` is filled; 0: declined; -1: WS_HANDSHAKE (a parameter that is not
 * known, stands twice, has a wrong value or none, goes beyond the offer, or is missing though it
 * was asked for)
 */
int ws_deflate_check(struct hawser_slice extensions, const struct ws_deflate_params *wished,
                     struct ws_deflate_params *agreed, struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * The server's side: the first offer that can be kept.
 *
 * @param own     what the server wants of it
 * @param answer  WS_DEFLATE_OFFER_BYTES
 * @return 1: `agreed` and `answer` are filled; 0: none
 */
int ws_deflate_choose(struct hawser_slice offers, const struct ws_deflate_params *own,
                      struct ws_deflate_params *agreed, char *answer);

#endif
