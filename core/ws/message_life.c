/*
 * Where readers come from: the heap, or, for bytes that nothing of a message came before, the
 * thread. So a connection that is silent between two messages has none.
 */
#include <stdlib.h>

#include "base/error.h"
#include "ws/deflate.h"
#include "ws/message_impl.h"

#define DEFAULT_MAX_MESSAGE_BYTES (16u * 1024u * 1024u)
#define DEFAULT_MAX_FRAGMENTS     131072u

static _Thread_local struct ws_reader own_reader;
static _Thread_local int own_is_lent;

static void reader_init(struct ws_reader *reader, const struct ws_reader_options *options,
                        const struct ws_message_handler *handler, void *arg)
{
    *reader = (struct ws_reader){
        .handler           = *handler,
        .arg               = arg,
        .message_arg       = handler->message_arg != NULL ? handler->message_arg : arg,
        .role              = options->role,
        .max_message_bytes = options->max_message_bytes != 0 ? options->max_message_bytes
                                                             : DEFAULT_MAX_MESSAGE_BYTES,
        .max_fragments =
            options->max_fragments != 0 ? options->max_fragments : DEFAULT_MAX_FRAGMENTS,
        .loop           = options->loop,
        .text_unchecked = options->text_unchecked,
    };
}

struct ws_reader *ws_reader_create(const struct ws_reader_options *options,
                                   const struct ws_message_handler *handler, void *arg,
                                   struct hawser_error *err)
{
    struct ws_reader *reader = malloc(sizeof(*reader));
    if (reader == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a message reader");
        return NULL;
    }
    reader_init(reader, options, handler, arg);
    if (options->inflate_window_bits != 0) {
        reader->inflater = ws_inflater_create(
            options->inflate_window_bits, options->inflate_forgets, reader->max_message_bytes, err);
        if (reader->inflater == NULL) {
            ws_reader_destroy(reader);
            return NULL;
        }
    }
    return reader;
}

struct ws_reader *ws_reader_borrow(const struct ws_reader_options *options,
                                   const struct ws_message_handler *handler, void *arg)
{
    if (own_is_lent) {
        return NULL;
    }
    own_is_lent = 1;
    reader_init(&own_reader, options, handler, arg);
    return &own_reader;
}

int ws_reader_give_back(struct ws_reader *reader, struct ws_reader **kept, struct hawser_error *err)
{
    int holds   = reader->opcode != 0 || reader->ahead > 0 || reader->closed;
    own_is_lent = 0;
    if (kept != NULL) {
        *kept = NULL;
    }
    if (!holds || kept == NULL) {
        buf_fini(&reader->gathered);
        return 0;
    }
    *kept = malloc(sizeof(**kept));
    if (*kept == NULL) {
        buf_fini(&reader->gathered);
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a message reader");
        return -1;
    }
    **kept = *reader;
    return 0;
}

void ws_reader_destroy(struct ws_reader *reader)
{
    if (reader != NULL) {
        buf_fini(&reader->gathered);
        ws_inflater_destroy(reader->inflater);
        free(reader);
    }
}
