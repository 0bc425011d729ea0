struct Money { 1: i64 cents }
struct Cart { 1: Money total }
