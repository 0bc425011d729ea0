const i32 OTHER = 1
