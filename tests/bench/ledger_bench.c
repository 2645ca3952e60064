/* tests/bench/ledger_bench.c - how many changes a second the ledger takes.
 *
 *	cc -O2 -std=c11 -D_GNU_SOURCE -I. -o build/ledger_bench \
 *	    tests/bench/ledger_bench.c spool/ledger*.c spool/state.c \
 *	    gateway/base/[a-z]*.c -lsqlite3
 *	build/ledger_bench FOLDER [DOCUMENTS [BATCH]]
 *
 * Half of the documents go out, half come in, five changes each, a few hundred
 * of them under way at a time as in the gateway.  FOLDER should be on the disk
 * that the figure is wanted for.
 */
#include "gateway/base/clock.h"
#include "spool/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define UNDER_WAY 256

static const enum doc_state steps[2][5] = {
	{ DOC_CLAIMED, DOC_SEALED, DOC_SENDING, DOC_SENT, DOC_CLOSED },
	{ DOC_CLAIMED, DOC_LANDED, DOC_UNSEALED, DOC_PASSED, DOC_DELIVERED },
};

static unsigned batch = 64;

static void
must(enum gw_status st, const struct why *why)
{
	if (st == GW_OK)
		return;
	fprintf(stderr, "ledger_bench: %s\n", why->text);
	exit(1);
}

static void
make_doc(struct doc *d, unsigned long i)
{
	memset(d, 0, sizeof(*d));
	d->id = docid_new();
	d->direction = i % 2 == 0 ? DOC_OUT : DOC_IN;
	d->state = DOC_CLAIMED;
	snprintf(d->partner, sizeof(d->partner), "partner-%lu", i % 20);
	snprintf(d->flow, sizeof(d->flow), "invoices");
	snprintf(d->name, sizeof(d->name), "INV-2026-%08lu.xml", i);
	snprintf(d->file, sizeof(d->file), "%s.%s.pgp", d->name, d->id.text);
	snprintf(d->message_id, sizeof(d->message_id), "%s", d->id.text);
}

static void
next_step(struct ledger *l, struct doc *d, unsigned step, struct why *why)
{
	if (step == 1) {
		for (unsigned i = 0; i < 64; i++) {
			d->plain_sha256[i] = "0123456789abcdef"[rand() % 16];
			d->sealed_sha256[i] = "0123456789abcdef"[rand() % 16];
		}
		d->plain_size = 4096;
		d->sealed_size = 4711;
		snprintf(d->signer, sizeof(d->signer),
		    "0123456789ABCDEF0123456789ABCDEF01234567");
	}
	d->state = steps[d->direction][step];
	must(ledger_change(l, d, state_name(d->state), "bytes=4096", why), why);
}

static void
commit_batch(struct ledger *l, struct why *why)
{
	if (ledger_pending(l) >= batch)
		must(ledger_commit(l, why), why);
}

static double
run(struct ledger *l, unsigned long documents)
{
	struct doc *docs = calloc(UNDER_WAY, sizeof(*docs));
	struct why why;
	int64_t start = clock_mono_ms();

	for (unsigned long done = 0; done < documents; done += UNDER_WAY) {
		for (unsigned i = 0; i < UNDER_WAY; i++) {
			make_doc(&docs[i], done + i);
			must(ledger_insert(l, &docs[i], "claimed", NULL, &why),
			    &why);
			commit_batch(l, &why);
		}
		for (unsigned step = 1; step < 5; step++) {
			for (unsigned i = 0; i < UNDER_WAY; i++) {
				next_step(l, &docs[i], step, &why);
				commit_batch(l, &why);
			}
		}
	}
	must(ledger_commit(l, &why), &why);
	free(docs);
	return (double)(clock_mono_ms() - start) / 1000;
}

static bool
first(void *ctx, const struct doc *d)
{
	(void)d;
	++*(unsigned long *)ctx;
	return true;
}

int
main(int argc, char **argv)
{
	unsigned long documents = argc > 2 ? strtoul(argv[2], NULL, 10) : 50000;
	struct ledger_filter due = { .partner = "partner-3",
		.with_state = true,
		.state = DOC_SEALED,
		.due_ms = 1,
		.limit = 64 };
	struct ledger *l;
	struct rusage use;
	struct why why;
	unsigned long seen = 0;
	double seconds;
	int64_t start;

	if (argc < 2) {
		fprintf(
		    stderr, "usage: ledger_bench FOLDER [DOCUMENTS [BATCH]]\n");
		return 2;
	}
	if (argc > 3)
		batch = (unsigned)strtoul(argv[3], NULL, 10);
	must(ledger_open(argv[1], LEDGER_WRITE, &l, &why), &why);
	seconds = run(l, documents);
	getrusage(RUSAGE_SELF, &use);
	printf("%lu documents, 5 changes each, %u a commit: %.2f s, "
	       "%.0f documents/s, %.0f changes/s\n",
	    documents, batch, seconds, (double)documents / seconds,
	    5 * (double)documents / seconds);
	printf("CPU %.2f s user, %.2f s system; %ld MiB of memory\n",
	    (double)use.ru_utime.tv_sec + (double)use.ru_utime.tv_usec / 1e6,
	    (double)use.ru_stime.tv_sec + (double)use.ru_stime.tv_usec / 1e6,
	    use.ru_maxrss / 1024);
	for (unsigned long i = 0; i < documents; i++) {
		struct doc d;

		make_doc(&d, i);
		d.direction = DOC_OUT;
		must(ledger_insert(l, &d, "claimed", NULL, &why), &why);
		d.state = DOC_SEALED;
		must(ledger_change(l, &d, "sealed", NULL, &why), &why);
		commit_batch(l, &why);
	}
	must(ledger_commit(l, &why), &why);
	start = clock_mono_ms();
	for (int i = 0; i < 1000; i++)
		must(ledger_list(l, &due, first, &seen, &why), &why);
	getrusage(RUSAGE_SELF, &use);
	printf("next 64 of one partner among %lu waiting: %.3f ms (%lu seen), "
	       "%ld MiB of memory\n",
	    documents, (double)(clock_mono_ms() - start) / 1000, seen,
	    use.ru_maxrss / 1024);
	ledger_close(l);
	return 0;
}
