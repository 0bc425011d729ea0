export async function protobuf() {
  return []
}
