/*
 * UTF-8 as a small automaton: the state is how many bytes of the code point are still to come and
 * which range the next one must be in. Most of a text, in market data nearly all of it, is skipped
 * in blocks: with AVX2 whatever is valid, else runs of ASCII.
 */
#include "ws/utf8.h"

#include <string.h>

#include "ws/utf8_impl.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* state = bytes to come | least next byte << 8 | greatest next byte << 16; 0 between code points */
#define EXPECT(more, least, greatest)                                                              \
    ((uint32_t)(more) | (uint32_t)(least) << 8 | (uint32_t)(greatest) << 16)
#define TAIL(more) EXPECT(more, 0x80, 0xbf)
#define DEAD       EXPECT(1, 0xff, 0x00) /* no byte is in this range */

#if defined(__SSE2__)

/* Bytes of ASCII at the front, in whole blocks; the overlapping last block spares a loop over the
 * rest. */
static size_t skip_ascii(const uint8_t *bytes, size_t len)
{
    size_t i = 0;
    for (; len - i >= 64; i += 64) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i + 16));
        __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i + 32));
        __m128i d = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i + 48));
        if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d))) != 0) {
            break;
        }
    }
    for (; len - i >= 16; i += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
        if (_mm_movemask_epi8(a) != 0) {
            return i;
        }
    }
    if (i < len && len >= 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(bytes + len - 16));
        if (_mm_movemask_epi8(a) == 0) {
            return len;
        }
    }
    return i;
}

#elif defined(__aarch64__)

static size_t skip_ascii(const uint8_t *bytes, size_t len)
{
    size_t i = 0;
    for (; len - i >= 64; i += 64) {
        uint8x16x4_t block = vld1q_u8_x4(bytes + i);
        uint8x16_t any =
            vorrq_u8(vorrq_u8(block.val[0], block.val[1]), vorrq_u8(block.val[2], block.val[3]));
        if (vmaxvq_u8(any) >= 0x80) {
            break;
        }
    }
    for (; len - i >= 16; i += 16) {
        if (vmaxvq_u8(vld1q_u8(bytes + i)) >= 0x80) {
            break;
        }
    }
    return i;
}

#else

static size_t skip_ascii(const uint8_t *bytes, size_t len)
{
    size_t i = 0;
    for (; len - i >= 16; i += 16) {
        uint64_t a;
        uint64_t b;
        memcpy(&a, bytes + i, sizeof(a));
        memcpy(&b, bytes + i + 8, sizeof(b));
        if (((a | b) & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
    }
    return i;
}

#endif

/* The ASCII in front of the next other byte; at most a block of it, so that the blocks get their
 * turn again. */
static size_t skip_ascii_bytes(const uint8_t *bytes, size_t len)
{
    size_t i = 0;
    while (i < len && i < 16 && bytes[i] < 0x80) {
        i++;
    }
    return i;
}

/* From a code point on: a part of what is valid there, most of it where there is much. */
static inline size_t skip_valid(const uint8_t *bytes, size_t len)
{
    return ws_utf8_has_avx2() ? ws_utf8_prefix_avx2(bytes, len) : skip_ascii(bytes, len);
}

/* What may follow a lead byte: the bounds of the second byte keep out overlong forms, surrogates
 * and what lies over U+10FFFF (RFC 3629 4). */
static uint32_t after_lead(uint8_t byte)
{
    if (byte < 0x80) {
        return 0;
    }
    if (byte < 0xc2 || byte > 0xf4) {
        return DEAD;
    }
    if (byte < 0xe0) {
        return TAIL(1);
    }
    switch (byte) {
    case 0xe0:
        return EXPECT(2, 0xa0, 0xbf);
    case 0xed:
        return EXPECT(2, 0x80, 0x9f);
    case 0xf0:
        return EXPECT(3, 0x90, 0xbf);
    case 0xf4:
        return EXPECT(3, 0x80, 0x8f);
    default:
        return byte < 0xf0 ? TAIL(2) : TAIL(3);
    }
}

static uint32_t after_tail(uint32_t state, uint8_t byte)
{
    if (byte < (state >> 8 & 0xffu) || byte > (state >> 16 & 0xffu)) {
        return DEAD;
    }
    uint32_t more = (state & 0xffu) - 1;
    return more == 0 ? 0 : TAIL(more);
}

int ws_utf8_feed(struct ws_utf8 *utf8, const uint8_t *bytes, size_t len)
{
    uint32_t state = utf8->state;
    size_t i       = 0;
    while (i < len) {
        if (state == 0) {
            i += skip_valid(bytes + i, len - i);
            i += skip_ascii_bytes(bytes + i, len - i);
            if (i == len) {
                break;
            }
        }
        state = state == 0 ? after_lead(bytes[i]) : after_tail(state, bytes[i]);
        if (state == DEAD) {
            utf8->state = DEAD;
            return -1;
        }
        i++;
    }
    utf8->state = state;
    return 0;
}

int ws_utf8_is_complete(const struct ws_utf8 *utf8)
{
    return utf8->state == 0;
}

/* Not inlined: it is rarely needed. */
static __attribute__((noinline)) int is_valid_from(const uint8_t *bytes, size_t len)
{
    struct ws_utf8 utf8 = {0};
    return ws_utf8_feed(&utf8, bytes, len) == 0 && utf8.state == 0;
}

int ws_utf8_is_valid(const uint8_t *bytes, size_t len)
{
    size_t done = skip_valid(bytes, len); /* mostly all of it */
    return done == len || is_valid_from(bytes + done, len - done);
}
