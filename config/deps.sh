#!/bin/sh
# deps.sh [build] [test] [fuzz] [demo] [bench] [vectorscan] - installs through apt what that work needs.
#
# Asks nothing. Does nothing, and needs no rights, when everything is there;
# else it runs apt-get as root or through sudo. HS=vectorscan takes Vectorscan
# where no Hyperscan is installed yet. The word "vectorscan" puts a copy of
# Vectorscan under build/vectorscan, beside an installed Hyperscan: the two
# packages cannot be installed together, and it needs no rights either.
set -eu
cd "$(dirname "$0")/.."

missing=
lack() { missing="$missing $1"; }
command_of() { command -v "$1" >/dev/null 2>&1 || lack "$2"; }
module() { pkg-config --exists "$1" 2>/dev/null || lack "$2"; }
header() { [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ] || lack "$2"; }

# Debian 12 and 13 have both; a release or an architecture without Hyperscan has Vectorscan.
hyperscan_package() {
	if [ "${HS:-hyperscan}" = hyperscan ] && apt-cache madison libhyperscan-dev 2>/dev/null |
		grep -q .; then
		echo libhyperscan-dev
	else
		echo libvectorscan-dev
	fi
}

list_build() {
	command_of cc build-essential
	command_of g++ build-essential
	command_of make build-essential
	command_of pkg-config pkg-config
	pkg-config --exists libhs 2>/dev/null || lack HYPERSCAN
	module libpcap libpcap-dev
	module rdkafka librdkafka-dev
	module jemalloc libjemalloc-dev
	module liburing liburing-dev
	module yaml-0.1 libyaml-dev
	module libpcre2-8 libpcre2-dev
	module libxxhash libxxhash-dev
	header ck_ht.h libck-dev
	module jansson libjansson-dev
	module libsodium libsodium-dev
	module zlib zlib1g-dev
	module libzstd libzstd-dev
	module uuid uuid-dev
	module libutf8proc libutf8proc-dev
}

list_demo() {
	command_of zstd zstd
}

list_bench() {
	module liburcu-cds liburcu-dev
}

list_fuzz() {
	command_of clang clang
	if command -v clang >/dev/null 2>&1; then
		set -- "$(clang -print-resource-dir)"/lib/*/libclang_rt.fuzzer*
		[ -e "$1" ] || lack "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
	fi
}

list_test() {
	list_demo
	list_fuzz
	command_of tshark tshark
	command_of python3 python3
	python3 -c 'import jsonschema' 2>/dev/null || lack python3-jsonschema
	python3 -c 'import yaml' 2>/dev/null || lack python3-yaml
	command_of jq jq
	command_of kcat kcat
	command_of unzip unzip
	command_of valgrind valgrind
	command_of spin spin
	command_of java default-jre-headless
	command_of mvn maven
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

known() {
	for p; do
		apt-cache madison "$p" 2>/dev/null | grep -q . || return 1
	done
}

install_missing() {
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "deps: no apt-get here; please install the likes of:$missing" >&2
		exit 1
	fi
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
		echo "deps: needs root or sudo to install:$missing" >&2
		exit 1
	fi
	fresh=
	if ! known libpcap-dev; then
		as_root apt-get -qq update
		fresh=1
	fi
	packages=$(echo "$missing" | tr ' ' '\n' | sed "s/^HYPERSCAN\$/$(hyperscan_package)/" |
		sort -u | tr '\n' ' ')
	echo "deps: installing$packages" >&2
	set -- -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install
	# Lists that are there may be stale: once more after an update.
	# shellcheck disable=SC2086
	if ! as_root apt-get "$@" $packages >/dev/null; then
		[ -z "$fresh" ] || exit 1
		as_root apt-get -qq update
		as_root apt-get "$@" $packages >/dev/null
	fi
}

# A private copy for HS=vectorscan, unless the system's libhs already is Vectorscan.
vectorscan_beside() {
	dir=build/vectorscan
	[ ! -e $dir/ready ] || return 0
	rm -rf $dir
	mkdir -p $dir
	if ! dpkg-query -W -f='${Status}' libvectorscan-dev 2>/dev/null | grep -q 'ok installed'; then
		known libvectorscan-dev || as_root apt-get -qq update
		(cd $dir && apt-get -qq download libvectorscan-dev libvectorscan5)
		for deb in $dir/*.deb; do
			dpkg-deb -x "$deb" $dir
		done
		rm -f $dir/*.deb
	fi
	touch $dir/ready
}

# Apache Kafka for the tests. Without it they skip, so a network that has no Maven repository stops nothing.
kafka_jars() {
	dir=build/kafka
	if cmp -s tests/broker/pom.xml $dir/pom.xml; then
		return 0
	fi
	rm -rf $dir
	mkdir -p $dir
	echo "deps: fetching Apache Kafka for the tests" >&2
	if mvn -q -B -f tests/broker/pom.xml dependency:copy-dependencies \
		-DoutputDirectory="$PWD/$dir/jars" >$dir/log 2>&1; then
		cp tests/broker/pom.xml $dir/pom.xml
	else
		echo "deps: Maven could not fetch it (build/kafka/log): tests against a real broker will skip" >&2
	fi
}

[ $# -gt 0 ] || set -- build
# Again: clang's run-time package is known by name once clang is there.
for round in 1 2 last; do
	missing=
	for what; do
		case $what in
		build | test | fuzz | demo | bench) "list_$what" ;;
		vectorscan) ;;
		*)
			echo "deps: $what: not one of build test fuzz demo bench vectorscan" >&2
			exit 3
			;;
		esac
	done
	[ -n "$missing" ] || break
	if [ $round = last ]; then
		echo "deps: installed, and still not found:$missing" >&2
		exit 1
	fi
	install_missing
done
for what; do
	[ "$what" != vectorscan ] || vectorscan_beside
	[ "$what" != test ] || kafka_jars
done
