include "secret.thrift"
