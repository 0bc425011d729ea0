struct A {}

const i32 B = A
