/*
 * A host for tests of plugins: records what a plugin asks of it, and does what a test tells it to.
 * Knows include/hawser/ alone, like the plugins. Out of memory or misuse of its own functions
 * aborts. Bytes it hands to a plugin lie in blocks of their exact size, so that ASan sees a read
 * too far.
 */
#ifndef TESTS_SUPPORT_FAKE_HOST_H
#define TESTS_SUPPORT_FAKE_HOST_H

#include "hawser/host.h"
#include "hawser/module.h"

/** One message that the plugin sent. */
struct fake_message {
    char *bytes; /* NUL-terminated for convenience; the NUL is not counted */
    size_t len;
    int binary;
};

/** One request by `call` (method != NULL) or `expect`. */
struct fake_request {
    uint64_t id;
    char *method;
    char *params; /* "" where there were none */
    int64_t timeout_ms;
    hawser_reply_fn fn;
    void *arg;
    int waits; /* 1 until fn was called */
};

/** One delivery; `channel` and `data` are copies, NUL-terminated. */
struct fake_delivery {
    char *channel;
    char *data;
    struct hawser_delivery as; /* its slices point at the copies */
};

struct fake_setting;
struct fake_timer;
struct fake_counter;

/** Look at its fields freely; change them through the functions. */
struct fake_host {
    uint32_t magic;
    int open;                  /* 1 (at first): send and call succeed; else WS_NOT_OPEN */
    const char *instance_name; /* what host->name gives; "test" at first */
    const struct hawser_module *module;

    struct fake_message *sent;
    size_t sent_count;
    struct fake_request *requests;
    size_t request_count;
    struct fake_delivery *deliveries;
    size_t delivery_count;
    /**
     * What was reported, a line each, in order: `authenticated 900000`, `restored`, `confirmed CH`,
     * `refused CH CODE_NUMBER MESSAGE`, `gone CH`, `left`, `alive`, `fail CODE_NUMBER MESSAGE`,
     * `unexpected WHY`, `log LEVEL_NUMBER TEXT` without its code. Deliveries and secrets are not in
     * it.
     */
    char *events;
    size_t events_len;
    struct hawser_error last_fail; /* of `fail` */

    struct fake_setting *settings;
    size_t setting_count;
    struct fake_setting *credentials;
    size_t credential_count;
    struct fake_setting *secrets; /* learned, each under its name */
    size_t secret_count;
    struct fake_timer *timers;
    struct fake_counter *counters;
    uint64_t next_id;
    uint32_t refuse_code;  /* next send, call or expect fails with it, once */
    size_t late_answers;   /* answers that no request waited for */
    int64_t elapsed_ns;    /* since the fake host was made */
    uint32_t broken_rules; /* calls a real host would refuse, e.g. for an unknown directive */
    uint32_t reserved;
};

/** @param module  its directives give defaults and types; NULL: none. @return given */
struct fake_host *fake_host_create(const struct hawser_module *module);
/** Nothing is called any more: end requests before (fake_host_break), destroy the plugin's object
 * before. */
void fake_host_destroy(struct fake_host *fake);
/** The table to give to `create`. Its clocks show the time of the fake host made last. */
const struct hawser_host *fake_host_table(void);
/** The instance to give to `create`. */
struct hawser_instance *fake_host_instance(struct fake_host *fake);

/* Config. */

/** One more occurrence of a directive: words up to a NULL. */
void fake_host_set(struct fake_host *fake, const char *directive, ...);
/** Forget every occurrence of a directive. */
void fake_host_unset(struct fake_host *fake, const char *directive);
/** Set or replace a credential. */
void fake_host_credential(struct fake_host *fake, const char *key, const char *value);

/** The secret that the plugin told under this name; NULL: none, or taken back. */
const char *fake_host_secret(const struct fake_host *fake, const char *name);

/* Time. */

/** Let time pass; timers fire in order of their time, those that a timer starts too. */
void fake_host_advance(struct fake_host *fake, int64_t ms);
/** Timers that run. */
size_t fake_host_timer_count(const struct fake_host *fake);

/* Requests. */

/** The last request with this method that still waits; NULL method: the last of all. NULL: none. */
struct fake_request *fake_host_waiting(struct fake_host *fake, const char *method);
/** The exchange answers with a result (JSON text). */
void fake_host_answer(struct fake_host *fake, uint64_t id, const char *result);
/** The exchange answers with an error object (JSON text); err is REQUEST_REFUSED. */
void fake_host_answer_error(struct fake_host *fake, uint64_t id, const char *error);
/** The request ends without an answer: REQUEST_TIMEOUT, REQUEST_UNKNOWN ... */
void fake_host_fail_request(struct fake_host *fake, uint64_t id, uint32_t code);
/** The link breaks: every waiting request ends with REQUEST_UNKNOWN. */
void fake_host_break(struct fake_host *fake);
/** The next send, call or expect fails with this code. */
void fake_host_refuse_next(struct fake_host *fake, uint32_t code);

/* Looking. */

/** @return 1: a line of `events` begins with this text */
int fake_host_saw(const struct fake_host *fake, const char *line_start);
/** Start the events anew. */
void fake_host_forget_events(struct fake_host *fake);
/** Value of a counter of `count`; 0 where there is none. */
uint64_t fake_host_counter(const struct fake_host *fake, const char *metric);
/** The last message sent, NUL-terminated; "" where there is none. */
const char *fake_host_last_sent(const struct fake_host *fake);

#endif
