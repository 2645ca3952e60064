/* gateway/commands/commands.h - what an administrator can say to waybill. */
#ifndef GATEWAY_COMMANDS_COMMANDS_H
#define GATEWAY_COMMANDS_COMMANDS_H

/*
 * One function per command.  argv[0] is the command's own word, so each
 * parses its options with getopt_long() as if it were a program.  They return
 * the exit code of the process: 0 done, 1 could not be done or problems were
 * found, 2 wrong usage (after a hint on stderr).
 */
int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_status(int argc, char **argv);
int command_list(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_fsck(int argc, char **argv);
int command_key(int argc, char **argv);

#define COMMAND_OK     0
#define COMMAND_FAILED 1
#define COMMAND_USAGE  2

/* Where every command looks for its configuration without -f. */
#define COMMAND_CONFIG "/etc/waybill/waybill.conf"

#endif
