/*
 * Tables of foreign numbers. What a code of ours leads to (category, recovery) stands in
 * hawser/error_table.h.
 */
#include "base/classify.h"

#include <errno.h>

struct row {
    int number;
    enum hawser_code code;
};

static const struct row ERRNO_ROWS[] = {
    {ECONNREFUSED, HAWSER_NET_CONNECT}, {EHOSTUNREACH, HAWSER_NET_CONNECT},
    {EHOSTDOWN, HAWSER_NET_CONNECT},    {ENETUNREACH, HAWSER_NET_CONNECT},
    {ENETDOWN, HAWSER_NET_CONNECT},     {EADDRNOTAVAIL, HAWSER_NET_CONNECT},
    {EAFNOSUPPORT, HAWSER_NET_CONNECT}, {EACCES, HAWSER_NET_CONNECT}, /* a firewall says so */
    {EPERM, HAWSER_NET_CONNECT},        {ETIMEDOUT, HAWSER_NET_TIMEOUT},
    {ECONNRESET, HAWSER_NET_LOST},      {ECONNABORTED, HAWSER_NET_LOST},
    {ENETRESET, HAWSER_NET_LOST},       {ENOTCONN, HAWSER_NET_LOST},
    {EPIPE, HAWSER_NET_LOST},           {ENOMEM, HAWSER_SYSTEM_MEMORY},
    {ENOBUFS, HAWSER_SYSTEM_MEMORY},    {EMFILE, HAWSER_SYSTEM_LIMIT},
    {ENFILE, HAWSER_SYSTEM_LIMIT},      {EDQUOT, HAWSER_SYSTEM_LIMIT},
    {ENOSPC, HAWSER_SYSTEM_LIMIT},
};

static const struct row HTTP_ROWS[] = {
    {301, HAWSER_WS_REDIRECT},     {302, HAWSER_WS_REDIRECT},     {303, HAWSER_WS_REDIRECT},
    {307, HAWSER_WS_REDIRECT},     {308, HAWSER_WS_REDIRECT},     {401, HAWSER_WS_UNAUTHORIZED},
    {403, HAWSER_WS_UNAUTHORIZED}, {407, HAWSER_WS_UNAUTHORIZED}, {429, HAWSER_WS_TOO_MANY},
    {503, HAWSER_WS_TOO_MANY},
};

static const struct row CLOSE_ROWS[] = {
    {1002, HAWSER_WS_CLOSED_WRONG}, {1003, HAWSER_WS_CLOSED_WRONG}, {1007, HAWSER_WS_CLOSED_WRONG},
    {1008, HAWSER_WS_CLOSED_WRONG}, {1009, HAWSER_WS_CLOSED_WRONG}, {1010, HAWSER_WS_CLOSED_WRONG},
};

#define LOOK_UP(rows, number, otherwise)                                                           \
    look_up((rows), sizeof(rows) / sizeof((rows)[0]), (number), (otherwise))

static enum hawser_code look_up(const struct row *rows, size_t count, int number,
                                enum hawser_code otherwise)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == number) {
            return rows[i].code;
        }
    }
    return otherwise;
}

enum hawser_code classify_errno(int errno_value)
{
    return LOOK_UP(ERRNO_ROWS, errno_value, HAWSER_SYSTEM_CALL);
}

enum hawser_code classify_http_status(int status)
{
    return LOOK_UP(HTTP_ROWS, status, HAWSER_WS_REFUSED);
}

enum hawser_code classify_close_code(uint16_t code)
{
    return LOOK_UP(CLOSE_ROWS, code, HAWSER_WS_CLOSED);
}
