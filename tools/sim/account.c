/*
 * Clients, tokens, scopes, expiry. See account.h. Scopes as text: scope.c.
 */
#include "sim/account.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "sim/market.h"
#include "sim/scope.h"

#define SIGNATURE_LIFE_MS 60000
#define NEVER             INT64_C(0)

struct sim_accounts {
    struct list clients;
    struct list grants; /* oldest first */
    uint64_t last_grant;
    uint64_t random;
    int64_t token_life_ms;
    unsigned client_count;
};

struct sim_accounts *sim_accounts_create(uint64_t seed, int64_t token_life_ms)
{
    struct sim_accounts *a = calloc(1, sizeof(*a));
    if (a != NULL) {
        list_init(&a->clients);
        list_init(&a->grants);
        a->random        = seed ^ UINT64_C(0xacc0);
        a->token_life_ms = token_life_ms;
    }
    return a;
}

void sim_accounts_revoke(struct sim_accounts *accounts, struct sim_grant *grant)
{
    (void)accounts;
    list_remove(&grant->node);
    OPENSSL_cleanse(grant, sizeof(*grant));
    free(grant);
}

void sim_accounts_destroy(struct sim_accounts *a)
{
    if (a == NULL) {
        return;
    }
    while (!list_is_empty(&a->grants)) {
        sim_accounts_revoke(a, LIST_ENTRY(a->grants.next, struct sim_grant, node));
    }
    while (!list_is_empty(&a->clients)) {
        struct sim_client *client = LIST_ENTRY(a->clients.next, struct sim_client, node);
        list_remove(&client->node);
        OPENSSL_cleanse(client, sizeof(*client));
        free(client);
    }
    free(a);
}

int sim_accounts_add(struct sim_accounts *a, const char *credentials, struct hawser_error *err)
{
    const char *colon = strchr(credentials, ':');
    size_t len        = colon == NULL ? 0 : (size_t)(colon - credentials);
    struct sim_client *client;
    if (len == 0 || colon[1] == '\0' || len >= sizeof(client->id) ||
        strlen(colon + 1) >= sizeof(client->secret)) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "--client: expected ID:SECRET");
        return -1;
    }
    client = calloc(1, sizeof(*client));
    if (client == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "client");
        return -1;
    }
    memcpy(client->id, credentials, len);
    (void)snprintf(client->secret, sizeof(client->secret), "%s", colon + 1);
    client->number     = ++a->client_count;
    client->balance[0] = 10;
    client->balance[1] = 100;
    client->balance[2] = 100000;
    list_append(&a->clients, &client->node);
    return 0;
}

struct list *sim_accounts_clients(struct sim_accounts *accounts)
{
    return &accounts->clients;
}

struct sim_client *sim_accounts_client(struct sim_accounts *a, const char *id)
{
    struct list *node;
    list_for_each (node, &a->clients) {
        struct sim_client *client = LIST_ENTRY(node, struct sim_client, node);
        if (strcmp(client->id, id) == 0) {
            return client;
        }
    }
    return NULL;
}

static int same_secret(const char *a, const char *b)
{
    size_t len = strlen(a);
    return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

/* @return 1 when the nonce was not used yet; it is now */
static int take_nonce(struct sim_client *client, const char *nonce)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *nonce != '\0'; nonce++) {
        hash = (hash ^ (unsigned char)*nonce) * UINT64_C(0x100000001b3);
    }
    unsigned kept = client->nonce_count < SIM_NONCES ? client->nonce_count : SIM_NONCES;
    for (unsigned i = 0; i < kept; i++) {
        if (client->nonces[i] == hash) {
            return 0;
        }
    }
    client->nonces[client->nonce_count++ % SIM_NONCES] = hash;
    return 1;
}

static int signature_is_right(const struct sim_client *client, const struct sim_login *login)
{
    char text[512];
    int len = snprintf(text, sizeof(text), "%" PRId64 "\n%s\n%s", login->timestamp_ms, login->nonce,
                       login->data == NULL ? "" : login->data);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    if (len < 0 || (size_t)len >= sizeof(text) ||
        HMAC(EVP_sha256(), client->secret, (int)strlen(client->secret), (unsigned char *)text,
             (size_t)len, mac, &mac_len) == NULL) {
        return 0;
    }
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    for (unsigned i = 0; i < mac_len; i++) {
        (void)snprintf(hex + 2 * (size_t)i, 3, "%02x", mac[i]);
    }
    return same_secret(hex, login->signature);
}

static int check_secret(struct sim_client *client, const struct sim_login *login)
{
    return login->client_secret != NULL && same_secret(client->secret, login->client_secret)
               ? 0
               : 13004;
}

static int check_signature(struct sim_client *client, const struct sim_login *login)
{
    if (login->nonce == NULL || login->signature == NULL) {
        return -32602;
    }
    int64_t age_ms = clock_realtime() / CLOCK_NS_PER_MS - login->timestamp_ms;
    if (age_ms > SIGNATURE_LIFE_MS || age_ms < -SIGNATURE_LIFE_MS ||
        !signature_is_right(client, login) || !take_nonce(client, login->nonce)) {
        return 13004;
    }
    return 0;
}

static void renew(struct sim_accounts *a, struct sim_grant *grant)
{
    uint64_t one = sim_random(&a->random);
    uint64_t two = sim_random(&a->random);
    (void)snprintf(grant->access, sizeof(grant->access), "MS.1%07x.%016" PRIx64 "A",
                   (unsigned)(one & 0xfffffffu), two);
    two = sim_random(&a->random);
    (void)snprintf(grant->refresh, sizeof(grant->refresh), "MS.1%07x.%016" PRIx64 "R",
                   (unsigned)((one >> 32) & 0xfffffffu), two);
    grant->expires         = clock_monotonic() + grant->life_ms * CLOCK_NS_PER_MS;
    grant->refresh_is_dead = 0;
}

static struct sim_grant *find_refresh(struct sim_accounts *a, const char *refresh, uint64_t conn_id)
{
    struct list *node;
    list_for_each (node, &a->grants) {
        struct sim_grant *grant = LIST_ENTRY(node, struct sim_grant, node);
        if (!grant->refresh_is_dead && strcmp(grant->refresh, refresh) == 0 &&
            (grant->conn_id == 0 || grant->conn_id == conn_id)) {
            return grant;
        }
    }
    return NULL;
}

/* What the new login takes the place of: the connection's, the session's of that name, or the
 * oldest of too many sessions. */
static void make_room(struct sim_accounts *a, const struct sim_grant *fresh)
{
    struct list *node;
    struct list *after;
    struct sim_grant *oldest = NULL;
    unsigned sessions        = 0;
    list_for_each_safe (node, after, &a->grants) {
        struct sim_grant *grant = LIST_ENTRY(node, struct sim_grant, node);
        if (fresh->conn_id != 0 && grant->conn_id == fresh->conn_id) {
            sim_accounts_revoke(a, grant);
        } else if (fresh->conn_id == 0 && grant->conn_id == 0 && grant->client == fresh->client) {
            if (strcmp(grant->session, fresh->session) == 0) {
                sim_accounts_revoke(a, grant);
                continue;
            }
            oldest = oldest == NULL ? grant : oldest;
            sessions++;
        }
    }
    if (oldest != NULL && sessions >= SIM_SESSIONS_MAX) {
        sim_accounts_revoke(a, oldest);
    }
}

static int grant_new(struct sim_accounts *a, struct sim_client *client,
                     const struct sim_login *login, struct sim_grant **out)
{
    struct sim_grant *grant = calloc(1, sizeof(*grant));
    if (grant == NULL) {
        return 11094;
    }
    list_init(&grant->node);
    grant->client  = client;
    grant->life_ms = a->token_life_ms;
    if (sim_scope_apply(grant, login->scope) != 0) {
        free(grant);
        return -32602;
    }
    grant->conn_id = grant->session[0] == '\0' ? login->conn_id : 0;
    make_room(a, grant);
    grant->id = ++a->last_grant;
    renew(a, grant);
    list_append(&a->grants, &grant->node);
    *out = grant;
    return 0;
}

int sim_accounts_login(struct sim_accounts *a, const struct sim_login *login,
                       struct sim_grant **out)
{
    if (strcmp(login->grant_type, "refresh_token") == 0) {
        if (login->refresh_token == NULL) {
            return -32602;
        }
        *out = find_refresh(a, login->refresh_token, login->conn_id);
        if (*out == NULL) {
            return 13009;
        }
        renew(a, *out);
        return 0;
    }
    int by_secret = strcmp(login->grant_type, "client_credentials") == 0;
    if ((!by_secret && strcmp(login->grant_type, "client_signature") != 0) ||
        login->client_id == NULL) {
        return -32602;
    }
    struct sim_client *client = sim_accounts_client(a, login->client_id);
    if (client == NULL) {
        return 13004;
    }
    int code = by_secret ? check_secret(client, login) : check_signature(client, login);
    return code != 0 ? code : grant_new(a, client, login, out);
}

struct sim_grant *sim_accounts_find(struct sim_accounts *a, const char *access, uint64_t conn_id)
{
    struct list *node;
    list_for_each (node, &a->grants) {
        struct sim_grant *grant = LIST_ENTRY(node, struct sim_grant, node);
        if (strcmp(grant->access, access) == 0) {
            return (grant->conn_id == 0 || grant->conn_id == conn_id) &&
                           grant->expires > clock_monotonic()
                       ? grant
                       : NULL;
        }
    }
    return NULL;
}

struct sim_grant *sim_accounts_get(struct sim_accounts *a, uint64_t grant_id)
{
    struct list *node;
    list_for_each (node, &a->grants) {
        struct sim_grant *grant = LIST_ENTRY(node, struct sim_grant, node);
        if (grant->id == grant_id) {
            return grant->expires > clock_monotonic() ? grant : NULL;
        }
    }
    return NULL;
}

void sim_accounts_forget(struct sim_accounts *a, uint64_t conn_id)
{
    struct list *node;
    struct list *after;
    list_for_each_safe (node, after, &a->grants) {
        struct sim_grant *grant = LIST_ENTRY(node, struct sim_grant, node);
        if (grant->conn_id == conn_id) {
            sim_accounts_revoke(a, grant);
        }
    }
}

unsigned sim_accounts_expire(struct sim_accounts *a, const struct sim_client *client,
                             uint64_t conn_id, int refresh)
{
    unsigned count = 0;
    struct list *node;
    list_for_each (node, &a->grants) {
        struct sim_grant *grant = LIST_ENTRY(node, struct sim_grant, node);
        if ((client == NULL || grant->client == client) &&
            (conn_id == 0 || grant->conn_id == conn_id)) {
            grant->expires = NEVER;
            grant->refresh_is_dead |= refresh;
            count++;
        }
    }
    return count;
}
