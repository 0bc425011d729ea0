include "base.thrift"

service A extends Bse {}
service B extends base.Basic {}
service C extends Base {}

service Bases {}
