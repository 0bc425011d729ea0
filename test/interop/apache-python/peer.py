"""Apache Thrift for Python as a peer: a server of both services, which answers itself or passes every call on with Apache's client.

peer.py GENERATED --protocol binary|compact --transport buffered|framed (--port 0 | --unix PATH) [--tls FOLDER]
        [--upstream PORT | --upstream-unix PATH]
"""

import argparse
import ssl
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("generated")
parser.add_argument("--protocol", choices=["binary", "compact"], required=True)
parser.add_argument("--transport", choices=["buffered", "framed"], required=True)
parser.add_argument("--unix")
parser.add_argument("--tls")
parser.add_argument("--upstream", type=int)
parser.add_argument("--upstream-unix")
args = parser.parse_args()
sys.path.insert(0, args.generated)

from interop import Everything  # noqa: E402
from interop.ttypes import Busy, Refused, Scalars  # noqa: E402
from thrift.protocol.TBinaryProtocol import TBinaryProtocolFactory  # noqa: E402
from thrift.protocol.TCompactProtocol import TCompactProtocolFactory  # noqa: E402
from thrift.server.TServer import TThreadedServer  # noqa: E402
from thrift.transport import TSocket, TSSLSocket, TTransport  # noqa: E402

protocols = TCompactProtocolFactory() if args.protocol == "compact" else TBinaryProtocolFactory()
framed = args.transport == "framed"
transports = TTransport.TFramedTransportFactory() if framed else TTransport.TBufferedTransportFactory()


class Local:
    """Answers by itself."""

    last = ""

    def nothing(self):
        pass

    def join(self, a, b, c, d, e):
        return ",".join(str(one) for one in [a, b, c, d, *e])

    def risk(self, kind):
        if kind == "refused":
            raise Refused(code=7, reason="no")
        if kind == "busy":
            raise Busy(retryMs=2**40, detail=Scalars(text="later"))
        if kind == "bug":
            raise RuntimeError("secret")
        return kind

    def dare(self, kind):
        if kind == "refused":
            raise Refused(code=7, reason="no")

    def note(self, text):
        Local.last = text

    def noted(self):
        return Local.last

    def sleep(self, milliseconds):
        time.sleep(milliseconds / 1000)
        return milliseconds

    def __getattr__(self, name):
        if name.startswith("echo"):
            return lambda value: value
        raise AttributeError(name)


def pipelined_sleep(client, milliseconds):
    """Sends two requests before it reads, and asks at once for what a oneway call has done."""
    client.send_sleep(milliseconds)
    client.send_echoString("behind it")
    slept, behind = client.recv_sleep(), client.recv_echoString()
    if behind != "behind it":
        raise RuntimeError("the replies are out of order: %r" % behind)
    client.note("noted at once")
    noted = client.noted()
    if noted != "noted at once":
        raise RuntimeError("the oneway call has not ended: %r" % noted)
    return slept


class Relay:
    """Passes calls on, each over a connection of its own."""

    def __getattr__(self, name):
        def call(*values):
            if args.upstream_unix:
                socket = TSocket.TSocket(unix_socket=args.upstream_unix)
            elif args.tls:
                socket = TSSLSocket.TSSLSocket("127.0.0.1", args.upstream, cert_reqs=ssl.CERT_REQUIRED, ca_certs=args.tls + "/ca.pem")
            else:
                socket = TSocket.TSocket("127.0.0.1", args.upstream)
            transport = transports.getTransport(socket)
            transport.open()
            try:
                client = Everything.Client(protocols.getProtocol(transport))
                if name == "sleep":
                    return pipelined_sleep(client, *values)
                return getattr(client, name)(*values)
            finally:
                transport.close()

        return call


if args.unix:
    listener = TSocket.TServerSocket(unix_socket=args.unix)
elif args.tls:
    listener = TSSLSocket.TSSLServerSocket("127.0.0.1", 0, certfile=args.tls + "/server.pem", keyfile=args.tls + "/server-key.pem")
else:
    listener = TSocket.TServerSocket("127.0.0.1", 0)
relays = args.upstream or args.upstream_unix
server = TThreadedServer(Everything.Processor(Relay() if relays else Local()), listener, transports, protocols, daemon=True)
listening = listener.listen


def listen():
    listening()
    print("ready", args.unix or listener.handle.getsockname()[1], flush=True)


listener.listen = listen
server.serve()
