service Base { void ping() }
service Shop { void add(), void ping() }
