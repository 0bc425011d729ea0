include "main.thrift"
