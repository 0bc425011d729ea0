import { describe, expect, test } from 'vitest'
import { commentsOf } from '../../../../src/compiler/idl/proto/comment.ts'
import { readProto } from './read-proto.ts'
import { validProtos } from './valid-table.ts'

describe('comments', () => {
  const read = readProto(validProtos['comment.proto']!)
  const doc = (name: string): string | undefined => read.field('A', name).doc

  test('a group of lines or a block directly before a declaration leads it; others stand apart', () => {
    expect(read.message('A').doc).toBe('Block of A.')
    expect(read.message('B').doc).toBe('after A')
    const node = read.document.declarations[0]!
    const { text } = read.document.source
    const { detached } = commentsOf(read.document, node)
    expect(detached.map((group) => group.map((one) => text.slice(one.start, one.end)))).toEqual([
      ['// One.', '// Two.'],
    ])
  })

  test('a comment after the end of a statement on its line trails it', () => {
    expect(doc('x')).toBe('before x\n\nafter x')
    expect(doc('y')).toBe('after y')
    expect(doc('z')).toBe("leading of z\n\nnobody's")
  })

  test("of two blocks on a line the later leads, and one between two statements of a line is nobody's", () => {
    expect(doc('w')).toBe('two\n\nw\nover lines')
    expect(doc('v')).toBeUndefined()
    // The last comment of a body trails the statement above it.
    expect(doc('u')).toBe('at the end of A')
  })

  test('reach oneofs, enum values, methods and extensions', () => {
    const { message, enumOf, service, file } = readProto(`syntax = "proto2";
      message M {
        // The choice.
        oneof choice {
          // The first.
          int32 a = 1;
        }
        extensions 5;
      }
      enum E {
        A = 1; // The value.
      }
      service S {
        /** The method. */
        rpc C(M) returns (M) { // Its body.
        }
      }
      extend M {
        // The extension.
        optional int32 x = 5;
      }`)
    expect(message('M').oneofs[0]!.doc).toBe('The choice.')
    expect(message('M').fields[0]!.doc).toBe('The first.')
    expect(enumOf('E').values[0]!.doc).toBe('The value.')
    expect(service('S').methods[0]!.doc).toBe('The method.\n\nIts body.')
    expect(file.declarations.find((one) => one.kind === 'extension')!.doc).toBe('The extension.')
  })

  test("the comment of the syntax statement, else of the package, is the file's", () => {
    expect(readProto('// Licence.\n\n// The file.\nsyntax = "proto3";\n// The package.\npackage a;').file.doc).toBe(
      'The file.',
    )
    expect(readProto('// Licence.\n\nsyntax = "proto3";\n// The package.\npackage a;').file.doc).toBe('The package.')
    expect(readProto('// Licence.\n\nsyntax = "proto3";').file.doc).toBe('Licence.')
  })
})
