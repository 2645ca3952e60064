/* tests/keys/test_unseal.c - hostile messages: one shape opens, all others
 * are refused, and nothing counts before the whole was proven. */
#include "tests/keys/craft.h"

#include <bzlib.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <zlib.h>

static const char text[] = "UNA:+.? 'UNB+UNOC:3+ALDER+BIRCH'\n";

/* Opens, and gives back exactly this document. */
static void
opens(const struct buf *msg, const void *data, size_t len, unsigned signatures)
{
	struct unseal_result r;
	struct buf plain;
	struct why why = { REASON_NONE, "" };
	uint8_t digest[32];
	enum gw_status st =
	    craft_unseal(msg->data, msg->len, 0, &r, &plain, &why);

	ck_assert_msg(st == GW_OK, "%s: %s", reason_code(why.reason), why.text);
	ck_assert_uint_eq(r.plain_size, len);
	ck_assert_uint_eq(plain.len, len);
	ck_assert(len == 0 || memcmp(plain.data, data, len) == 0);
	ck_assert_uint_eq(r.sealed_size, msg->len);
	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, msg->data, msg->len);
	ck_assert_mem_eq(digest, r.sealed_sha256, 32);
	ck_assert((r.signatures.len > 0) == (signatures > 0));
	buf_free(&plain);
	unseal_result_free(&r);
}

static void
inside_opens(
    const struct buf *inside, size_t len, const void *data, unsigned signatures)
{
	for (int aead = 0; aead <= 1; aead++) {
		struct buf msg = craft_encrypt(inside, aead);

		opens(&msg, data, len, signatures);
		buf_free(&msg);
	}
}

static void
inside_refused(struct buf *inside, enum gw_reason reason)
{
	for (int aead = 0; aead <= 1; aead++) {
		struct buf msg = craft_encrypt(inside, aead);

		craft_refused(msg.data, msg.len, 0, reason);
		buf_free(&msg);
	}
	buf_free(inside);
}

static struct buf
new_buf(void)
{
	struct buf b;

	buf_init(&b, CRAFT_MAX);
	return b;
}

/* Sizes around every border of ours come back bit for bit. */
START_TEST(all_sizes)
{
	static const size_t sizes[] = { 0, 1, 191, 192, 4096, 8383, 65535,
		262144 - 40, 262144 - 20, 262143, 262144, 262145, 524288,
		1000000, 5000000 };
	uint8_t *data = malloc(5000000);

	for (size_t i = 0; i < 5000000; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 24);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf inside = new_buf();

		craft_signed(&inside, "order.edi", data, sizes[i]);
		inside_opens(&inside, sizes[i], data, 1);
		buf_free(&inside);
	}
	free(data);
}
END_TEST

/* The literal's header arrives as it is, and unsigned is seen as such. */
START_TEST(header)
{
	struct buf inside = new_buf(), msg;
	struct unseal_result r;
	struct why why;

	craft_literal(&inside, "\xc3\xa4 \"x\".xml", text, sizeof(text));
	inside_opens(&inside, sizeof(text), text, 0);
	msg = craft_encrypt(&inside, true);
	ck_assert_int_eq(
	    craft_unseal(msg.data, msg.len, 0, &r, NULL, &why), GW_OK);
	ck_assert_str_eq(r.name, "\xc3\xa4 \"x\".xml");
	ck_assert_int_eq(r.format, 'b');
	ck_assert_uint_eq(r.date, 1700000000);
	ck_assert(r.aead);
	ck_assert_uint_eq(r.signatures.len, 0);
	unseal_result_free(&r);
	/* The limit is a limit, to the byte. */
	craft_refused(msg.data, msg.len, sizeof(text) - 1, REASON_TOO_LARGE);
	ck_assert_int_eq(
	    craft_unseal(msg.data, msg.len, sizeof(text), &r, NULL, &why),
	    GW_OK);
	unseal_result_free(&r);
	buf_free(&msg);
	buf_free(&inside);
}
END_TEST

/* Each of these insides is a sentence of another grammar. */
START_TEST(shapes)
{
	struct buf b;

	b = new_buf(); /* nothing */
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* two documents */
	craft_literal(&b, "", text, 5);
	craft_literal(&b, "", text, 5);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* a signed document beside an unsigned one */
	craft_signed(&b, "", text, 5);
	craft_literal(&b, "", text, 5);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf();
	craft_literal(&b, "", text, 5);
	craft_signed(&b, "", text, 5);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* one-pass without signature */
	craft_one_pass(&b, 8, true);
	craft_literal(&b, "", text, 5);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* signature without one-pass, behind */
	craft_literal(&b, "", text, 5);
	craft_signature(&b, 8);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* one more than announced */
	craft_signed(&b, "", text, 5);
	craft_signature(&b, 8);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* another than announced */
	craft_one_pass(&b, 8, true);
	craft_literal(&b, "", text, 5);
	craft_signature(&b, 10);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* a signature over a signature */
	craft_one_pass(&b, 8, true);
	craft_one_pass(&b, 8, true);
	craft_literal(&b, "", text, 5);
	craft_signature(&b, 8);
	craft_signature(&b, 8);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* old style and new style mixed */
	craft_signature(&b, 8);
	craft_signed(&b, "", text, 5);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* an unknown packet, a trust packet, a user id */
	craft_signed(&b, "", text, 5);
	craft_packet(&b, 13, "me", 2);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* unknown and critical (RFC 9580, 4.3) */
	craft_packet(&b, 39, "?", 1);
	craft_signed(&b, "", text, 5);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* encrypted twice */
	craft_packet(
	    &b, BODY_SEIPD, "\1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 38);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* a byte behind */
	craft_signed(&b, "", text, 5);
	buf_put_u8(&b, 0);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* cut inside the literal */
	craft_signed(&b, "", text, 5);
	b.len -= 25;
	inside_refused(&b, REASON_DAMAGED);
	b = new_buf(); /* literal of a format for terminals */
	craft_packet(&b, BODY_LITERAL, "l\0aaaahello", 11);
	inside_refused(&b, REASON_UNSUPPORTED);
}
END_TEST

/* Two signers, signatures of the old style, markers, padding, and packets that
 * one need not know (RFC 9580, 4.3): fine. */
START_TEST(good_shapes)
{
	struct buf b = new_buf();

	craft_packet(&b, BODY_MARKER, "PGP", 3);
	craft_packet(&b, 40, "?", 1);
	craft_one_pass(&b, 8, false);
	craft_one_pass(&b, 10, true);
	craft_packet(&b, 63, "?", 1);
	craft_packet(&b, BODY_PADDING, text, sizeof(text));
	craft_literal(&b, "x", text, 9);
	craft_signature(&b, 10);
	craft_packet(&b, BODY_PADDING, text, 0);
	craft_signature(&b, 8);
	craft_packet(&b, BODY_PADDING, text, 1);
	inside_opens(&b, 9, text, 2);
	buf_free(&b);
	b = new_buf();
	craft_signature(&b, 10);
	craft_literal(&b, "x", text, 9);
	inside_opens(&b, 9, text, 1);
	buf_free(&b);
}
END_TEST

/* RFC 9580, 5.4: one-pass and signature agree in version and salt, too. */
START_TEST(version6)
{
	struct buf b = new_buf();

	craft_one_pass6(&b, 8, 42, 16);
	craft_literal(&b, "x", text, 9);
	craft_signature6(&b, 8, 42, 16);
	inside_opens(&b, 9, text, 1);
	buf_free(&b);
	b = new_buf(); /* beside one of version 4 */
	craft_one_pass(&b, 8, false);
	craft_one_pass6(&b, 10, 42, 32);
	craft_literal(&b, "x", text, 9);
	craft_signature6(&b, 10, 42, 32);
	craft_signature(&b, 8);
	inside_opens(&b, 9, text, 2);
	buf_free(&b);
	b = new_buf(); /* another salt */
	craft_one_pass6(&b, 8, 42, 16);
	craft_literal(&b, "x", text, 9);
	craft_signature6(&b, 8, 43, 16);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* more of it */
	craft_one_pass6(&b, 8, 42, 16);
	craft_literal(&b, "x", text, 9);
	craft_signature6(&b, 8, 42, 17);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* announced in one version, signed in another */
	craft_one_pass(&b, 8, true);
	craft_literal(&b, "x", text, 9);
	craft_signature6(&b, 8, 42, 16);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf();
	craft_one_pass6(&b, 8, 42, 16);
	craft_literal(&b, "x", text, 9);
	craft_signature(&b, 8);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* a salt beyond the packet */
	craft_packet(&b, BODY_ONE_PASS, "\6\0\10\33\377aaaa", 9);
	craft_literal(&b, "x", text, 9);
	craft_signature6(&b, 8, 42, 16);
	inside_refused(&b, REASON_MALFORMED);
}
END_TEST

START_TEST(floods)
{
	struct buf b = new_buf(), msg, all;

	for (int i = 0; i < 100; i++)
		craft_packet(&b, 40 + i % 24, "PGP", 3);
	craft_signed(&b, "", text, 5);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf();
	for (int i = 0; i < 100; i++)
		craft_packet(&b, BODY_MARKER, "PGP", 3);
	craft_signed(&b, "", text, 5);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf();
	for (int i = 0; i < 17; i++)
		craft_one_pass(&b, 8, i == 16);
	craft_literal(&b, "", text, 5);
	for (int i = 0; i < 17; i++)
		craft_signature(&b, 8);
	inside_refused(&b, REASON_MALFORMED);
	b = new_buf(); /* signatures of 70 KB together */
	for (int i = 0; i < 2; i++) {
		uint8_t *big = calloc(1, 35000);

		big[0] = 4;
		big[2] = 22;
		big[3] = 8;
		craft_packet(&b, BODY_SIGNATURE, big, 35000);
		free(big);
	}
	craft_literal(&b, "", text, 5);
	inside_refused(&b, REASON_MALFORMED);
	/* recipients */
	b = new_buf();
	craft_signed(&b, "", text, 5);
	msg = craft_encrypt(&b, false);
	for (int n = 31; n <= 32; n++) {
		all = new_buf();
		for (int i = 0; i < n; i++)
			craft_pkesk(&all, 3, 99);
		buf_put(&all, msg.data, msg.len);
		if (n == 31)
			opens(&all, text, 5, 1);
		else
			craft_refused(all.data, all.len, 0, REASON_MALFORMED);
		buf_free(&all);
	}
	buf_free(&msg);
	buf_free(&b);
}
END_TEST

/* Every single bit of a small message matters, in both versions. */
START_TEST(flipped_bits)
{
	struct buf b = new_buf();

	craft_signed(&b, "a.xml", text, sizeof(text));
	for (int aead = 0; aead <= 1; aead++) {
		struct buf msg = craft_encrypt(&b, aead);
		/* Octets of the PKESK that the made-up unwrap ignores. */
		size_t from = aead ? 32 : 14;

		for (size_t bit = from * 8; bit < msg.len * 8; bit++) {
			struct unseal_result r;
			struct why why;
			enum gw_status st;

			msg.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			st = craft_unseal(msg.data, msg.len, 0, &r, NULL, &why);
			msg.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_assert_msg(st == GW_REFUSED, "bit %zu opened", bit);
			unseal_result_free(&r);
		}
		opens(&msg, text, sizeof(text), 1);
		buf_free(&msg);
	}
	buf_free(&b);
}
END_TEST

/* All damage inside the encrypted data gets one and the same answer. */
START_TEST(one_answer)
{
	struct buf b = new_buf();

	craft_signed(&b, "a.xml", text, sizeof(text));
	for (int aead = 0; aead <= 1; aead++) {
		struct buf msg = craft_encrypt(&b, aead);
		size_t from = msg.len - b.len - (aead ? 32 : 22);
		struct why first = { REASON_NONE, "" };

		for (size_t i = from; i < msg.len; i++) {
			struct unseal_result r;
			struct why why = { REASON_NONE, "" };

			msg.data[i] ^= 0x10;
			ck_assert_int_eq(
			    craft_unseal(msg.data, msg.len, 0, &r, NULL, &why),
			    GW_REFUSED);
			msg.data[i] ^= 0x10;
			if (i == from)
				first = why;
			ck_assert_int_eq(why.reason, REASON_DAMAGED);
			ck_assert_str_eq(why.text, first.text);
			unseal_result_free(&r);
		}
		buf_free(&msg);
	}
	buf_free(&b);
}
END_TEST

/* Cut anywhere, and with something appended. */
START_TEST(cut_and_appended)
{
	struct buf b = new_buf();

	craft_signed(&b, "a.xml", text, sizeof(text));
	for (int aead = 0; aead <= 1; aead++) {
		struct buf msg = craft_encrypt(&b, aead), more = new_buf();

		for (size_t n = 0; n < msg.len; n++) {
			struct unseal_result r;
			struct why why;

			ck_assert_msg(craft_unseal(msg.data, n, 0, &r, NULL,
					  &why) == GW_REFUSED,
			    "opened although cut at %zu", n);
			unseal_result_free(&r);
		}
		buf_put(&more, msg.data, msg.len);
		craft_packet(&more, BODY_PADDING, text, 20);
		opens(&more, text, sizeof(text), 1);
		craft_literal(&more, "", text, 3);
		craft_refused(more.data, more.len, 0, REASON_MALFORMED);
		more.len = msg.len;
		buf_put_u8(&more, 0);
		craft_refused(more.data, more.len, 0, REASON_MALFORMED);
		more.len = msg.len; /* a second message behind the first */
		buf_put(&more, msg.data, msg.len);
		craft_refused(more.data, more.len, 0, REASON_MALFORMED);
		buf_free(&more);
		buf_free(&msg);
	}
	buf_free(&b);
}
END_TEST

/* Version 2 in every mode and cipher; reordered, dropped, emptied. */
START_TEST(chunks)
{
	static const struct craft_chunks modes[] = {
		{ 9, 1, 0, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_EAX, 32, 16, 0,
		    0, 0, 0, 0 },
		{ 9, 2, 0, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_OCB, 32, 15, 0,
		    0, 0, 0, 0 },
		{ 9, 3, 0, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, 32, 12, 0,
		    0, 0, 0, 0 },
		{ 9, 2, 16, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_OCB, 32, 15, 0,
		    0, 0, 0, 0 },
	};
	struct buf inside = new_buf(), msg;
	uint8_t data[64 * 5];

	memset(data, 'x', sizeof(data));
	/* Exactly five chunks of 64. */
	craft_literal(&inside, "", data, sizeof(data) - 9);
	ck_assert_uint_eq(inside.len, sizeof(data));
	for (size_t i = 0; i < 4; i++) {
		struct craft_chunks k = modes[i];

		msg = craft_wrap(&k, &inside);
		opens(&msg, data, sizeof(data) - 9, 0);
		buf_free(&msg);
		k.no_final = 1;
		msg = craft_wrap(&k, &inside);
		craft_refused(msg.data, msg.len, 0, REASON_DAMAGED);
		buf_free(&msg);
		if (i == 3)
			break;
		k = modes[i];
		k.swap = 1;
		msg = craft_wrap(&k, &inside);
		craft_refused(msg.data, msg.len, 0, REASON_DAMAGED);
		buf_free(&msg);
		k = modes[i];
		k.drop = 1;
		msg = craft_wrap(&k, &inside);
		craft_refused(msg.data, msg.len, 0, REASON_DAMAGED);
		buf_free(&msg);
		k = modes[i];
		k.empty_last = 1;
		msg = craft_wrap(&k, &inside);
		craft_refused(msg.data, msg.len, 0, REASON_DAMAGED);
		buf_free(&msg);
	}
	buf_free(&inside);
}
END_TEST

/* Versions, ciphers and modes that we do not read are named. */
START_TEST(unsupported)
{
	static const struct craft_chunks good = { 9, 2, 0, GCRY_CIPHER_AES256,
		GCRY_CIPHER_MODE_OCB, 32, 15, 0, 0, 0, 0, 0 };
	struct buf inside = new_buf(), msg;
	size_t at;

	craft_literal(&inside, "", text, 5);
	msg = craft_wrap(&good, &inside);
	at = msg.len - 36 - inside.len - 32;
	for (size_t i = 0; i < 4; i++) {
		uint8_t was = msg.data[at + i];

		ck_assert_int_eq(was, ((uint8_t[]){ 2, 9, 2, 0 })[i]);
		msg.data[at + i] = 77;
		craft_refused(msg.data, msg.len, 0, REASON_UNSUPPORTED);
		msg.data[at + i] = was;
	}
	opens(&msg, text, 5, 0);
	buf_free(&msg);
	/* A downgrade that RFC 9580, 5.13.2 forbids: PKESK 3 with SEIPD 2. */
	msg = new_buf();
	{
		struct buf body = craft_seipd2(&good, &inside);

		craft_pkesk(&msg, 3, CRAFT_OURS);
		craft_packet(&msg, BODY_SEIPD, body.data, body.len);
		buf_free(&body);
	}
	craft_refused(msg.data, msg.len, 0, REASON_NOT_FOR_US);
	buf_free(&msg);
	buf_free(&inside);
}
END_TEST

/* What is not an encrypted message at all. */
START_TEST(not_encrypted)
{
	struct buf b = new_buf();
	static const char clear[] = "-----BEGIN PGP SIGNED MESSAGE-----\n"
				    "Hash: SHA256\n\nhello\n";

	craft_refused("", 0, 0, REASON_MALFORMED);
	craft_refused(text, sizeof(text), 0, REASON_MALFORMED);
	craft_refused(clear, sizeof(clear) - 1, 0, REASON_NOT_ENCRYPTED);
	craft_signed(&b, "", text, 9);
	craft_refused(b.data, b.len, 0, REASON_NOT_ENCRYPTED);
	buf_reset(&b);
	craft_literal(&b, "", text, 9);
	craft_refused(b.data, b.len, 0, REASON_NOT_ENCRYPTED);
	buf_reset(&b);
	craft_packet(&b, BODY_COMPRESSED, "\0hello", 6);
	craft_refused(b.data, b.len, 0, REASON_NOT_ENCRYPTED);
	buf_reset(&b);
	craft_pkesk(&b, 3, CRAFT_OURS);
	craft_refused(b.data, b.len, 0, REASON_DAMAGED);
	craft_packet(&b, BODY_SED, text, sizeof(text));
	craft_refused(b.data, b.len, 0, REASON_WEAK);
	buf_reset(&b);
	craft_pkesk(&b, 3, CRAFT_OURS);
	craft_packet(&b, BODY_LIBREPGP_AEAD, text, sizeof(text));
	craft_refused(b.data, b.len, 0, REASON_UNSUPPORTED);
	buf_reset(&b);
	craft_pkesk(&b, 3, 98);
	craft_packet(
	    &b, BODY_SEIPD, "\1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 38);
	craft_refused(b.data, b.len, 0, REASON_NOT_FOR_US);
	buf_free(&b);
}
END_TEST

/* Lengths: 4 GiB announced, partial where none may be, floods of crumbs. */
START_TEST(lengths)
{
	struct buf b = new_buf(), msg;

	buf_put(&b, "\xc1\xff\xff\xff\xff\xff\3", 7);
	craft_refused(b.data, b.len, 0, REASON_DAMAGED);
	buf_reset(&b);
	buf_put(&b, "\xc1\xe9", 2); /* a PKESK in partial lengths */
	craft_refused(b.data, b.len, 0, REASON_MALFORMED);
	buf_reset(&b);
	buf_put(&b, "\xd2\xe8", 2); /* first partial length of 256 */
	craft_refused(b.data, b.len, 0, REASON_MALFORMED);
	buf_reset(&b);
	buf_put(&b, "\x87\3", 2); /* old format, indeterminate PKESK */
	craft_refused(b.data, b.len, 0, REASON_MALFORMED);
	buf_reset(&b);
	/* literal: 512 octets, then crumbs of one octet each */
	for (int flood = 0; flood <= 1; flood++) {
		int n = flood ? 5000 : 100;

		buf_reset(&b);
		buf_put(&b,
		    "\xcb\xe9"
		    "b\0\0\0\0\0",
		    8);
		for (int i = 0; i < 506; i++)
			buf_put_u8(&b, 'x');
		for (int i = 0; i < n; i++)
			buf_put(&b, "\xe0x", 2);
		buf_put_u8(&b, 0); /* last piece: empty */
		msg = craft_encrypt(&b, true);
		if (flood) {
			craft_refused(msg.data, msg.len, 0, REASON_MALFORMED);
		} else {
			char all[606];

			memset(all, 'x', sizeof(all));
			opens(&msg, all, sizeof(all), 0);
		}
		buf_free(&msg);
	}
	buf_free(&b);
}
END_TEST

/* A compressed packet with those octets inside. */
static struct buf
compressed(int algorithm, const struct buf *inside)
{
	struct buf body = new_buf(), b = new_buf();
	size_t room = inside->len + inside->len / 10 + 1000;
	uint8_t *to;

	body.max = 2 * room;
	buf_put_u8(&body, (uint8_t)algorithm);
	to = buf_room(&body, room);
	if (algorithm == 3) {
		unsigned len = (unsigned)room;

		ck_assert_int_eq(
		    BZ2_bzBuffToBuffCompress((char *)to, &len,
			(char *)inside->data, (unsigned)inside->len, 9, 0, 0),
		    BZ_OK);
		buf_grew(&body, len);
	} else if (algorithm == 0) {
		buf_put(&body, inside->data, inside->len);
	} else {
		z_stream z = { .next_in = inside->data,
			.avail_in = (uInt)inside->len,
			.next_out = to,
			.avail_out = (uInt)room };

		ck_assert_int_eq(
		    deflateInit2(&z, 9, Z_DEFLATED, algorithm == 1 ? -15 : 15,
			9, Z_DEFAULT_STRATEGY),
		    Z_OK);
		ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
		buf_grew(&body, room - z.avail_out);
		deflateEnd(&z);
	}
	craft_packet(&b, BODY_COMPRESSED, body.data, body.len);
	buf_free(&body);
	return b;
}

/* All four algorithms open; nested, extended, damaged ones do not. */
START_TEST(compression)
{
	for (int algorithm = 0; algorithm <= 3; algorithm++) {
		struct buf inside = new_buf(), packed, twice, longer;
		uint8_t data[300000];

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)(i * i >> 7);
		craft_signed(&inside, "x", data, sizeof(data));
		packed = compressed(algorithm, &inside);
		inside_opens(&packed, sizeof(data), data, 1);
		twice = compressed(algorithm, &packed);
		inside_refused(&twice, REASON_MALFORMED);
		longer = new_buf(); /* and something behind it */
		buf_put(&longer, packed.data, packed.len);
		craft_literal(&longer, "", text, 5);
		inside_refused(&longer, REASON_MALFORMED);
		longer = new_buf(); /* a byte behind, inside the packet */
		{
			struct buf raw;

			buf_view(&raw, packed.data, packed.len);
			buf_take(&raw, 6);
			buf_put(&longer, raw.data + raw.pos, buf_left(&raw));
			buf_put_u8(&longer, 0);
			raw = new_buf();
			craft_packet(
			    &raw, BODY_COMPRESSED, longer.data, longer.len);
			buf_free(&longer);
			inside_refused(&raw, REASON_MALFORMED);
		}
		/* ZIP has no check sum of its own. */
		if (algorithm >= 2) {
			packed.data[packed.len / 2] ^= 1;
			inside_refused(&packed, REASON_NONE);
		} else {
			buf_free(&packed);
		}
		buf_free(&inside);
	}
}
END_TEST

/* Bombs stop at the limit, and a BZip2 one stops without any limit. */
START_TEST(bombs)
{
	struct buf zeros = new_buf(), inside = new_buf(), packed, msg;
	size_t len = 50 * 1024 * 1024;
	uint8_t *room;

	zeros.max = inside.max = (size_t)200 * 1024 * 1024;
	room = buf_room(&zeros, len);
	memset(room, 0, len);
	buf_grew(&zeros, len);
	buf_put(&inside, "\xcb\xff", 2);
	buf_put_u32(&inside, (uint32_t)(3 * len + 6));
	buf_put(&inside, "b\0\0\0\0\0", 6);
	for (int i = 0; i < 3; i++)
		buf_put(&inside, zeros.data, len);
	for (int algorithm = 1; algorithm <= 3; algorithm++) {
		packed = compressed(algorithm, &inside);
		ck_assert_uint_lt(packed.len, 300000);
		msg = craft_encrypt(&packed, true);
		craft_refused(msg.data, msg.len, 1000000, REASON_TOO_LARGE);
		if (algorithm == 3)
			craft_refused(msg.data, msg.len, 0, REASON_TOO_LARGE);
		buf_free(&msg);
		buf_free(&packed);
	}
	buf_free(&inside);
	buf_free(&zeros);
}
END_TEST

static struct buf
armored(
    const struct buf *msg, const char *begin, const char *crc, const char *end)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf b = new_buf();

	buf_put_text(&b, begin);
	for (size_t i = 0; i < msg->len; i += 3) {
		size_t n = msg->len - i < 3 ? msg->len - i : 3;
		uint32_t v = (uint32_t)msg->data[i] << 16 |
			     (n > 1 ? (uint32_t)msg->data[i + 1] << 8 : 0) |
			     (n > 2 ? msg->data[i + 2] : 0);
		char g[4];

		for (int j = 0; j < 4; j++)
			g[j] = digits[v >> (18 - 6 * j) & 63];
		if (n < 3)
			g[3] = '=';
		if (n < 2)
			g[2] = '=';
		buf_put(&b, g, 4);
		if (i % 48 == 45 || i + 3 >= msg->len)
			buf_put_text(&b, "\n");
	}
	buf_put_text(&b, crc);
	buf_put_text(&b, end);
	return b;
}

#define BEGIN "-----BEGIN PGP MESSAGE-----\n"
#define END   "-----END PGP MESSAGE-----\n"

START_TEST(armor)
{
	static const struct {
		const char *begin, *crc, *end;
		bool good;
	} cases[] = {
		{ BEGIN "\n", "", END, true },
		{ BEGIN "\n", "=abcd\n", END, true }, /* wrong: ignored */
		{ BEGIN "Version: x\nComment: \n\n", "=abcd\n", END, true },
		{ "\xef\xbb\xbf\r\n" BEGIN " \n", "=abcd\r\n",
		    "-----END PGP MESSAGE-----", true },
		{ BEGIN, "", END, false }, /* no blank line */
		{ BEGIN "forged\n\n", "", END, false },
		{ "hello\n" BEGIN "\n", "", END, false },
		{ BEGIN "\n", "", END "hello", false },
		{ BEGIN "\n", "", END BEGIN "\n", false },
		{ BEGIN "\n", "", "", false },
		{ BEGIN "\n", "", "-----END PGP MESSAGE----", false },
		{ BEGIN "\n", "", "-----END PGP SIGNATURE-----\n", false },
		{ BEGIN "\n", "=abcd\n=abcd\n", END, false },
		{ BEGIN "\n", "=ab\n", END, false },
		{ BEGIN "\n", "AAAA\n", END, false },
		{ BEGIN "\n", "%\n", END, false },
		{ BEGIN "\n", "AA\n", END, false },
		{ BEGIN "\n", "====\n", END, false },
		{ "-----BEGIN PGP SIGNATURE-----\n\n", "", END, false },
	};
	uint8_t data[200000];

	for (size_t len = 0; len < 8; len++) {
		size_t n = len == 7 ? sizeof(data) : len;
		struct buf inside = new_buf(), msg;

		memset(data, 'y', n);
		craft_signed(&inside, "x", data, n);
		msg = craft_encrypt(&inside, true);
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct buf a = armored(
			    &msg, cases[i].begin, cases[i].crc, cases[i].end);
			struct unseal_result r;
			struct why why;

			if (cases[i].good) {
				opens(&a, data, n, 1);
			} else {
				ck_assert_msg(craft_unseal(a.data, a.len, 0, &r,
						  NULL, &why) == GW_REFUSED,
				    "armor case %zu opened", i);
				unseal_result_free(&r);
			}
			buf_free(&a);
		}
		buf_free(&msg);
		buf_free(&inside);
	}
}
END_TEST

START_TEST(armor_cut)
{
	struct buf inside = new_buf(), msg, a;

	craft_signed(&inside, "x", text, sizeof(text));
	msg = craft_encrypt(&inside, false);
	a = armored(&msg, BEGIN "\n", "=abcd\n", END);
	for (size_t n = 0; n < a.len - 1; n++) {
		struct unseal_result r;
		struct why why;

		ck_assert_msg(
		    craft_unseal(a.data, n, 0, &r, NULL, &why) == GW_REFUSED,
		    "armor cut at %zu opened", n);
		unseal_result_free(&r);
	}
	buf_free(&a);
	buf_free(&msg);
	buf_free(&inside);
}
END_TEST

/* A message that comes through a pipe, whose size nobody knows. */
START_TEST(pipe_in)
{
	struct buf inside = new_buf(), msg;
	struct unseal_request q = { .unwrap = craft_unwrap };
	struct unseal_result r;
	struct why why;
	int p[2], out = memfd_create("plain", MFD_CLOEXEC);

	craft_signed(&inside, "x", text, sizeof(text));
	msg = craft_encrypt(&inside, true);
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(fd_write_all(p[1], msg.data, msg.len, &why), GW_OK);
	close(p[1]);
	ck_assert_int_eq(unseal_stream(&q, p[0], out, &r, &why), GW_OK);
	ck_assert_uint_eq(r.plain_size, sizeof(text));
	unseal_result_free(&r);
	close(p[0]);
	close(out);
	buf_free(&msg);
	buf_free(&inside);
}
END_TEST

/* A full disk is temporary, not the partner's fault. */
START_TEST(disk_full)
{
	struct buf inside = new_buf(), msg;
	struct unseal_request q = { .unwrap = craft_unwrap };
	struct unseal_result r;
	struct why why;
	int in, out = open("/dev/full", O_WRONLY | O_CLOEXEC);

	craft_signed(&inside, "x", text, sizeof(text));
	msg = craft_encrypt(&inside, true);
	in = craft_file(msg.data, msg.len);
	ck_assert_int_ge(out, 0);
	ck_assert_int_eq(unseal_stream(&q, in, out, &r, &why), GW_AGAIN);
	ck_assert_int_eq(why.reason, REASON_NO_SPACE);
	unseal_result_free(&r);
	close(in);
	close(out);
	buf_free(&msg);
	buf_free(&inside);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("unseal");
	TCase *t = tcase_create("unseal");
	SRunner *r;
	int failed;

	gcry_check_version(NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, all_sizes);
	tcase_add_test(t, header);
	tcase_add_test(t, shapes);
	tcase_add_test(t, good_shapes);
	tcase_add_test(t, version6);
	tcase_add_test(t, floods);
	tcase_add_test(t, flipped_bits);
	tcase_add_test(t, one_answer);
	tcase_add_test(t, cut_and_appended);
	tcase_add_test(t, chunks);
	tcase_add_test(t, unsupported);
	tcase_add_test(t, not_encrypted);
	tcase_add_test(t, lengths);
	tcase_add_test(t, compression);
	tcase_add_test(t, bombs);
	tcase_add_test(t, armor);
	tcase_add_test(t, armor_cut);
	tcase_add_test(t, pipe_in);
	tcase_add_test(t, disk_full);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
