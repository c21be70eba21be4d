#!/bin/bash
# demo-record.sh - records the demo's captures anew: real programs, in network
# namespaces of their own that no packet leaves.
#
#   sudo tests/demo-record.sh        rewrites config/demo/telemetry/se-*.pcap*
#
# Needs root, iproute2, dnsmasq, tcpdump, dumpcap and editcap (wireshark-common),
# dig, curl, wget, openssl, python3, ethtool. The TLS key is made for the
# recording and dies with it. Event times are moved to the day of the demo's
# story; nothing else is changed.
#
#   inside hosts 10.46.1.11-14 ──┐
#                                ├── router: resolver 10.46.0.53 ──── servers
#   office host  10.46.2.30 ─────┘      (tcpdump on the bridge: se-backbone.pcap)
#     (dumpcap on "any": se-office.pcapng)
set -euo pipefail
cd "$(dirname "$0")/.."

DAY=2025-09-16T10:20:00Z # of the first packet
OUT=config/demo/telemetry
BAD=update.meridian-grid.example # the campaign's, see config/demo/README.md
BAD_ADDRESS=203.0.113.200
CHECK=connectivity-check.example

[ "$(id -u)" = 0 ] || { echo "demo-record: needs root, for network namespaces" >&2; exit 1; }
for tool in ip dnsmasq tcpdump dumpcap editcap tshark dig curl wget openssl python3 ethtool; do
	command -v "$tool" >/dev/null || { echo "demo-record: $tool is missing" >&2; exit 1; }
done

work=$(mktemp -d)
router=tocsin-$$-router servers=tocsin-$$-servers
spaces=("$router" "$servers")
started=()

finish() {
	# shellcheck disable=SC2181
	[ $? = 0 ] || cat "$work/log" >&2
	for pid in "${started[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for space in "${spaces[@]}"; do
		ip netns del "$space" 2>/dev/null || true
		rm -rf "/etc/netns/$space"
	done
	rm -rf "$work"
}
trap finish EXIT

inside() { # NAMESPACE COMMAND...
	ip netns exec "$@"
}

start() { # NAMESPACE COMMAND...: in the background, for two minutes at most
	ip netns exec "$1" timeout 120 "${@:2}" >>"$work/log" 2>&1 &
	started+=($!)
}

plain() { # NAMESPACE INTERFACE: frames as they would be on a wire
	inside "$1" ethtool -K "$2" tx off rx off tso off gso off gro off >/dev/null 2>&1 || true
}

# Router: a bridge for the inside, a link to the servers.
ip netns add "$router"
ip netns add "$servers"
inside "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
inside "$router" ip link set lo up
inside "$router" ip link add lan type bridge
inside "$router" ip addr add 10.46.0.1/16 dev lan
inside "$router" ip addr add 10.46.0.53/16 dev lan
inside "$router" ip addr add fd00:2e::1/64 dev lan nodad
inside "$router" ip link set lan address 02:00:0a:2e:00:01 up
ip link add wan netns "$router" type veth peer name eth0 netns "$servers"
inside "$router" ip addr add 192.0.2.1/24 dev wan
inside "$router" ip addr add 2001:db8:46::1/64 dev wan nodad
inside "$router" ip link set wan up
inside "$router" ip route add 198.51.100.0/24 dev wan
inside "$router" ip route add 203.0.113.0/24 dev wan
inside "$servers" ip link set lo up
inside "$servers" ip link set eth0 up
mkdir -p "/etc/netns/$servers"
for address in 192.0.2.80/24 198.51.100.20/24 203.0.113.77/24 $BAD_ADDRESS/24 2001:db8:46::80/64; do
	inside "$servers" ip addr add "$address" dev eth0 $([[ $address != *:* ]] || echo nodad)
	# the HTTP servers look up their own address before they listen
	echo "${address%/*} server.test" >>"/etc/netns/$servers/hosts"
done
inside "$servers" ip route add default via 192.0.2.1
inside "$servers" ip -6 route add default via 2001:db8:46::1
plain "$router" wan
plain "$servers" eth0

host() { # NAME ADDRESS
	local space=tocsin-$$-$1 last=${2##*.}
	spaces+=("$space")
	ip netns add "$space"
	ip link add "p$last" netns "$router" type veth peer name eth0 netns "$space"
	inside "$router" ip link set "p$last" master lan up
	inside "$space" ip link set lo up
	inside "$space" ip link set eth0 address "$(printf '02:00:0a:2e:01:%02x' "$last")" up
	inside "$space" ip addr add "$2/16" dev eth0
	inside "$space" ip addr add "fd00:2e::$last/64" dev eth0 nodad
	inside "$space" ip route add default via 10.46.0.1
	inside "$space" ip -6 route add default via fd00:2e::1
	plain "$space" eth0
	mkdir -p "/etc/netns/$space"
	echo "nameserver 10.46.0.53" >"/etc/netns/$space/resolv.conf"
}
host a 10.46.1.11
host b 10.46.1.12
host c 10.46.1.13
host d 10.46.1.14
host office 10.46.2.30
a=tocsin-$$-a b=tocsin-$$-b c=tocsin-$$-c d=tocsin-$$-d office=tocsin-$$-office

# Resolver and servers.
start "$router" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
	--pid-file= --listen-address=10.46.0.53 --bind-interfaces --local-ttl=300 \
	--address="/meridian-grid.example/203.0.113.77" --address="/$CHECK/192.0.2.80" \
	--address=/north-harbour.example/198.51.100.20 --address=/blue-library.test/192.0.2.80 \
	--address=/blue-library.test/2001:db8:46::80
mkdir "$work/www"
echo '<!doctype html><title>example</title><p>nothing here' >"$work/www/index.html"
cp "$work/www/index.html" "$work/www/generate_204"
for address in 192.0.2.80 198.51.100.20 203.0.113.77 $BAD_ADDRESS 2001:db8:46::80; do
	start "$servers" python3 -m http.server 80 --bind "$address" --directory "$work/www"
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=$BAD \
	-keyout "$work/key" -out "$work/certificate" 2>/dev/null
for address in 198.51.100.20 203.0.113.77; do
	start "$servers" openssl s_server -quiet -www -accept "$address:443" -key "$work/key" \
		-cert "$work/certificate"
done
sleep 2

# The two sensors.
start "$router" tcpdump -q -U -i lan -s 0 -w "$work/backbone.pcap" \
	'not (ether host 02:00:0a:2e:01:1e) and not icmp6'
start "$office" dumpcap -q -i any -y LINUX_SLL2 -f 'not icmp6' -w "$work/office.pcapng"
sleep 2

fetch() { # NAMESPACE URL
	inside "$1" curl -sSk -m 5 -o /dev/null "$2"
}

# What a day looks like, and in it what should not be there.
inside "$a" dig +tries=1 +time=2 www.north-harbour.example >/dev/null
fetch "$a" http://www.north-harbour.example/
fetch "$a" http://$CHECK/generate_204
inside "$a" dig +tries=1 +time=2 $BAD >/dev/null
fetch "$a" http://$BAD/
fetch "$b" https://mail.north-harbour.example/
fetch "$b" http://$CHECK/generate_204
fetch "$b" https://$BAD/
inside "$c" dig +tries=1 +time=2 AAAA www.blue-library.test >/dev/null
fetch "$c" http://$CHECK/generate_204
inside "$c" openssl s_client -connect 203.0.113.77:443 -servername $BAD </dev/null >/dev/null 2>&1 || true
fetch "$c" http://$BAD_ADDRESS/
inside "$d" curl -sS6 -m 5 -o /dev/null http://www.blue-library.test/
fetch "$d" http://www.north-harbour.example/
fetch "$d" http://$CHECK/generate_204
inside "$office" wget -q -T 5 -O /dev/null http://www.north-harbour.example/
inside "$office" wget -q -T 5 -O /dev/null http://$CHECK/generate_204
inside "$office" wget -q -T 5 -O /dev/null http://eu1.$BAD/
sleep 2

for pid in "${started[@]: -2}"; do
	kill -INT "$pid"
	wait "$pid" || true
done

# To the day of the story, by whole seconds; through a plain format, which
# forgets the recording machine's name and make.
shifted() { # FROM TO TYPE
	local first
	first=$(tshark -r "$1" -c 1 -T fields -e frame.time_epoch 2>/dev/null | cut -d. -f1)
	editcap -F nsecpcap -t $(($(date -ud $DAY +%s) - first)) "$1" "$work/shifted"
	editcap -F "$3" "$work/shifted" "$2"
}
mkdir -p $OUT
shifted "$work/backbone.pcap" $OUT/se-backbone.pcap pcap
shifted "$work/office.pcapng" $OUT/se-office.pcapng pcapng
ls -l $OUT/se-backbone.pcap $OUT/se-office.pcapng
