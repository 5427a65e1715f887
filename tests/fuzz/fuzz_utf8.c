/*
 * UTF-8 validation against a decoder that is slow and plain: same verdict for the whole text, for
 * each of its beginnings, and whatever the split.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Is there a code point at the front, by the table of RFC 3629 4? @return its length, 0: no, -1:
 * not yet */
static int code_point(const uint8_t *bytes, size_t len)
{
    static const struct {
        uint8_t low[4];
        uint8_t high[4];
        int size;
    } ROWS[] = {
        {{0x00}, {0x7f}, 1},
        {{0xc2, 0x80}, {0xdf, 0xbf}, 2},
        {{0xe0, 0xa0, 0x80}, {0xe0, 0xbf, 0xbf}, 3},
        {{0xe1, 0x80, 0x80}, {0xec, 0xbf, 0xbf}, 3},
        {{0xed, 0x80, 0x80}, {0xed, 0x9f, 0xbf}, 3},
        {{0xee, 0x80, 0x80}, {0xef, 0xbf, 0xbf}, 3},
        {{0xf0, 0x90, 0x80, 0x80}, {0xf0, 0xbf, 0xbf, 0xbf}, 4},
        {{0xf1, 0x80, 0x80, 0x80}, {0xf3, 0xbf, 0xbf, 0xbf}, 4},
        {{0xf4, 0x80, 0x80, 0x80}, {0xf4, 0x8f, 0xbf, 0xbf}, 4},
    };
    for (size_t row = 0; row < sizeof(ROWS) / sizeof(ROWS[0]); row++) {
        int i = 0;
        while (i < ROWS[row].size && (size_t)i < len && bytes[i] >= ROWS[row].low[i] &&
               bytes[i] <= ROWS[row].high[i]) {
            i++;
        }
        if (i == ROWS[row].size) {
            return i;
        }
        if ((size_t)i == len) {
            return -1;
        }
    }
    return 0;
}

/* @return 1 valid, 0 not, -1 cut within a code point */
static int reference(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        int size = code_point(bytes + i, len - i);
        if (size <= 0) {
            return size;
        }
        i += (size_t)size;
    }
    return 1;
}

static int verdict(struct ws_utf8 *utf8, int rc)
{
    return rc != 0 ? 0 : ws_utf8_is_complete(utf8) ? 1 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    size_t len    = size - 1;
    size_t split  = len == 0 ? 0 : data[0] % (len + 1);
    uint8_t *text = malloc(len + 1); /* the end of the text is the end of the memory */
    if (text == NULL) {
        return 0;
    }
    memcpy(text + 1, data + 1, len);
    struct ws_utf8 utf8 = {0};
    int first           = ws_utf8_feed(&utf8, text + 1, split);
    if (verdict(&utf8, first) != reference(text + 1, split)) {
        abort();
    }
    int rest = ws_utf8_feed(&utf8, text + 1 + split, len - split);
    int want = reference(text + 1, len);
    if (verdict(&utf8, first | rest) != want || ws_utf8_is_valid(text + 1, len) != (want == 1)) {
        abort();
    }
    free(text);
    return 0;
}
