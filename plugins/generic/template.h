/*
 * Messages with gaps: $channel, $channels, $1 to $9, $id, $$. What a gap gets is escaped as inside
 * a JSON string.
 */
#ifndef GENERIC_TEMPLATE_H
#define GENERIC_TEMPLATE_H

#include "hawser/base.h"

/** What a template asks for. */
struct template_use {
    int channel;    /* $channel, or a part of its name */
    int channels;   /* $channels */
    int id;         /* $id */
    size_t parts;   /* the highest number of a part: 2 for $2; 0: none */
    char wrong[32]; /* the first name that is none of them, with its $; "" where there is none */
};

/** What the gaps get. */
struct template_values {
    const struct hawser_slice *channels; /* the first is $channel */
    size_t count;                        /* at least 1 */
    const char *separator;               /* between the parts of a name */
    uint64_t id;
};

enum template_result {
    TEMPLATE_OK,
    TEMPLATE_NO_PART, /* the name has fewer parts than the template asks for */
    TEMPLATE_NO_MEMORY
};

struct template_use template_look(const char *text);
/**
 * Fill the gaps. A name is cut at each separator; the last part that the template uses takes the
 * rest.
 * @param out  given, on TEMPLATE_OK: free its data
 */
enum template_result template_fill(const char *text, const struct template_values *values,
                                   struct hawser_slice *out);

#endif
