//! Volo's gRPC as a peer: gRPC's test service, or with `--port` and `--case` one interoperability case against another server.

use std::{net::SocketAddr, time::Duration};

use futures_util::{stream, Stream, StreamExt, TryStreamExt};
use pilota::Bytes;
use tokio_stream::wrappers::ReceiverStream;
use volo::net::{incoming::DefaultIncoming, Address};
use volo_gen::grpc::testing::*;
use volo_grpc::{
    codec::compression::CompressionEncoding,
    metadata::{AsciiMetadataValue, BinaryMetadataValue, MetadataMap},
    server::{Server, ServiceBuilder},
    BoxStream, Code, RecvStream, Request, Response, Status,
};

include!(concat!(env!("OUT_DIR"), "/volo_gen.rs"));

const INITIAL: &str = "x-grpc-test-echo-initial";
const TRAILING: &str = "x-grpc-test-echo-trailing-bin";
const UPLOADS: [usize; 4] = [27_182, 8, 1_828, 45_904];
const DOWNLOADS: [i32; 4] = [31_415, 9, 2_653, 58_979];
const SPECIAL: &str = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

fn gzip() -> Vec<CompressionEncoding> {
    vec![CompressionEncoding::Gzip(Some(Default::default()))]
}

fn zeros(size: usize) -> Option<Payload> {
    Some(Payload { body: Bytes::from(vec![0; size]) })
}

fn length(payload: Option<Payload>) -> usize {
    payload.map_or(0, |payload| payload.body.len())
}

/// A response with the metadata that is to come back.
fn echoing<T>(metadata: &MetadataMap, message: T) -> Response<T> {
    let mut response = Response::new(message);
    if let Some(value) = metadata.get(INITIAL) {
        response.metadata_mut().insert(INITIAL, value.clone());
    }
    response
}

fn asked(status: Option<EchoStatus>) -> Result<(), Status> {
    match status {
        Some(status) if status.code != 0 => Err(Status::new(Code::from_i32(status.code), status.message.as_str())),
        _ => Ok(()),
    }
}

fn outputs(request: StreamingOutputCallRequest) -> impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send {
    let end = asked(request.response_status);
    stream::iter(request.response_parameters)
        .then(|one| async move {
            tokio::time::sleep(Duration::from_micros(one.interval_us as u64)).await;
            Ok(StreamingOutputCallResponse { payload: zeros(one.size as usize) })
        })
        .chain(stream::iter(end.err().map(Err)))
}

struct Peer;

impl TestService for Peer {
    async fn empty_call(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        Ok(Response::new(Empty {}))
    }

    async fn unary_call(&self, request: Request<SimpleRequest>) -> Result<Response<SimpleResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        asked(message.response_status)?;
        Ok(echoing(&metadata, SimpleResponse { payload: zeros(message.response_size as usize) }))
    }

    async fn streaming_output_call(
        &self,
        request: Request<StreamingOutputCallRequest>,
    ) -> Result<Response<BoxStream<'static, Result<StreamingOutputCallResponse, Status>>>, Status> {
        let (metadata, _, message) = request.into_parts();
        Ok(echoing(&metadata, outputs(message).boxed()))
    }

    async fn streaming_input_call(
        &self,
        request: Request<RecvStream<StreamingInputCallRequest>>,
    ) -> Result<Response<StreamingInputCallResponse>, Status> {
        let mut requests = request.into_inner();
        let mut size = 0;
        while let Some(message) = requests.try_next().await? {
            size += length(message.payload);
        }
        Ok(Response::new(StreamingInputCallResponse { aggregated_payload_size: size as i32 }))
    }

    async fn full_duplex_call(
        &self,
        request: Request<RecvStream<StreamingOutputCallRequest>>,
    ) -> Result<Response<BoxStream<'static, Result<StreamingOutputCallResponse, Status>>>, Status> {
        let (metadata, _, requests) = request.into_parts();
        Ok(echoing(&metadata, requests.map_ok(outputs).try_flatten().boxed()))
    }

    async fn unimplemented_call(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        Err(Status::unimplemented("this server answers no UnimplementedCall"))
    }
}

/// Fails the case where two values differ.
macro_rules! same {
    ($actual:expr, $expected:expr) => {{
        let (actual, expected) = ($actual, $expected);
        anyhow::ensure!(actual == expected, "{actual:?} is not {expected:?}");
    }};
}

fn failure<T>(result: Result<T, Status>) -> anyhow::Result<Status> {
    result.err().ok_or_else(|| anyhow::anyhow!("the call did not fail"))
}

fn simple(response_size: i32, size: usize) -> SimpleRequest {
    SimpleRequest { response_size, payload: zeros(size), ..Default::default() }
}

fn sized(sizes: &[i32], payload: Option<Payload>) -> StreamingOutputCallRequest {
    let response_parameters = sizes.iter().map(|size| ResponseParameters { size: *size, ..Default::default() }).collect();
    StreamingOutputCallRequest { response_parameters, payload, ..Default::default() }
}

fn failing(message: &'static str) -> Option<EchoStatus> {
    Some(EchoStatus { code: 2, message: message.into() })
}

async fn case(name: &str, port: u16) -> anyhow::Result<()> {
    let address = Address::from(SocketAddr::from(([127, 0, 0, 1], port)));
    let limit = if name == "timeout_on_sleeping_server" { 1 } else { 20_000 };
    let builder = || {
        TestServiceClientBuilder::new("interop")
            .address(address.clone())
            .rpc_timeout(Some(Duration::from_millis(limit)))
            .accept_compressions(gzip())
    };
    let client = builder().build();
    match name {
        "empty_unary" => same!(client.empty_call(Empty {}).await?.into_inner(), Empty {}),
        "large_unary" => {
            let message = client.unary_call(simple(314_159, 271_828)).await?.into_inner();
            same!(length(message.payload), 314_159);
        }
        "client_compressed_unary" => {
            let request =
                |value| SimpleRequest { expect_compressed: Some(BoolValue { value }), ..simple(314_159, 271_828) };
            same!(failure(client.unary_call(request(true)).await)?.code(), Code::InvalidArgument);
            let compressing = builder().send_compressions(gzip()).build();
            same!(length(compressing.unary_call(request(true)).await?.into_inner().payload), 314_159);
            same!(length(client.unary_call(request(false)).await?.into_inner().payload), 314_159);
        }
        "server_compressed_unary" => {
            for value in [true, false] {
                let request = SimpleRequest { response_compressed: Some(BoolValue { value }), ..simple(314_159, 271_828) };
                same!(length(client.unary_call(request).await?.into_inner().payload), 314_159);
            }
        }
        "client_streaming" => {
            let requests = UPLOADS.map(|size| StreamingInputCallRequest { payload: zeros(size), ..Default::default() });
            let message = client.streaming_input_call(stream::iter(requests)).await?.into_inner();
            same!(message.aggregated_payload_size, 74_922);
        }
        "server_streaming" | "server_compressed_streaming" => {
            let (sizes, compressed) = match name {
                "server_streaming" => (DOWNLOADS.to_vec(), vec![None; 4]),
                _ => (vec![31_415, 92_653], vec![Some(true), Some(false)]),
            };
            let mut request = sized(&sizes, None);
            for (one, compressed) in request.response_parameters.iter_mut().zip(compressed) {
                one.compressed = compressed.map(|value| BoolValue { value });
            }
            let messages: Vec<_> = client.streaming_output_call(request).await?.into_inner().try_collect().await?;
            let got: Vec<_> = messages.into_iter().map(|one| length(one.payload) as i32).collect();
            same!(got, sizes);
        }
        "ping_pong" => {
            let (send, requests) = tokio::sync::mpsc::channel(1);
            let ping = |at: usize| sized(&DOWNLOADS[at..=at], zeros(UPLOADS[at]));
            send.send(ping(0)).await?;
            let mut responses = Box::pin(client.full_duplex_call(ReceiverStream::new(requests)).await?.into_inner());
            for (at, size) in DOWNLOADS.iter().enumerate() {
                if at > 0 {
                    send.send(ping(at)).await?;
                }
                let message = responses.try_next().await?;
                same!(message.map(|one| length(one.payload) as i32), Some(*size));
            }
            drop(send);
            same!(responses.try_next().await?, None);
        }
        "empty_stream" => {
            let none = stream::empty::<StreamingOutputCallRequest>();
            let messages: Vec<_> = client.full_duplex_call(none).await?.into_inner().try_collect().await?;
            same!(messages.len(), 0);
        }
        "custom_metadata" => {
            let mut request = Request::new(simple(1, 1));
            request.metadata_mut().insert(INITIAL, AsciiMetadataValue::from_static("test_initial_metadata_value"));
            request.metadata_mut().insert_bin(TRAILING, BinaryMetadataValue::from_bytes(&[0xab, 0xab, 0xab]));
            let response = client.unary_call(request).await?;
            let initial = response.metadata().get(INITIAL).map(|value| value.to_str().unwrap().to_string());
            same!(initial.as_deref(), Some("test_initial_metadata_value"));
            let trailing = response.metadata().get_bin(TRAILING).map(|value| value.to_bytes().unwrap());
            same!(trailing.as_deref(), Some(&[0xab, 0xab, 0xab][..]));
        }
        "status_code_and_message" => {
            let message = "test status message";
            let request = SimpleRequest { response_status: failing(message), ..Default::default() };
            let status = failure(client.unary_call(request).await)?;
            same!((status.code(), status.message()), (Code::Unknown, message));
            let request = StreamingOutputCallRequest { response_status: failing(message), ..Default::default() };
            let status = match client.full_duplex_call(stream::iter([request])).await {
                Ok(response) => failure(response.into_inner().try_collect::<Vec<_>>().await)?,
                Err(status) => status,
            };
            same!((status.code(), status.message()), (Code::Unknown, message));
        }
        "special_status_message" => {
            let request = SimpleRequest { response_status: failing(SPECIAL), ..Default::default() };
            let status = failure(client.unary_call(request).await)?;
            same!((status.code(), status.message()), (Code::Unknown, SPECIAL));
        }
        "unimplemented_method" => {
            same!(failure(client.unimplemented_call(Empty {}).await)?.code(), Code::Unimplemented);
        }
        "unimplemented_service" => {
            let other = UnimplementedServiceClientBuilder::new("interop").address(address.clone()).build();
            same!(failure(other.unimplemented_call(Empty {}).await)?.code(), Code::Unimplemented);
        }
        "cancel_after_begin" => {
            let call = client.streaming_input_call(stream::pending::<StreamingInputCallRequest>());
            anyhow::ensure!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err(), "the call ended");
            same!(client.empty_call(Empty {}).await?.into_inner(), Empty {});
        }
        "cancel_after_first_response" => {
            let requests = stream::iter([sized(&DOWNLOADS[..1], zeros(UPLOADS[0]))]).chain(stream::pending());
            let mut responses = Box::pin(client.full_duplex_call(requests).await?.into_inner());
            same!(responses.try_next().await?.map(|one| length(one.payload)), Some(31_415));
            drop(responses);
            same!(client.empty_call(Empty {}).await?.into_inner(), Empty {});
        }
        "timeout_on_sleeping_server" => {
            let requests = stream::iter([sized(&[], zeros(27_182))]).chain(stream::pending());
            let status = match client.full_duplex_call(requests).await {
                Ok(response) => failure(response.into_inner().try_collect::<Vec<_>>().await)?,
                Err(status) => status,
            };
            same!(status.code(), Code::DeadlineExceeded);
        }
        other => anyhow::bail!("no case {other}"),
    }
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.iter().position(|one| one == name).and_then(|at| args.get(at + 1)).map(String::as_str);
    if let (Some(port), Some(name)) = (option("--port"), option("--case")) {
        return case(name, port.parse()?).await;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("ready {}", listener.local_addr()?);
    let service = ServiceBuilder::new(TestServiceServer::new(Peer))
        .send_compressions(gzip())
        .accept_compressions(gzip())
        .build();
    Server::new().add_service(service).run(DefaultIncoming::from(listener)).await.map_err(|error| anyhow::anyhow!("{error}"))
}
