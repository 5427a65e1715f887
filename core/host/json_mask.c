/*
 * Masking inside of a JSON tree. See json_mask.h.
 */
#include "host/json_mask.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define DEPTH_MAX 64u

/* @return given: the masked text; NULL with len unchanged: nothing was masked; with len 0: no
 * memory */
static char *masked(const char *text, size_t *len)
{
    char *copy = malloc(*len + 1);
    if (copy == NULL) {
        *len = 0;
        return NULL;
    }
    memcpy(copy, text, *len);
    size_t left = secret_mask(copy, *len, 0);
    if (left == *len && memcmp(copy, text, left) == 0) {
        free(copy);
        return NULL;
    }
    copy[left] = 0;
    *len       = left;
    return copy;
}

static int mask_string(json_t *string)
{
    size_t len = json_string_length(string);
    if (len < SECRET_MIN_BYTES) {
        return 0;
    }
    char *text = masked(json_string_value(string), &len);
    int rc     = text == NULL ? (len == 0 ? -1 : 0) : json_string_setn_nocheck(string, text, len);
    free(text);
    return rc;
}

static int mask_name(json_t *object, const char *name, json_t *value)
{
    size_t len = strlen(name);
    char *text = len < SECRET_MIN_BYTES ? NULL : masked(name, &len);
    if (text == NULL) {
        return len == 0 && name[0] != 0 ? -1 : 0;
    }
    int rc = json_object_set_nocheck(object, text, value);
    free(text);
    return rc == 0 ? json_object_del(object, name) : -1;
}

static int mask(json_t *json, unsigned depth);

static int mask_member(json_t *object, const char *name, json_t *value, unsigned depth)
{
    if (depth == 0 && (json_is_object(value) || json_is_array(value))) {
        return json_object_set_new_nocheck(object, name, json_null());
    }
    return mask(value, depth) == 0 ? mask_name(object, name, value) : -1;
}

static int mask_element(json_t *array, size_t i, json_t *value, unsigned depth)
{
    if (depth == 0 && (json_is_object(value) || json_is_array(value))) {
        return json_array_set_new(array, i, json_null());
    }
    return mask(value, depth);
}

static int mask(json_t *json, unsigned depth)
{
    int rc = json_is_string(json) ? mask_string(json) : 0;
    const char *name;
    void *after;
    size_t i;
    json_t *value;
    json_object_foreach_safe(json, after, name, value)
    {
        rc = rc != 0 ? rc : mask_member(json, name, value, depth - 1);
    }
    json_array_foreach(json, i, value)
    {
        rc = rc != 0 ? rc : mask_element(json, i, value, depth - 1);
    }
    return rc;
}

int json_mask_secrets(json_t *json)
{
    return mask(json, DEPTH_MAX);
}
