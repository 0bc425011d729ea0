include "common.thrift"
struct Cart { 1: common.Money total }
