"""A real Apache Kafka for tests: KRaft mode, every node broker and controller, on loopback.

    with Cluster(folder, nodes=3) as kafka:
        kafka.create("soc.de", partitions=3)
        kafka.bootstrap        # "127.0.0.1:40001,..."
        kafka.kill(0); kafka.start(0)

Jars come from Maven (pom.xml, config/deps.sh test). Nodes are children of this
process, and die with it. As a program it speaks what tests/cases/60_kafka_service/mock.c
speaks: prints the address, takes "down" and "up", and lives until standard input ends.
"""
import ctypes, os, shutil, signal, socket, subprocess, sys, time
from pathlib import Path

JARS = Path(__file__).resolve().parents[2] / "build/kafka/jars"
JAVA = ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
CLUSTER_ID = "dG9jc2luLXRlc3RzLWthZg"
READY_S = 90
PR_SET_PDEATHSIG = 1

LOG = """log4j.rootLogger=WARN, stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.Target=System.err
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=%d %p %m%n
"""


def missing():
    """Why there can be no broker here, or None."""
    if not shutil.which("java"):
        return "no java for a real broker"
    if not any(JARS.glob("kafka_2.13-*.jar")):
        return "no Apache Kafka under build/kafka/jars (config/deps.sh test fetches it)"
    return None


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Cluster:
    def __init__(self, folder, nodes=1, settings=None):
        self.folder = Path(folder)
        self.nodes = [None] * nodes
        ports = free_ports(2 * nodes)
        self.ports, self.controllers = ports[:nodes], ports[nodes:]
        self.bootstrap = ",".join(f"127.0.0.1:{p}" for p in self.ports)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "log4j.properties").write_text(LOG)
        for n in range(nodes):
            self._configure(n, settings or {})

    def _configure(self, n, settings):
        copies = min(3, len(self.nodes))
        values = {
            "process.roles": "broker,controller",
            "node.id": n + 1,
            "controller.quorum.voters": ",".join(f"{i + 1}@127.0.0.1:{p}" for i, p in enumerate(self.controllers)),
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.ports[n]},CONTROLLER://127.0.0.1:{self.controllers[n]}",
            "log.dirs": self.folder / f"data-{n}",
            "auto.create.topics.enable": "false",
            "default.replication.factor": copies,
            "min.insync.replicas": max(1, copies - 1),
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": max(1, copies - 1),
            "transaction.state.log.num.partitions": 4,
            "group.initial.rebalance.delay.ms": 0,
            "message.max.bytes": 4000000,
        }
        values.update(settings)
        text = "".join(f"{k}={v}\n" for k, v in values.items())
        (self.folder / f"node-{n}.properties").write_text(text)

    def _java(self, *arguments):
        return [*JAVA, f"-Dlog4j.configuration=file:{self.folder}/log4j.properties", "-cp", f"{JARS}/*",
                *map(str, arguments)]

    def _run(self, *arguments):
        done = subprocess.run(self._java(*arguments), capture_output=True, text=True, timeout=READY_S)
        if done.returncode:
            raise RuntimeError(f"{arguments[0]}: {done.stdout[-1000:]} {done.stderr[-1000:]}")

    def __enter__(self):
        try:
            for n in range(len(self.nodes)):
                self._run("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", self.folder / f"node-{n}.properties")
                self._launch(n)
            for n in range(len(self.nodes)):
                self._await(n)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for n in range(len(self.nodes)):
            self.kill(n)

    def _launch(self, n):
        with open(self.folder / f"node-{n}.log", "a") as log:
            self.nodes[n] = subprocess.Popen(self._java("kafka.Kafka", self.folder / f"node-{n}.properties"),
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)

    def _await(self, n):
        """Until node n answers and sees every node that runs."""
        want = sum(node is not None for node in self.nodes)
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            if self.nodes[n].poll() is not None:
                break
            seen = subprocess.run(["kcat", "-q", "-L", "-m", "2", "-b", f"127.0.0.1:{self.ports[n]}"],
                                  capture_output=True, text=True)
            if seen.returncode == 0 and seen.stdout.count("\n  broker ") >= want:
                return
            time.sleep(0.2)
        raise RuntimeError(f"node {n} does not answer: {(self.folder / f'node-{n}.log').read_text()[-2000:]}")

    def start(self, n):
        self._launch(n)
        self._await(n)

    def kill(self, n):
        if self.nodes[n]:
            self.nodes[n].kill()
            self.nodes[n].wait()
        self.nodes[n] = None

    def create(self, topic, partitions=1, **settings):
        self._run("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.bootstrap, "--create", "--topic", topic,
                  "--partitions", partitions, *[a for k, v in settings.items() for a in ("--config", f"{k.replace('_', '.')}={v}")])


def main(folder, *topics):
    with Cluster(folder) as kafka:
        for topic, partitions in zip(topics[::2], topics[1::2]):
            kafka.create(topic, partitions)
        print(kafka.bootstrap, flush=True)
        for line in sys.stdin:
            kafka.kill(0) if line.startswith("down") else kafka.start(0)
            print("done", flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
