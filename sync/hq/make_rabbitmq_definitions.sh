#!/bin/sh
# What RabbitMQ must know of the posts: users without passwords (the certificate's common name is the user), what each may
# do, and bounds for the queues behind their subscriptions. For rabbitmq.conf's load_definitions; run again with all posts,
# and read in by `rabbitmqctl import_definitions FILE`, when one is added.
#   make_rabbitmq_definitions.sh POST... >definitions.json
set -eu

[ $# -ge 1 ] || { echo "usage: $0 POST..." >&2; exit 2; }
for post in "$@"; do
  case $post in
    hq | "" | *[!A-Za-z0-9_-]*) echo "$0: \"$post\" is no post's name (letters, digits, - and _; not hq)" >&2; exit 2 ;;
  esac
done

# list FORMAT NAME...: one line per name, with commas between. Each %s of the format is the name.
list() {
  format=$1; shift
  separator=
  for name in "$@"; do
    printf '%s\n    %s' "$separator" "$(echo "$format" | sed "s/%s/$name/g")"
    separator=,
  done
}

# A queue is named after the client that subscribed: nobody but who has that name may make, read or remove it.
# Without topic permissions of its own a user may write and read every topic, so each one has them. In RabbitMQ / is a dot and + is *.
cat <<TEXT
{
  "vhosts": [{"name": "/"}],
  "users": [$(list '{"name": "%s", "password_hash": "", "tags": []}' hq "$@")
  ],
  "permissions": [
    {"user": "hq", "vhost": "/", "configure": "^mqtt-subscription-rampa-hq(-[0-9a-f]+)?qos1$", "write": "^(amq[.]topic|mqtt-subscription-rampa-hq(-[0-9a-f]+)?qos1)$", "read": "^(amq[.]topic|mqtt-subscription-rampa-hq(-[0-9a-f]+)?qos1)$"},$(list '{"user": "%s", "vhost": "/", "configure": "^mqtt-subscription-rampa-post-%sqos1$", "write": "^(amq[.]topic|mqtt-subscription-rampa-post-%sqos1)$", "read": "^(amq[.]topic|mqtt-subscription-rampa-post-%sqos1)$"}' "$@")
  ],
  "topic_permissions": [
    {"user": "hq", "vhost": "/", "exchange": "amq.topic", "write": "^rampa[.]2[.][A-Za-z0-9_-]+[.]dn[.][a-z_]+$", "read": "^rampa[.]2[.][*][.]up[.][*]$"},$(list '{"user": "%s", "vhost": "/", "exchange": "amq.topic", "write": "^rampa[.]2[.]%s[.]up[.][a-z_]+$", "read": "^rampa[.]2[.]%s[.]dn[.][*]$"}' "$@")
  ],
  "policies": [
    {"vhost": "/", "name": "rampa-hq", "pattern": "^mqtt-subscription-rampa-hq", "apply-to": "queues", "priority": 0,
     "definition": {"expires": 60000, "max-length-bytes": 268435456}},
    {"vhost": "/", "name": "rampa-posts", "pattern": "^mqtt-subscription-rampa-post-", "apply-to": "queues", "priority": 0,
     "definition": {"expires": 60000, "max-length-bytes": 16777216, "ha-mode": "exactly", "ha-params": 2}}
  ]
}
TEXT
