#!/bin/sh
# Throw-away certificates for tests and the demonstration. Not for a real border: there the keys are made on the machines
# that use them and only signing requests travel.
#   make_certificates.sh DIRECTORY POST...
# Writes ca.pem, broker.pem/.key (127.0.0.1, localhost and, if set, $BROKER_NAME), hq.pem/.key and POST.pem/.key.
# What is already there is kept, so further posts can be added. Valid for 30 days.
set -eu

[ $# -ge 2 ] || { echo "usage: $0 DIRECTORY POST..." >&2; exit 2; }
directory=$1; shift
mkdir -p "$directory"
cd "$directory"
umask 077

quietly() { "$@" 2>openssl.log || { cat openssl.log >&2; echo "$0: $1 failed" >&2; exit 1; }; }
new_key() { quietly openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

if [ ! -e ca.pem ]; then
  new_key ca.key
  quietly openssl req -x509 -new -key ca.key -sha256 -days 30 -subj "/CN=Rampa throw-away CA" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.pem
fi

# certificate NAME USAGE [SUBJECT-ALTERNATIVE-NAME]
certificate() {
  [ -e "$1.pem" ] && return 0
  new_key "$1.key"
  quietly openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  {
    echo "basicConstraints=critical,CA:FALSE"
    echo "keyUsage=critical,digitalSignature"
    echo "extendedKeyUsage=$2"
    [ -z "${3:-}" ] || echo "subjectAltName=$3"
  } >"$1.ext"
  quietly openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -sha256 -extfile "$1.ext" -out "$1.pem"
  rm -f "$1.csr" "$1.ext"
}

certificate broker serverAuth "IP:127.0.0.1,DNS:localhost${BROKER_NAME:+,DNS:$BROKER_NAME}"
certificate hq clientAuth
for post in "$@"; do
  case $post in
    hq | broker | ca | "" | *[!A-Za-z0-9_-]*) echo "$0: \"$post\" is no post's name (letters, digits, - and _; not hq, broker, ca)" >&2; exit 2 ;;
  esac
  certificate "$post" clientAuth
done
rm -f openssl.log
