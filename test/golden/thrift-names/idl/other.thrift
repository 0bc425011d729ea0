enum Color { RED, GREEN }
struct Money { 1: i64 amount }
struct default_ { 1: string x }
struct default { 1: string y }
