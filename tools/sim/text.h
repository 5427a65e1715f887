/*
 * JSON text into a buffer. A failure (out of memory) sticks, so that a writer checks once, at the
 * end.
 */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include "base/buf.h"

/** Zero-initialised it is empty. */
struct sim_text {
    struct buf buf;
    int failed;
};

void sim_text_fini(struct sim_text *text);
void sim_text_clear(struct sim_text *text);
void sim_text_bytes(struct sim_text *text, const void *bytes, size_t len);
void sim_text_add(struct sim_text *text, const char *piece);
void sim_text_printf(struct sim_text *text, const char *fmt, ...) HAWSER_PRINTF(2, 3);
void sim_text_int(struct sim_text *text, int64_t value);
/** `value` / 10^decimals as the exchange prints numbers: 60000.5, 60000.0, 1.742e-05 below 0.0001
 */
void sim_text_fixed(struct sim_text *text, int64_t value, unsigned decimals);
/** The same, but round amounts from 1000 on as 2.2e3: the exchange uses both forms. */
void sim_text_amount(struct sim_text *text, int64_t value, unsigned decimals);
/** ,"key":value */
void sim_text_field(struct sim_text *text, const char *key, int64_t value, unsigned decimals);
/** ,"key":value with up to 12 significant digits */
void sim_text_real(struct sim_text *text, const char *key, double value);
/** ,"key":"value", escaped */
void sim_text_named(struct sim_text *text, const char *key, const char *value);
/** ,"key":true */
void sim_text_flag(struct sim_text *text, const char *key, int value);
/** "value", escaped */
void sim_text_string(struct sim_text *text, const char *value);
/** @return the text as a string; "" after a failure */
const char *sim_text_get(struct sim_text *text);

#endif
