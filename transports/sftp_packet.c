/* transports/sftp_packet.c - the packets of SFTP version 3, as bytes. */
#include "transports/sftp_packet.h"

#include <stdio.h>
#include <string.h>

size_t
sftp_packet_begin(struct buf *b, enum sftp_type type, uint32_t id)
{
	size_t start = b->len;

	buf_put_u32(b, 0);
	buf_put_u8(b, (uint8_t)type);
	buf_put_u32(b, id);
	return start;
}

void
sftp_packet_end(struct buf *b, size_t start)
{
	uint32_t n;

	if (b->bad)
		return;
	n = (uint32_t)(b->len - start - 4);
	b->data[start] = (uint8_t)(n >> 24);
	b->data[start + 1] = (uint8_t)(n >> 16);
	b->data[start + 2] = (uint8_t)(n >> 8);
	b->data[start + 3] = (uint8_t)n;
}

void
sftp_packet_text(struct buf *b, const char *s)
{
	buf_put_u32(b, (uint32_t)strlen(s));
	buf_put_text(b, s);
}

void
sftp_packet_handle(struct buf *b, const struct sftp_handle *h)
{
	buf_put_u32(b, h->len);
	buf_put(b, h->data, h->len);
}

bool
sftp_packet_string(struct buf *b, size_t max, struct buf *view)
{
	uint32_t n = buf_get_u32(b);

	if (n > max)
		b->bad = true;
	return buf_child(b, b->bad ? 0 : n, view);
}

/* 5: only the parts whose flags are set are there; unknown flags would shift
 * everything behind them, so they are refused. */
bool
sftp_packet_attrs(struct buf *b, struct sftp_attrs *a)
{
	const uint32_t known = SFTP_ATTR_SIZE | SFTP_ATTR_UIDGID |
			       SFTP_ATTR_MODE | SFTP_ATTR_TIMES |
			       SFTP_ATTR_EXTRA;
	uint32_t extras = 0;
	struct buf text;

	memset(a, 0, sizeof(*a));
	a->flags = buf_get_u32(b);
	if (a->flags & ~known)
		b->bad = true;
	if (a->flags & SFTP_ATTR_SIZE)
		a->size = buf_get_u64(b);
	if (a->flags & SFTP_ATTR_UIDGID)
		(void)buf_get_u64(b);
	if (a->flags & SFTP_ATTR_MODE)
		a->mode = buf_get_u32(b);
	if (a->flags & SFTP_ATTR_TIMES) {
		(void)buf_get_u32(b);
		a->mtime = buf_get_u32(b);
	}
	if (a->flags & SFTP_ATTR_EXTRA)
		extras = buf_get_u32(b);
	if (extras > SFTP_ATTR_EXTRAS_MAX)
		b->bad = true;
	for (; extras > 0 && !b->bad; extras--) {
		(void)sftp_packet_string(b, SFTP_PACKET_MAX, &text);
		(void)sftp_packet_string(b, SFTP_PACKET_MAX, &text);
	}
	return !b->bad;
}

bool
sftp_packet_path(char *out, size_t size, const char *folder, const char *name)
{
	size_t n = strlen(folder);
	const char *between = n > 0 && folder[n - 1] != '/' ? "/" : "";
	int len = snprintf(out, size, "%s%s%s", folder, between, name);

	/* A name is one step: never out of the folder, never into another. */
	if (name[0] == '\0' || strchr(name, '/') != NULL ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	return len > 0 && (size_t)len < size && len < SFTP_PATH_MAX;
}
