#!/bin/sh
# A mosquitto configuration for tests and the demonstration, on loopback, from the certificates that
# make_certificates.sh wrote into the same directory. For a real broker see mosquitto.conf.example.
#   make_broker_config.sh DIRECTORY PORT    -> DIRECTORY/mosquitto.conf, DIRECTORY/mosquitto.acl
set -eu

[ $# -eq 2 ] || { echo "usage: $0 DIRECTORY PORT" >&2; exit 2; }
directory=$(cd "$1" && pwd)
port=$2
here=$(cd "$(dirname "$0")" && pwd)

cp "$here/mosquitto.acl.example" "$directory/mosquitto.acl"
chmod 600 "$directory/mosquitto.acl"
# Started as root, mosquitto would become another user that cannot read the keys here.
sed -e "s|^listener .*|listener $port 127.0.0.1|" \
    -e "s|/etc/mosquitto/rampa|$directory|" \
    -e "s|^user .*|user $(id -un)|" \
    -e "/^log_dest /d" \
    "$here/mosquitto.conf.example" >"$directory/mosquitto.conf"
echo "log_dest stderr" >>"$directory/mosquitto.conf"
