/** The real files that do not compile, each with the code of its error; comments give reasons where the code does not. */

const gogo = { code: 'file-not-found' }
const edition2026 = { code: 'unknown-syntax' }

export const refusedFiles = {
  'google-proto-files': {
    'google/protobuf/internal_options.proto': edition2026,
    'google/protobuf/json/json_enumval_custom_string.proto': edition2026,
    'google/protobuf/late_loaded_option.proto': edition2026,
    'google/protobuf/late_loaded_option_user.proto': edition2026,
    'google/protobuf/sample_messages_edition.proto': edition2026,
    // Imports unittest.proto, which the package does not ship.
    'google/protobuf/util/json_format_proto3.proto': { code: 'file-not-found' },
  },
  'github.com/apache/thrift': {
    // Broken on purpose: Apache's compiler has to refuse it too.
    'test/BrokenConstants.thrift': { code: 'number-range' },
  },
  'github.com/cloudwego/hertz/cmd/hz': {
    'protobuf/test_data/test_tag.proto': { code: 'file-not-found' },
    // proto2 with fields hertz_demo and hertzDemo.
    'testdata/protobuf2/psm/psm.proto': { code: 'generated-name-clash' },
  },
  'github.com/jaegertracing/jaeger-idl': {
    'proto/api_v2/collector.proto': gogo,
    'proto/api_v2/model.proto': gogo,
    'proto/api_v2/query.proto': gogo,
    'proto/api_v2/sampling.proto': gogo,
    'proto/api_v3/query_service.proto': { code: 'file-not-found' },
  },
  'github.com/bufbuild/protocompile': {
    'parser/testdata/largeproto.proto': { code: 'file-not-found' },
    // Both are inputs that a fuzzer found.
    'parser/testdata/pathological.proto': { code: 'syntax' },
    'parser/testdata/pathological2.proto': { code: 'syntax' },
  },
}
