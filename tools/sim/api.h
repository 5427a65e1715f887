/*
 * JSON-RPC requests -> answers: the envelope, who may call what, and errors. Methods stand in
 * api_session.c, api_market.c and api_trade.c, in one table each.
 */
#ifndef SIM_API_H
#define SIM_API_H

#include <jansson.h>

#include "sim/account.h"
#include "sim/conn.h"
#include "sim/text.h"

/** One call of a method. */
struct sim_call {
    struct sim *sim;
    struct sim_conn *conn;
    const char *method;
    json_t *params;          /* an object, never NULL */
    struct sim_grant *grant; /* who calls; NULL: nobody known */
    struct sim_text result;
    int code; /* of the error; 0: none */
    char message[64];
    char reason[96]; /* data.reason; "": no data */
    char param[64];  /* data.param */
};

/** @return 1 answer (result or error), 0 no answer at all */
typedef int (*sim_method_fn)(struct sim_call *call);

struct sim_method {
    const char *name;
    sim_method_fn fn;
    const char *right; /* e.g. "trade:read_write"; NULL: none is needed */
};

extern const struct sim_method SIM_SESSION_METHODS[];
extern const struct sim_method SIM_MARKET_METHODS[];
extern const struct sim_method SIM_TRADE_METHODS[]; /* all end with a NULL name */

/** One message of a client: answered through its connection. */
void sim_api_request(struct sim_conn *conn, struct hawser_slice text);

/** Answer with an error of the API's; its message comes from the table. @return 1 */
int sim_call_fail(struct sim_call *call, int code);
/** The same with data {"reason":..,"param":..}; either may be NULL. @return 1 */
int sim_call_fail_with(struct sim_call *call, int code, const char *reason, const char *param);
/** -32602 for a missing parameter. @return 1 */
int sim_call_missing(struct sim_call *call, const char *param);
/** @return the message of a code; "error" for one that is not known */
const char *sim_error_message(int code);

/** A string parameter. @return NULL: absent, or no string */
const char *sim_call_string(const struct sim_call *call, const char *name);
/** The row of the parameter instrument_name. @return -1: the error is set */
int sim_call_instrument(struct sim_call *call);

#endif
