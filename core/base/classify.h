/*
 * From what the outside says (errno, HTTP status, close code) to a code of ours. X509 numbers stand
 * in net/tls, which alone knows OpenSSL.
 */
#ifndef CORE_BASE_CLASSIFY_H
#define CORE_BASE_CLASSIFY_H

#include "hawser/error.h"

/** @return the code for a failed call on a socket or a file; SYSTEM_CALL where none says more */
enum hawser_code classify_errno(int errno_value);
/** @return the code for the status of a refused upgrade; WS_REFUSED where none says more */
enum hawser_code classify_http_status(int status);
/** @return WS_CLOSED, or WS_CLOSED_WRONG where the code says that the other side saw a fault of
 * ours. @source RFC 6455 7.4.1 */
enum hawser_code classify_close_code(uint16_t code);

#endif
