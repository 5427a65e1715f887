/*
 * Text in fields of fixed size. See text.h.
 */
#include "telemetry/text.h"

#include <string.h>

void telemetry_text_put(char *field, size_t size, const char *text)
{
    size_t len = text == NULL ? 0 : strnlen(text, size);
    if (len == size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    if (len > 0) {
        memcpy(field, text, len);
    }
    memset(field + len, 0, size - len);
}

void telemetry_text_mend(char *field, size_t size)
{
    field[size - 1] = 0;
    for (char *at = field; *at != 0; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
}
