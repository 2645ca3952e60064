#!/bin/sh
# The peer of the benchmark: what a careful administrator would write instead
# of running a gateway.  One gpg process per document at each end (sign and
# encrypt; decrypt and verify, and see that the right key signed), one batched
# sftp session that uploads under a temporary name and renames.
#
#   script.sh send FOLDER SIGNER RECIPIENT SFTP-COMMAND...
#   script.sh receive MAILBOX DELIVERY SIGNER
#
# GNUPGHOME says whose keys.  No step is durable, and no duplicate, lost
# answer or crash is handled; that is the peer's advantage.
set -eu

gpg() {
	command gpg --batch --no-tty --quiet --trust-model always \
	    --compress-algo none "$@"
}

send() {
	folder=$1 signer=$2 recipient=$3
	shift 3
	outbox=$(mktemp -d "$folder.outbox.XXXXXX")
	for f in "$folder"/*; do
		gpg --sign --local-user "$signer" --encrypt \
		    --recipient "$recipient" \
		    --output "$outbox/${f##*/}.pgp" "$f"
	done
	for f in "$outbox"/*; do
		name=${f##*/}
		printf 'put "%s" ".%s.part"\nrename ".%s.part" "%s"\n' \
		    "$f" "$name" "$name" "$name"
	done | "$@" >/dev/null
	rm -r "$outbox"
}

receive() {
	mailbox=$1 delivery=$2 signer=$3
	for f in "$mailbox"/*.pgp; do
		name=${f##*/}
		name=${name%.pgp}
		gpg --status-file "$delivery/.status" \
		    --output "$delivery/.$name.tmp" --decrypt "$f" 2>/dev/null
		grep -q "^\[GNUPG:\] VALIDSIG .*$signer\$" "$delivery/.status"
		mv "$delivery/.$name.tmp" "$delivery/$name"
		rm "$f"
	done
	rm -f "$delivery/.status"
}

what=$1
shift
case $what in
send) send "$@" ;;
receive) receive "$@" ;;
*) echo "usage: script.sh send|receive ..." >&2; exit 2 ;;
esac
