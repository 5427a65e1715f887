/*
 * Jansson against the scanner. See scan_oracle.h. Jansson refuses a few things that a scanner
 * leaves to others: numbers out of range, NUL and half surrogate pairs in strings, invalid UTF-8.
 */
#include "support/scan_oracle.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "rpc/learned.h"
#include "rpc/scan.h"
#include "rpc/skip.h"
#include "rpc/text.h"
#include "support/json_reference.h"

#define PATH_MAX_BYTES 200u

/* The text up to Jansson's complaint may be fine for a scanner, which does not look at that. */
static int is_beyond_structure(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_invalid_utf8:
    case json_error_null_character:
    case json_error_null_byte_in_key:
    case json_error_numeric_overflow:
    case json_error_stack_overflow: /* Jansson counts scalars as levels of nesting */
        return 1;
    default:
        return strstr(error->text, "invalid Unicode") != NULL;
    }
}

static int same_value(struct hawser_slice slice, const json_t *wanted)
{
    json_t *parsed = json_loadb(slice.data, slice.len, JSON_DECODE_ANY, NULL);
    int same       = parsed != NULL && json_equal(parsed, wanted);
    json_decref(parsed);
    return same;
}

static int same_text(struct hawser_slice content, const json_t *wanted)
{
    char *plain = malloc(content.len + 1);
    if (plain == NULL) {
        abort();
    }
    size_t len = rpc_text_unescape(content, plain, content.len);
    int same =
        len == json_string_length(wanted) && memcmp(plain, json_string_value(wanted), len) == 0;
    free(plain);
    return same;
}

static int agrees_on_string(const struct hawser_envelope *envelope, uint32_t flag,
                            struct hawser_slice found, const json_t *wanted)
{
    int has = (envelope->flags & flag) != 0;
    if (!json_is_string(wanted)) {
        return !has && found.len == 0;
    }
    return has && same_text(found, wanted);
}

static int agrees_on_value(const struct hawser_envelope *envelope, uint32_t flag,
                           struct hawser_slice found, const json_t *wanted)
{
    int has = (envelope->flags & flag) != 0;
    return wanted == NULL ? !has && found.len == 0 : has && same_value(found, wanted);
}

static const char *compare_id(const struct hawser_envelope *envelope, const json_t *id)
{
    int has = (envelope->flags & HAWSER_ENVELOPE_HAS_ID) != 0;
    if (has != json_is_integer(id) || envelope->id != json_integer_value(id)) {
        return "the integer id";
    }
    return agrees_on_string(envelope, HAWSER_ENVELOPE_STRING_ID, envelope->id_text, id)
               ? NULL
               : "the string id";
}

static const char *compare_params(const struct hawser_envelope *envelope, const json_t *params)
{
    if (params == NULL ? envelope->params.len != 0 : !same_value(envelope->params, params)) {
        return "params";
    }
    if (!agrees_on_string(envelope, HAWSER_ENVELOPE_HAS_CHANNEL, envelope->channel,
                          json_object_get(params, "channel"))) {
        return "params.channel";
    }
    return agrees_on_value(envelope, HAWSER_ENVELOPE_HAS_DATA, envelope->data,
                           json_object_get(params, "data"))
               ? NULL
               : "params.data";
}

static int has_backslash(struct hawser_slice text)
{
    return text.len > 0 && memchr(text.data, '\\', text.len) != NULL;
}

static const char *compare_envelope(const struct hawser_envelope *envelope, const json_t *root)
{
    const json_t *error = json_object_get(root, "error");
    const char *difference;
    if (!agrees_on_string(envelope, HAWSER_ENVELOPE_HAS_METHOD, envelope->method,
                          json_object_get(root, "method"))) {
        return "method";
    }
    if (!agrees_on_value(envelope, HAWSER_ENVELOPE_HAS_RESULT, envelope->result,
                         json_object_get(root, "result"))) {
        return "result";
    }
    if (!agrees_on_value(envelope, HAWSER_ENVELOPE_HAS_ERROR, envelope->error,
                         json_is_null(error) ? NULL : error)) {
        return "error";
    }
    int escaped = has_backslash(envelope->method) || has_backslash(envelope->channel) ||
                  has_backslash(envelope->id_text);
    if (escaped != ((envelope->flags & HAWSER_ENVELOPE_ESCAPED) != 0)) {
        return "the flag for escapes";
    }
    difference = compare_id(envelope, json_object_get(root, "id"));
    return difference != NULL ? difference
                              : compare_params(envelope, json_object_get(root, "params"));
}

static const char *compare_elements(struct hawser_slice rest, const json_t *array)
{
    struct hawser_slice element;
    int rc;
    size_t i = 0;
    while ((rc = rpc_element(&rest, &element)) == 1) {
        if (i >= json_array_size(array) || !same_value(element, json_array_get(array, i++))) {
            return "an element";
        }
    }
    return rc == 0 && i == json_array_size(array) ? NULL : "the number of elements";
}

static const char *compare_members(struct hawser_slice object, const json_t *root)
{
    for (void *at = json_object_iter((json_t *)(uintptr_t)root); at != NULL;
         at       = json_object_iter_next((json_t *)(uintptr_t)root, at)) {
        struct hawser_slice found;
        const char *key     = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        if (strchr(key, '.') != NULL || strlen(key) > PATH_MAX_BYTES) {
            continue;
        }
        if (rpc_member(object, key, &found) != 1 || !same_value(found, value)) {
            return "a member by its name";
        }
        const char *difference = json_is_array(value) ? compare_elements(found, value) : NULL;
        if (difference != NULL) {
            return difference;
        }
    }
    return NULL;
}

static int same_slice(struct hawser_slice a, struct hawser_slice b)
{
    return a.len == b.len && (a.len == 0 || a.data == b.data);
}

static int same_envelope(const struct hawser_envelope *a, const struct hawser_envelope *b)
{
    return a->flags == b->flags && a->id == b->id && same_slice(a->method, b->method) &&
           same_slice(a->channel, b->channel) && same_slice(a->data, b->data) &&
           same_slice(a->params, b->params) && same_slice(a->result, b->result) &&
           same_slice(a->error, b->error) && same_slice(a->id_text, b->id_text);
}

/* A scanner that knows the most common layout, and one that has just learned that of these bytes,
 * where it has one. */
static const char *compare_learned(struct hawser_slice bytes, int verdict,
                                   const struct hawser_envelope *wanted)
{
    struct rpc_scanner scanner = {0};
    struct hawser_envelope found;
    struct hawser_slice usual = slice_of("{\"jsonrpc\":\"2.0\",\"method\":\"subscription\","
                                         "\"params\":{\"channel\":\"c\",\"data\":{}}}");
    if (rpc_scanner_scan(&scanner, usual, &found) != 0) {
        return "a usual message";
    }
    for (int i = 0; i < 3; i++) {
        int rc = rpc_scanner_scan(&scanner, bytes, &found);
        if (rc != verdict || (rc == 0 && !same_envelope(&found, wanted))) {
            return i == 0 ? "the scan with a usual layout" : "the scan with its own layout";
        }
    }
    return NULL;
}

/* All scanners but the strict one agree with each other on everything, with the strict one on what
 * it accepts, and accept exactly what scan.h says. */
static const char *compare_scanners(struct hawser_slice bytes, int strict,
                                    const struct hawser_envelope *wanted)
{
    struct hawser_envelope first = {0};
    struct hawser_envelope found = {0};
    int verdict                  = 0;
    for (unsigned vector = 0; vector < RPC_VECTOR_COUNT; vector++) {
        if (rpc_skip_use((enum rpc_vector)vector) != 0) {
            continue;
        }
        int rc = rpc_scan_general(bytes, &found);
        if (vector == RPC_VECTOR_PORTABLE) {
            verdict = rc;
            first   = found;
        } else if (rc != verdict || (rc == 0 && !same_envelope(&found, &first))) {
            return "scans with different instructions";
        }
    }
    if (strict == 0 && (verdict != 0 || !same_envelope(&first, wanted))) {
        return "the general and the strict scan";
    }
    if ((verdict == 0) != json_reference_accepts(bytes, 0)) {
        return verdict == 0 ? "accepted by the general scan, though its structure is broken"
                            : "refused by the general scan, though its structure is whole";
    }
    return compare_learned(bytes, verdict, &first);
}

const char *scan_oracle_difference(struct hawser_slice bytes, int *accepted)
{
    json_error_t error;
    struct hawser_envelope envelope;
    struct hawser_slice unused;
    int scanned = rpc_scan_strict(bytes, &envelope) == 0;
    *accepted   = 0;
    if (scanned != json_reference_accepts(bytes, 1)) {
        return scanned ? "accepted, though no JSON object" : "refused, though a JSON object";
    }
    const char *difference = compare_scanners(bytes, scanned ? 0 : -1, &envelope);
    if (difference != NULL) {
        return difference;
    }
    if (bytes.len > 0 && memchr(bytes.data, 0, bytes.len) != NULL) {
        /* JSON text has no such byte, but Jansson 2.14 loses it behind a number or a word. */
        return scanned ? "accepted with a NUL in it" : NULL;
    }
    json_t *root = json_loadb(bytes.data, bytes.len, 0, &error);
    if (scanned != (rpc_member(bytes, "no such member", &unused) >= 0)) {
        difference = "rpc_scan_strict and rpc_member: is it an object";
    } else if (root == NULL) {
        difference = scanned && !is_beyond_structure(&error) ? "accepted, Jansson refuses" : NULL;
    } else if (scanned != json_is_object(root)) {
        difference = scanned ? "accepted, though no object" : "refused, Jansson accepts";
    } else if (scanned) {
        *accepted  = 1;
        difference = compare_envelope(&envelope, root);
        difference = difference != NULL ? difference : compare_members(bytes, root);
    }
    json_decref(root);
    return difference;
}
