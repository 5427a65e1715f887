/*
 * libevent's struct event as a field of ours. Its header has a LIST_ENTRY of its own, which must
 * not meet that of base/list.h.
 */
#ifndef CORE_NET_EVENT_STRUCT_H
#define CORE_NET_EVENT_STRUCT_H

#pragma push_macro("LIST_ENTRY")
#undef LIST_ENTRY
#include <event2/event_struct.h>
#pragma pop_macro("LIST_ENTRY")

#endif
