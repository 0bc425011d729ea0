namespace go store
namespace rs shop
namespace py shop
struct Cart {}
