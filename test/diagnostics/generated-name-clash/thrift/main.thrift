exception Gone {}

service Shop {
  string find(1: i64 id) throws (1: Gone success),
}
