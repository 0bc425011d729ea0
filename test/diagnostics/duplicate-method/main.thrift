include "base.thrift"

service S extends base.Base {
  void a()
  void a()
  void ping()
}
