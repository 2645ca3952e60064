/* gateway/sop/sop_profiles.h - PROFILE arguments. */
#ifndef GATEWAY_SOP_SOP_PROFILES_H
#define GATEWAY_SOP_SOP_PROFILES_H

#include "keys/messages/seal.h"
#include "keys/secrets/secret.h"

/* How a key is made. */
struct sop_key_profile {
	enum secret_kind kind;
	int version;
	bool announce_seipd2;
};

/* How a message is made. */
struct sop_message_profile {
	enum seal_container container;
	bool argon2;
	bool compress;
};

/* NULL is "default".  SOP_OK or SOP_UNSUPPORTED_PROFILE, after having said
 * why. */
int sop_profiles_key(const char *name, struct sop_key_profile *);
int sop_profiles_message(const char *name, struct sop_message_profile *);

/* How a password locks a key of that version (4 or 6). */
enum secret_lock_kind sop_profiles_lock(int version);

/* Print the profiles of that subcommand; SOP_UNSUPPORTED_PROFILE when it has
 * none. */
int sop_profiles_list(const char *command);

#endif
