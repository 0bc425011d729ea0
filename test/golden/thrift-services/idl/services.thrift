include "base/common.thrift"

struct Task { 1: required string id, 2: string title (deprecated = "use id") }

/**
 * Does work.
 * Say "please" */ 
service Worker extends common.Common {
  /** Takes a task; see @internal and a@b.c. */
  Task take(),
  // A comment with one line.
  void give(1: Task task, 2: optional string note, 3: i32 weight = 1 // In kilograms, never @home.
  ) throws (
    /** when it is too heavy */
    1: common.Busy busy,
  ),
  oneway void forget(1: string id),
  list<Task> all(1: set<string> ids, 2: map<string, Task> known, 3: list<list<Task>> groups, 4: optional Task like, 5: bool deep) (idempotent = "true"),
  common.Ping echo(1: common.Ping ping, 2: optional common.Ping other),
  /** Gone soon. */
  void old() (deprecated),
}

/** Before the one that it extends. */
service Late extends Later {}

service Later {
  void later(),
}
