/* gateway/sop/sop.h - the Stateless OpenPGP command line on our engine. */
#ifndef GATEWAY_SOP_SOP_H
#define GATEWAY_SOP_SOP_H

/* What a process of this kind is called when it is not called waybill. */
#define SOP_PROGRAM "waybill-sop"

/*
 * Run one subcommand (draft-dkg-openpgp-stateless-cli); argv[0] is how we were
 * called.  Returns the exit code of the process, one of enum sop_exit in
 * gateway/sop/sop_fail.h, after a sentence on stderr when it is not 0.
 */
int sop_main(int argc, char **argv);

#endif
