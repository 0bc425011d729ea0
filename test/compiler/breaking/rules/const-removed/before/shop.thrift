const i32 LIMIT = 10
const i32 OTHER = 1
