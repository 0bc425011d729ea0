service Shop { void add() }
