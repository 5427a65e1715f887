/*
 * The hosts file. It is read at each look-up, so that an edit counts at once; evdns would read it
 * once, and only for requests that cannot be cut off cleanly.
 */
#include "net/hosts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LINE_BYTES 1024
#define BLANKS     " \t\r\n"

/* Does the text, words with blanks between, hold the word? */
static int has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (;;) {
        text += strspn(text, BLANKS);
        size_t span = strcspn(text, BLANKS);
        if (span == 0) {
            return 0;
        }
        if (span == len && strncasecmp(text, word, len) == 0) {
            return 1;
        }
        text += span;
    }
}

static void read_line(char *line, const char *host, uint16_t port, struct net_addresses *out)
{
    line[strcspn(line, "#")] = 0;
    char *address            = line + strspn(line, BLANKS);
    size_t len               = strcspn(address, BLANKS);
    struct net_address found;
    if (address[len] == 0 || !has_word(address + len, host)) {
        return;
    }
    address[len] = 0;
    if (net_address_parse(address, port, &found) == 0) {
        net_addresses_add(out, &found);
    }
}

static int is_localhost(const char *host)
{
    static const char NAME[] = "localhost";
    size_t len               = strlen(host);
    size_t tail              = sizeof(NAME) - 1;
    return len >= tail && strcasecmp(host + len - tail, NAME) == 0 &&
           (len == tail || host[len - tail - 1] == '.');
}

size_t net_hosts_find(const char *path, const char *host, uint16_t port, struct net_addresses *out)
{
    size_t before = out->count;
    FILE *file    = fopen(path, "re");
    if (file != NULL) {
        char line[LINE_BYTES];
        int whole = 1; /* the rest of an overlong line is not a line of its own */
        while (fgets(line, sizeof(line), file) != NULL) {
            int starts = whole;
            whole      = strchr(line, '\n') != NULL;
            if (starts) {
                read_line(line, host, port, out);
            }
        }
        (void)fclose(file); /* read only: nothing can be lost */
    }
    if (out->count == before && is_localhost(host)) {
        struct net_address loopback;
        net_address_make(AF_INET6, &in6addr_loopback, port, &loopback);
        net_addresses_add(out, &loopback);
        struct in_addr ipv4 = {htonl(INADDR_LOOPBACK)};
        net_address_make(AF_INET, &ipv4, port, &loopback);
        net_addresses_add(out, &loopback);
    }
    return out->count - before;
}
