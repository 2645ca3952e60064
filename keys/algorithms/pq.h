/* keys/algorithms/pq.h - ML-KEM-768 and ML-DSA-65 by libgcrypt, where it has them. */
#ifndef KEYS_PQ_H
#define KEYS_PQ_H

#include "gateway/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets, as FIPS 203 and FIPS 204 write them; seeds are what OpenPGP stores
 * of the secret half (RFC 9980, 4.3.2.2 and 5.3.2.2). */
#define PQ_MLKEM_SEED   64
#define PQ_MLKEM_PUBLIC 1184
#define PQ_MLKEM_SECRET 2400
#define PQ_MLKEM_SEALED 1088
#define PQ_MLKEM_SHARED 32
#define PQ_MLDSA_SEED   32
#define PQ_MLDSA_PUBLIC 1952
#define PQ_MLDSA_SECRET 4032
#define PQ_MLDSA_SIGNED 3309

/*
 * Can this algorithm (enum packet_pk) of RFC 9980 be used?  The compiler saw
 * a libgcrypt that has it, the one that runs is as new, and it gives known
 * answers: asked once per process.  GW_REFUSED, UNSUPPORTED: what is needed
 * and what is there.  keys_init() must have been called.
 */
enum gw_status pq_possible(int algorithm, struct why *);

/* None of these works unless pq_possible(); all fail then. */

/* Both halves from the seed; give secure memory for a secret that lasts. */
bool pq_mlkem_expand(const uint8_t seed[PQ_MLKEM_SEED],
    uint8_t public[PQ_MLKEM_PUBLIC], uint8_t secret[PQ_MLKEM_SECRET]);
/* Is every coefficient below the modulus (FIPS 203, 7.2)?  libgcrypt does not
 * ask, and others would be a second spelling of the same key. */
bool pq_mlkem_public_good(const uint8_t public[PQ_MLKEM_PUBLIC]);
bool pq_mlkem_seal(const uint8_t public[PQ_MLKEM_PUBLIC],
    uint8_t sealed[PQ_MLKEM_SEALED], uint8_t shared[PQ_MLKEM_SHARED]);
/* What was not sealed for us opens too, to something else (FIPS 203, 6.3). */
bool pq_mlkem_open(const uint8_t secret[PQ_MLKEM_SECRET],
    const uint8_t sealed[PQ_MLKEM_SEALED], uint8_t shared[PQ_MLKEM_SHARED]);

/* Both halves from the seed, likewise.  libgcrypt works in ordinary memory
 * here and in signing, and leaves what it wrote there for the next one. */
bool pq_mldsa_expand(const uint8_t seed[PQ_MLDSA_SEED],
    uint8_t public[PQ_MLDSA_PUBLIC], uint8_t secret[PQ_MLDSA_SECRET]);
/* Pure ML-DSA without a context, over a digest (RFC 9980, 5.1.2). */
bool pq_mldsa_sign(const uint8_t secret[PQ_MLDSA_SECRET], const uint8_t *digest,
    size_t len, uint8_t signature[PQ_MLDSA_SIGNED]);
/* GW_REFUSED: it does not match; GW_AGAIN: no memory. */
enum gw_status pq_mldsa_verify(const uint8_t public[PQ_MLDSA_PUBLIC],
    const uint8_t *digest, size_t len,
    const uint8_t signature[PQ_MLDSA_SIGNED]);

#endif
