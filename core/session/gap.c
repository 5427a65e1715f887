/*
 * Holes in sequence numbers. See gap.h.
 */
#include "session/gap.h"

enum gap_verdict gap_check(struct gap_watch *watch, const struct hawser_delivery *delivery)
{
    if ((delivery->flags & HAWSER_DELIVERY_SEQUENCED) == 0) {
        return GAP_NONE;
    }
    enum gap_verdict verdict = GAP_NONE;
    int follows              = (delivery->flags & HAWSER_DELIVERY_FOLLOWS) != 0;
    if ((delivery->flags & HAWSER_DELIVERY_SNAPSHOT) != 0) {
        verdict = GAP_NONE;
    } else if (!watch->seen) {
        verdict = follows ? GAP_NO_SNAPSHOT : GAP_NONE;
    } else if (delivery->sequence <= watch->last) {
        verdict = GAP_BACKWARDS;
    } else if (follows ? delivery->previous != watch->last
                       : delivery->sequence != watch->last + 1) {
        verdict = GAP_MISSING;
    }
    watch->last = delivery->sequence;
    watch->seen = 1;
    return verdict;
}

const char *gap_text(enum gap_verdict verdict)
{
    switch (verdict) {
    case GAP_NO_SNAPSHOT:
        return "a change came before the snapshot";
    case GAP_MISSING:
        return "sequence numbers are missing";
    case GAP_BACKWARDS:
        return "sequence numbers went back or repeat";
    case GAP_NONE:
        break;
    }
    return "no gap";
}
