//! Generates the types and stubs of gRPC's interoperability tests.

fn main() {
    volo_build::Builder::protobuf()
        .add_service("../grpc/proto/grpc/testing/test.proto")
        .include_dirs(vec!["../grpc/proto".into()])
        .write()
        .expect("the IDL compiles");
}
