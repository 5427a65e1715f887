/*
 * A reader of messages as message.c (frames -> messages) and message_life.c (where readers come
 * from) see it.
 */
#ifndef CORE_WS_MESSAGE_IMPL_H
#define CORE_WS_MESSAGE_IMPL_H

#include "ws/message.h"

struct ws_reader {
    struct ws_message_handler handler;
    void *arg;                    /* of `control` */
    void *message_arg;            /* of `message` */
    struct net_loop *loop;        /* may be NULL */
    struct ws_inflater *inflater; /* NULL: permessage-deflate was not agreed on */
    struct buf gathered; /* payload of the message so far, where it is not handed on in place */
    uint64_t max_message_bytes;
    uint64_t frame_left;       /* payload still to come of the frame that is being gathered */
    uint64_t compressed_bytes; /* of the message so far, where it is compressed */
    struct hawser_frame frame; /* that frame */
    size_t ahead;              /* payload bytes of the waiting frame that were processed already */
    struct ws_utf8 utf8;
    uint32_t max_fragments;
    uint32_t fragments; /* frames of the message so far */
    enum ws_role role;
    uint8_t opcode; /* of the message in progress; 0: none */
    uint8_t is_compressed;
    uint8_t text_unchecked;
    uint8_t closed; /* after a close frame nothing counts any more (RFC 6455 5.5.1) */
};

#endif
