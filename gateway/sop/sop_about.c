/* gateway/sop/sop_about.c - version and list-profiles. */
#include "gateway/sop/sop_commands.h"

#include "gateway/sop/sop.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_profiles.h"
#include "keys/keys.h"

#include <stdio.h>

#define VERSION "0.3"
/* Incomplete: nothing here vouches for the user ids of others. */
#define SPEC "~draft-dkg-openpgp-stateless-cli-14"
/* The subset that only verifies, complete. */
#define SOPV "1.0"

static void
print_extended(void)
{
	struct why why;

	printf(SOP_PROGRAM " " VERSION "\n"
			   "The OpenPGP engine of the Waybill gateway\n"
			   "Backend: %s\n"
			   "Specification: " SPEC "\n",
	    keys_library());
	if (secret_kind_possible(SECRET_MLDSA, &why) == GW_OK)
		printf("Post-quantum algorithms (RFC 9980): yes\n");
	else
		printf("Post-quantum algorithms (RFC 9980): %s\n", why.text);
}

int
sop_version(const struct sop_options *o)
{
	if (o->backend + o->extended + o->sop_spec + o->sopv > 1)
		return sop_fail(SOP_INCOMPATIBLE_OPTIONS,
		    "only one of --backend, --extended, --sop-spec and "
		    "--sopv can be answered");
	if (o->backend)
		printf("%s\n", keys_library());
	else if (o->sop_spec)
		printf(SPEC "\n\n"
			    "Not there: certify-userid and validate-userid, "
			    "because Waybill trusts the\n"
			    "certificates that are named to it and no "
			    "others.\n");
	else if (o->sopv)
		printf(SOPV "\n");
	else if (o->extended)
		print_extended();
	else
		printf(SOP_PROGRAM " " VERSION "\n");
	return SOP_OK;
}

int
sop_list_profiles(const struct sop_options *o)
{
	return sop_profiles_list(o->words.at[0]);
}
