/*
 * The fake host's config: what a test set, else the defaults of the module's own rows.
 */
#include <stdlib.h>
#include <string.h>

#include "support/fake_host.h"
#include "support/fake_host_internal.h"

struct fake_setting {
    char *name;
    char **words;
    size_t word_count;
};

static void drop_setting(struct fake_setting *setting)
{
    for (size_t i = 0; i < setting->word_count; i++) {
        free(setting->words[i]);
    }
    free(setting->words);
    free(setting->name);
}

static void add_word(struct fake_setting *setting, const char *word)
{
    setting->words = fake_grow(setting->words, setting->word_count + 1, sizeof(setting->words[0]));
    setting->words[setting->word_count++] = fake_copy_text(word);
}

void fake_host_set(struct fake_host *fake, const char *directive, ...)
{
    fake->settings = fake_grow(fake->settings, fake->setting_count + 1, sizeof(fake->settings[0]));
    struct fake_setting *setting = &fake->settings[fake->setting_count++];
    *setting                     = (struct fake_setting){.name = fake_copy_text(directive)};
    va_list args;
    va_start(args, directive);
    for (const char *word = va_arg(args, const char *); word != NULL;
         word             = va_arg(args, const char *)) {
        add_word(setting, word);
    }
    va_end(args);
}

void fake_host_unset(struct fake_host *fake, const char *directive)
{
    size_t kept = 0;
    for (size_t i = 0; i < fake->setting_count; i++) {
        if (strcmp(fake->settings[i].name, directive) == 0) {
            drop_setting(&fake->settings[i]);
        } else {
            fake->settings[kept++] = fake->settings[i];
        }
    }
    fake->setting_count = kept;
}

/* One word under a name, in place of the one that was there. */
static void set_word(struct fake_setting **settings, size_t *count, const char *name,
                     const char *word)
{
    for (size_t i = 0; i < *count; i++) {
        struct fake_setting *setting = &(*settings)[i];
        if (strcmp(setting->name, name) == 0) {
            free(setting->words[0]);
            setting->words[0] = fake_copy_text(word);
            return;
        }
    }
    *settings                    = fake_grow(*settings, *count + 1, sizeof((*settings)[0]));
    struct fake_setting *setting = &(*settings)[(*count)++];
    *setting                     = (struct fake_setting){.name = fake_copy_text(name)};
    add_word(setting, word);
}

static const char *word_of(const struct fake_setting *settings, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(settings[i].name, name) == 0) {
            return settings[i].words[0];
        }
    }
    return NULL;
}

void fake_host_credential(struct fake_host *fake, const char *key, const char *value)
{
    set_word(&fake->credentials, &fake->credential_count, key, value);
}

static const char *fake_credential(struct hawser_instance *self, const char *key)
{
    struct fake_host *fake = fake_of(self);
    return word_of(fake->credentials, fake->credential_count, key);
}

const char *fake_host_secret(const struct fake_host *fake, const char *name)
{
    const char *value = word_of(fake->secrets, fake->secret_count, name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static int fake_secret_learned(struct hawser_instance *self, const char *name,
                               struct hawser_slice value, struct hawser_error *err)
{
    struct fake_host *fake = fake_of(self);
    char *copy             = fake_copy(value);
    (void)err;
    set_word(&fake->secrets, &fake->secret_count, name, copy);
    free(copy);
    return 0;
}

/* A directive that the module did not declare is a mistake of the module, and no test shall pass
 * over it. */
static const struct hawser_directive *row_of(struct fake_host *fake, const char *directive)
{
    const struct hawser_module *module = fake->module;
    for (uint32_t i = 0; module != NULL && i < module->directive_count; i++) {
        if (strcmp(module->directives[i].name, directive) == 0) {
            return &module->directives[i];
        }
    }
    if (module != NULL) {
        fake->broken_rules++;
        fake_event(fake, "unknown directive read: %s", directive);
    }
    return NULL;
}

static const struct fake_setting *occurrence(const struct fake_host *fake, const char *directive,
                                             size_t n)
{
    for (size_t i = 0; i < fake->setting_count; i++) {
        if (strcmp(fake->settings[i].name, directive) == 0 && n-- == 0) {
            return &fake->settings[i];
        }
    }
    return NULL;
}

static const char *fake_conf_string(struct hawser_instance *self, const char *directive)
{
    struct fake_host *fake             = fake_of(self);
    const struct hawser_directive *row = row_of(fake, directive);
    const struct fake_setting *setting = occurrence(fake, directive, 0);
    if (setting != NULL && setting->word_count > 0) {
        return setting->words[0];
    }
    return row == NULL ? NULL : row->default_value;
}

static int64_t scaled(const char *word, const char *const *units, const int64_t *factors,
                      int64_t bare)
{
    char *end     = NULL;
    int64_t value = strtoll(word, &end, 10);
    if (*end == '\0') {
        return value * bare;
    }
    for (size_t i = 0; units[i] != NULL; i++) {
        if (strcmp(end, units[i]) == 0) {
            return value * factors[i];
        }
    }
    abort(); /* the test's own mistake */
}

/* @return -1: it is none of them */
static int64_t choice_index(const char *word, const char *choices)
{
    for (int64_t i = 0; choices != NULL; i++) {
        size_t len = strcspn(choices, "|");
        if (strlen(word) == len && memcmp(word, choices, len) == 0) {
            return i;
        }
        choices = choices[len] == '\0' ? NULL : choices + len + 1;
    }
    return -1;
}

static int64_t fake_conf_number(struct hawser_instance *self, const char *directive)
{
    static const char *const times[] = {"ms", "s", "m", "h", "d", NULL};
    static const int64_t time_ms[]   = {1, 1000, 60000, 3600000, 86400000};
    static const char *const sizes[] = {"k", "m", "g", NULL};
    static const int64_t bytes[]     = {1024, 1048576, 1073741824};

    const char *word                   = fake_conf_string(self, directive);
    const struct hawser_directive *row = row_of(fake_of(self), directive);
    if (word == NULL || row == NULL) {
        return 0;
    }
    int64_t choice = choice_index(word, row->choices);
    if (row->type == HAWSER_VALUE_CHOICE) {
        if (choice < 0) {
            abort(); /* the test's own mistake */
        }
        return choice;
    }
    if (choice >= 0) {
        return 0; /* a word that stands for 0 */
    }
    switch (row->type) {
    case HAWSER_VALUE_FLAG:
        return strcmp(word, "on") == 0;
    case HAWSER_VALUE_TIME:
        return scaled(word, times, time_ms, 1000);
    case HAWSER_VALUE_SIZE:
        return scaled(word, sizes, bytes, 1);
    default:
        return strtoll(word, NULL, 10);
    }
}

static size_t fake_conf_count(struct hawser_instance *self, const char *directive)
{
    struct fake_host *fake = fake_of(self);
    size_t n               = 0;
    (void)row_of(fake, directive); /* for its complaint */
    while (occurrence(fake, directive, n) != NULL) {
        n++;
    }
    return n;
}

static size_t fake_conf_words(struct hawser_instance *self, const char *directive, size_t n,
                              const char *const **words)
{
    struct fake_host *fake = fake_of(self);
    (void)row_of(fake, directive); /* for its complaint */
    const struct fake_setting *setting = occurrence(fake, directive, n);
    if (setting == NULL) {
        *words = NULL;
        return 0;
    }
    *words = (const char *const *)setting->words;
    return setting->word_count;
}

void fake_conf_fill(struct hawser_host *table)
{
    table->credential     = fake_credential;
    table->secret_learned = fake_secret_learned;
    table->conf_string    = fake_conf_string;
    table->conf_number    = fake_conf_number;
    table->conf_count     = fake_conf_count;
    table->conf_words     = fake_conf_words;
}

void fake_conf_fini(struct fake_host *fake)
{
    for (size_t i = 0; i < fake->setting_count; i++) {
        drop_setting(&fake->settings[i]);
    }
    for (size_t i = 0; i < fake->credential_count; i++) {
        drop_setting(&fake->credentials[i]);
    }
    for (size_t i = 0; i < fake->secret_count; i++) {
        drop_setting(&fake->secrets[i]);
    }
    free(fake->settings);
    free(fake->credentials);
    free(fake->secrets);
}
