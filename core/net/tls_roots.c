/*
 * Trusted roots, read once for all sessions of a process: the system's are a megabyte of heap and
 * some ten milliseconds. A file that has changed since is read again, for those who come then.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/list.h"
#include "net/tls_impl.h"

struct net_tls_roots {
    struct list node;
    char *file; /* NULL: the system's */
    struct stat state;
    X509_STORE *store;
    size_t users;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list all      = {&all, &all};

int net_tls_refuse_file(struct hawser_error *err, const char *what, const char *file)
{
    unsigned long code = ERR_peek_error();
    const char *why    = ERR_GET_LIB(code) == ERR_LIB_SYS ? strerror(ERR_GET_REASON(code))
                                                          : ERR_reason_error_string(code);
    error_set(err, HAWSER_TLS_SETUP, "%s %s not usable: %s", what, file,
              why == NULL ? "no PEM data in it" : why);
    error_set_cause(err, HAWSER_CAUSE_TLS, (int64_t)code);
    ERR_clear_error();
    return -1;
}

static void look(const char *file, struct stat *out)
{
    const char *named = file != NULL ? file : getenv(X509_get_default_cert_file_env());
    memset(out, 0, sizeof(*out));
    (void)stat(named != NULL ? named : X509_get_default_cert_file(), out); /* none: all zero */
}

static int is_same(const struct net_tls_roots *roots, const char *file, const struct stat *state)
{
    int same_name =
        file == NULL || roots->file == NULL ? file == roots->file : strcmp(file, roots->file) == 0;
    return same_name && roots->state.st_ino == state->st_ino &&
           roots->state.st_dev == state->st_dev && roots->state.st_size == state->st_size &&
           roots->state.st_mtim.tv_sec == state->st_mtim.tv_sec &&
           roots->state.st_mtim.tv_nsec == state->st_mtim.tv_nsec;
}

static void release(struct net_tls_roots *roots)
{
    X509_STORE_free(roots->store);
    free(roots->file);
    free(roots);
}

static struct net_tls_roots *read_roots(const char *file, struct hawser_error *err)
{
    struct net_tls_roots *roots = calloc(1, sizeof(*roots));
    if (roots == NULL || (roots->store = X509_STORE_new()) == NULL ||
        (file != NULL && (roots->file = strdup(file)) == NULL)) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "TLS: out of memory");
        goto fail;
    }
    if (file == NULL) {
        (void)X509_STORE_set_default_paths(roots->store); /* none: each chain fails, and says why */
        ERR_clear_error();
    } else if (X509_STORE_load_file(roots->store, file) != 1) {
        (void)net_tls_refuse_file(err, "tls_ca", file);
        goto fail;
    }
    return roots;
fail:
    if (roots != NULL) {
        release(roots);
    }
    return NULL;
}

struct net_tls_roots *net_tls_roots_get(const char *ca_file, struct hawser_error *err)
{
    struct net_tls_roots *found = NULL;
    struct list *node           = NULL;
    struct stat state;
    look(ca_file, &state);
    (void)pthread_mutex_lock(&lock); /* fails only for a lock that is held by this thread */
    list_for_each (node, &all) {
        struct net_tls_roots *roots = LIST_ENTRY(node, struct net_tls_roots, node);
        if (is_same(roots, ca_file, &state)) {
            found = roots;
        }
    }
    if (found == NULL) {
        found = read_roots(ca_file, err);
        if (found != NULL) {
            found->state = state;
            list_append(&all, &found->node);
        }
    }
    if (found != NULL) {
        found->users++;
    }
    (void)pthread_mutex_unlock(&lock);
    return found;
}

void net_tls_roots_put(struct net_tls_roots *roots)
{
    if (roots == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&lock); /* as above */
    if (--roots->users == 0) {
        list_remove(&roots->node);
        release(roots);
    }
    (void)pthread_mutex_unlock(&lock);
}

X509_STORE *net_tls_roots_store(const struct net_tls_roots *roots)
{
    return roots->store;
}
