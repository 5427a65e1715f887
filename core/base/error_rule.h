/*
 * What a user wants done about a kind of failure, instead of what the error table says. A rule
 * names failures by the other side's number, by our name, or by category; the nearest fit counts.
 */
#ifndef CORE_BASE_ERROR_RULE_H
#define CORE_BASE_ERROR_RULE_H

#include "hawser/error.h"

enum error_rule_by { ERROR_RULE_BY_CAUSE, ERROR_RULE_BY_CODE, ERROR_RULE_BY_CATEGORY };

/** One rule; holds no pointers. */
struct error_rule {
    uint32_t by;         /* enum error_rule_by */
    uint32_t cause_kind; /* BY_CAUSE: HAWSER_CAUSE_JSONRPC, _CLOSE or _HTTP */
    int64_t number;      /* the cause, the code or the category */
    int64_t wait_ms;     /* of HAWSER_RECOVER_WAIT */
    uint32_t recovery;   /* RECONNECT, WAIT, STOP; NOTHING: go on as if nothing had happened */
    uint32_t reserved;
};

/**
 * Read which failures a rule is about: `10028` (JSON-RPC), `close:4000`, `http:503`,
 * `TLS_CERTIFICATE`, `connection`.
 * @param rule  by, cause_kind and number are filled
 * @return      0, or -1: none of these, or a failure that no session decides about
 */
int error_rule_read(struct error_rule *rule, const char *word) HAWSER_MUST_CHECK;
/** May a rule about these failures say "go on"? Not about what leaves no link to go on with. */
int error_rule_may_ignore(const struct error_rule *rule);

/** @return the rule for this failure: by cause before by code before by category, then the first;
 * NULL: none */
const struct error_rule *error_rule_find(const struct error_rule *rules, size_t count,
                                         const struct hawser_error *err);
/** Let the rule decide: recovery and retry_after_ms of the error are replaced. One that says "go
 * on" changes nothing. @param rule NULL is allowed */
void error_rule_apply(const struct error_rule *rule, struct hawser_error *err);

/** @return the name of the nearest failure that a rule may be about; NULL: none is near.
 * @param distance  of two names, negative: far */
const char *error_rule_nearest(const char *word, int (*distance)(const char *a, const char *b));

#endif
