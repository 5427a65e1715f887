/*
 * JSON-RPC 2.0 messages into a buffer.
 */
#ifndef CORE_RPC_BUILD_H
#define CORE_RPC_BUILD_H

#include "base/buf.h"

/** {"jsonrpc":"2.0","id":N,"method":"...","params":...}. @param params a JSON value; empty: none.
 * @return 0, or -1: out of memory or bound */
int rpc_build_request(struct buf *out, uint64_t id, const char *method,
                      struct hawser_slice params) HAWSER_MUST_CHECK;
/** @param id_json the id as it came: number or quoted string; empty: null */
int rpc_build_result(struct buf *out, struct hawser_slice id_json,
                     struct hawser_slice result) HAWSER_MUST_CHECK;
int rpc_build_error(struct buf *out, struct hawser_slice id_json, int64_t code, const char *message,
                    struct hawser_slice data) HAWSER_MUST_CHECK;
/** A JSON string with its quotes: control characters, quotes and backslashes escaped; invalid UTF-8
 * as U+FFFD. */
int rpc_build_string(struct buf *out, struct hawser_slice text) HAWSER_MUST_CHECK;

#endif
