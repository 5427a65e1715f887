/*
 * Who may log in, and the tokens that logins give: scopes, sessions, expiry. No I/O; time comes in.
 */
#ifndef SIM_ACCOUNT_H
#define SIM_ACCOUNT_H

#include "base/clock.h"
#include "base/list.h"
#include "hawser/error.h"

#define SIM_TOKEN_MAX    64u
#define SIM_SCOPE_MAX    256u
#define SIM_SESSIONS_MAX 16u /* per client; the oldest goes for the next */
#define SIM_NONCES       256u
#define SIM_CURRENCIES   3u /* BTC, ETH, USDC */

enum sim_right { SIM_RIGHT_ACCOUNT, SIM_RIGHT_TRADE, SIM_RIGHT_WALLET, SIM_RIGHT_COUNT };
enum sim_level_of { SIM_NONE, SIM_READ, SIM_WRITE };

struct sim_client {
    struct list node;
    char id[64];
    char secret[128];
    unsigned number; /* user_id of its orders */
    int cod_account; /* cancel on disconnect for every connection to come */
    double balance[SIM_CURRENCIES];
    uint64_t nonces[SIM_NONCES]; /* hashes of those used last */
    unsigned nonce_count;
};

/** A login: one pair of tokens. Bound to a connection, or to a named session. */
struct sim_grant {
    struct list node;
    uint64_t id;
    struct sim_client *client;
    uint64_t conn_id; /* 0: of a session */
    char session[40];
    char access[SIM_TOKEN_MAX];
    char refresh[SIM_TOKEN_MAX];
    char scope[SIM_SCOPE_MAX];
    clock_ns_t expires; /* monotonic; of the access token */
    int64_t life_ms;
    int refresh_is_dead;
    enum sim_level_of rights[SIM_RIGHT_COUNT];
};

struct sim_login {
    const char *grant_type;
    const char *client_id; /* these are NULL where absent */
    const char *client_secret;
    const char *nonce;
    const char *data;
    const char *signature;
    const char *refresh_token;
    const char *scope;
    int64_t timestamp_ms;
    uint64_t conn_id;
};

struct sim_accounts;

/** @return given; NULL: out of memory */
struct sim_accounts *sim_accounts_create(uint64_t seed, int64_t token_life_ms);
void sim_accounts_destroy(struct sim_accounts *accounts);
/** @param credentials ID:SECRET. @return 0, or -1 with err set */
int sim_accounts_add(struct sim_accounts *accounts, const char *credentials,
                     struct hawser_error *err) HAWSER_MUST_CHECK;
struct sim_client *sim_accounts_client(struct sim_accounts *accounts, const char *id);
/** All clients: a list of struct sim_client. */
struct list *sim_accounts_clients(struct sim_accounts *accounts);

/**
 * Log in by credentials, signature or refresh token.
 * @param out set to the grant, borrowed, on success
 * @return 0, or the API's error code: 13004, 13009, -32602, 11094
 */
int sim_accounts_login(struct sim_accounts *accounts, const struct sim_login *login,
                       struct sim_grant **out);
/** @return the grant of an access token that is valid on this connection now, or NULL */
struct sim_grant *sim_accounts_find(struct sim_accounts *accounts, const char *access,
                                    uint64_t conn_id);
/** @return a grant by its id if its token is still valid, or NULL */
struct sim_grant *sim_accounts_get(struct sim_accounts *accounts, uint64_t grant_id);
/** The connection is gone: so are the tokens bound to it. */
void sim_accounts_forget(struct sim_accounts *accounts, uint64_t conn_id);
/** End one grant (logout). */
void sim_accounts_revoke(struct sim_accounts *accounts, struct sim_grant *grant);
/** Make access tokens expire now. @param client NULL: all; @param conn_id 0: any; @param refresh 1:
 * refresh tokens too. @return how many */
unsigned sim_accounts_expire(struct sim_accounts *accounts, const struct sim_client *client,
                             uint64_t conn_id, int refresh);

#endif
