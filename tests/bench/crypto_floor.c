/*
 * tests/bench/crypto_floor.c - what the arithmetic of a document costs by
 * itself: libgcrypt's own calls, on memory that is in the cache, no packets,
 * no files.
 *
 *	crypto_floor aead|cfb SIZE COUNT
 *
 * COUNT documents of SIZE bytes are signed (Ed25519, SHA-256) and encrypted
 * (X25519, AES-256), then decrypted and verified.  Prints seconds on one
 * thread and on two for "seal" and "unseal".  On two threads many documents
 * are divided, and of a single one the hashes are put beside the cipher.
 */
#include <gcrypt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK    ((size_t)256 * 1024)
#define MANY     8 /* as many documents are divided among threads */
#define TAG_LEN  16
#define HASH_LEN 32

static struct {
	bool aead;
	size_t size, count;
} job;

struct worker {
	gcry_sexp_t sign, verify, signature;
	gcry_cipher_hd_t cipher;
	gcry_md_hd_t sha256, sha1;
	uint8_t scalar[32], point[32], shared[32], digest[HASH_LEN];
	uint8_t *data, *out;
	size_t documents;
	bool hash, encrypt; /* its share of a document */
};

static void
need(gcry_error_t err)
{
	if (err == 0)
		return;
	fprintf(stderr, "libgcrypt: %s\n", gcry_strerror(err));
	exit(1);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
open_worker(struct worker *w)
{
	static const uint8_t key[32] = { 1 };
	gcry_sexp_t made;

	need(gcry_sexp_build(
	    &made, NULL, "(genkey (ecc (curve Ed25519)(flags eddsa)))"));
	need(gcry_pk_genkey(&w->sign, made));
	w->verify = gcry_sexp_find_token(w->sign, "public-key", 0);
	need(gcry_cipher_open(&w->cipher, GCRY_CIPHER_AES256,
	    job.aead ? GCRY_CIPHER_MODE_OCB : GCRY_CIPHER_MODE_CFB, 0));
	need(gcry_cipher_setkey(w->cipher, key, sizeof(key)));
	need(gcry_md_open(&w->sha256, GCRY_MD_SHA256, 0));
	need(gcry_md_open(&w->sha1, GCRY_MD_SHA1, 0));
	gcry_randomize(w->scalar, sizeof(w->scalar), GCRY_STRONG_RANDOM);
	need(
	    gcry_ecc_mul_point(GCRY_ECC_CURVE25519, w->point, w->scalar, NULL));
	w->data = calloc(1, CHUNK);
	w->out = calloc(1, CHUNK);
	if (w->data == NULL || w->out == NULL)
		exit(1);
	w->hash = w->encrypt = true;
}

static gcry_sexp_t
digest_sexp(const uint8_t *digest)
{
	gcry_sexp_t s;

	need(gcry_sexp_build(&s, NULL,
	    "(data (flags eddsa)(hash-algo sha512)(value %b))", HASH_LEN,
	    digest));
	return s;
}

static void
sign(struct worker *w)
{
	gcry_sexp_t data = digest_sexp(w->digest);

	gcry_sexp_release(w->signature);
	need(gcry_pk_sign(&w->signature, data, w->sign));
	gcry_sexp_release(data);
}

static void
verify(struct worker *w)
{
	gcry_sexp_t data = digest_sexp(w->digest);

	need(gcry_pk_verify(w->signature, data, w->verify));
	gcry_sexp_release(data);
}

/* One chunk through whatever is this worker's; decrypting as well as
 * encrypting costs what it costs, on whatever bytes. */
static void
work_chunk(struct worker *w, size_t n, bool decrypt)
{
	uint8_t nonce[15] = { 0 }, tag[TAG_LEN];
	bool mdc = !job.aead && (decrypt ? w->encrypt : w->hash);

	if (w->hash)
		gcry_md_write(w->sha256, w->data, n);
	if (mdc)
		gcry_md_write(w->sha1, w->data, n);
	if (!w->encrypt)
		return;
	if (job.aead) {
		need(gcry_cipher_setiv(w->cipher, nonce, sizeof(nonce)));
		need(gcry_cipher_final(w->cipher));
	}
	if (decrypt)
		need(gcry_cipher_decrypt(w->cipher, w->out, n, w->data, n));
	else
		need(gcry_cipher_encrypt(w->cipher, w->out, n, w->data, n));
	if (job.aead)
		need(gcry_cipher_gettag(w->cipher, tag, sizeof(tag)));
}

static void
work_data(struct worker *w, bool decrypt)
{
	uint8_t iv[16] = { 0 };

	gcry_md_reset(w->sha256);
	gcry_md_reset(w->sha1);
	if (!job.aead)
		need(gcry_cipher_setiv(w->cipher, iv, sizeof(iv)));
	for (size_t at = 0; at < job.size; at += CHUNK)
		work_chunk(
		    w, job.size - at < CHUNK ? job.size - at : CHUNK, decrypt);
	memcpy(w->digest, gcry_md_read(w->sha256, GCRY_MD_SHA256), HASH_LEN);
}

/* RFC 9580: an ephemeral key and the shared point. */
static void *
seal(void *arg)
{
	struct worker *w = arg;

	for (size_t i = 0; i < w->documents; i++) {
		uint8_t ephemeral[32];

		if (w->encrypt) {
			gcry_randomize(
			    w->scalar, sizeof(w->scalar), GCRY_STRONG_RANDOM);
			need(gcry_ecc_mul_point(
			    GCRY_ECC_CURVE25519, ephemeral, w->scalar, NULL));
			need(gcry_ecc_mul_point(GCRY_ECC_CURVE25519, w->shared,
			    w->scalar, w->point));
		}
		work_data(w, false);
		if (w->hash)
			sign(w);
	}
	return NULL;
}

static void *
unseal(void *arg)
{
	struct worker *w = arg;

	if (w->signature == NULL)
		sign(w);
	for (size_t i = 0; i < w->documents; i++) {
		uint8_t digest[HASH_LEN];

		if (w->encrypt)
			need(gcry_ecc_mul_point(GCRY_ECC_CURVE25519, w->shared,
			    w->scalar, w->point));
		memcpy(digest, w->digest, HASH_LEN);
		work_data(w, true);
		memcpy(w->digest, digest, HASH_LEN);
		if (w->hash)
			verify(w);
	}
	return NULL;
}

static double
time_of(void *(*run)(void *), struct worker w[2], bool two)
{
	double start = seconds();
	pthread_t other;

	w[0].documents = w[1].documents = job.count;
	w[0].hash = w[0].encrypt = w[1].hash = w[1].encrypt = true;
	if (two && job.count >= MANY)
		w[0].documents -= w[1].documents /= 2;
	else if (two)
		w[0].encrypt = w[1].hash = false;
	if (two && pthread_create(&other, NULL, run, &w[1]) != 0)
		exit(1);
	(void)run(&w[0]);
	if (two)
		(void)pthread_join(other, NULL);
	return seconds() - start;
}

static void
print(const char *name, void *(*run)(void *), struct worker w[2])
{
	double one = time_of(run, w, false);

	printf("%s %.4f %.4f\n", name, one, time_of(run, w, true));
}

int
main(int argc, char **argv)
{
	struct worker w[2] = { { 0 } };

	if (argc != 4) {
		fprintf(stderr, "usage: crypto_floor aead|cfb SIZE COUNT\n");
		return 1;
	}
	job.aead = strcmp(argv[1], "aead") == 0;
	job.size = strtoull(argv[2], NULL, 10);
	job.count = strtoull(argv[3], NULL, 10);
	if (gcry_check_version(NULL) == NULL)
		return 1;
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	open_worker(&w[0]);
	open_worker(&w[1]);
	print("seal", seal, w);
	print("unseal", unseal, w);
	return 0;
}
