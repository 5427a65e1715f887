/*
 * The registry of secret values. See secret.h. One of the few process-wide singletons: a log line
 * of any layer may hold a value that any other layer knows.
 */
#include "base/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret_forms.h"

#define BUCKETS   4096u
#define KEY_BYTES 4u
#define CUT_BYTES                                                                                  \
    4u /* so much of a value's front, at the end of a text that was cut, is masked                 \
        */
#define MASK_BYTES (sizeof(SECRET_MASK) - 1)

struct form {
    struct form *next; /* in its bucket */
    const char *text;
    size_t len;
};

struct secret {
    struct secret *next; /* of those with the same bucket */
    struct buf forms;    /* the first one is the value itself */
    size_t value_len;
    size_t uses;
    size_t form_count;
    struct form form[];
};

static struct {
    pthread_mutex_t lock;
    size_t count; /* read without the lock: where nothing is secret, masking costs nothing */
    struct secret *secrets[BUCKETS];
    struct form *forms[BUCKETS];
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t bucket_of(const char *text)
{
    uint32_t key;
    memcpy(&key, text, KEY_BYTES);
    return key * 2654435761u >> 20; /* Knuth's multiplicative hash; the top 12 bits */
}

static struct secret **find(struct hawser_slice value)
{
    struct secret **at = &known.secrets[bucket_of(value.data)];
    while (*at != NULL && ((*at)->value_len != value.len ||
                           memcmp((*at)->form[0].text, value.data, value.len) != 0)) {
        at = &(*at)->next;
    }
    return at;
}

static void release(struct secret *secret)
{
    buf_cleanse(&secret->forms);
    free(secret);
}

static size_t count_forms(const struct buf *forms)
{
    size_t count = 0;
    for (size_t i = 0; i < forms->len; i++) {
        count += buf_data(forms)[i] == 0;
    }
    return count;
}

/* @return given; NULL: no memory */
static struct secret *make(struct hawser_slice value)
{
    struct buf forms = {0};
    if (secret_forms(value, &forms) != 0) {
        buf_cleanse(&forms);
        return NULL;
    }
    size_t count          = count_forms(&forms);
    struct secret *secret = calloc(1, sizeof(*secret) + count * sizeof(struct form));
    if (secret == NULL) {
        buf_cleanse(&forms);
        return NULL;
    }
    secret->forms      = forms;
    secret->value_len  = value.len;
    const char *text   = (const char *)buf_data(&forms);
    secret->form_count = count;
    for (size_t i = 0; i < count; i++) {
        secret->form[i].text = text;
        secret->form[i].len  = strlen(text);
        text += secret->form[i].len + 1;
    }
    return secret;
}

/* Longer forms first, so that of two that begin alike the longer one is masked whole. */
static void link_form(struct form *form)
{
    struct form **at = &known.forms[bucket_of(form->text)];
    while (*at != NULL && (*at)->len > form->len) {
        at = &(*at)->next;
    }
    form->next = *at;
    *at        = form;
}

static void unlink_form(struct form *form)
{
    struct form **at = &known.forms[bucket_of(form->text)];
    while (*at != form) {
        at = &(*at)->next;
    }
    *at = form->next;
}

/* @return what is remembered of a value; len 0: nothing */
static struct hawser_slice remembered(struct hawser_slice value)
{
    const char *end = memchr(value.data, 0, value.len);
    size_t len      = end == NULL ? value.len : (size_t)(end - value.data);
    if (len > SECRET_MAX_BYTES) {
        len = SECRET_MAX_BYTES;
    }
    return (struct hawser_slice){value.data, len < SECRET_MIN_BYTES ? 0 : len};
}

int secret_add(struct hawser_slice value)
{
    int rc = 0;
    value  = value.len == 0 ? value : remembered(value);
    if (value.len == 0) {
        return 0;
    }
    (void)pthread_mutex_lock(&known.lock); /* fails on broken mutexes alone */
    struct secret **at    = find(value);
    struct secret *secret = *at;
    if (secret == NULL && (secret = make(value)) != NULL) {
        *at = secret;
        for (size_t i = 0; i < secret->form_count; i++) {
            link_form(&secret->form[i]);
        }
        __atomic_store_n(&known.count, known.count + 1, __ATOMIC_RELEASE);
    }
    if (secret != NULL) {
        secret->uses++;
    } else {
        rc = -1;
    }
    (void)pthread_mutex_unlock(&known.lock);
    return rc;
}

void secret_remove(struct hawser_slice value)
{
    value = value.len == 0 ? value : remembered(value);
    if (value.len == 0) {
        return;
    }
    (void)pthread_mutex_lock(&known.lock); /* fails on broken mutexes alone */
    struct secret **at    = find(value);
    struct secret *secret = *at;
    if (secret != NULL && --secret->uses == 0) {
        *at = secret->next;
        for (size_t i = 0; i < secret->form_count; i++) {
            unlink_form(&secret->form[i]);
        }
        release(secret);
        __atomic_store_n(&known.count, known.count - 1, __ATOMIC_RELEASE);
    }
    (void)pthread_mutex_unlock(&known.lock);
}

/* @return how many bytes at `at` are a known form, or the front of one that is cut off; 0: none */
static size_t known_len(const char *at, size_t left, int is_cut)
{
    for (const struct form *form = known.forms[bucket_of(at)]; form != NULL; form = form->next) {
        size_t len = form->len < left ? form->len : left;
        if ((len == form->len || (is_cut && len >= CUT_BYTES)) &&
            memcmp(at, form->text, len) == 0) {
            return len;
        }
    }
    return 0;
}

size_t secret_mask(char *text, size_t len, int is_cut)
{
    size_t from = 0;
    size_t to   = 0;
    if (__atomic_load_n(&known.count, __ATOMIC_ACQUIRE) == 0) {
        return len;
    }
    (void)pthread_mutex_lock(&known.lock); /* fails on broken mutexes alone */
    while (from < len) {
        size_t masked = len - from < KEY_BYTES ? 0 : known_len(text + from, len - from, is_cut);
        if (masked == 0) {
            text[to++] = text[from++];
            continue;
        }
        memcpy(text + to, SECRET_MASK, MASK_BYTES);
        to += MASK_BYTES;
        from += masked;
    }
    (void)pthread_mutex_unlock(&known.lock);
    return to;
}

size_t secret_cut(struct hawser_slice text, size_t max)
{
    size_t at = 0;
    if (text.len <= max || __atomic_load_n(&known.count, __ATOMIC_ACQUIRE) == 0) {
        return text.len < max ? text.len : max;
    }
    (void)pthread_mutex_lock(&known.lock); /* fails on broken mutexes alone */
    while (at < max) {
        size_t left = text.len - at;
        size_t len  = left < KEY_BYTES ? 0 : known_len(text.data + at, left, 0);
        if (len > max - at) {
            max = at;
        }
        at += len == 0 ? 1 : len;
    }
    (void)pthread_mutex_unlock(&known.lock);
    return max;
}

void secret_mask_text(char *text, int is_cut)
{
    text[secret_mask(text, strlen(text), is_cut)] = 0;
}
