/* spool/watch_names.c - names by folder and by time: a hash over a heap. */
#include "spool/watch_names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct watch_names {
	struct watch_name **bucket;
	struct watch_name **heap; /* heap[0] is due first */
	size_t buckets;           /* a power of two */
	size_t count, max;
	uint64_t order;
	uint64_t seed; /* partners choose names; not where they collide */
};

struct watch_names *
watch_names_new(size_t max)
{
	struct watch_names *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	for (n->buckets = 64; n->buckets < max;)
		n->buckets *= 2;
	n->max = max;
	n->bucket = calloc(n->buckets, sizeof(struct watch_name *));
	n->heap = calloc(max, sizeof(struct watch_name *));
	if (n->bucket == NULL || n->heap == NULL ||
	    getrandom(&n->seed, sizeof(n->seed), 0) !=
		(ssize_t)sizeof(n->seed)) {
		watch_names_free(n);
		return NULL;
	}
	return n;
}

void
watch_names_free(struct watch_names *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; i < n->count; i++)
		free(n->heap[i]);
	free(n->heap);
	free(n->bucket);
	free(n);
}

static uint64_t
hash_of(const struct watch_names *n, unsigned place, const char *name)
{
	uint64_t h = n->seed ^ place;

	for (const char *p = name; *p != '\0'; p++) {
		h = (h ^ (unsigned char)*p) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h;
}

struct watch_name *
watch_names_find(const struct watch_names *n, unsigned place, const char *name)
{
	uint64_t hash = hash_of(n, place, name);
	struct watch_name *e = n->bucket[hash & (n->buckets - 1)];

	while (e != NULL && (e->hash != hash || e->place != place ||
				strcmp(e->name, name) != 0))
		e = e->next;
	return e;
}

static bool
is_before(const struct watch_name *a, const struct watch_name *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	return a->order < b->order;
}

static void
place_at(struct watch_names *n, size_t at, struct watch_name *e)
{
	n->heap[at] = e;
	e->heap_at = at;
}

/* Put the entry where it belongs, starting from a free slot `at`. */
static void
sift(struct watch_names *n, size_t at, struct watch_name *e)
{
	while (at > 0 && is_before(e, n->heap[(at - 1) / 2])) {
		place_at(n, at, n->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= n->count)
			break;
		if (child + 1 < n->count &&
		    is_before(n->heap[child + 1], n->heap[child]))
			child++;
		if (is_before(e, n->heap[child]))
			break;
		place_at(n, at, n->heap[child]);
		at = child;
	}
	place_at(n, at, e);
}

struct watch_name *
watch_names_put(
    struct watch_names *n, unsigned place, const char *name, int64_t due_ms)
{
	size_t size = strlen(name) + 1;
	struct watch_name *e, **bucket;

	if (n->count == n->max || (e = calloc(1, sizeof(*e) + size)) == NULL)
		return NULL;
	memcpy(e->name, name, size);
	e->place = place;
	e->hash = hash_of(n, place, name);
	bucket = &n->bucket[e->hash & (n->buckets - 1)];
	e->next = *bucket;
	*bucket = e;
	e->due_ms = due_ms;
	e->order = n->order++;
	n->count++;
	sift(n, n->count - 1, e);
	return e;
}

void
watch_names_due(struct watch_names *n, struct watch_name *e, int64_t due_ms)
{
	e->due_ms = due_ms;
	e->order = n->order++;
	sift(n, e->heap_at, e);
}

struct watch_name *
watch_names_first(const struct watch_names *n)
{
	return n->count == 0 ? NULL : n->heap[0];
}

void
watch_names_drop(struct watch_names *n, struct watch_name *e)
{
	struct watch_name **link = &n->bucket[e->hash & (n->buckets - 1)];
	struct watch_name *last = n->heap[--n->count];

	while (*link != e)
		link = &(*link)->next;
	*link = e->next;
	if (last != e)
		sift(n, e->heap_at, last);
	free(e);
}
