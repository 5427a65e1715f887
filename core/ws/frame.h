/*
 * The public codec (hawser/frame.h) is implemented here, in ws/frame.c. This header adds what only
 * the core needs.
 */
#ifndef CORE_WS_FRAME_H
#define CORE_WS_FRAME_H

#include "hawser/frame.h"

static inline int ws_opcode_is_control(unsigned opcode)
{
    return (opcode & 0x8u) != 0;
}

/** May this code stand in a close frame on the wire? (RFC 6455 7.4) @return 1 or 0 */
int ws_close_code_is_valid(uint16_t code);

#endif
