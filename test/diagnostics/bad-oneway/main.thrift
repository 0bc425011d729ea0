exception Oops {}

service S {
  oneway i32 a()
  oneway void b() throws (1: Oops oops)
}
