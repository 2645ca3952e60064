/* gateway/route.c - which flow, and under which name? */
#include "gateway/route.h"

#include "gateway/base/buf.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What another Waybill takes; the whole name travels inside the message. */
#define REMOTE_NAME_MAX NAME_MAX_BYTES

void
route_name(struct doc *doc, const char *name)
{
	struct why why;

	if (name_check(name, strlen(name), &why))
		snprintf(doc->name, sizeof(doc->name), "%s", name);
	else
		snprintf(
		    doc->name, sizeof(doc->name), "%s.refused", doc->id.text);
}

void
route_inbound_name(struct doc *doc, const char *literal)
{
	static const char *const suffixes[] = { ".pgp", ".gpg", ".asc" };
	char name[DOC_FILE_SIZE];
	struct why why;
	size_t len;

	if (literal != NULL && name_check(literal, strlen(literal), &why) &&
	    !name_is_temporary(literal)) {
		snprintf(doc->name, sizeof(doc->name), "%s", literal);
		return;
	}
	snprintf(name, sizeof(name), "%s", doc->file);
	len = strlen(name);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (len > 4 && strcasecmp(name + len - 4, suffixes[i]) == 0) {
			name[len - 4] = '\0';
			break;
		}
	}
	/* "order.tmp.pgp": whoever collects would take it for unfinished. */
	if (name_check(name, strlen(name), &why) && !name_is_temporary(name))
		snprintf(doc->name, sizeof(doc->name), "%.200s", name);
	else
		snprintf(doc->name, sizeof(doc->name), "%s", doc->id.text);
}

/* Cut a name to at most n bytes without splitting a UTF-8 character. */
static size_t
cut_at(const char *name, size_t n)
{
	size_t len = strlen(name);

	if (len <= n)
		return len;
	while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* The template with `name_bytes` bytes of the name; false: too long. */
static bool
expand(const struct config_flow *flow, struct doc *doc, size_t name_bytes)
{
	static const char *const keys[] = { "{name}", "{id}", "{flow}" };
	const char *values[] = { doc->name, doc->id.text, doc->flow };
	const char *t = flow->remote_name;
	struct buf b;
	bool ok;

	buf_init(&b, REMOTE_NAME_MAX + 1);
	while (*t != '\0') {
		size_t k = 0;

		while (k < 3 && strncmp(t, keys[k], strlen(keys[k])) != 0)
			k++;
		if (k == 3) {
			buf_put_u8(&b, (uint8_t)*t++);
			continue;
		}
		t += strlen(keys[k]);
		buf_put(&b, values[k], k == 0 ? name_bytes : strlen(values[k]));
	}
	buf_put_u8(&b, 0);
	ok = !b.bad;
	if (ok)
		memcpy(doc->file, b.data, b.len);
	buf_free(&b);
	return ok;
}

void
route_remote_name(const struct config_flow *flow, struct doc *doc)
{
	size_t n = strlen(doc->name);

	while (!expand(flow, doc, cut_at(doc->name, n))) {
		if (n == 0) {
			/* A template of constants too long by itself. */
			snprintf(doc->file, sizeof(doc->file), "%s.pgp",
			    doc->id.text);
			return;
		}
		n--;
	}
}

bool
route_match(const struct config_list *match, const char *name)
{
	for (size_t i = 0; i < match->count; i++) {
		if (fnmatch(match->item[i], name, FNM_PERIOD) == 0)
			return true;
	}
	return match->count == 0;
}

const struct config_flow *
route_flow(const struct config_partner *p, const char *signed_flow,
    const char *name, struct why *why)
{
	const struct config_flow *flow, *open = NULL;
	unsigned open_count = 0;

	if (signed_flow[0] != '\0' &&
	    (flow = config_flow(p, DOC_IN, signed_flow)) != NULL)
		return flow;
	for (size_t i = 0; i < p->flow_count; i++) {
		flow = &p->flow[i];
		if (flow->direction != DOC_IN)
			continue;
		if (flow->match.count == 0) {
			open = flow;
			open_count++;
		} else if (route_match(&flow->match, name)) {
			return flow;
		}
	}
	if (open_count == 1)
		return open;
	why_set(why, REASON_NO_FLOW, "%s",
	    open_count == 0 ? "no inbound flow matches its name"
			    : "several inbound flows would take it; give them "
			      "`match`, or have the partner sign the flow");
	return NULL;
}

uint64_t
route_max_size(const struct config_partner *p)
{
	uint64_t max = 0;

	for (size_t i = 0; i < p->flow_count; i++) {
		const struct config_flow *f = &p->flow[i];

		if (f->direction != DOC_IN)
			continue;
		if (f->max_size == 0)
			return 0;
		if (f->max_size > max)
			max = f->max_size;
	}
	return max;
}
