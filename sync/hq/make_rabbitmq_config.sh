#!/bin/sh
# A RabbitMQ configuration for tests, on loopback, from the certificates that make_certificates.sh wrote and the
# definitions.json beside them. For a real broker see rabbitmq.conf.example.
#   make_rabbitmq_config.sh DIRECTORY PORT NODE... >rabbitmq.conf      NODE...: of all nodes of the cluster, NAME@HOST
set -eu

[ $# -ge 3 ] || { echo "usage: $0 DIRECTORY PORT NODE..." >&2; exit 2; }
directory=$(cd "$1" && pwd)
port=$2
shift 2
sed -e "s|^mqtt.listeners.ssl.1 .*|mqtt.listeners.ssl.1 = 127.0.0.1:$port|" \
    -e "s|/etc/rabbitmq/rampa|$directory|" \
    -e "/^log.file/d" "$(dirname "$0")/rabbitmq.conf.example"
echo "log.file = false"
echo "log.console = true"
echo "log.console.level = warning"
[ $# -gt 1 ] || exit 0
echo "cluster_formation.peer_discovery_backend = classic_config"
count=0
for node in "$@"; do
  count=$((count + 1))
  echo "cluster_formation.classic_config.nodes.$count = $node"
done
