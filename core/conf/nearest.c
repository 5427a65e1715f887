/*
 * Damerau-Levenshtein distance in its common restricted form (no byte is edited twice). See
 * nearest.h.
 */
#include "conf/nearest.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_LEN 64
#define DISTANCE_MAX 2

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* @param before  the row above the one above; row[j] is the distance of the first i bytes of a and
 * the first j of b */
static void fill_row(const char *a, const char *b, size_t i, size_t b_len,
                     int rows[3][NAME_MAX_LEN + 1])
{
    int *row          = rows[i % 3];
    const int *above  = rows[(i + 2) % 3];
    const int *before = rows[(i + 1) % 3];
    row[0]            = (int)i;
    for (size_t j = 1; j <= b_len; j++) {
        int cost = same(a[i - 1], b[j - 1]) ? 0 : 1;
        row[j]   = min_int(min_int(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
        if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
            row[j] = min_int(row[j], before[j - 2] + 1);
        }
    }
}

int conf_name_distance(const char *a, const char *b)
{
    int rows[3][NAME_MAX_LEN + 1] = {{0}};
    size_t a_len                  = strnlen(a, NAME_MAX_LEN + 1);
    size_t b_len                  = strnlen(b, NAME_MAX_LEN + 1);
    size_t longer                 = a_len > b_len ? a_len : b_len;
    size_t more                   = longer - (a_len > b_len ? b_len : a_len);
    if (longer > NAME_MAX_LEN || more > DISTANCE_MAX) {
        return -1;
    }
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = (int)j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        fill_row(a, b, i, b_len, rows);
    }
    int distance = rows[a_len % 3][b_len];
    int third    = (int)longer / 3;
    return distance <= min_int(DISTANCE_MAX, third) ? distance : -1;
}
