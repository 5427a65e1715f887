/*
 * Reading and writing a connection's socket, plain or TLS.
 */
#ifndef SIM_IO_H
#define SIM_IO_H

#include <sys/types.h>

#include "sim/conn.h"

/** @return bytes; 0: nothing now; -1: the end */
ssize_t sim_io_read(struct sim_conn *conn, uint8_t *out, size_t len);
ssize_t sim_io_write(struct sim_conn *conn, const uint8_t *bytes, size_t len);
/** Give a connection its TLS state. @return 0, or -1: out of memory */
int sim_io_start_tls(struct sim_conn *conn, SSL_CTX *ssl_ctx);
/** Go on with the TLS handshake. @return 1 done, 0 more is needed, -1 failed */
int sim_io_accept(struct sim_conn *conn);
/** @return given: a context with this certificate and key; NULL with err set */
SSL_CTX *sim_io_tls_context(const char *cert, const char *key, struct hawser_error *err);

#endif
