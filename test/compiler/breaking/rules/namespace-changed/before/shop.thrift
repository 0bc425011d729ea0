namespace go shop
namespace rs shop
namespace java com.shop
struct Cart {}
