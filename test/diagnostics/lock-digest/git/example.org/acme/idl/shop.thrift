include "money.thrift"

service Shop { money.Money total() }
