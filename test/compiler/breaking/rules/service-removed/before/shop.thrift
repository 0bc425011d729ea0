service Shop { void add() }
service Admin { void stop() }
