//! Generates the types and stubs of the shared IDL.

fn main() {
    volo_build::Builder::thrift()
        .add_service("../thrift/interop.thrift")
        .write()
        .expect("the IDL compiles");
}
