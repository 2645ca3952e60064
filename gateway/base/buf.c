/* base/buf.c - the one bounded buffer that builders fill and parsers read. */
#include "gateway/base/buf.h"

#include "gateway/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_init_secret(struct buf *b, size_t max)
{
	buf_init(b, max);
	b->secret = true;
}

void
buf_view(struct buf *b, const void *data, size_t len)
{
	memset(b, 0, sizeof(*b));
	/* Views are never written: buf_room() refuses when cap is 0 and data
	 * is set, so dropping const here stays inside this file. */
	b->data = (uint8_t *)(uintptr_t)data;
	b->len = b->max = len;
}

void
buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	if (b->cap > 0) {
		if (b->secret)
			mem_wipe(b->data, b->cap);
		free(b->data);
	}
	memset(b, 0, sizeof(*b));
}

void
buf_reset(struct buf *b)
{
	if (b->cap > 0 && b->secret)
		mem_wipe(b->data, b->cap);
	b->len = b->pos = 0;
	b->bad = false;
}

/* Grow to hold `need` bytes; a secret is copied and wiped, never realloc'd. */
static bool
buf_grow(struct buf *b, size_t need)
{
	size_t cap = b->cap != 0 ? b->cap : 64;
	uint8_t *data;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : 2 * cap;
	if (cap > b->max && need <= b->max)
		cap = b->max;
	if (b->secret) {
		if ((data = malloc(cap)) == NULL)
			return false;
		if (b->len > 0)
			memcpy(data, b->data, b->len);
		if (b->cap > 0) {
			mem_wipe(b->data, b->cap);
			free(b->data);
		}
	} else if ((data = realloc(b->data, cap)) == NULL) {
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

/* Room for n bytes of content and `spare` ones that never count. */
static uint8_t *
buf_reserve(struct buf *b, size_t n, size_t spare)
{
	bool view = b->cap == 0 && b->data != NULL;
	size_t need;

	if (b->bad || view || n > b->max - b->len) {
		b->bad = true;
		return NULL;
	}
	/* At least one byte, so that room for nothing has an address too. */
	need = b->len + n + spare;
	if (need == 0)
		need = 1;
	if (need > b->cap && !buf_grow(b, need)) {
		b->bad = true;
		return NULL;
	}
	return b->data + b->len;
}

uint8_t *
buf_room(struct buf *b, size_t n)
{
	return buf_reserve(b, n, 0);
}

void
buf_grew(struct buf *b, size_t n)
{
	if (n > b->cap - b->len || n > b->max - b->len)
		gw_fatal("buf_grew beyond the room");
	b->len += n;
}

bool
buf_put(struct buf *b, const void *p, size_t n)
{
	uint8_t *to;

	if (n == 0)
		return !b->bad; /* nothing needs no memory */
	if ((to = buf_room(b, n)) == NULL)
		return false;
	memcpy(to, p, n);
	b->len += n;
	return true;
}

bool
buf_put_u8(struct buf *b, uint8_t v)
{
	return buf_put(b, &v, 1);
}

bool
buf_put_u16(struct buf *b, uint16_t v)
{
	uint8_t p[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	return buf_put(b, p, sizeof(p));
}

bool
buf_put_u32(struct buf *b, uint32_t v)
{
	uint8_t p[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
		(uint8_t)(v >> 8), (uint8_t)v };

	return buf_put(b, p, sizeof(p));
}

bool
buf_put_u64(struct buf *b, uint64_t v)
{
	return buf_put_u32(b, (uint32_t)(v >> 32)) &&
	       buf_put_u32(b, (uint32_t)v);
}

bool
buf_put_text(struct buf *b, const char *s)
{
	return buf_put(b, s, strlen(s));
}

bool
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	uint8_t *to;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	/* One more for the NUL that vsnprintf insists on writing. */
	if (n < 0 || (to = buf_reserve(b, (size_t)n, 1)) == NULL) {
		b->bad = true;
		return false;
	}
	va_start(ap, fmt);
	vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return true;
}

size_t
buf_left(const struct buf *b)
{
	return b->bad ? 0 : b->len - b->pos;
}

const uint8_t *
buf_take(struct buf *b, size_t n)
{
	const uint8_t *p;

	if (b->bad || n > b->len - b->pos) {
		b->bad = true;
		return NULL;
	}
	/* An empty buffer has no memory to point into, yet taking nothing
	 * from it is a success. */
	p = b->data != NULL ? b->data + b->pos : (const uint8_t *)"";
	b->pos += n;
	return p;
}

bool
buf_get(struct buf *b, void *to, size_t n)
{
	const uint8_t *p = buf_take(b, n);

	if (p == NULL) {
		memset(to, 0, n);
		return false;
	}
	if (n > 0)
		memcpy(to, p, n);
	return true;
}

uint8_t
buf_get_u8(struct buf *b)
{
	const uint8_t *p = buf_take(b, 1);

	return p != NULL ? p[0] : 0;
}

uint16_t
buf_get_u16(struct buf *b)
{
	const uint8_t *p = buf_take(b, 2);

	return p != NULL ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

uint32_t
buf_get_u32(struct buf *b)
{
	const uint8_t *p = buf_take(b, 4);

	return p != NULL ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			       (uint32_t)p[2] << 8 | p[3]
			 : 0;
}

uint64_t
buf_get_u64(struct buf *b)
{
	uint64_t hi = buf_get_u32(b);
	uint64_t lo = buf_get_u32(b);

	return b->bad ? 0 : hi << 32 | lo;
}

bool
buf_child(struct buf *b, size_t n, struct buf *view)
{
	const uint8_t *p = buf_take(b, n);

	buf_view(view, p != NULL ? p : (const uint8_t *)"", p != NULL ? n : 0);
	view->bad = p == NULL;
	return p != NULL;
}

bool
buf_done(const struct buf *b)
{
	return !b->bad && b->pos == b->len;
}

void
mem_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

bool
mem_equal_ct(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= (uint8_t)(x[i] ^ y[i]);
	return diff == 0;
}
