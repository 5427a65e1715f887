/*
 * The live table of top, on ncurses. See top.h.
 */
#include <curses.h>
#include <string.h>

#include "base/clock.h"
#include "table.h"
#include "top.h"

#define MOST_WAIT_MS 2000 /* for an answer: keys must not wait longer */
#define STATE_WIDTH  13   /* with a blank: what a narrow terminal shows beside the name */
#define ESCAPE       27
#define REDRAW       12 /* Ctrl-L */

enum colour { COLOUR_GOOD = 1, COLOUR_BUSY, COLOUR_BAD, COLOUR_QUIET };

struct screen {
    struct command command; /* with a shorter patience */
    const char *sort;
    int is_reversed;
    int first_row; /* that is shown: scrolled */
    json_t *status;
    struct hawser_error err; /* of the last question */
};

static int colour_of(const json_t *session)
{
    static const struct {
        const char *state;
        int colour;
    } COLOURS[] = {{"READY", COLOUR_GOOD}, {"FAILED", COLOUR_BAD}, {"CLOSED", COLOUR_QUIET}};
    for (size_t i = 0; i < sizeof(COLOURS) / sizeof(COLOURS[0]); i++) {
        if (strcmp(table_text(session, "state"), COLOURS[i].state) == 0) {
            return COLOURS[i].colour;
        }
    }
    return COLOUR_BUSY;
}

/* What does not fit the width is cut; drawing outside of the screen fails, and nothing is seen of
 * it: no result below matters. */
static void draw_line(int row, attr_t attributes, int colour, const char *text)
{
    (void)attr_set(attributes, (short)colour, NULL);
    (void)mvaddnstr(row, 0, text, COLS);
    (void)clrtoeol();
    (void)attr_set(A_NORMAL, 0, NULL);
}

static void draw_table(struct screen *screen)
{
    const json_t *sessions = json_object_get(screen->status, "sessions");
    int width              = table_name_width(sessions, COLS - STATE_WIDTH);
    char line[TABLE_LINE_SIZE];
    table_head(width, line);
    draw_line(2, A_REVERSE, 0, line);
    int count         = (int)json_array_size(sessions);
    int room          = LINES - 4 < 1 ? 1 : LINES - 4;
    int last          = count - room < 0 ? 0 : count - room;
    int at_most       = screen->first_row > last ? last : screen->first_row;
    screen->first_row = at_most < 0 ? 0 : at_most;
    for (int row = 0; row < room; row++) {
        const json_t *session = json_array_get(sessions, (size_t)row + (size_t)screen->first_row);
        if (session == NULL) {
            break;
        }
        table_row(session, width, line);
        draw_line(row + 3, A_NORMAL, colour_of(session), line);
    }
}

static void draw(struct screen *screen)
{
    char line[TABLE_LINE_SIZE];
    (void)erase();
    if (screen->status != NULL) {
        top_summary(screen->status, line, sizeof(line));
        draw_line(0, A_BOLD, 0, line);
    }
    if (screen->err.code != 0) {
        draw_line(1, A_BOLD, COLOUR_BAD, screen->err.message);
    }
    draw_table(screen);
    (void)snprintf(line, sizeof(line),
                   "by %s%s  q quit  keys: n name  s state  m messages/s  l last  t rtt  g gaps  "
                   "c reconnects  r reverse",
                   screen->sort, screen->is_reversed ? ", reversed" : "");
    draw_line(LINES - 1, A_DIM, 0, line);
    (void)refresh();
}

static void ask(struct screen *screen)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    json_t *status          = top_ask(&screen->command, screen->sort, screen->is_reversed, &err);
    if (status != NULL) { /* else the last table stays, below what is wrong */
        json_decref(screen->status);
        screen->status = status;
    }
    screen->err = err;
}

/** @return 1: quit */
static int take_key(struct screen *screen, int key)
{
    const char *sort = key > 0 && key < 256 ? top_key_of(key) : NULL;
    if (key == 'q' || key == ESCAPE) {
        return 1;
    }
    if (sort != NULL) {
        screen->sort = sort;
    } else if (key == REDRAW) { /* when something else wrote on the terminal */
        (void)clearok(curscr, TRUE);
    } else if (key == 'r') {
        screen->is_reversed = !screen->is_reversed;
    } else if (key == KEY_UP || key == KEY_DOWN) {
        screen->first_row += key == KEY_UP ? -1 : 1;
    } else if (key == KEY_PPAGE || key == KEY_NPAGE) {
        screen->first_row += key == KEY_PPAGE ? 4 - LINES : LINES - 4;
    }
    return 0;
}

static int is_sort_key(int key)
{
    return key == 'r' || (key > 0 && key < 256 && top_key_of(key) != NULL);
}

/* Keys are followed at once; the host is asked once in an interval, and when the order changes. */
static void loop(struct screen *screen)
{
    clock_ns_t next = 0;
    for (int64_t tables = 0;;) {
        clock_ns_t now = clock_monotonic();
        if (now >= next) {
            if (screen->command.count != 0 && tables++ == screen->command.count) {
                return;
            }
            ask(screen);
            next = clock_monotonic() + screen->command.interval_ms * CLOCK_NS_PER_MS;
        }
        draw(screen);
        int64_t left_ms = (next - clock_monotonic()) / CLOCK_NS_PER_MS + 1;
        timeout((int)(left_ms < 1 ? 1 : left_ms));
        int key = getch();
        if (take_key(screen, key)) {
            return;
        }
        if (is_sort_key(key)) {
            ask(screen);
        }
    }
}

static void prepare(void)
{
    (void)cbreak();
    (void)noecho();
    (void)keypad(stdscr, TRUE);
    (void)curs_set(0); /* not every terminal can hide it */
    (void)set_escdelay(25);
    (void)start_color();
    (void)use_default_colors();
    (void)init_pair(COLOUR_GOOD, COLOR_GREEN, -1);
    (void)init_pair(COLOUR_BUSY, COLOR_YELLOW, -1);
    (void)init_pair(COLOUR_BAD, COLOR_RED, -1);
    (void)init_pair(COLOUR_QUIET, COLOR_CYAN, -1);
}

int top_screen_run(const struct command *command)
{
    struct screen screen = {.command = *command, .sort = command->sort};
    SCREEN *terminal     = newterm(NULL, stdout, stdin);
    if (terminal == NULL) {
        fprintf(stderr,
                "hawserctl: this terminal cannot show it; `top -b` prints tables instead\n");
        return CTL_USAGE;
    }
    if (screen.command.timeout_ms > MOST_WAIT_MS) {
        screen.command.timeout_ms = MOST_WAIT_MS;
    }
    prepare();
    loop(&screen);
    (void)endwin();
    delscreen(terminal);
    if (screen.status == NULL) {
        fprintf(stderr, "hawserctl: %s\n", screen.err.message);
    }
    int status = screen.status == NULL ? CTL_UNREACHABLE : 0;
    json_decref(screen.status);
    return status;
}
