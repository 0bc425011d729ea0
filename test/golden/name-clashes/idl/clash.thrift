exception Gone {
  1: string reason
}

struct Part {
  2: string part_no
  1: string partNo
}

union Choice {
  1: string a_b
  2: i32 aB
}

service Base {
  Part find_part(1: string id)
}

service Store extends Base {
  Part findPart(1: string part_id, 2: string partId) throws (1: Gone success)
}
