/*
 * Scopes of a login. See scope.h.
 */
#include "sim/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIFE_MAX_S 31536000

static const char *const RIGHTS[SIM_RIGHT_COUNT] = {"account", "trade", "wallet"};
static const char *const LEVELS[]                = {"none", "read", "read_write"};

/* account:read and the like. @return 1 taken, 0 not such a word */
static int take_right(struct sim_grant *grant, const char *word)
{
    for (unsigned i = 0; i < SIM_RIGHT_COUNT; i++) {
        size_t len = strlen(RIGHTS[i]);
        if (strncmp(word, RIGHTS[i], len) == 0 && word[len] == ':') {
            for (unsigned level = 0; level < 3; level++) {
                if (strcmp(word + len + 1, LEVELS[level]) == 0) {
                    grant->rights[i] = (enum sim_level_of)level;
                    return 1;
                }
            }
        }
    }
    return 0;
}

static int take_word(struct sim_grant *grant, const char *word, int *rights_asked)
{
    if (strncmp(word, "session:", 8) == 0) {
        size_t len = strlen(word + 8);
        if (len == 0 || len >= sizeof(grant->session)) {
            return -1;
        }
        memcpy(grant->session, word + 8, len + 1);
        return 0;
    }
    if (strncmp(word, "expires:", 8) == 0) {
        char *end    = NULL;
        long seconds = strtol(word + 8, &end, 10);
        if (*end != '\0' || seconds <= 0 || seconds > LIFE_MAX_S) {
            return -1;
        }
        grant->life_ms = (int64_t)seconds * 1000;
        return 0;
    }
    *rights_asked |= take_right(grant, word);
    return 0; /* connection, mainaccount, ip:, block_trade: and what else there is */
}

/* In the order of the alphabet, as the exchange answers. */
static void write_scope(struct sim_grant *grant)
{
    char rights[SIM_RIGHT_COUNT][32];
    for (unsigned i = 0; i < SIM_RIGHT_COUNT; i++) {
        rights[i][0] = '\0';
        if (grant->rights[i] != SIM_NONE) {
            (void)snprintf(rights[i], sizeof(rights[i]), "%s:%s ", RIGHTS[i],
                           LEVELS[grant->rights[i]]);
        }
    }
    int is_session = grant->session[0] != '\0';
    (void)snprintf(grant->scope, sizeof(grant->scope), "%s%smainaccount%s%s %s%s",
                   rights[SIM_RIGHT_ACCOUNT], is_session ? "" : "connection ",
                   is_session ? " session:" : "", grant->session, rights[SIM_RIGHT_TRADE],
                   rights[SIM_RIGHT_WALLET]);
    grant->scope[strlen(grant->scope) - 1] = '\0';
}

int sim_scope_apply(struct sim_grant *grant, const char *asked)
{
    int rights_asked = 0;
    for (unsigned i = 0; i < SIM_RIGHT_COUNT; i++) {
        grant->rights[i] = SIM_READ;
    }
    while (asked != NULL && *asked != '\0') {
        size_t len = strcspn(asked, " ");
        char word[64];
        if (len >= sizeof(word)) {
            return -1;
        }
        memcpy(word, asked, len);
        word[len] = '\0';
        if (len > 0 && take_word(grant, word, &rights_asked) != 0) {
            return -1;
        }
        asked += len + (asked[len] == ' ');
    }
    for (unsigned i = 0; !rights_asked && i < SIM_RIGHT_COUNT; i++) {
        grant->rights[i] = SIM_WRITE; /* nothing asked: all that the key has */
    }
    write_scope(grant);
    return 0;
}

int sim_scope_allows(const struct sim_grant *grant, const char *right)
{
    struct sim_grant wanted = {.rights = {SIM_NONE, SIM_NONE, SIM_NONE}};
    if (!take_right(&wanted, right)) {
        return 0;
    }
    for (unsigned i = 0; i < SIM_RIGHT_COUNT; i++) {
        if (grant->rights[i] < wanted.rights[i]) {
            return 0;
        }
    }
    return 1;
}
