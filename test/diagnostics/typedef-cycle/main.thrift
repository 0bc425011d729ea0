typedef A A
typedef list<C> B
typedef B C
