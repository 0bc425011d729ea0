//! Volo as a peer: a server of both services, which answers itself or passes every call on with Volo's client.
//!
//!     volo-peer [--transport ttheader|framed|buffered] [--protocol binary|compact] [--mux] [--upstream HOST:PORT]

use std::{net::SocketAddr, sync::Mutex, time::Duration};

use metainfo::{Backward, Forward, METAINFO};
use pilota::{AHashMap, Bytes, FastStr};
use volo::{
    context::Context,
    net::{incoming::DefaultIncoming, Address},
};
use volo_gen::interop::*;
use volo_thrift::{
    codec::default::{
        framed::MakeFramedCodec,
        thrift::{MakeThriftCodec, Protocol},
        ttheader::MakeTTHeaderCodec,
        DefaultMakeCodec,
    },
    context::ServerContext,
    server::{Router, Server},
    BizError, ClientError, MaybeException, ServerError,
};

include!(concat!(env!("OUT_DIR"), "/volo_gen.rs"));

/// Answers by itself, or asks another server.
#[derive(Clone)]
struct Peer {
    upstream: Option<(EverythingClient, CloudClient)>,
}

static LAST: Mutex<String> = Mutex::new(String::new());

/// What a client heard, told on.
fn onward(error: ClientError) -> ServerError {
    match error {
        ClientError::Biz(biz) => ServerError::Biz(biz),
        ClientError::Application(exception) => ServerError::Application(exception),
        other => anyhow::anyhow!("{other}").into(),
    }
}

macro_rules! echo {
    ($($method:ident: $type:ty),* $(,)?) => {$(
        async fn $method(&self, value: $type) -> Result<$type, ServerError> {
            match &self.upstream {
                None => Ok(value),
                Some((client, _)) => client.$method(value).await.map_err(onward),
            }
        }
    )*};
}

impl Everything for Peer {
    echo! {
        echo_string: FastStr,
        echo_bool: bool,
        echo_byte: i8,
        echo_short: i16,
        echo_int: i32,
        echo_long: i64,
        echo_double: f64,
        echo_binary: Bytes,
        echo_colour: Colour,
        echo_scalars: Scalars,
        echo_containers: Containers,
        echo_choice: Choice,
        echo_presence: Presence,
    }

    async fn nothing(&self) -> Result<(), ServerError> {
        match &self.upstream {
            None => Ok(()),
            Some((client, _)) => client.nothing().await.map_err(onward),
        }
    }

    async fn join(&self, a: i8, b: i32, c: i64, d: FastStr, e: Vec<FastStr>) -> Result<FastStr, ServerError> {
        if let Some((client, _)) = &self.upstream {
            return client.join(a, b, c, d, e).await.map_err(onward);
        }
        let mut parts = vec![a.to_string(), b.to_string(), c.to_string(), d.to_string()];
        parts.extend(e.iter().map(|one| one.to_string()));
        Ok(parts.join(",").into())
    }

    async fn risk(&self, kind: FastStr) -> Result<MaybeException<FastStr, EverythingRiskException>, ServerError> {
        if let Some((client, _)) = &self.upstream {
            return client.risk(kind).await.map_err(onward);
        }
        match kind.as_str() {
            "refused" => Ok(MaybeException::Exception(EverythingRiskException::Refused(refused()))),
            "busy" => Ok(MaybeException::Exception(EverythingRiskException::Busy(Busy {
                retry_ms: Some(1 << 40),
                detail: Some(Scalars { text: Some("later".into()), ..Default::default() }),
            }))),
            "bug" => Err(anyhow::anyhow!("secret").into()),
            _ => Ok(MaybeException::Ok(kind)),
        }
    }

    async fn dare(&self, kind: FastStr) -> Result<MaybeException<(), EverythingDareException>, ServerError> {
        if let Some((client, _)) = &self.upstream {
            return client.dare(kind).await.map_err(onward);
        }
        match kind.as_str() {
            "refused" => Ok(MaybeException::Exception(EverythingDareException::Refused(refused()))),
            _ => Ok(MaybeException::Ok(())),
        }
    }

    async fn note(&self, text: FastStr) -> Result<(), ServerError> {
        match &self.upstream {
            None => *LAST.lock().unwrap() = text.to_string(),
            Some((client, _)) => client.note(text).await.map_err(onward)?,
        }
        Ok(())
    }

    async fn noted(&self) -> Result<FastStr, ServerError> {
        match &self.upstream {
            None => Ok(LAST.lock().unwrap().clone().into()),
            Some((client, _)) => client.noted().await.map_err(onward),
        }
    }

    async fn sleep(&self, milliseconds: i32) -> Result<i32, ServerError> {
        if let Some((client, _)) = &self.upstream {
            return client.sleep(milliseconds).await.map_err(onward);
        }
        tokio::time::sleep(Duration::from_millis(milliseconds as u64)).await;
        Ok(milliseconds)
    }
}

fn refused() -> Refused {
    Refused { code: Some(7), reason: Some("no".into()) }
}

tokio::task_local! {
    /// The caller's name and its time limit, which Volo's handlers are not told.
    static HEADER: (String, Option<Duration>);
}

#[derive(Clone)]
struct Remember<S>(S);

struct RememberLayer;

impl<S> volo::Layer<S> for RememberLayer {
    type Service = Remember<S>;

    fn layer(self, inner: S) -> Self::Service {
        Remember(inner)
    }
}

#[volo::service]
impl<Req, S> volo::Service<ServerContext, Req> for Remember<S>
where
    Req: Send + 'static,
    S: volo::Service<ServerContext, Req> + Send + Sync + 'static,
{
    async fn call(&self, cx: &mut ServerContext, req: Req) -> Result<S::Response, S::Error> {
        let info = cx.rpc_info();
        let header = (info.caller().service_name().to_string(), info.config().rpc_timeout());
        HEADER.scope(header, self.0.call(cx, req)).await
    }
}

impl Cloud for Peer {
    async fn biz(&self, status: i32, message: FastStr) -> Result<FastStr, ServerError> {
        if let Some((_, client)) = &self.upstream {
            return client.biz(status, message).await.map_err(onward);
        }
        let extra = [("k".into(), "v".into())].into_iter().collect();
        Err(ServerError::Biz(BizError::with_extra(status, message, extra)))
    }

    async fn metainfo(&self) -> Result<AHashMap<FastStr, FastStr>, ServerError> {
        let arrived = |key| METAINFO.with(|all| all.borrow().get_upstream(key)).unwrap_or_default();
        if let Some((_, client)) = &self.upstream {
            let once = arrived("T");
            METAINFO.with(|all| all.borrow_mut().set_transient("T", once));
            let answer = client.metainfo().await.map_err(onward)?;
            METAINFO.with(|all| {
                let back = all.borrow().get_backward_downstream("B").unwrap_or_default();
                all.borrow_mut().set_backward_transient("B", back);
            });
            return Ok(answer);
        }
        let stays = METAINFO.with(|all| all.borrow().get_persistent("P")).unwrap_or_default();
        METAINFO.with(|all| all.borrow_mut().set_backward_transient("B", "back"));
        let caller = HEADER.with(|(caller, _)| caller.clone());
        Ok([("p", stays), ("t", arrived("T")), ("caller", caller.into())]
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect())
    }

    async fn remaining(&self) -> Result<i64, ServerError> {
        if let Some((_, client)) = &self.upstream {
            return client.remaining().await.map_err(onward);
        }
        Ok(HEADER.with(|(_, limit)| limit.map_or(-1, |limit| limit.as_millis() as i64)))
    }
}

macro_rules! client {
    ($builder:ident, $address:expr, $codec:expr, $mux:expr) => {
        $builder::new("interop")
            .caller_name("volo-ts")
            .rpc_timeout(Some(Duration::from_secs(8)))
            .address(Address::from($address))
            .make_codec($codec)
            .multiplex($mux)
            .build()
    };
}

fn clients(transport: &str, protocol: Protocol, mux: bool, to: SocketAddr) -> (EverythingClient, CloudClient) {
    let thrift = || MakeThriftCodec::new().with_protocol(protocol);
    let framed = || MakeFramedCodec::new(thrift());
    macro_rules! both {
        ($codec:expr) => {
            (client!(EverythingClientBuilder, to, $codec, mux), client!(CloudClientBuilder, to, $codec, mux))
        };
    }
    match transport {
        "buffered" => both!(DefaultMakeCodec::new(thrift())),
        "framed" => both!(DefaultMakeCodec::new(framed())),
        _ => both!(DefaultMakeCodec::new(MakeTTHeaderCodec::new(framed()))),
    }
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.iter().position(|one| one == name).and_then(|at| args.get(at + 1)).map(String::as_str);
    let transport = option("--transport").unwrap_or("ttheader");
    let protocol = if option("--protocol") == Some("compact") { Protocol::ApacheCompact } else { Protocol::Binary };
    let mux = args.iter().any(|one| one == "--mux");
    let upstream = option("--upstream").map(|address| clients(transport, protocol, mux, address.parse().unwrap()));

    let peer = Peer { upstream };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("ready {}", listener.local_addr().unwrap());
    let incoming = DefaultIncoming::from(listener);
    // Volo's router cannot read messages that have no frame.
    if transport == "buffered" {
        let server = EverythingServer::new(peer).layer(RememberLayer);
        server.run(incoming).await.unwrap();
        return;
    }
    let router = Router::new()
        .with_default_service(EverythingServer::from_handler(peer.clone()))
        .add_service(CloudServer::from_handler(peer));
    let server = Server::with_router(router).layer(RememberLayer).multiplex(mux);
    server.run(incoming).await.unwrap();
}
