"""grpcio as a peer: gRPC's test service, or with --port and --case one interoperability case against another server.

The first argument is the folder of the code that grpcio-tools generated from test.proto.
"""

import argparse
import queue
import sys
import time
from concurrent import futures

parser = argparse.ArgumentParser()
parser.add_argument("generated")
parser.add_argument("--port", type=int)
parser.add_argument("--case")
arguments = parser.parse_args()
sys.path.insert(0, arguments.generated)

import grpc  # noqa: E402
import test_pb2 as pb  # noqa: E402
import test_pb2_grpc as stubs  # noqa: E402

INITIAL = "x-grpc-test-echo-initial"
TRAILING = "x-grpc-test-echo-trailing-bin"
UPLOADS = [27182, 8, 1828, 45904]
DOWNLOADS = [31415, 9, 2653, 58979]
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
CODES = {code.value[0]: code for code in grpc.StatusCode}
LIMIT = 20


def zeros(size):
    return pb.Payload(body=bytes(size))


class Peer(stubs.TestServiceServicer):
    """What it does not define is unimplemented."""

    def EmptyCall(self, request, context):
        return pb.Empty()

    def UnaryCall(self, request, context):
        echo(context)
        if not compresses(request, "response_compressed"):
            context.disable_next_message_compression()
        end(context, request)
        return pb.SimpleResponse(payload=zeros(request.response_size))

    def StreamingOutputCall(self, request, context):
        echo(context)
        yield from outputs(request, context)

    def StreamingInputCall(self, requests, context):
        return pb.StreamingInputCallResponse(aggregated_payload_size=sum(len(one.payload.body) for one in requests))

    def FullDuplexCall(self, requests, context):
        echo(context)
        for request in requests:
            yield from outputs(request, context)


def compresses(message, field):
    return message.HasField(field) and getattr(message, field).value


def outputs(request, context):
    for one in request.response_parameters:
        time.sleep(one.interval_us / 1e6)
        if not compresses(one, "compressed"):
            context.disable_next_message_compression()
        yield pb.StreamingOutputCallResponse(payload=zeros(one.size))
    end(context, request)


def end(context, request):
    if request.HasField("response_status") and request.response_status.code != 0:
        context.abort(CODES[request.response_status.code], request.response_status.message)


def echo(context):
    for name, value in context.invocation_metadata():
        if name == INITIAL:
            context.send_initial_metadata([(name, value)])
        if name == TRAILING:
            context.set_trailing_metadata([(name, value)])


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), compression=grpc.Compression.Gzip)
    stubs.add_TestServiceServicer_to_server(Peer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"ready 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


def same(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} is not {expected!r}"[:500])


def failure(work):
    """The code and the details of the error that a call ends with."""
    try:
        work()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call did not fail")


def sized(*sizes, payload=None, **more):
    parameters = [pb.ResponseParameters(size=size) for size in sizes]
    return pb.StreamingOutputCallRequest(response_parameters=parameters, payload=payload, **more)


class Requests:
    """Requests that are sent one by one."""

    def __init__(self, *first):
        self.waiting = queue.Queue()
        for one in first:
            self.send(one)

    def send(self, message):
        self.waiting.put(message)

    def __iter__(self):
        return iter(self.waiting.get, None)


class Cases:
    def __init__(self, channel):
        self.stub = stubs.TestServiceStub(channel)
        self.other = stubs.UnimplementedServiceStub(channel)

    def empty_unary(self):
        same(self.stub.EmptyCall(pb.Empty(), timeout=LIMIT), pb.Empty())

    def unary(self, compression=None, **more):
        request = pb.SimpleRequest(response_size=314159, payload=zeros(271828), **more)
        response = self.stub.UnaryCall(request, timeout=LIMIT, compression=compression)
        same(response.payload.body, bytes(314159))

    def large_unary(self):
        self.unary()

    def client_compressed_unary(self):
        code, _ = failure(lambda: self.unary(expect_compressed=pb.BoolValue(value=True)))
        same(code, grpc.StatusCode.INVALID_ARGUMENT)
        self.unary(compression=grpc.Compression.Gzip, expect_compressed=pb.BoolValue(value=True))
        self.unary(expect_compressed=pb.BoolValue(value=False))

    def server_compressed_unary(self):
        for value in (True, False):
            self.unary(response_compressed=pb.BoolValue(value=value))

    def client_streaming(self):
        requests = [pb.StreamingInputCallRequest(payload=zeros(size)) for size in UPLOADS]
        same(self.stub.StreamingInputCall(iter(requests), timeout=LIMIT).aggregated_payload_size, 74922)

    def server_streaming(self):
        responses = self.stub.StreamingOutputCall(sized(*DOWNLOADS), timeout=LIMIT)
        same([len(one.payload.body) for one in responses], DOWNLOADS)

    def server_compressed_streaming(self):
        parameters = [
            pb.ResponseParameters(compressed=pb.BoolValue(value=value), size=size)
            for value, size in ((True, 31415), (False, 92653))
        ]
        responses = self.stub.StreamingOutputCall(pb.StreamingOutputCallRequest(response_parameters=parameters), timeout=LIMIT)
        same([len(one.payload.body) for one in responses], [31415, 92653])

    def ping_pong(self):
        requests = Requests()
        responses = self.stub.FullDuplexCall(iter(requests), timeout=LIMIT)
        for upload, download in zip(UPLOADS, DOWNLOADS):
            requests.send(sized(download, payload=zeros(upload)))
            same(len(next(responses).payload.body), download)
        requests.send(None)
        same(list(responses), [])

    def empty_stream(self):
        same(list(self.stub.FullDuplexCall(iter([]), timeout=LIMIT)), [])

    def custom_metadata(self):
        metadata = [(INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab")]

        def check(call):
            same(dict(call.initial_metadata()).get(INITIAL), "test_initial_metadata_value")
            same(dict(call.trailing_metadata()).get(TRAILING), b"\xab\xab\xab")

        request = pb.SimpleRequest(response_size=1, payload=zeros(1))
        _, call = self.stub.UnaryCall.with_call(request, timeout=LIMIT, metadata=metadata)
        check(call)
        call = self.stub.FullDuplexCall(iter([sized(1, payload=zeros(1))]), timeout=LIMIT, metadata=metadata)
        same(len(list(call)), 1)
        check(call)

    def status_code_and_message(self):
        status = pb.EchoStatus(code=2, message="test status message")
        expected = (grpc.StatusCode.UNKNOWN, "test status message")
        same(failure(lambda: self.stub.UnaryCall(pb.SimpleRequest(response_status=status), timeout=LIMIT)), expected)
        request = pb.StreamingOutputCallRequest(response_status=status)
        same(failure(lambda: list(self.stub.FullDuplexCall(iter([request]), timeout=LIMIT))), expected)

    def special_status_message(self):
        request = pb.SimpleRequest(response_status=pb.EchoStatus(code=2, message=SPECIAL))
        same(failure(lambda: self.stub.UnaryCall(request, timeout=LIMIT)), (grpc.StatusCode.UNKNOWN, SPECIAL))

    def unimplemented_method(self):
        same(failure(lambda: self.stub.UnimplementedCall(pb.Empty(), timeout=LIMIT))[0], grpc.StatusCode.UNIMPLEMENTED)

    def unimplemented_service(self):
        same(failure(lambda: self.other.UnimplementedCall(pb.Empty(), timeout=LIMIT))[0], grpc.StatusCode.UNIMPLEMENTED)

    def cancel_after_begin(self):
        requests = Requests()
        call = self.stub.StreamingInputCall.future(iter(requests), timeout=LIMIT)
        call.cancel()
        same((call.cancelled(), call.code()), (True, grpc.StatusCode.CANCELLED))
        requests.send(None)

    def cancel_after_first_response(self):
        requests = Requests(sized(31415, payload=zeros(27182)))
        call = self.stub.FullDuplexCall(iter(requests), timeout=LIMIT)
        same(len(next(call).payload.body), 31415)
        call.cancel()
        same(failure(lambda: next(call))[0], grpc.StatusCode.CANCELLED)
        requests.send(None)

    def timeout_on_sleeping_server(self):
        requests = Requests(sized(payload=zeros(27182)))
        call = self.stub.FullDuplexCall(iter(requests), timeout=0.001)
        same(failure(lambda: list(call))[0], grpc.StatusCode.DEADLINE_EXCEEDED)
        requests.send(None)


if arguments.case is None:
    serve()
else:
    with grpc.insecure_channel(f"127.0.0.1:{arguments.port}") as channel:
        getattr(Cases(channel), arguments.case)()
