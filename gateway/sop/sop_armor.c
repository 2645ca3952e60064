/* gateway/sop/sop_armor.c - armor and dearmor. */
#include "gateway/sop/sop_commands.h"

#include "gateway/base/fdio.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "gateway/sop/sop_packets.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"
#include "keys/packets/dearmor.h"
#include "keys/packets/sink.h"
#include "keys/packets/source.h"

#include <string.h>
#include <unistd.h>

static const struct sop_meaning no_meanings[] = { { 0 } };

static int
chosen_label(const char *name, const char **label)
{
	static const struct {
		const char *name, *label;
	} labels[] = { { "auto", NULL }, { "sig", ARMOR_SIGNATURE },
		{ "key", ARMOR_PRIVATE_KEY }, { "cert", ARMOR_PUBLIC_KEY },
		{ "message", ARMOR_MESSAGE } };

	*label = NULL;
	if (name == NULL)
		return SOP_OK;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strcmp(name, labels[i].name) == 0) {
			*label = labels[i].label;
			return SOP_OK;
		}
	return sop_fail(SOP_UNSUPPORTED_OPTION,
	    "--label is auto, sig, key, cert or message, not %s", name);
}

/* What is left in a source, as it is. */
static enum gw_status
pass_on(struct source *from, struct why *why)
{
	enum gw_status st;

	while ((st = source_fill(from, why)) == GW_OK && from->left > 0) {
		st = fd_write_all(STDOUT_FILENO, from->at, from->left, why);
		if (st != GW_OK)
			break;
		source_take(from, from->left);
	}
	return st;
}

static enum gw_status
pass_on_armored(struct source *from, const char *label, struct why *why)
{
	struct sink_form form = { .label = label,
		.sum = sop_packets_sum(from->at, from->left) };
	struct sink_fd to;
	enum gw_status st = sink_fd_open(&to, STDOUT_FILENO, &form, why);

	while (st == GW_OK && (st = source_fill(from, why)) == GW_OK &&
	       from->left > 0) {
		st = sink_put(&to.sink, from->at, from->left, why);
		source_take(from, from->left);
	}
	if (st == GW_OK)
		st = sink_end(&to.sink, why);
	sink_fd_close(&to);
	return st;
}

/* Standard input, of which something is there to look at. */
static int
open_stdin(struct source_fd *in)
{
	struct why why;

	if (keys_init(0, &why) != GW_OK ||
	    source_fd_open(in, STDIN_FILENO, false, &why) != GW_OK)
		return sop_fail(SOP_FAILED, "%s", why.text);
	if (source_fill(&in->src, &why) == GW_OK && in->src.left > 0)
		return SOP_OK;
	source_fd_close(in);
	return sop_fail(SOP_BAD_DATA, "standard input is empty");
}

static int
close_stdin(struct source_fd *in, enum gw_status st, const struct why *why)
{
	source_fd_close(in);
	return st == GW_OK ? SOP_OK
			   : sop_fail_why(st, why, no_meanings, SOP_BAD_DATA);
}

/* The first armored block in what is there: its label begins behind the
 * position returned; 0: there is none. */
static size_t
find_block(const struct source *s)
{
	static const char begin[] = "-----BEGIN PGP ";
	const uint8_t *at = memmem(s->at, s->left, begin, sizeof(begin) - 1);

	/* At the beginning of a line. */
	if (at == NULL ||
	    (at != s->at && at[-1] != '\n' && at[-1] != 0xbf)) /* BOM */
		return 0;
	return (size_t)(at - s->at) + strlen("-----BEGIN ");
}

int
sop_armor(const struct sop_options *o)
{
	struct source_fd in;
	const char *label;
	enum gw_status st;
	struct why why;
	int rc;

	if ((rc = chosen_label(o->label, &label)) != SOP_OK ||
	    (rc = open_stdin(&in)) != SOP_OK)
		return rc;
	if (armor_looks(in.src.at, in.src.left) && find_block(&in.src) > 0)
		return close_stdin(&in, pass_on(&in.src, &why), &why);
	if (sop_packets_label(in.src.at, in.src.left) == NULL) {
		source_fd_close(&in);
		return sop_fail(SOP_BAD_DATA, "standard input is not OpenPGP");
	}
	if (label == NULL)
		label = sop_packets_label(in.src.at, in.src.left);
	st = pass_on_armored(&in.src, label, &why);
	return close_stdin(&in, st, &why);
}

/* A message or signatures, of any size. */
static enum gw_status
dearmor_stream(struct source_fd *in, struct why *why)
{
	enum dearmor_block block;
	struct source *bare;
	enum gw_status st;

	if ((st = dearmor_begin(&in->src, &block, why)) != GW_OK ||
	    (st = dearmor_open(&in->src, block, in->hint, &bare, why)) != GW_OK)
		return st;
	st = pass_on(bare, why);
	dearmor_close(bare);
	return st;
}

/* Keys or certificates, of which people send several in a letter. */
static enum gw_status
dearmor_blocks(struct source *in, const char *label, struct why *why)
{
	struct buf text, packets;
	enum gw_status st;
	const void *at;
	size_t left;

	buf_init_secret(&text, SOP_INDIRECT_MAX);
	buf_init_secret(&packets, SOP_INDIRECT_MAX);
	while ((st = source_fill(in, why)) == GW_OK && in->left > 0) {
		(void)buf_put(&text, in->at, in->left); /* kept */
		source_take(in, in->left);
	}
	at = text.data;
	left = text.len;
	while (st == GW_OK && !text.bad)
		st = armor_next(label, &at, &left, &packets, why);
	if (text.bad) {
		why_set(why, REASON_TOO_LARGE, "more than %zu octets of keys",
		    text.max);
		st = GW_REFUSED;
	}
	if (st == GW_NONE)
		st =
		    fd_write_all(STDOUT_FILENO, packets.data, packets.len, why);
	buf_free(&packets);
	buf_free(&text);
	return st;
}

static enum gw_status
dearmor(struct source_fd *in, struct why *why)
{
	static const char *const streams[] = { ARMOR_MESSAGE, ARMOR_SIGNATURE },
				 *const blocks[] = { ARMOR_PUBLIC_KEY,
					 ARMOR_PRIVATE_KEY };
	size_t at = find_block(&in->src);
	const char *label = (const char *)in->src.at + at;
	size_t left = in->src.left - at;

	for (size_t i = 0; at > 0 && i < 2; i++) {
		if (left > strlen(streams[i]) &&
		    memcmp(label, streams[i], strlen(streams[i])) == 0)
			return dearmor_stream(in, why);
		if (left > strlen(blocks[i]) &&
		    memcmp(label, blocks[i], strlen(blocks[i])) == 0)
			return dearmor_blocks(&in->src, blocks[i], why);
	}
	why_set(why, REASON_MALFORMED,
	    "standard input is not armored OpenPGP data");
	return GW_REFUSED;
}

int
sop_dearmor(const struct sop_options *o)
{
	struct source_fd in;
	enum gw_status st;
	struct why why;
	int rc = open_stdin(&in);

	(void)o; /* it has no options */
	if (rc != SOP_OK)
		return rc;
	if (!armor_looks(in.src.at, in.src.left) &&
	    sop_packets_label(in.src.at, in.src.left) != NULL)
		st = pass_on(&in.src, &why);
	else
		st = dearmor(&in, &why);
	return close_stdin(&in, st, &why);
}
