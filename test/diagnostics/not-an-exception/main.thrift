struct Oops {}

service S {
  void a() throws (1: Oops oops, 2: string why)
}
