/*
 * The adapter's object, and what its files do for each other. One for each session.
 */
#ifndef DERIBIT_H
#define DERIBIT_H

#include "hawser/adapter.h"

struct deribit {
    const struct hawser_host *host;
    struct hawser_instance *self;
    int authenticated;  /* on this connection */
    int64_t login_time; /* monotonic ns of the last login; 0: none, or known to have expired */
    char **portfolios;  /* wanted user.portfolio.* channels: the exchange answers them in another
                           letter case */
    size_t portfolio_count;
    unsigned tests_waiting; /* public/test under way */
    int test_trouble;       /* the last one could not be sent, which was told */
};

/* auth.c: public/auth with client_credentials, and private/logout that keeps orders and tokens */
void deribit_authenticate(void *adapter);
void deribit_leave(void *adapter);
/** An answer was an error: when it says that the login is over, have the host log in anew. Whoever
 * asked (the host, or an application through it) gets the answer all the same. */
void deribit_notice_expiry(struct deribit *deribit, struct hawser_slice error);

/* channels.c: subscribe and unsubscribe, public and private, with each name of the reply checked */
void deribit_subscribe(void *adapter, const struct hawser_slice *channels, size_t count);
void deribit_unsubscribe(void *adapter, const struct hawser_slice *channels, size_t count);
int deribit_channel_is_private(struct hawser_slice channel);
/** The name by which we asked for a channel, where the exchange spells it in another case. Hot. */
struct hawser_slice deribit_wanted_name(const struct deribit *deribit, struct hawser_slice channel);
void deribit_forget_names(struct deribit *deribit);

/* restore.c: cancel-on-disconnect and set_heartbeat, before any channel */
void deribit_restore(void *adapter);
/** The config, as far as the rows of its directives cannot say it. */
int deribit_check(const struct hawser_host *host, struct hawser_instance *self,
                  struct hawser_error *err);

/* heartbeat.c: test_request, and public/test as our own question */
void deribit_heartbeat(void *adapter);
/** A message with method "heartbeat". */
void deribit_heartbeat_message(struct deribit *deribit, const struct hawser_envelope *envelope,
                               struct hawser_slice bytes);

/* route.c: what arrived, by its envelope. Hot. */
void deribit_message(void *adapter, const struct hawser_message *message);

/* failure.c: the exchange's error codes as ours */
/**
 * Turn a request's failure into an error whose recovery fits.
 * @param what  "public/auth" and the like, for the message
 * @param out   filled
 */
void deribit_explain(const struct deribit *deribit, const char *what,
                     const struct hawser_reply *reply, struct hawser_error *out);

/* cost.c */
extern const struct hawser_rate_limits deribit_rate_limits;
/** @param pool set to an index of deribit_rate_limits.pools @return credits */
uint32_t deribit_request_cost(const char *method, uint32_t *pool);

#endif
