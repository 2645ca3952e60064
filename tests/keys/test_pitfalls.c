/* tests/keys/test_pitfalls.c - what other implementations fell into, by name.
 * The numbers are those of the project's list of pitfalls; what concerns keys
 * and certificates is in their tests. */
#include "tests/keys/scene.h"

#include <zlib.h>

static const struct unseal_request ours = { .unwrap = craft_unwrap };

/* The usual inside, encrypted by hand: version 1, or 2 in OCB. */
static struct buf
crafted(bool aead)
{
	struct buf inside = new_buf(), msg;

	craft_signed(&inside, "x", text, text_len);
	msg = craft_encrypt(&inside, aead);
	buf_free(&inside);
	return msg;
}

/*
 * 1. EFAIL
 */

/* The gadget itself: a known block of version 1 becomes another text. */
START_TEST(pitfall_01_efail_tampered_blocks)
{
	struct buf msg = crafted(false);

	for (size_t at = msg.len - 90; at + 16 < msg.len; at++) {
		for (size_t i = 0; i < 16; i++)
			msg.data[at + i] ^= (uint8_t)(0x5a + i);
		craft_denies(&ours, msg.data, msg.len, REASON_DAMAGED);
		for (size_t i = 0; i < 16; i++)
			msg.data[at + i] ^= (uint8_t)(0x5a + i);
	}
	craft_gives(&ours, &msg, text, text_len);
	buf_free(&msg);
}
END_TEST

/* The modification check stripped, wrong, or hidden inside: no warning, no. */
START_TEST(pitfall_01_efail_check_stripped_or_wrong)
{
	struct buf msg = crafted(false), cut = new_buf(), view;
	struct packet esk, data;
	struct why why;

	buf_view(&view, msg.data, msg.len);
	ck_assert_int_eq(packet_next(&view, &esk, &why), GW_OK);
	ck_assert_int_eq(packet_next(&view, &data, &why), GW_OK);
	for (size_t less = 1; less <= 45; less++) {
		buf_reset(&cut);
		craft_packet(&cut, BODY_PKESK, esk.body.data, esk.body.len);
		craft_packet(
		    &cut, BODY_SEIPD, data.body.data, data.body.len - less);
		craft_denies(&ours, cut.data, cut.len, REASON_DAMAGED);
	}
	for (size_t i = 1; i <= SEIPD1_TAIL_LEN; i++) {
		msg.data[msg.len - i] ^= 1;
		craft_denies(&ours, msg.data, msg.len, REASON_DAMAGED);
		msg.data[msg.len - i] ^= 1;
	}
	buf_free(&cut);
	buf_free(&msg);
}
END_TEST

/* Packet 9, also as a version 1 packet is turned into one. */
START_TEST(pitfall_01_efail_without_integrity_protection)
{
	struct buf msg = crafted(false), old = new_buf(), view;
	struct packet esk, data;
	struct why why;

	buf_view(&view, msg.data, msg.len);
	ck_assert_int_eq(packet_next(&view, &esk, &why), GW_OK);
	ck_assert_int_eq(packet_next(&view, &data, &why), GW_OK);
	craft_packet(&old, BODY_PKESK, esk.body.data, esk.body.len);
	craft_packet(&old, BODY_SED, data.body.data + 1, data.body.len - 1);
	craft_denies(&ours, old.data, old.len, REASON_WEAK);
	buf_free(&old);
	buf_free(&msg);
}
END_TEST

/* The document is complete and written, and its last chunk's tag is wrong. */
START_TEST(pitfall_01_efail_nothing_counts_before_the_proof)
{
	static const struct craft_chunks k = { PACKET_AES256, PACKET_OCB, 0,
		GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_OCB, 32, 15, .drop = 0 };
	struct buf inside = new_buf(), msg;
	struct unseal_result r;
	struct why why;

	craft_signed(&inside, "x", text, text_len);
	craft_packet(&inside, BODY_PADDING, text, text_len);
	msg = craft_wrap(&k, &inside);
	craft_gives(&ours, &msg, text, text_len);
	msg.data[msg.len - 1] ^= 1;
	ck_assert_int_eq(
	    craft_ask(&ours, msg.data, msg.len, &r, NULL, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_DAMAGED);
	ck_assert_uint_eq(r.session_key.len, 0);
	unseal_result_free(&r);
	buf_free(&inside);
	buf_free(&msg);
}
END_TEST

/*
 * 2. A signature that covers something else
 */

/* The same sentences, encrypted and not. */
static void
wrong_everywhere(struct buf *inside)
{
	for (int aead = 0; aead <= 1; aead++) {
		struct buf msg = craft_encrypt(inside, aead);

		craft_denies(&ours, msg.data, msg.len, REASON_MALFORMED);
		buf_free(&msg);
	}
	craft_denies(&signed_only, inside->data, inside->len, REASON_MALFORMED);
	buf_reset(inside);
}

START_TEST(pitfall_02_more_than_one_literal)
{
	struct buf b = new_buf();

	craft_signed(&b, "", text, 5);
	craft_literal(&b, "", text, 5);
	wrong_everywhere(&b);
	craft_literal(&b, "", text, 5);
	craft_signed(&b, "", text, 5);
	wrong_everywhere(&b);
	craft_one_pass(&b, 8, true);
	craft_literal(&b, "", text, 5);
	craft_literal(&b, "", text, 5);
	craft_signature(&b, 8);
	wrong_everywhere(&b);
	craft_signed(&b, "", text, 5);
	craft_signed(&b, "", text, 5);
	wrong_everywhere(&b);
	buf_free(&b);
}
END_TEST

START_TEST(pitfall_02_signed_message_beside_or_inside_others)
{
	struct buf b = new_buf(), packed = new_buf();

	/* a compressed message behind or in front of a signed one */
	buf_put_u8(&b, PACKET_UNCOMPRESSED);
	craft_literal(&b, "", "evil", 4);
	craft_packet(&packed, BODY_COMPRESSED, b.data, b.len);
	buf_reset(&b);
	craft_signed(&b, "", text, 5);
	buf_put(&b, packed.data, packed.len);
	wrong_everywhere(&b);
	buf_put(&b, packed.data, packed.len);
	craft_signed(&b, "", text, 5);
	wrong_everywhere(&b);
	/* the document compressed inside its one-pass frame */
	craft_one_pass(&b, 8, true);
	buf_put(&b, packed.data, packed.len);
	craft_signature(&b, 8);
	wrong_everywhere(&b);
	/* the other way round: the frame begins inside and ends outside */
	buf_reset(&packed);
	buf_put_u8(&packed, PACKET_UNCOMPRESSED);
	craft_one_pass(&packed, 8, true);
	craft_literal(&packed, "", text, 5);
	craft_packet(&b, BODY_COMPRESSED, packed.data, packed.len);
	craft_signature(&b, 8);
	wrong_everywhere(&b);
	/* a signature over a signed message: the outer one covers packets */
	craft_one_pass(&b, 8, true);
	craft_signed(&b, "", text, 5);
	craft_signature(&b, 8);
	wrong_everywhere(&b);
	/* keys and user ids, of which a reader might think something */
	craft_packet(&b, 13, "me", 2);
	craft_signed(&b, "", text, 5);
	wrong_everywhere(&b);
	buf_free(&b);
	buf_free(&packed);
}
END_TEST

START_TEST(pitfall_02_one_pass_and_signature_disagree)
{
	struct buf b = new_buf();

	craft_one_pass(&b, 8, true); /* none */
	craft_literal(&b, "", text, 5);
	wrong_everywhere(&b);
	craft_literal(&b, "", text, 5); /* unannounced */
	craft_signature(&b, 8);
	wrong_everywhere(&b);
	craft_one_pass(&b, 8, true); /* another hash */
	craft_literal(&b, "", text, 5);
	craft_signature(&b, 10);
	wrong_everywhere(&b);
	craft_signed(&b, "", text, 5); /* one more */
	craft_signature(&b, 8);
	wrong_everywhere(&b);
	buf_free(&b);
}
END_TEST

START_TEST(pitfall_02_text_around_a_cleartext)
{
	struct buf msg = signed_by_alder(how_cleartext), b = new_buf();

	craft_gives(&clear_only, &msg, text, text_len);
	buf_put_text(&b, "Please pay.\n");
	buf_put(&b, msg.data, msg.len);
	craft_denies(&clear_only, b.data, b.len, REASON_MALFORMED);
	buf_reset(&b);
	buf_put(&b, msg.data, msg.len);
	buf_put_text(&b, "Please pay.\n");
	craft_denies(&clear_only, b.data, b.len, REASON_MALFORMED);
	buf_free(&b);
	buf_free(&msg);
}
END_TEST

/*
 * 8. Oracles
 */

/* What is told of a message that cannot be opened, and how much of it was
 * read until then. */
static struct why
answer(const struct unseal_request *q, const struct buf *msg)
{
	struct unseal_result r;
	struct why why = { REASON_NONE, "" };
	int in = craft_file(msg->data, msg->len);
	int out = memfd_create("plain", MFD_CLOEXEC);

	ck_assert_int_eq(unseal_stream(q, in, out, &r, &why), GW_REFUSED);
	ck_assert_int_eq(lseek(in, 0, SEEK_CUR), (off_t)msg->len);
	unseal_result_free(&r);
	close(in);
	close(out);
	return why;
}

static enum gw_status
unwrap_refused(void *ctx, const void *pkesk, size_t len, int seipd,
    int *algorithm, struct buf *key, struct why *why)
{
	(void)ctx, (void)pkesk, (void)len, (void)seipd;
	(void)algorithm, (void)key;
	why_set(why, REASON_KEY_UNUSABLE, "wrong padding");
	return GW_REFUSED;
}

/* A session key of another length, another cipher, other octets. */
static enum gw_status
unwrap_odd(void *ctx, const void *pkesk, size_t len, int seipd, int *algorithm,
    struct buf *key, struct why *why)
{
	static const uint8_t other[32] = { 9 };
	int kind = *(int *)ctx;

	(void)pkesk, (void)len, (void)why;
	if (seipd == 1)
		*algorithm = kind == 1 ? 2 : PACKET_AES256;
	buf_put(key, other, kind == 2 ? 31 : kind == 3 ? 16 : 32);
	return GW_OK;
}

START_TEST(pitfall_08_one_answer_for_every_failure)
{
	for (int aead = 0; aead <= 1; aead++) {
		struct buf msg = crafted(aead);
		struct unseal_request q = { .unwrap = unwrap_refused };
		struct why first = answer(&q, &msg), why;
		int kind;

		q = (struct unseal_request){ .unwrap = unwrap_odd,
			.unwrap_ctx = &kind };
		for (kind = 0; kind < 4; kind++) {
			why = answer(&q, &msg);
			ck_assert_str_eq(why.text, first.text);
			ck_assert_int_eq(why.reason, first.reason);
		}
		/* every octet behind what stands in clear */
		for (size_t at = msg.len - 100; at < msg.len; at++) {
			msg.data[at] ^= 0x20;
			why = answer(&ours, &msg);
			ck_assert_str_eq(why.text, first.text);
			ck_assert_int_eq(why.reason, first.reason);
			msg.data[at] ^= 0x20;
		}
		buf_free(&msg);
	}
}
END_TEST

/* The two repeated octets of version 1's prefix are not looked at: right or
 * wrong, the message goes the same way to the same end. */
START_TEST(pitfall_08_no_quick_check)
{
	struct buf msg = crafted(false), other = crafted(false);
	size_t prefix = 14 + 2 + 1 + 16; /* PKESK, header, version, block */
	struct why first, why;

	if (msg.data[15] >= 192)
		prefix++; /* two octets of length */
	msg.data[prefix] ^= 1;
	first = answer(&ours, &msg);
	other.data[other.len - 1] ^= 1;
	why = answer(&ours, &other);
	ck_assert_str_eq(why.text, first.text);
	ck_assert_int_eq(first.reason, REASON_DAMAGED);
	buf_free(&other);
	buf_free(&msg);
}
END_TEST

/* Damage turns the content into wrong packets; that is not what is told. */
START_TEST(pitfall_08_no_parser_oracle)
{
	struct buf msg = crafted(false);

	for (int i = 0; i < 256; i++) {
		msg.data[msg.len - 60] ^= (uint8_t)i;
		if (i != 0)
			ck_assert_int_eq(
			    answer(&ours, &msg).reason, REASON_DAMAGED);
		msg.data[msg.len - 60] ^= (uint8_t)i;
	}
	buf_free(&msg);
}
END_TEST

/*
 * 10. AEAD, in each mode of version 2 and of LibrePGP's packet
 */

static const struct craft_chunks aeads[] = {
	{ PACKET_AES256, PACKET_EAX, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_EAX, 32, 16, .drop = 0 },
	{ PACKET_AES256, PACKET_OCB, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_OCB, 32, 15, .drop = 0 },
	{ PACKET_AES256, PACKET_GCM, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_GCM, 32, 12, .drop = 0 },
	{ PACKET_AES256, PACKET_EAX, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_EAX, 32, 16, .librepgp = 1 },
	{ PACKET_AES256, PACKET_OCB, 0, GCRY_CIPHER_AES256,
	    GCRY_CIPHER_MODE_OCB, 32, 15, .librepgp = 1 },
};

#define AEADS (sizeof(aeads) / sizeof(aeads[0]))

/* Six chunks and a bit. */
static struct buf
six_chunks(void)
{
	struct buf b = new_buf();
	uint8_t data[64 * 6];

	memset(data, 'x', sizeof(data));
	craft_literal(&b, "", data, sizeof(data));
	return b;
}

static void
aead_refused(struct craft_chunks k, const struct buf *inside)
{
	struct buf msg = craft_wrap(&k, inside);

	craft_denies(&ours, msg.data, msg.len, REASON_DAMAGED);
	buf_free(&msg);
}

START_TEST(pitfall_10_chunks_reordered_or_missing)
{
	struct buf inside = six_chunks();

	for (size_t i = 0; i < AEADS; i++) {
		struct craft_chunks k = aeads[i];

		k.swap = 1;
		aead_refused(k, &inside);
		k = aeads[i];
		k.drop = 1;
		aead_refused(k, &inside);
		k = aeads[i];
		k.no_final = 1;
		aead_refused(k, &inside);
		k = aeads[i];
		k.empty_last = 1;
		aead_refused(k, &inside);
	}
	buf_free(&inside);
}
END_TEST

/* At each octet, so at each border of a chunk, and there with each tag that
 * was in it as the final one. */
START_TEST(pitfall_10_cut_at_a_chunk_border)
{
	struct buf inside = six_chunks();

	for (size_t i = 0; i < AEADS; i++) {
		struct buf body = craft_seipd2(&aeads[i], &inside), msg;
		int version = aeads[i].librepgp ? 3 : 6;
		int tag = aeads[i].librepgp ? BODY_LIBREPGP_AEAD : BODY_SEIPD;

		for (size_t n = 40; n < body.len; n++) {
			msg = new_buf();
			craft_pkesk(&msg, version, CRAFT_OURS);
			craft_packet(&msg, tag, body.data, n);
			craft_denies(&ours, msg.data, msg.len, REASON_DAMAGED);
			buf_free(&msg);
		}
		for (size_t chunks = 1; chunks < 6; chunks++) {
			struct buf shorter = new_buf();
			size_t head =
			    aeads[i].librepgp ? 4 + aeads[i].nonce_len : 36;

			buf_put(&shorter, body.data, head + chunks * (64 + 16));
			buf_put(&shorter, body.data + body.len - 16, 16);
			msg = new_buf();
			craft_pkesk(&msg, version, CRAFT_OURS);
			craft_packet(&msg, tag, shorter.data, shorter.len);
			craft_denies(&ours, msg.data, msg.len, REASON_DAMAGED);
			buf_free(&msg);
			buf_free(&shorter);
		}
		buf_free(&body);
	}
	buf_free(&inside);
}
END_TEST

START_TEST(pitfall_10_chunk_size_out_of_range)
{
	struct buf inside = six_chunks();

	for (size_t i = 0; i < AEADS; i++) {
		struct buf msg = craft_wrap(&aeads[i], &inside);
		size_t at = msg.len - inside.len - 7 * 16 - 16 -
			    (aeads[i].librepgp ? aeads[i].nonce_len : 32) - 1;

		/* 400 octets of inside are seven chunks */
		ck_assert_int_eq(msg.data[at], 0);
		for (int octet = 17; octet < 256; octet++) {
			msg.data[at] = (uint8_t)octet;
			craft_denies(
			    &ours, msg.data, msg.len, REASON_UNSUPPORTED);
		}
		for (int octet = 1; octet <= 16; octet++) {
			msg.data[at] = (uint8_t)octet;
			craft_denies(&ours, msg.data, msg.len, REASON_DAMAGED);
		}
		buf_free(&msg);
	}
	buf_free(&inside);
}
END_TEST

/* Version, cipher, mode, chunk size and salt: all go into the key. */
START_TEST(pitfall_10_key_bound_to_the_parameters)
{
	struct buf inside = six_chunks();

	for (size_t i = 0; i < 3; i++) {
		struct buf msg = craft_wrap(&aeads[i], &inside);
		size_t at = msg.len - inside.len - 7 * 16 - 16 - 36;

		ck_assert_int_eq(msg.data[at], 2);
		for (size_t bit = 0; bit < 36 * 8; bit++) {
			msg.data[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
			craft_denies(&ours, msg.data, msg.len, REASON_NONE);
			msg.data[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (int mode = PACKET_EAX; mode <= PACKET_GCM; mode++) {
			msg.data[at + 2] = (uint8_t)mode;
			if (mode == aeads[i].aead)
				continue;
			craft_denies(&ours, msg.data, msg.len, REASON_DAMAGED);
		}
		buf_free(&msg);
	}
	buf_free(&inside);
}
END_TEST

/*
 * 11. Bombs and floods
 */

/* `inside` deflated, in a compressed packet. */
static struct buf
deflated(const struct buf *inside)
{
	struct buf body = new_buf(), b = new_buf();
	uLongf len = compressBound(inside->len);
	uint8_t *to;

	buf_put_u8(&body, PACKET_ZLIB);
	to = buf_room(&body, len);
	ck_assert_int_eq(
	    compress2(to, &len, inside->data, inside->len, 9), Z_OK);
	buf_grew(&body, len);
	craft_packet(&b, BODY_COMPRESSED, body.data, body.len);
	buf_free(&body);
	return b;
}

START_TEST(pitfall_11_compression_bomb)
{
	struct buf inside = new_buf(), packed, msg;
	struct unseal_request q = ours;
	size_t len = 30 * 1000 * 1000;
	uint8_t *zeros = calloc(1, len);

	craft_literal(&inside, "", zeros, len);
	packed = deflated(&inside);
	ck_assert_uint_lt(packed.len, 40000);
	msg = craft_encrypt(&packed, true);
	q.max_plain = 1000000;
	craft_denies(&q, msg.data, msg.len, REASON_TOO_LARGE);
	buf_free(&msg);
	buf_free(&packed);
	buf_free(&inside);
	free(zeros);
}
END_TEST

START_TEST(pitfall_11_nested_compression)
{
	struct buf packed = new_buf(), next;

	craft_signed(&packed, "", text, 5);
	for (int depth = 1; depth <= 33; depth++) {
		next = deflated(&packed);
		buf_free(&packed);
		packed = next;
		if (depth == 1) {
			struct buf msg = craft_encrypt(&packed, true);

			craft_gives(&ours, &msg, text, 5);
			craft_gives(&signed_only, &packed, text, 5);
			buf_free(&msg);
		} else if (depth == 2 || depth == 33) {
			struct buf copy = new_buf();

			buf_put(&copy, packed.data, packed.len);
			wrong_everywhere(&copy);
			buf_free(&copy);
		}
	}
	buf_free(&packed);
}
END_TEST

START_TEST(pitfall_11_nested_containers)
{
	struct buf once = crafted(true), twice = craft_encrypt(&once, true);

	craft_denies(&ours, twice.data, twice.len, REASON_MALFORMED);
	buf_free(&twice);
	twice = craft_encrypt(&once, false);
	craft_denies(&ours, twice.data, twice.len, REASON_MALFORMED);
	buf_free(&twice);
	buf_free(&once);
}
END_TEST

START_TEST(pitfall_11_partial_lengths_of_one_octet)
{
	struct buf b = new_buf(), msg;

	buf_put(&b,
	    "\xcb\xe9"
	    "b\0\0\0\0\0",
	    8);
	for (int i = 0; i < 506; i++)
		buf_put_u8(&b, 'x');
	for (int i = 0; i < 1000000; i++)
		buf_put(&b, "\xe0x", 2);
	buf_put_u8(&b, 0);
	craft_denies(&signed_only, b.data, b.len, REASON_MALFORMED);
	msg = craft_encrypt(&b, false);
	craft_denies(&ours, msg.data, msg.len, REASON_MALFORMED);
	buf_free(&msg);
	buf_free(&b);
}
END_TEST

START_TEST(pitfall_11_millions_of_empty_packets)
{
	static const int tags[] = { BODY_MARKER, BODY_PADDING, BODY_PKESK,
		BODY_SKESK };

	for (size_t t = 0; t < 4; t++) {
		struct buf b = new_buf(), all = crafted(true);

		for (int i = 0; i < 2000000; i++) {
			buf_put_u8(&b, (uint8_t)(0xc0 | tags[t]));
			buf_put_u8(&b, 0);
		}
		buf_put(&b, all.data, all.len);
		craft_denies(&ours, b.data, b.len, REASON_MALFORMED);
		buf_free(&all);
		buf_free(&b);
	}
}
END_TEST

START_TEST(pitfall_11_signature_and_session_key_floods)
{
	struct buf b = new_buf(), msg = crafted(false);

	for (int i = 0; i < 10000; i++)
		craft_one_pass(&b, 8, i == 9999);
	craft_literal(&b, "", text, 5);
	for (int i = 0; i < 10000; i++)
		craft_signature(&b, 8);
	wrong_everywhere(&b);
	for (int i = 0; i < 10000; i++)
		craft_signature(&b, 8);
	craft_literal(&b, "", text, 5);
	wrong_everywhere(&b);
	for (int i = 0; i < 10000; i++)
		craft_pkesk(&b, 3, CRAFT_OURS);
	buf_put(&b, msg.data, msg.len);
	craft_denies(&ours, b.data, b.len, REASON_MALFORMED);
	buf_free(&b);
	buf_free(&msg);
}
END_TEST

START_TEST(pitfall_11_lengths_of_four_gigabytes)
{
	static const uint8_t tags[] = { BODY_PKESK, BODY_SIGNATURE, BODY_SKESK,
		BODY_ONE_PASS, BODY_COMPRESSED, BODY_LITERAL, BODY_SEIPD,
		BODY_LIBREPGP_AEAD, BODY_PADDING, BODY_MARKER };
	struct unseal_request q = { .unwrap = craft_unwrap,
		.shapes = 1u << UNSEAL_ENCRYPTED | 1u << UNSEAL_SIGNED };

	for (size_t i = 0; i < sizeof(tags); i++) {
		struct buf b = new_buf();

		buf_put_u8(&b, 0xc0 | tags[i]);
		buf_put(&b, "\xff\xff\xff\xff\xff", 5);
		buf_put(&b, "\1\t\2\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 36);
		craft_denies(&q, b.data, b.len, REASON_NONE);
		buf_free(&b);
	}
}
END_TEST

/* GnuPG's own reproducer. */
START_TEST(pitfall_11_gnupg_4gb_packet)
{
	struct unseal_request q = { .shapes = 1u << UNSEAL_SIGNED };
	struct buf msg;

	if (!craft_vector("gnupg/tests/openpgp/4gb-packet.asc", &msg))
		return;
	craft_denies(&q, msg.data, msg.len, REASON_NONE);
	buf_free(&msg);
}
END_TEST

/* The dearest iteration is paid for; Argon2 beyond 2 GiB is not, and neither
 * are passwords for more packets than a message needs. */
START_TEST(pitfall_11_password_cost_chosen_by_the_sender)
{
	static const char *const password = "x";
	struct unseal_request q = { .passwords = &password,
		.password_count = 1 };
	struct buf dear = new_buf(), data = crafted(false), b = new_buf();
	const uint8_t *seipd = data.data + 14; /* behind the PKESK */
	size_t seipd_len = data.len - 14;

	buf_put(&dear, "\4\t\3\10saltsalt\xff", 13);
	craft_packet(&b, BODY_SKESK, dear.data, dear.len);
	buf_put(&b, seipd, seipd_len);
	craft_denies(&q, b.data, b.len, REASON_DAMAGED);
	for (int memory = 22; memory < 256; memory += 9) {
		buf_reset(&dear);
		buf_put(&dear, "\4\t\4saltsaltsaltsalt\1\1", 21);
		buf_put_u8(&dear, (uint8_t)memory);
		buf_reset(&b);
		craft_packet(&b, BODY_SKESK, dear.data, dear.len);
		buf_put(&b, seipd, seipd_len);
		craft_denies(&q, b.data, b.len,
		    memory > 31 ? REASON_MALFORMED : REASON_TOO_LARGE);
	}
	buf_free(&b);
	buf_free(&dear);
	buf_free(&data);
}
END_TEST

/*
 * 13. Downgrades
 */

/* Version 1 is read although the recipient announces more, because partners
 * may not know better; it says so, for whoever must decide. */
START_TEST(pitfall_13_version_is_told)
{
	struct buf one = crafted(false), two = crafted(true);
	struct unseal_result r;
	struct why why;

	ck_assert_int_eq(
	    craft_ask(&ours, one.data, one.len, &r, NULL, &why), GW_OK);
	ck_assert(!r.aead);
	unseal_result_free(&r);
	ck_assert_int_eq(
	    craft_ask(&ours, two.data, two.len, &r, NULL, &why), GW_OK);
	ck_assert(r.aead);
	unseal_result_free(&r);
	buf_free(&one);
	buf_free(&two);
}
END_TEST

/* What was encrypted as one version opens as none of the others. */
START_TEST(pitfall_13_encrypted_data_of_another_version)
{
	static const int tags[] = { BODY_SEIPD, BODY_SEIPD,
		BODY_LIBREPGP_AEAD };

	for (int was = 0; was < 3; was++)
		for (int now = 0; now < 3; now++) {
			struct buf inside = six_chunks(), msg, all = new_buf();
			struct buf view;
			struct packet p;
			struct why why;

			msg = was == 0 ? craft_encrypt(&inside, false)
				       : craft_wrap(
					     &aeads[was == 1 ? 1 : 4], &inside);
			buf_view(&view, msg.data, msg.len);
			ck_assert_int_eq(packet_next(&view, &p, &why), GW_OK);
			ck_assert_int_eq(packet_next(&view, &p, &why), GW_OK);
			craft_pkesk(&all, now == 1 ? 6 : 3, CRAFT_OURS);
			craft_packet(&all, tags[now], p.body.data, p.body.len);
			all.data[all.len - p.body.len] = now == 1 ? 2 : 1;
			if (was == now)
				ck_assert_int_eq(
				    answer(&clear_only, &all).reason,
				    REASON_MALFORMED);
			else
				craft_denies(
				    &ours, all.data, all.len, REASON_NONE);
			buf_free(&inside);
			buf_free(&msg);
			buf_free(&all);
		}
}
END_TEST

/* RFC 9580, 10.3.2.1. */
START_TEST(pitfall_13_session_key_of_the_wrong_version)
{
	struct buf inside = six_chunks();

	for (size_t i = 0; i < AEADS; i++) {
		struct buf body = craft_seipd2(&aeads[i], &inside);
		struct buf msg = new_buf();
		bool lib = aeads[i].librepgp != 0;

		craft_pkesk(&msg, lib ? 6 : 3, CRAFT_OURS);
		craft_packet(&msg, lib ? BODY_LIBREPGP_AEAD : BODY_SEIPD,
		    body.data, body.len);
		craft_denies(&ours, msg.data, msg.len, REASON_NOT_FOR_US);
		buf_free(&msg);
		buf_free(&body);
	}
	{
		struct buf msg = crafted(false), all = new_buf();

		craft_pkesk(&all, 6, CRAFT_OURS);
		buf_put(&all, msg.data + 14, msg.len - 14);
		craft_denies(&ours, all.data, all.len, REASON_NOT_FOR_US);
		buf_free(&all);
		buf_free(&msg);
	}
	buf_free(&inside);
}
END_TEST

/* A signature by this key, in the version of another: its numbers are right
 * for what it says. */
static struct buf
signature_of_version(struct party *by, int version)
{
	struct why why;
	const struct pk *key = cert_sign_key(by->cert, NOW, &why);
	struct pk as = *key;
	struct sig_build b;
	struct buf numbers, out;
	gcry_md_hd_t md;

	buf_init(&numbers, 4096);
	buf_init(&out, 8192);
	as.version = version;
	sig_build_init(&b, PACKET_SIG_BINARY, &as, PACKET_SHA512, NOW);
	ck_assert_int_eq(sig_build_md_open(&b, &md, &why), GW_OK);
	gcry_md_write(md, text, text_len);
	ck_assert_int_eq(sig_build_digest(&b, md, &why), GW_OK);
	gcry_md_close(md);
	ck_assert_int_eq(party_sign(by, key->hex, PACKET_SHA512, b.digest,
			     b.digest_len, &numbers, &why),
	    GW_OK);
	ck_assert_int_eq(
	    sig_build_finish(&b, numbers.data, numbers.len, &out, &why), GW_OK);
	sig_build_close(&b);
	buf_free(&numbers);
	return out;
}

START_TEST(pitfall_13_signature_of_another_version_than_its_key)
{
	const char *name = "Six";
	struct secret_params p = { .kind = SECRET_ED25519,
		.version = 6,
		.user_ids = &name,
		.user_id_count = 1,
		.created = NOW - 86400 };
	struct party six = { NULL, NULL };
	struct buf armor = new_buf();
	struct why why;

	ck_assert_int_eq(secret_generate(&p, &armor, &six.secret, &why), GW_OK);
	buf_free(&armor);
	six.cert = secret_cert(six.secret);
	for (int version = 4; version <= 6; version += 2) {
		struct buf s = signature_of_version(&alder, version);

		ck_assert_int_eq(verdict_of(alder.cert, &s),
		    version == 4 ? GW_OK : GW_REFUSED);
		buf_free(&s);
		s = signature_of_version(&six, version);
		ck_assert_int_eq(verdict_of(six.cert, &s),
		    version == 6 ? GW_OK : GW_REFUSED);
		buf_free(&s);
	}
	party_free(&six);
}
END_TEST

/*
 * 14. Armor and cleartext
 */

#define ARMOR_BEGIN "-----BEGIN PGP MESSAGE-----\n"
#define ARMOR_END   "-----END PGP MESSAGE-----\n"

START_TEST(pitfall_14_armor)
{
	static const struct {
		const char *what, *by;
		bool opens;
	} cases[] = {
		{ "\n=", "\n=AAAA\n=", false }, /* two check sums */
		{ ARMOR_BEGIN "\n", ARMOR_BEGIN "Comment: pay\n\n", true },
		{ ARMOR_BEGIN "\n", ARMOR_BEGIN "Please pay\n\n", false },
		{ ARMOR_BEGIN, "Please pay\n" ARMOR_BEGIN, false },
		{ ARMOR_END, ARMOR_END "Please pay\n", false },
		{ ARMOR_END, ARMOR_END ARMOR_BEGIN "\nAAAA\n" ARMOR_END,
		    false },
		{ ARMOR_END, "-----END PGP MESSAGE-----", true },
		{ ARMOR_END, "-----END PGP MESSAGE-----\r\n \t\n", true },
		{ ARMOR_END, "-----END PGP MESSAGE----- \t\n", true },
		{ ARMOR_END, "-----END PGP MESSAGE----\n", false },
		{ ARMOR_END, "", false },
		{ ARMOR_BEGIN, "\xe2\x80\x94----BEGIN PGP MESSAGE-----\n",
		    false },
		{ ARMOR_BEGIN, "\xe2\x80\x93----BEGIN PGP MESSAGE-----\n",
		    false },
		{ ARMOR_END, "\xe2\x80\x94----END PGP MESSAGE-----\n", false },
	};
	struct buf msg = sealed(SEAL_SEIPD1, true), other;
	uint8_t *sum = memmem(msg.data, msg.len, "\n=", 2);

	ck_assert(opens_for_birch(&msg));
	/* RFC 9580, 6.1.1: a wrong check sum is ignored */
	ck_assert(sum != NULL);
	memcpy(sum + 2, memcmp(sum + 2, "AAAA", 4) == 0 ? "BBBB" : "AAAA", 4);
	ck_assert(opens_for_birch(&msg));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		other = edited(&msg, cases[i].what, cases[i].by);
		ck_assert_msg(
		    opens_for_birch(&other) == cases[i].opens, "case %zu", i);
		buf_free(&other);
	}
	/* without line ends it is one line, and no armor */
	other = new_buf();
	for (size_t i = 0; i < msg.len; i++)
		if (msg.data[i] != '\n')
			buf_put_u8(&other, msg.data[i]);
	ck_assert(!opens_for_birch(&other));
	buf_free(&other);
	buf_free(&msg);
}
END_TEST

#define CLEAR_BEGIN "-----BEGIN PGP SIGNED MESSAGE-----\n"

/* test_cleartext.c has them one by one. */
START_TEST(pitfall_14_cleartext)
{
	static const struct {
		const char *what, *by;
		bool opens;
	} cases[] = {
		{ "Hash: SHA256\n", "", true }, /* missing: ignored anyway */
		{ "Hash: SHA256\n", "Hash: SHA256\nHash: pay now\n", false },
		{ "Hash: SHA256\n", "Hash: SHA256 pay now\n", false },
		{ "Hash: SHA256\n", "Hash: SHA256\nComment: pay\n", false },
		{ "Hash: SHA256\n\n", "Hash: SHA256\n", false },
		{ "UNA", "- UNA", true }, /* escaped though it need not be */
		{ "UNA", "-UNA", false },
		{ "BIRCH'\n", "BIRCH' \t\n", true }, /* white space */
		{ "BIRCH'\n", "BIRCH'\r\n", true },  /* line end */
		{ CLEAR_BEGIN, "pay now\n" CLEAR_BEGIN, false },
		{ "-----END PGP SIGNATURE-----\n",
		    "-----END PGP SIGNATURE-----\npay now\n", false },
		{ "-----END PGP SIGNATURE-----\n",
		    "-----END PGP SIGNATURE-----", true },
		{ "-----END PGP SIGNATURE-----\n", "-----END PGP SIGNATURE---",
		    false },
		{ CLEAR_BEGIN, CLEAR_BEGIN CLEAR_BEGIN, false },
		{ "-----BEGIN PGP SIGNATURE-----\n",
		    "\xe2\x80\x94----BEGIN PGP SIGNATURE-----\n", false },
	};
	struct buf msg = signed_by_alder(how_cleartext);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf other = edited(&msg, cases[i].what, cases[i].by);
		struct unseal_result r;
		struct why why;
		enum gw_status st = craft_ask(
		    &clear_only, other.data, other.len, &r, NULL, &why);

		ck_assert_msg((st == GW_OK) == cases[i].opens, "case %zu: %s",
		    i, st == GW_OK ? "opens" : why.text);
		unseal_result_free(&r);
		buf_free(&other);
	}
	buf_free(&msg);
}
END_TEST

/*
 * 16. Surreptitious forwarding
 */

static enum gw_status
seal_inside(const struct buf *inside, const struct party *to, struct buf *out)
{
	struct sink_form binary = { .label = NULL };
	struct container c;
	struct sink_fd fd_sink;
	struct buf key, body, esk;
	struct why why;
	int fd = memfd_create("forwarded", MFD_CLOEXEC);
	const struct pk *pk = cert_encrypt_key(to->cert, NOW, &why);

	buf_view(&key, craft_key, sizeof(craft_key));
	buf_init(&body, 4096);
	buf_init(&esk, 4096);
	ck_assert_int_eq(
	    pk_encrypt_session(pk, 3, PACKET_AES256, &key, &body, &why), GW_OK);
	craft_packet(&esk, BODY_PKESK, body.data, body.len);
	ck_assert_int_eq(sink_fd_open(&fd_sink, fd, &binary, &why), GW_OK);
	ck_assert_int_eq(container_open(&c, &fd_sink, CONTAINER_SEIPD1, &key,
			     &esk, inside->len + 1, &why),
	    GW_OK);
	ck_assert_int_eq(
	    sink_put(&c.sink, inside->data, inside->len, &why), GW_OK);
	ck_assert_int_eq(sink_end(&c.sink, &why), GW_OK);
	sink_fd_close(&fd_sink);
	container_close(&c);
	buf_free(&body);
	buf_free(&esk);
	*out = craft_content(fd);
	close(fd);
	return GW_OK;
}

/* Alder signs for birch; birch opens it, encrypts what is inside to cedar,
 * and delivers it as alder's.  Named or not: cedar does not take it when it
 * names another, nor when it is Waybill's and names nobody. */
START_TEST(pitfall_16_surreptitious_forwarding)
{
	for (int i = 0; i < 4; i++) {
		const struct party *named = i == 0   ? &birch
					    : i == 1 ? &cedar
						     : NULL;
		struct seal_signing q = { .signers = &alder.cert,
			.signer_count = 1,
			.recipients = named != NULL ? &named->cert : NULL,
			.recipient_count = named != NULL,
			.message_id = i == 2 ? "17@alder" : NULL,
			.when = NOW,
			.sign = party_sign,
			.sign_ctx = &alder };
		int in = craft_file(text, text_len);
		int out = memfd_create("signed", MFD_CLOEXEC);
		struct unseal_result u;
		struct verify_result v;
		struct buf inside, msg;
		struct why why = { REASON_NONE, "" };
		enum gw_status st;

		ck_assert_int_eq(sign_inline(&q, false, in, out, &why), GW_OK);
		inside = craft_content(out);
		seal_inside(&inside, &cedar, &msg);
		st = party_open(&cedar, trust, "alder", NOW, msg.data, msg.len,
		    &u, &v, NULL, &why);
		if (i == 0 || i == 2) {
			ck_assert_int_eq(st, GW_REFUSED);
			ck_assert_int_eq(why.reason, REASON_WRONG_RECIPIENT);
		} else {
			ck_assert_msg(st == GW_OK, "%d: %s", i, why.text);
		}
		unseal_result_free(&u);
		buf_free(&inside);
		buf_free(&msg);
		close(in);
		close(out);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pitfalls");
	TCase *t = tcase_create("pitfalls");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, pitfall_01_efail_tampered_blocks);
	tcase_add_test(t, pitfall_01_efail_check_stripped_or_wrong);
	tcase_add_test(t, pitfall_01_efail_without_integrity_protection);
	tcase_add_test(t, pitfall_01_efail_nothing_counts_before_the_proof);
	tcase_add_test(t, pitfall_02_more_than_one_literal);
	tcase_add_test(t, pitfall_02_signed_message_beside_or_inside_others);
	tcase_add_test(t, pitfall_02_one_pass_and_signature_disagree);
	tcase_add_test(t, pitfall_02_text_around_a_cleartext);
	tcase_add_test(t, pitfall_08_one_answer_for_every_failure);
	tcase_add_test(t, pitfall_08_no_quick_check);
	tcase_add_test(t, pitfall_08_no_parser_oracle);
	tcase_add_test(t, pitfall_10_chunks_reordered_or_missing);
	tcase_add_test(t, pitfall_10_cut_at_a_chunk_border);
	tcase_add_test(t, pitfall_10_chunk_size_out_of_range);
	tcase_add_test(t, pitfall_10_key_bound_to_the_parameters);
	tcase_add_test(t, pitfall_11_compression_bomb);
	tcase_add_test(t, pitfall_11_nested_compression);
	tcase_add_test(t, pitfall_11_nested_containers);
	tcase_add_test(t, pitfall_11_partial_lengths_of_one_octet);
	tcase_add_test(t, pitfall_11_millions_of_empty_packets);
	tcase_add_test(t, pitfall_11_signature_and_session_key_floods);
	tcase_add_test(t, pitfall_11_lengths_of_four_gigabytes);
	tcase_add_test(t, pitfall_11_gnupg_4gb_packet);
	tcase_add_test(t, pitfall_11_password_cost_chosen_by_the_sender);
	tcase_add_test(t, pitfall_13_version_is_told);
	tcase_add_test(t, pitfall_13_encrypted_data_of_another_version);
	tcase_add_test(t, pitfall_13_session_key_of_the_wrong_version);
	tcase_add_test(t, pitfall_13_signature_of_another_version_than_its_key);
	tcase_add_test(t, pitfall_14_armor);
	tcase_add_test(t, pitfall_14_cleartext);
	tcase_add_test(t, pitfall_16_surreptitious_forwarding);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
